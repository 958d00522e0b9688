"""What the bell shows, as pure values: a need of home or a job that ended, and which of them the person has not seen yet."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from app.core.i18n import N_, _
from app.core.jobs import Job, JobState

SHOWN_JOBS = 10
_PAGES = {"imports": "/imports", "promotions": "/promotions", "models": "/ai/models", "plans": "/optimiser"}
_WITH_PAGES = frozenset({"imports", "promotions", "plans"})
_ENDED = {
    JobState.FINISHED: (N_("Done"), "good", "circle-check"),
    JobState.FAILED: (N_("Failed"), "bad", "circle-x"),
    JobState.CANCELLED: (N_("Cancelled"), "neutral", "x"),
}


@dataclass(frozen=True)
class Notice:
    """One line. `mark` is what having seen it is remembered by; `at` is ISO 8601, empty for what still waits."""

    mark: str
    icon: str
    tone: str
    text: str
    why: str
    action: str
    href: str
    at: str = ""
    new: bool = False


def of_need(need: Mapping[str, str]) -> Notice:
    """Something that waits for the person. A need whose words change (3 drafts become 4) is new again."""
    told = f"{need['href']}|{need['text']}|{need['why']}"
    mark = "need:" + hashlib.sha256(told.encode()).hexdigest()[:16]
    return Notice(mark, need["icon"], "warn", need["text"], need["why"], need["action"], need["href"])


def of_job(job: Job) -> Notice:
    """A job of the person that ended."""
    word, tone, icon = _ENDED[job.state]
    why = f"{_(word)}: {job.error}" if job.error else _(word)
    return Notice(f"job:{job.id}", icon, tone, job.title, why, _("Open"), page_of(job.topic), job.finished_at)


def page_of(topic: str) -> str:
    """The page that shows what a job worked on; empty when there is none."""
    subject, _slash, identity = topic.partition("/")
    page = _PAGES.get(subject, "")
    return f"{page}/{identity}" if identity and subject in _WITH_PAGES else page


def told(needs: Iterable[Mapping[str, str]], jobs: Iterable[Job], seen: Collection[str]) -> list[Notice]:
    """What waits first, then the newest SHOWN_JOBS jobs; whatever is not among `seen` is new."""
    ended = [of_job(job) for job in jobs if job.state in _ENDED][:SHOWN_JOBS]
    listed = [*map(of_need, needs), *ended]
    return [_new(one) if one.mark not in seen else one for one in listed]


def _new(one: Notice) -> Notice:
    return Notice(one.mark, one.icon, one.tone, one.text, one.why, one.action, one.href, one.at, new=True)

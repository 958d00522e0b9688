"""One examination: every check looks, one after the other; a check that breaks is not the end of the others. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from app.core.i18n import _
from app.core.logging import get_logger
from app.supervisor.doctor.catalogue import GROUPS, Check
from app.supervisor.doctor.finding import Finding, NoEvidence, Source, Verdict
from app.supervisor.doctor.world import FACTS_FRESH, World
from app.supervisor.pages.formatting import span

_URGENCY = list(Verdict)

log = get_logger(__name__)


@dataclass(frozen=True)
class Result:
    """What one check said; `fixable` when the machine offers to correct it."""

    check: str
    group: str
    title: str
    verdict: Verdict
    evidence: str
    remedy: str = ""
    promise: str = ""

    @property
    def fixable(self) -> bool:
        return bool(self.promise) and self.verdict in {Verdict.WARNING, Verdict.PROBLEM}


def examine(
    world: World, checks: Sequence[Check], progress: Callable[[int, str], None] = lambda _done, _name: None
) -> list[Result]:
    """The results in the order of `checks`; `progress` hears how many are done and which one is next."""
    results = []
    for done, check in enumerate(checks):
        progress(done, check.name)
        finding = _look(check, world)
        results.append(
            Result(check.name, check.group, _(check.title), finding.verdict, finding.evidence, finding.remedy, _(check.promise))
        )
    return results


def worst(results: Iterable[Result]) -> Verdict:
    """The most urgent verdict. What could not be judged is left to the checks that say why."""
    found = [result.verdict for result in results if result.verdict is not Verdict.UNKNOWN]
    return min(found, key=_URGENCY.index, default=Verdict.OK)


def by_urgency(results: Iterable[Result]) -> list[Result]:
    """Problems first, then warnings; within them as the groups follow each other."""
    groups = list(GROUPS)
    return sorted(results, key=lambda result: (_URGENCY.index(result.verdict), groups.index(result.group)))


def _look(check: Check, world: World) -> Finding:
    try:
        finding = check.look(world)
    except NoEvidence as reason:
        return Finding(Verdict.UNKNOWN, str(reason))
    except Exception as error:
        log.exception("a check of the doctor broke", check=check.name)
        text = _("The check itself broke ({error}); please report it.", error=type(error).__name__)
        return Finding(Verdict.UNKNOWN, text)
    age = world.facts_age
    if check.source is Source.HOST and age is not None and age > FACTS_FRESH:
        evidence = _("{evidence} (seen {span} ago)", evidence=finding.evidence, span=span(age))
        return Finding(finding.verdict, evidence, finding.remedy)
    return finding

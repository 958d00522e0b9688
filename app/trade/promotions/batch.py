"""One step of life for many promotions: each is asked by itself and answers for itself, what was done stays done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from app.access.models import Permission, Principal
from app.access.permissions import require
from app.core.clock import now
from app.core.errors import Invalid, TradeError
from app.core.i18n import _
from app.core.logging import get_logger
from app.core.mongo import Document
from app.trade.promotions import listing, rules, service, store
from app.trade.promotions.models import Origin, PromotionStatus, StatusChange

MOST = 100  # a step takes some hundredths of a second, and somebody waits for all of them

log = get_logger(__name__)


@dataclass(frozen=True)
class Chosen:
    """A promotion as the person saw it."""

    promotion_id: str
    version: int


@dataclass(frozen=True)
class Answer:
    """What becomes of one promotion: `row` is None when it is gone; `reason` says why not, or what to know although done."""

    chosen: Chosen
    row: Document | None
    done: bool
    reason: str = ""


def parse(values: Sequence[str]) -> list[Chosen]:
    """`prm_1~3` (id and the version that was seen) as sent by a list, each promotion once; raises Invalid."""
    found: dict[str, Chosen] = {}
    for value in values:
        promotion_id, _tilde, version = value.partition("~")
        if not promotion_id or not (version.isascii() and version.isdigit() and 0 < len(version) < 10):
            raise Invalid(_("The ticked rows could not be read. Load the list again and tick them once more."))
        found[promotion_id] = Chosen(promotion_id, int(version))
    if not found:
        raise Invalid(_("No row is ticked. Go back to the list and tick the promotions you mean."))
    if len(found) > MOST:
        raise Invalid(_("At most {most} promotions at once; {count} are ticked.", most=MOST, count=len(found)))
    return list(found.values())


def rows_of(who: Principal, chosen: Iterable[Chosen]) -> list[Document]:
    """The chosen promotions that are still there, with names, in the order chosen."""
    require(who, Permission.PROMOTIONS_READ)
    ids = [one.promotion_id for one in chosen]
    found = {row["_id"]: row for row in listing.named(store.find({"_id": {"$in": ids}}, store.LISTED))}
    return [found[promotion_id] for promotion_id in ids if promotion_id in found]


def foresee(who: Principal, chosen: Sequence[Chosen], wanted: PromotionStatus) -> list[Answer]:
    """What `apply` would answer now; nothing is changed."""
    require(who, Permission.PROMOTIONS_WRITE)
    rows = {row["_id"]: row for row in rows_of(who, chosen)}
    return [_foreseen(one, rows.get(one.promotion_id), wanted, now().date()) for one in chosen]


def _foreseen(chosen: Chosen, row: Document | None, wanted: PromotionStatus, today: date) -> Answer:
    if row is None:
        return Answer(chosen, None, False, _("It is gone; it may have gone with the sales it was seen in."))
    if row["version"] != chosen.version:
        return Answer(chosen, row, False, _("It was changed after you loaded the list. Look at it, then tick it again."))
    refused = rules.why_not(PromotionStatus(row["status"]), wanted, Origin(row["origin"]), row["start"].date(), today)
    return Answer(chosen, row, refused is None, refused or "")


def apply(who: Principal, chosen: Sequence[Chosen], wanted: PromotionStatus, reason: str = "") -> list[Answer]:
    """Take the step with each; every one is audited by itself. When the database goes away, the rest is not tried and says so."""
    require(who, Permission.PROMOTIONS_WRITE)
    before = {row["_id"]: row for row in rows_of(who, chosen)}
    answers: list[Answer] = []
    away = False
    for one in chosen:
        row = before.get(one.promotion_id)
        if away:
            answers.append(Answer(one, row, False, _("Not tried, because the database did not answer. Nothing was changed.")))
            continue
        try:
            answers.append(_taken(who, one, row, StatusChange(status=wanted, version=one.version, reason=reason)))
        except (PyMongoError, RedisError) as error:
            log.error("a step for many promotions stopped", promotion_id=one.promotion_id, tried=len(answers), error=str(error))
            away = True
            answers.append(Answer(one, row, False, _("The database did not answer. Look at it before you try again.")))
    return answers


def _taken(who: Principal, chosen: Chosen, row: Document | None, step: StatusChange) -> Answer:
    try:
        return Answer(chosen, service.set_status(who, chosen.promotion_id, step), True)
    except TradeError as error:
        if error.status < 500:
            return Answer(chosen, row, False, error.detail)
        # The step itself may have been taken, and what follows it (queueing the analysis) failed.
        current = next(iter(store.find({"_id": chosen.promotion_id}, {"status": 1, "version": 1})), None)
        done = current is not None and current["status"] == step.status.value and current["version"] > chosen.version
        return Answer(chosen, {**row, **current} if row and current else row, done, error.detail)

"""What can be done with promotions: permission, rules, storage, audit, event, in this order."""

import json
import re
from collections.abc import Iterator

import bson
from bson.codec_options import CodecOptions
from redis.exceptions import RedisError

from app.access.audit import store as audit
from app.access.audit.service import record
from app.access.models import Permission, Principal
from app.access.permissions import require
from app.core import jobs
from app.core.cache import Question, answered, cached, changing, question
from app.core.clock import now
from app.core.errors import Conflict, FieldError, Invalid, NotFound, Stale
from app.core.events import emit
from app.core.follow import Wanted, followed
from app.core.i18n import _
from app.core.ids import new_id
from app.core.jobs import Job
from app.core.mongo import Document
from app.core.paging import Page, PageRequest
from app.core.settings import settings
from app.trade.customers.store import nodes as customers
from app.trade.hierarchy.answers import encode, pack
from app.trade.products.store import nodes as products
from app.trade.promotions import entered, listing, rules, store, work
from app.trade.promotions.analysis import skus_of
from app.trade.promotions.models import (
    AnalysisState,
    Level,
    Origin,
    PromotionChange,
    PromotionCreate,
    PromotionInput,
    PromotionQuery,
    PromotionStatus,
    StatusChange,
)
from app.trade.promotions.rules import Planned
from app.trade.promotions.terms import differing, merged, stored, written

_AWARE: CodecOptions[Document] = CodecOptions(tz_aware=True)
_CODE_ATTEMPTS = 20
_FOLLOWED_ROWS = 100
SCOPES = ("promotions", "customers", "products")
_ANALYSED_FROM = frozenset({"customer_id", "product_ids", "start", "end", "costs", "source", "pre_weeks", "post_weeks"})


def page(who: Principal, query: PromotionQuery) -> tuple[Page, Document | None]:
    """One page with names, and the sums over the whole filter when counting was asked for; kept until something changes."""
    require(who, Permission.PROMOTIONS_READ)

    def load() -> bytes:
        kept = _rows(query)
        return bson.encode({**kept, "rows": listing.named(kept["rows"])})

    kept = bson.decode(cached(SCOPES, ["promotions.named", query.model_dump(mode="json")], load), _AWARE)
    return Page(kept["rows"], kept["next"], kept["total"]), listing.totals_from_json(kept["sums"])


def _rows(query: PromotionQuery) -> Document:
    """Rows, next, total and sums of a page without names: what is dear to read outlives a renamed product."""

    def load() -> bytes:
        wanted = listing.where(query)
        found = store.page(wanted, listing.page_request(query), query.count)
        sums = listing.totals_as_json(listing.totals(wanted)) if query.count else None
        return bson.encode({"rows": found.items, "next": found.next_cursor, "total": found.total, "sums": sums})

    return bson.decode(cached(_scopes(query), ["promotions.rows", query.model_dump(mode="json")], load), _AWARE)


def page_question(query: PromotionQuery) -> Question:
    """What `page_json` asks the cache."""
    return question(SCOPES, ["promotions.page", query.model_dump(mode="json")])


def page_json(who: Principal, query: PromotionQuery) -> bytes:
    """One page as packed JSON, made once and kept until a promotion, customer or product changes."""
    require(who, Permission.PROMOTIONS_READ)
    return answered(page_question(query), lambda: load_page(who, query))


def load_page(who: Principal, query: PromotionQuery) -> bytes:
    """What `page_json` keeps: the rows, of which this process has a copy, with the names behind their ids as they are now."""
    require(who, Permission.PROMOTIONS_READ)

    def load_nameless() -> Document:
        kept = _rows(query)
        items = [listing.as_json(row) for row in kept["rows"]]
        return {"items": items, "next_cursor": kept["next"], "total": kept["total"], "totals": kept["sums"]}

    if query.limit > _FOLLOWED_ROWS or _scopes(query) != ("promotions",):
        answer = load_nameless()
    else:
        (answer,) = followed(Wanted("promotions", query.model_dump_json(), load_nameless, lambda _page, _change: False))
    # From here to the bytes nothing waits: the rows are everybody's of this process.
    listing.add_names(answer["items"], listing.names_as_they_are)
    return pack(encode(answer))


def _scopes(query: PromotionQuery) -> tuple[str, ...]:
    """What the rows of a page depend on: a filter by customer or product looks at who is below whom."""
    return SCOPES if query.customer or query.product else ("promotions",)


def iterate(who: Principal, query: PromotionQuery) -> Iterator[Document]:
    """Every promotion of the filter in its order, for exports."""
    require(who, Permission.PROMOTIONS_READ)
    field = store.SORTABLE.get(query.sort.removeprefix("-"), "start")
    direction = -1 if query.sort.startswith("-") else 1
    batch: list[Document] = []
    for row in store.find(listing.where(query), store.LISTED, [(field, direction), ("_id", direction)]):
        batch.append(row)
        if len(batch) == 500:
            yield from listing.named(batch)
            batch = []
    yield from listing.named(batch)


def get(who: Principal, promotion_id: str) -> Document:
    """The promotion with names; raises NotFound."""
    require(who, Permission.PROMOTIONS_READ)
    return listing.named([store.get(promotion_id)])[0]


def level_counts(who: Principal, query: PromotionQuery) -> dict[str, int]:
    """How many the filter has of each level, whatever level it asks for."""
    require(who, Permission.PROMOTIONS_READ)
    everywhere = query.model_copy(update={"level": None, "cursor": None})

    def load() -> bytes:
        return encode(store.level_counts(listing.where(everywhere)))

    found: dict[str, int] = json.loads(cached(SCOPES, ["promotions.levels", everywhere.model_dump(mode="json")], load))
    return found


def any_at_all(who: Principal) -> bool:
    """Whether there is any promotion."""
    require(who, Permission.PROMOTIONS_READ)
    return store.collection().find_one({}, {"_id": 1}) is not None


def open_job(row: Document) -> Job | None:
    """The job that analyses it now, None when none does."""
    job_id = row["analysis"].get("job")
    if not job_id:
        return None
    try:
        job = jobs.read(job_id)
    except (NotFound, RedisError):
        return None
    return None if job.state.final else job


def find(who: Principal, words: str, limit: int) -> list[Document]:
    """Promotions whose code or name holds `words`, whole chains first, newest first; for the search everywhere."""
    require(who, Permission.PROMOTIONS_READ)
    query = PromotionQuery(q=words)
    return listing.named(store.find(listing.where(query), store.LISTED, [("level", 1), ("start", -1)]).limit(limit))


def create(
    who: Principal, terms: PromotionCreate, planned: Document | None = None, promotion_id: str = ""
) -> tuple[Document, list[str]]:
    """Store a promotion entered by hand as a draft; returns it and what to look at. Raises Invalid, Conflict.

    `planned` is what it was expected to do (see models.PlannedFigures), kept beside what it will have done. A `promotion_id`
    that exists already is answered as it is, so that a wish which is sent twice makes one draft.
    """
    require(who, Permission.PROMOTIONS_WRITE)
    there = store.collection().find_one({"_id": promotion_id}) if promotion_id else None
    if there is not None:
        return listing.named([there])[0], warnings(there)
    place = _checked(terms)
    row = {
        "_id": promotion_id or new_id("promotion"),
        "planned": planned,
        "origin": Origin.ENTERED.value,
        "level": (Level.STORE if place["level"] == "store" else Level.CHAIN).value,
        "status": PromotionStatus.DRAFT.value,
        "customer_ids": [],
        "deal_share": None,
        "feature_share": None,
        "sales_hash": None,
        "analysis": {"state": AnalysisState.NONE.value},
        **store.UNANALYSED,
        **stored(terms),
        "currency": place.get("currency") or settings().currency,
        "store_count": len(customers.below(place["_id"])),
    }
    with changing("promotions"):
        try:
            row = _inserted(row, terms, place, who)
        except Conflict:
            there = store.collection().find_one({"_id": promotion_id}) if promotion_id else None
            if there is None:
                raise
            return listing.named([there])[0], warnings(there)
    _tell(who, "created", row, None, {"code": row["code"], **stored(terms)})
    return listing.named([row])[0], warnings(row)


def change(who: Principal, promotion_id: str, wanted: PromotionChange) -> tuple[Document, list[str]]:
    """Change what was sent; raises NotFound, Stale, Conflict (state or origin forbids), Invalid."""
    require(who, Permission.PROMOTIONS_WRITE)
    row = store.get(promotion_id)
    if row["version"] != wanted.version:
        raise Stale(_("{code} was changed meanwhile. Load it again, then repeat your change.", code=row["code"]))
    before_terms = written(row)
    after_terms = merged(before_terms, wanted)
    changed = differing(before_terms, after_terms)
    _refuse_frozen(row, changed)
    if not changed:
        return listing.named([row])[0], warnings(row)
    place = _checked(after_terms, row)
    changes = {name: value for name, value in stored(after_terms).items() if name in changed}
    if "customer_id" in changed:
        changes |= {"level": (Level.STORE if place["level"] == "store" else Level.CHAIN).value}
        changes |= {"store_count": len(customers.below(place["_id"])), "currency": place.get("currency") or settings().currency}
    if changed & _ANALYSED_FROM and row["analysis"]["state"] != AnalysisState.NONE:
        changes["analysis.state"] = AnalysisState.WAITING.value
    with changing("promotions"):
        before, after = store.update(promotion_id, wanted.version, changes, who.user_id)
    _tell(who, "changed", after, {name: before.get(name) for name in changed}, {name: changes[name] for name in changed})
    if "analysis.state" in changes:
        entered_row = store.get(promotion_id)
        if entered_row["origin"] == Origin.ENTERED:
            entered.wants_analysis(entered_row)
        _queue(who, after)
    return listing.named([store.get(promotion_id)])[0], warnings(after)


def set_status(who: Principal, promotion_id: str, wanted: StatusChange) -> Document:
    """One step of its life; raises NotFound, Stale, Conflict when the step is not possible."""
    require(who, Permission.PROMOTIONS_WRITE)
    row = store.get(promotion_id)
    status, origin = PromotionStatus(row["status"]), Origin(row["origin"])
    refused = rules.why_not(status, wanted.status, origin, row["start"].date(), now().date())
    if refused:
        raise Conflict(refused)
    changes = {"status": wanted.status.value}
    with changing("promotions"):
        before, after = store.update(promotion_id, wanted.version, changes, who.user_id, {"status": row["status"]})
    told = {**changes, **({"reason": wanted.reason} if wanted.reason else {})}
    _tell(who, "status", after, {"status": before["status"]}, told)
    if wanted.status in (PromotionStatus.ACTIVE, PromotionStatus.COMPLETED) and entered.wants_analysis(after):
        _queue(who, after)
    return listing.named([store.get(promotion_id)])[0]


def analyse(who: Principal, promotion_id: str) -> str:
    """Have it analysed again; returns the job. Raises Conflict when there are no sales to analyse."""
    require(who, Permission.PROMOTIONS_WRITE)
    row = store.get(promotion_id)
    if row["origin"] == Origin.ENTERED:
        seen = entered.sales_of(row)
        if seen is None:
            raise Conflict(_("There are no sales in its weeks at its stores yet. Import them, then analyse."))
        store.set_analysis(row, {"sales_hash": seen})
    with changing("promotions"):
        store.ask_again({"_id": promotion_id}, AnalysisState.WAITING.value)
    record(who, "promotions.analysis_asked", "promotion", promotion_id, after={"code": row["code"]})
    return _queue(who, row)


def find_in_sales(who: Principal) -> str:
    """Look through the sales for promotions again; returns the job."""
    require(who, Permission.PROMOTIONS_WRITE)
    record(who, "promotions.search_asked", "promotions", "all")
    return work.enqueue_find(who)


def warnings(row: Document) -> list[str]:
    """What to look at before it runs; an observed one already ran."""
    if row["origin"] == Origin.OBSERVED or row["status"] == PromotionStatus.CANCELLED:
        return []
    return [_overlap_words(other) for other in entered.overlaps(row)]


def warnings_before(who: Principal, terms: PromotionInput, promotion_id: str = "") -> list[str]:
    """The same for terms that are not stored yet."""
    require(who, Permission.PROMOTIONS_READ)
    return [_overlap_words(other) for other in entered.overlaps({"_id": promotion_id, "code": "", **stored(terms)})]


def _overlap_words(other: Planned) -> str:
    return _(
        "Overlaps with {label} ({start} to {end}): the same product at the same store in the same week.",
        label=other.label, start=other.start.isoformat(), end=other.end.isoformat(),
    )  # fmt: skip


def history(who: Principal, promotion_id: str, limit: int = 30) -> list[Document]:
    """What happened to it, newest first, from the audit trail."""
    require(who, Permission.PROMOTIONS_READ)
    return audit.page({"subject_type": "promotion", "subject_id": promotion_id}, PageRequest("-at", limit)).items


def _checked(terms: PromotionInput, row: Document | None = None) -> Document:
    """The customer the terms name; raises Invalid when rules or references fail. Of an observed one only what people write."""
    errors = [] if row is not None and row["origin"] == Origin.OBSERVED else rules.check(terms)
    place = customers.by_ids([terms.customer_id]).get(terms.customer_id)
    if place is None:
        errors.append(FieldError("customer_id", _("Choose a customer that exists.")))
    if row is None or row["product_ids"] != terms.product_ids:
        unknown = set(terms.product_ids) - set(products.by_ids(terms.product_ids, {"_id": 1}))
        if unknown or not skus_of(terms.product_ids):
            errors.append(FieldError("product_ids", _("Choose products that exist; a brand or category needs SKUs below it.")))
    if errors:
        raise Invalid(errors=errors)
    assert place is not None
    return place


def _refuse_frozen(row: Document, changed: set[str]) -> None:
    status, origin = PromotionStatus(row["status"]), Origin(row["origin"])
    frozen = changed - rules.changeable(status, origin)
    if not frozen:
        return
    if origin is Origin.OBSERVED:
        raise Conflict(_("This deal was found in sales: only its name, costs and note can be changed."))
    if status is PromotionStatus.CANCELLED:
        raise Conflict(_("A cancelled promotion cannot be changed. Make it a draft again first."))
    raise Conflict(_("A completed promotion has happened: only its name, costs and note can be changed."))


def _inserted(row: Document, terms: PromotionCreate, place: Document, who: Principal) -> Document:
    """Store the row under the code that was chosen, or else under the next free one, whoever else takes codes meanwhile."""
    for attempt in range(_CODE_ATTEMPTS):
        code = terms.code or _free_code(terms, place)
        try:
            return store.insert({**row, "key": f"entered|{code}", "code": code}, who.user_id)
        except Conflict:
            if terms.code or attempt == _CODE_ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _free_code(terms: PromotionInput, place: Document) -> str:
    """`DOM-2026W10-3`: customer, first week, and a number when others start there in that week."""
    year, week, _day = terms.start.isocalendar()
    stem = f"{place['code']}-{year}W{week:02d}"
    taken = {row["code"] for row in store.find({"code": {"$regex": f"^{re.escape(stem)}"}}, {"code": 1})}
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def _queue(who: Principal, row: Document) -> str:
    title = _("Analysing {code}", code=row["code"])
    job_id = work.enqueue_analysis(who, [row["_id"]], title, f"promotions/{row['_id']}")
    store.note_job(row["_id"], job_id)
    return job_id


def _tell(who: Principal, what: str, row: Document, before: Document | None, after: Document) -> None:
    record(who, f"promotions.{what}", "promotion", row["_id"], before, after)
    told = {"id": row["_id"], "code": row["code"], "name": row["name"], "status": row["status"], "version": row["version"]}
    for topic in ("promotions", f"promotions/{row['_id']}"):
        emit(topic, f"promotion.{what}", told, actor=who.user_id)

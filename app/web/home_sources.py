"""What home asks of the subjects, in home's words, so that a subject may change without the page knowing.

Everything but imports is plain JSON: it is kept in the read cache and shared by all people of a role.
"""

from collections.abc import Sequence
from typing import Any

from app.access.models import Permission, Principal
from app.access.permissions import allowed
from app.core.i18n import N_, _, ngettext
from app.core.mongo import Document
from app.core.paging import PageRequest
from app.trade.imports import service as imports
from app.trade.products import service as products
from app.trade.promotions import figures
from app.trade.promotions import service as promotions
from app.trade.promotions.deals import Level
from app.trade.promotions.models import AnalysisState, PromotionQuery, PromotionStatus
from app.web import formatting
from app.web.formatting import number

RANKED = 5
LOOKED_AT = 100  # losses without a return (too little spent to divide by) sort first and are passed over
_WAITING = {
    "mapping": (N_("Its columns are to be confirmed"), N_("Confirm columns")),
    "validated": (N_("It is checked and waits for you to land it"), N_("Review")),
    "failed": (N_("Nothing of it landed"), N_("See why")),
}


def need(icon: str, text: str, why: str, action: str, href: str) -> dict[str, str]:
    """One thing that waits for this person; `action` says what the link does."""
    return {"icon": icon, "text": text, "why": why, "action": action, "href": href}


def figure(label: str, value: str, hint: str = "", tone: str = "", href: str = "") -> dict[str, str]:
    """One tile."""
    return {"label": label, "value": value, "hint": hint, "tone": tone, "href": href}


def recent_imports(who: Principal) -> list[dict[str, Any]]:
    """The newest imports, newest first; never kept in the cache, because their state changes by the second."""
    if not imports.may_import(who):
        return []
    found = imports.page(who, {}, PageRequest("-created_at", RANKED), count=False).items
    return [
        {
            "id": one["_id"],
            "name": one["file_name"],
            "status": one["status"],
            "rows": one["counts"].get("rows"),
            "at": one["created_at"],
        }
        for one in found
    ]


def import_needs(recent: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """Imports that stopped half-way."""
    needs = []
    for one in recent:
        if one["status"] in _WAITING:
            why, action = _WAITING[one["status"]]
            needs.append(need("upload", one["name"], _(why), _(action), f"/imports/{one['id']}"))
    return needs


def ranking(who: Principal) -> dict[str, Any]:
    """The ends of the ranking by manufacturer ROI among promotions of whole customers, and the sums of all."""
    empty: dict[str, Any] = {"top": [], "worst": [], "figures": [], "any": False}
    if not allowed(who, Permission.PROMOTIONS_READ):
        return empty
    gains = PromotionQuery(level=Level.CHAIN, roi="gain", sort="-roi_manufacturer", limit=RANKED)
    losses = PromotionQuery(level=Level.CHAIN, roi="loss", sort="roi_manufacturer", limit=LOOKED_AT, count=True)
    top, _none = promotions.page(who, gains)
    worst, _lost = promotions.page(who, losses)
    _few, sums = promotions.page(who, PromotionQuery(level=Level.CHAIN, limit=1, count=True))
    return {
        "top": [_bar(row) for row in top.items],
        "worst": [_bar(row) for row in worst.items if row["roi_manufacturer"] is not None][:RANKED],
        "figures": _figures(sums, worst.total or 0, _assumed([*top.items, *worst.items])) if sums and sums["analysed"] else [],
        "any": bool(sums and sums["promotions"]),
    }


def _bar(row: Document) -> dict[str, Any]:
    note = f"{formatting.window(row['start'], row['end'])} · {row['customer_name'] or ''}".strip(" ·")
    return {"label": row["name"], "note": note, "value": str(row["roi_manufacturer"]), "href": f"/promotions/{row['_id']}"}


def _assumed(rows: Sequence[Document]) -> bool:
    """Whether what the manufacturer earned rests on unit costs that nobody measured."""
    return any(figures.assumed(row) for row in rows)


def _figures(sums: Document, losing: int, assumed: bool) -> list[dict[str, str]]:
    net = _("{net} net", net=formatting.money(sums["net"]))
    roi = sums["roi_manufacturer"]
    share = formatting.percent(losing / sums["analysed"])
    return [
        figure(
            _("Promotions"),
            number(sums["promotions"]),
            _("of whole customers, {count} analysed", count=number(sums["analysed"])),
            href="/promotions",
        ),
        figure(_("Extra units"), formatting.signed(sums["incremental_units"]), _("beyond the baseline")),
        figure(_("Spent"), formatting.money(sums["spend"]), _("by the manufacturer")),
        figure(
            _("Return, manufacturer"),
            formatting.roi(roi),
            _("{net}, unit cost assumed", net=net) if assumed else net,
            "" if roi is None else "good" if formatting.earned(roi) else "bad",
        ),
        figure(_("Lost money"), number(losing), _("{share} of those analysed", share=share), href="/promotions?roi=loss"),
    ]


def promotion_needs(who: Principal) -> list[dict[str, str]]:
    """Promotions that were not analysed, and drafts that nobody decided."""
    if not allowed(who, Permission.PROMOTIONS_WRITE):
        return []
    needs = []
    failed = _count(who, analysis=AnalysisState.FAILED)
    if failed:
        text = ngettext("{count} promotion could not be analysed", "{count} promotions could not be analysed", failed)
        needs.append(
            need("triangle-alert", text, _("Open one to see why and try again."), _("See them"), "/promotions?analysis=failed")
        )
    drafts = _count(who, status=PromotionStatus.DRAFT)
    if drafts:
        text = ngettext("{count} draft", "{count} drafts", drafts)
        needs.append(need("pencil", text, _("Planned but not decided."), _("Finish"), "/promotions?status=draft"))
    return needs


def _count(who: Principal, **wanted: Any) -> int:
    page, _sums = promotions.page(who, PromotionQuery(limit=1, count=True, **wanted))
    return page.total or 0


def product_needs(who: Principal) -> list[dict[str, str]]:
    """Products whose missing cost keeps returns unknown."""
    if not allowed(who, Permission.PRODUCTS_WRITE):
        return []
    page = products.page(who, {"level": "sku", "unit_cost": None, "status": "active"}, PageRequest("sku", 1))
    missing = page.total or 0
    if not missing:
        return []
    text = ngettext("{count} product has no unit cost", "{count} products have no unit cost", missing)
    return [
        need(
            "package",
            text,
            _("What the manufacturer earned on it cannot be told."),
            _("Enter costs"),
            "/products?level=sku&sort=unit_cost",
        )
    ]

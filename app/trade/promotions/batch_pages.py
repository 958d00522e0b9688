"""What is done with the promotions ticked in the list: first what it would do to each, then what it did; or a file of them."""

from typing import Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for

from app.access.models import Permission
from app.access.sign_in.rules import safe_next
from app.access.signed_in import may
from app.core.errors import Invalid
from app.core.i18n import _, ngettext
from app.trade.promotions import batch
from app.trade.promotions.models import PromotionStatus
from app.trade.promotions.pages import COLUMNS, EXPORTS, STEPS
from app.web.export import export_response

blueprint = APIBlueprint("promotion_batch", __name__, template_folder="templates", enable_openapi=False)


@blueprint.get("/promotions/selected")
def nothing_selected() -> Any:
    """Opened by hand or after signing in again: the ticks are gone, the list is there."""
    return redirect(url_for("promotions.index"))


@blueprint.post("/promotions/selected")
def selected() -> Any:
    """Without `confirmed` nothing changes: the page says what would happen to each. With it, each is done or says why not."""
    action = request.form.get("action", "")
    chosen = batch.parse(request.form.getlist("chosen"))
    if action in {export.name for export in EXPORTS}:
        return export_response(action, "promotions", COLUMNS, batch.rows_of(may(Permission.PROMOTIONS_READ), chosen))
    who = may(Permission.PROMOTIONS_WRITE)
    if action not in {step.name for step in STEPS}:
        raise Invalid(_("There is no such step. Go back to the list and choose one that it offers."))
    wanted = PromotionStatus(action)
    confirmed = bool(request.form.get("confirmed"))
    reason = request.form.get("reason", "").strip()[:500]
    answers = batch.apply(who, chosen, wanted, reason) if confirmed else batch.foresee(who, chosen, wanted)
    possible = sum(answer.done for answer in answers)
    return render_template(
        "promotions/selected.html",
        answers=answers,
        possible=possible,
        confirmed=confirmed,
        wanted=wanted.value,
        title=_told(possible, len(answers)) if confirmed else _asked(wanted, possible),
        button_label=_button(wanted, possible),
        back=_back(),
    )


def _back() -> str:
    """The list as it was left, filters and all."""
    wanted = safe_next(request.form.get("back"))
    here = url_for("promotions.index")
    return wanted if wanted == here or wanted.startswith(f"{here}?") else here


def _told(done: int, all_of_them: int) -> str:
    if done == all_of_them:
        return ngettext("{count} promotion done", "{count} promotions done", done)
    return _("{done} of {all} promotions done", done=done, all=all_of_them)


def _asked(wanted: PromotionStatus, count: int) -> str:
    return {
        PromotionStatus.ACTIVE: ngettext("Activate {count} promotion?", "Activate {count} promotions?", count),
        PromotionStatus.COMPLETED: ngettext("Complete {count} promotion?", "Complete {count} promotions?", count),
        PromotionStatus.DRAFT: ngettext("Make {count} promotion a draft again?", "Make {count} promotions drafts again?", count),
        PromotionStatus.CANCELLED: ngettext("Cancel {count} promotion?", "Cancel {count} promotions?", count),
    }[wanted]


def _button(wanted: PromotionStatus, count: int) -> str:
    return {
        PromotionStatus.ACTIVE: ngettext("Activate {count} promotion", "Activate {count} promotions", count),
        PromotionStatus.COMPLETED: ngettext("Complete {count} promotion", "Complete {count} promotions", count),
        PromotionStatus.DRAFT: ngettext("Make {count} promotion a draft", "Make {count} promotions drafts", count),
        PromotionStatus.CANCELLED: ngettext("Cancel {count} promotion", "Cancel {count} promotions", count),
    }[wanted]

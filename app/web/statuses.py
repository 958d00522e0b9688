"""The word, tone and icon of every state a thing can be in, so that a state looks the same on every page."""

from dataclasses import dataclass

from app.core.i18n import N_, _


@dataclass(frozen=True)
class Status:
    """How a state is shown; `tone` is neutral, info, good, warn or bad and never stands without word and icon."""

    label: str
    tone: str
    icon: str


_KNOWN = {
    # imports
    "uploaded": Status(N_("Uploaded"), "info", "upload"),
    "mapping": Status(N_("Columns to confirm"), "warn", "columns-3"),
    "validating": Status(N_("Being checked"), "info", "loader"),
    "validated": Status(N_("Checked"), "info", "circle-check"),
    "landing": Status(N_("Landing"), "info", "loader"),
    "landed": Status(N_("Landed"), "good", "check"),
    "failed": Status(N_("Failed"), "bad", "circle-x"),
    "reverting": Status(N_("Being taken back"), "info", "undo-2"),
    "discarded": Status(N_("Thrown away"), "neutral", "trash-2"),
    "reverted": Status(N_("Taken back"), "neutral", "undo-2"),
    # jobs
    "queued": Status(N_("Waiting"), "neutral", "clock"),
    "running": Status(N_("Running"), "info", "loader"),
    "done": Status(N_("Done"), "good", "check"),
    "finished": Status(N_("Done"), "good", "check"),
    "cancelled": Status(N_("Cancelled"), "neutral", "x"),
    "infeasible": Status(N_("Not possible"), "warn", "triangle-alert"),
    # promotions
    "draft": Status(N_("Draft"), "neutral", "pencil"),
    "pending_approval": Status(N_("Waiting for approval"), "warn", "clock"),
    "approved": Status(N_("Approved"), "info", "circle-check"),
    "rejected": Status(N_("Rejected"), "bad", "circle-x"),
    "active": Status(N_("Active"), "neutral", "circle-check"),
    "completed": Status(N_("Completed"), "neutral", "check"),
    "analysed": Status(N_("Analysed"), "good", "chart-line"),
    "observed": Status(N_("Found in sales"), "neutral", "eye"),
    "entered": Status(N_("Entered"), "neutral", "pencil"),
    # drift
    "stable": Status(N_("As usual"), "good", "check"),
    "moved": Status(N_("Moved"), "warn", "trending-up"),
    "shifted": Status(N_("Shifted"), "bad", "triangle-alert"),
    "unknown": Status(N_("Not known"), "neutral", "circle-help"),
    # people, customers, products
    "inactive": Status(N_("Inactive"), "neutral", "pause"),
    "discontinued": Status(N_("Discontinued"), "neutral", "octagon-x"),
    "disabled": Status(N_("Disabled"), "neutral", "lock"),
    "locked": Status(N_("Locked"), "warn", "lock"),
    # levels of customers and products
    "national": Status(N_("National"), "neutral", "layers"),
    "banner": Status(N_("Banner"), "neutral", "layers"),
    "region": Status(N_("Region"), "neutral", "layers"),
    "store": Status(N_("Store"), "neutral", "store"),
    "category": Status(N_("Category"), "neutral", "layers"),
    "brand": Status(N_("Brand"), "neutral", "layers"),
    "sub_brand": Status(N_("Sub-brand"), "neutral", "layers"),
    "sku": Status(N_("SKU"), "neutral", "package"),
    # services
    "ok": Status(N_("Up"), "good", "check"),
    "down": Status(N_("Down"), "bad", "circle-x"),
}


def status_of(name: str) -> Status:
    """How the state `name` is shown; an unknown one shows its own name, neutrally."""
    key = str(name).replace("-", "_").replace(" ", "_").lower()
    known = _KNOWN.get(key)
    if known is None:
        return Status(key.replace("_", " ").capitalize(), "neutral", "info")
    return Status(_(known.label), known.tone, known.icon)

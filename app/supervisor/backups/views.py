"""Backups, tasks and the state of a restore, as plain values for pages and machines."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from app.backup.orders import Order
from app.backup.records import Record
from app.backup.reports import TITLES, Report
from app.backup.shelf import Backup
from app.core.clock import iso
from app.core.i18n import N_, _
from app.supervisor.backups.clerk import Clerk
from app.supervisor.backups.conduct import Conductor
from app.supervisor.history.frames import Point
from app.supervisor.pages.charts import Chart, chart

_TREND = timedelta(days=90)
_DAY_SECONDS = 86400

KINDS: Mapping[str, str] = {
    "backup": N_("Backup"),
    "verify": N_("Check"),
    "drill": N_("Drill"),
    "offsite": N_("Copy elsewhere"),
    "prune": N_("Clearing out"),
    "restore": N_("Restore"),
    "settle": N_("End of a restore"),
    "undo": N_("Undoing of a restore"),
    "side": N_("Partial restore"),
    "quarterly": N_("Recovery test of the quarter"),
    "configuration": N_("Backup of the settings"),
    "code": N_("Backup of the code"),
    "system": N_("Backup of the whole system"),
    "reread": N_("Reading back of settings, code and system"),
    "update": N_("Update"),
}


def backup_document(backup: Backup) -> dict[str, Any]:
    """One backup; without a readable manifest only its name and the trouble."""
    manifest, proof = backup.manifest, backup.proof or {}
    document: dict[str, Any] = {"id": backup.id, "usable": manifest is not None, "trouble": backup.trouble}
    document["proof"] = {key: proof[key] for key in ("ok", "at", "seconds", "restore_seconds", "reason") if key in proof} or None
    copied = backup.copied or {}
    document["copied"] = {key: copied[key] for key in ("target", "at", "sealed") if key in copied} or None
    if manifest is not None:
        document |= {
            "reason": manifest.reason,
            "started_at": iso(manifest.started_at),
            "ended_at": iso(manifest.ended_at),
            "seconds": (manifest.ended_at - manifest.started_at).total_seconds(),
            "size": manifest.size,
            "documents": manifest.documents,
            "collections": {name: collection.count for name, collection in manifest.collections.items()},
            "migration": manifest.migration,
            "app_version": manifest.app_version,
            "server_version": manifest.server_version,
            "sha256": manifest.sha256,
        }
    return document


def record_document(record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "kind": record.kind,
        "who": record.who,
        "began_at": iso(record.began_at),
        "seconds": round(record.seconds, 1),
        "ok": record.ok,
        "text": record.text,
        "backup": record.about,
        "facts": record.facts,
    }


def report_document(report: Report) -> dict[str, Any]:
    return {
        "id": report.id,
        "who": report.who,
        "began_at": iso(report.began_at),
        "seconds": round(report.seconds, 1),
        "good": report.good,
        "steps": [
            {
                "name": step.name,
                "title": _(TITLES.get(step.name, step.name)),
                "began_at": iso(step.began_at),
                "seconds": step.seconds,
                "outcome": step.outcome,
                "text": step.text,
            }
            for step in report.steps
        ],
    }


def order_document(order: Order) -> dict[str, Any]:
    return {"id": order.id, "kind": order.kind, "who": order.who, "backup": order.arguments[0] if order.arguments else ""}


def state_document(clerk: Clerk, conductor: Conductor) -> dict[str, Any]:
    """What goes on: orders not yet done, the progress of the one at work, a restore."""
    progress = clerk.progress()
    return {
        "waiting": [order_document(order) for order in clerk.waiting()],
        "progress": {**progress, "percent": percent(progress)} if progress else None,
        "restore": {"step": _(conductor.step), "outcome": conductor.outcome, "ok": conductor.ok},
    }


def percent(progress: Mapping[str, Any]) -> int | None:
    """How much of the present step is done; None when nobody knows."""
    return min(int(progress["done"]) * 100 // int(progress["total"]), 100) if progress.get("total") else None


def size_trend(backups: Sequence[Backup], now: datetime) -> Chart:
    """The sizes of the archives over the last three months, one point a day."""
    begin = now - _TREND
    made = [backup.manifest for backup in reversed(backups) if backup.manifest and backup.manifest.started_at >= begin]
    days = {int(one.started_at.timestamp()) // _DAY_SECONDS: float(one.size) for one in made}
    points = [Point(day * _DAY_SECONDS, size, size, size) for day, size in days.items()]
    return chart(_("Size of a backup"), "bytes", points, begin, now, _DAY_SECONDS, "%d %b")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)

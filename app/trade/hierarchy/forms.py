"""Forms of nodes: fields as text, errors by field, and what to show when somebody else saved first."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bson.decimal128 import Decimal128
from pydantic import BaseModel, ValidationError

from app.access.audit import service as audit
from app.access.models import Principal
from app.core.errors import FieldError, Invalid, TradeError
from app.core.i18n import _
from app.core.mongo import Document
from app.core.paging import PageRequest
from app.trade.hierarchy.merge import Difference, merge

_SHOWN_CHANGES = 20


def texts(node: Mapping[str, Any], fields: Sequence[str]) -> dict[str, str]:
    """The node's fields as a form shows them."""
    return {field: as_text(node.get(field)) for field in fields}


def as_text(value: Any) -> str:
    """A stored value as a person would type it."""
    if value is None:
        return ""
    if isinstance(value, Decimal128):
        return f"{value.to_decimal():f}"
    return str(value)


def parsed(model: type[BaseModel], form: Mapping[str, str], fields: Sequence[str], **others: Any) -> Any:
    """`form` as `model`; empty fields count as left out. Raises Invalid by field."""
    values = {field: form[field].strip() for field in fields if field in form and form[field].strip()}
    return checked(model, {**values, **others})


def checked(model: type[BaseModel], values: Mapping[str, Any]) -> Any:
    """`values` as `model`; raises Invalid by field."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = [FieldError(".".join(str(part) for part in one["loc"]), _readable(one)) for one in error.errors()]
        raise Invalid(_("Please correct the marked fields."), problems) from error


def _readable(problem: Any) -> str:
    kind = problem["type"]
    if kind in {"missing", "string_too_short"}:
        return _("Needed.")
    if kind == "string_too_long":
        return _("At most {limit} characters.", limit=problem["ctx"]["max_length"])
    if kind.startswith("decimal"):
        return _("Write a number, for example 1.25.")
    if kind in {"greater_than_equal", "greater_than"}:
        return _("Write a number above zero.")
    if kind == "string_pattern_mismatch" and "x00" in problem["ctx"]["pattern"]:
        return _("Contains characters that cannot be printed.")
    if kind == "string_pattern_mismatch" and "[A-Za-z]{3}" in problem["ctx"]["pattern"]:
        return _("Three letters, for example USD.")
    return str(problem["msg"]).removeprefix("Value error, ")


def changed(was: Mapping[str, str], form: Mapping[str, str], fields: Sequence[str], texts: Sequence[str] = ()) -> dict[str, Any]:
    """What the person changed since the form was opened; an emptied field becomes None, or "" for those in `texts`."""
    sent = {field: form[field].strip() for field in fields if field in form}
    differing = {field: value for field, value in sent.items() if value != was.get(field, "")}
    return {field: value or ("" if field in texts else None) for field, value in differing.items()}


def sent_version(form: Mapping[str, str], otherwise: int) -> int:
    """The version that the form was opened with."""
    return int(form["version"]) if form.get("version", "").isdigit() else otherwise


def opened(form: Mapping[str, str]) -> dict[str, str]:
    """The values as they were when the form was opened (its hidden field)."""
    try:
        was = json.loads(form.get("was", "{}"))
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in was.items()} if isinstance(was, dict) else {}


def together(
    was: Mapping[str, str], node: Document, form: Mapping[str, str], fields: Sequence[str]
) -> tuple[dict[str, str], list[Difference]]:
    """After losing against somebody else's change: (the form to offer, what differs)."""
    mine = {field: form.get(field, "").strip() for field in fields}
    return merge(was, texts(node, fields), mine, fields)


def by_field(error: TradeError) -> dict[str, str]:
    """An error as field -> message; "" is about the whole form."""
    return {one.field: one.message for one in error.errors} or {"": error.detail}


def history(kind: str, node: Document) -> list[dict[str, Any]]:
    """What happened to a node, newest first, in words; whoever sees the node may see its history."""
    request = PageRequest("-seq", _SHOWN_CHANGES)
    found = audit.search(Principal.system("history"), request, subject_type=kind, subject_id=node["_id"])
    entries = [{"at": one["at"], "actor": one.get("actor_name", ""), "text": _sentence(one)} for one in found.items]
    if node.get("import_id") and len(entries) < _SHOWN_CHANGES:
        by_import = _("Created by an import") if node["version"] == 1 else _("Changed by an import")
        entries.append({"at": node["created_at"] if node["version"] == 1 else node["updated_at"], "actor": "", "text": by_import})
    return sorted(entries, key=lambda entry: entry["at"], reverse=True)


def _sentence(entry: Document) -> str:
    before, after = entry.get("before"), entry.get("after") or {}
    if before is None:
        return _("Created")
    parts = [
        _("{field} from {before} to {after}", field=field.replace("_", " "), before=_word(before.get(field)), after=_word(value))
        for field, value in after.items()
        if field not in {"path", "attributes"}
    ]
    return _("Changed {parts}", parts=", ".join(parts)) if parts else _("Changed")


def _word(value: Any) -> str:
    return _("nothing") if value in (None, "") else str(value)

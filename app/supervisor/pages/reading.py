"""Reading what a request brings: numbers within bounds, short texts, a JSON object; what does not fit is refused in words."""

from collections.abc import Mapping
from typing import Any

from flask import abort, request

from app.core.i18n import _


def json_body() -> Mapping[str, Any]:
    """The JSON object of the request, {} without one. Aborts with 400 for anything else."""
    if not request.get_data():
        return {}
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        abort(400, _("The body must be a JSON object."))
    return body


def short_text(values: Mapping[str, Any], name: str, longest: int) -> str:
    """The text `name` of `values`, stripped; "" when it is absent. Aborts with 422 when it is none, or too long for a line."""
    value = values.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        abort(422, _("{name} must be text.", name=name))
    text = value.strip()
    if len(text) > longest or not text.isprintable():
        abort(422, _("{name} must be one line of up to {count} characters.", name=name, count=longest))
    return text


def bounded(value: Any, name: str, least: float, most: float) -> float:
    """`value` as a number. Aborts with 422 when it is none, or outside the bounds."""
    try:
        number = float(value) if not isinstance(value, bool) else float("nan")
    except (TypeError, ValueError):
        number = float("nan")
    if not least <= number <= most:
        text = _("{name} must be a number of seconds from {least} to {most}.", name=name, least=int(least), most=int(most))
        abort(422, text)
    return number

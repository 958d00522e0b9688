"""The report as one HTML file that needs nothing else: it is read on other machines, and years later."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from app.core.i18n import _


def html(document: Mapping[str, Any], fingerprint: str) -> str:
    """The page, with print styles. `document` as `Document.as_dict` gives it."""
    pages = Environment(loader=PackageLoader("app.supervisor.handover"), autoescape=True, undefined=StrictUndefined)
    pages.globals["_"] = _
    return pages.get_template("handover/report.html").render(document=document, fingerprint=fingerprint)

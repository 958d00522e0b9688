"""What is installed: versions, settings a person may know, and the licences of everything inside."""

import functools
import json
from importlib import metadata

from apiflask import APIBlueprint
from flask import render_template

from app.access.signed_in import principal
from app.core.i18n import _
from app.core.settings import settings
from app.web.assets import STATIC_DIR

blueprint = APIBlueprint("about", __name__, enable_openapi=False)


@blueprint.get("/about")
def about() -> str:
    """Open to everyone who is signed in."""
    principal()
    config = settings()
    facts = [
        (_("Currency"), config.currency),
        (_("Time zone"), config.timezone),
        (_("Language"), config.locale),
        (_("Connections"), _("encrypted (TLS)") if config.http == "redirect" else _("trusted network, plain HTTP allowed")),
    ]
    return render_template("about.html", facts=facts, browser=browser_libraries(), server=server_libraries())


@functools.lru_cache(maxsize=1)
def server_libraries() -> list[dict[str, str]]:
    """Name, version and licence of every Python package in the image, by name."""
    found = {}
    for package in metadata.distributions():
        name = package.metadata["Name"]
        found[name.lower()] = {"name": name, "version": package.version, "licence": _licence(package.metadata)}
    return [found[name] for name in sorted(found)]


def browser_libraries() -> list[dict[str, str]]:
    """What vendor.mjs copied."""
    listing = STATIC_DIR / "vendor" / "licences.json"
    return json.loads(listing.read_text()) if listing.is_file() else []


def _licence(about_package: metadata.PackageMetadata) -> str:
    """The short name of the licence: the expression, else the classifier, else the first line of the field."""
    fields = {name: about_package.get_all(name) or [] for name in ("License-Expression", "Classifier", "License")}
    if fields["License-Expression"]:
        return fields["License-Expression"][0]
    classified = [line.split(" :: ")[-1] for line in fields["Classifier"] if line.startswith("License ::")]
    if classified and classified != ["OSI Approved"]:
        return ", ".join(classified)
    return (fields["License"][0].splitlines() or [""])[0][:60] if fields["License"] else ""

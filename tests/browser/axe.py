"""Accessibility of a page by axe-core: only what is serious or critical counts."""

from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

_AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
_OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]},
}


def serious_findings(page: Page) -> list[str]:
    """One line a finding: rule, place, what to do."""
    page.evaluate(_AXE)
    result: dict[str, Any] = page.evaluate("(options) => axe.run(document, options)", _OPTIONS)
    return [
        f"{violation['id']} at {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for violation in result["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]

"""Opening pages as a person does, and writing down what goes wrong on them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, expect

ARTIFACTS = Path(__file__).parent / "artifacts"
# The machine gained or lost a network while the page loaded; Playwright tells that it blocks service workers.
NOT_OURS = ("net::ERR_NETWORK_CHANGED", "Service Worker registration blocked by Playwright")
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# Each width and each scheme in every run, each of one with each of the other in a long one.
every_look = pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(WIDE, "light", id="1440-light"),
        pytest.param(WIDE, "dark", id="1440-dark", marks=pytest.mark.long),
        pytest.param(PHONE, "light", id="390-light", marks=pytest.mark.long),
        pytest.param(PHONE, "dark", id="390-dark"),
    ],
)


@dataclass(frozen=True)
class Site:
    """Where the appliance is and who signs in."""

    url: str
    email: str
    password: str


@dataclass
class Watched:
    """A page with what went wrong on it; `allow` names console messages that a test provokes on purpose."""

    page: Page
    wrong: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        self.allowed.append(pattern)

    def check(self) -> None:
        """Fail with everything that went wrong and was not allowed."""
        allowed = (*NOT_OURS, *self.allowed)
        left = [text for text in self.wrong if not any(re.search(pattern, text) for pattern in allowed)]
        assert not left, f"{self.page.url}:\n" + "\n".join(left)


OpenPage = Callable[..., Watched]


def sign_in(page: Page, site: Site) -> None:
    """Through the form, as a person does; ends on home."""
    page.goto(f"{site.url}/sign-in")
    page.get_by_label("Email").fill(site.email)
    page.get_by_label("Password", exact=True).fill(site.password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.url}/")


def watch(page: Page, site: Site) -> Watched:
    """Write down console errors, script errors, failed requests and requests to other hosts."""
    watched = Watched(page)

    def on_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            watched.wrong.append(f"console {message.type}: {message.text}")

    def on_request(request: Request) -> None:
        if not request.url.startswith((site.url, "blob:", "data:")):
            watched.wrong.append(f"asked another host: {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: watched.wrong.append(f"script error: {error}"))
    page.on("request", on_request)
    return watched


def settle(page: Page) -> None:
    """Until scripts have started, charts are drawn and fonts are there."""
    page.wait_for_load_state("load")
    expect(page.locator("html:has(script[src*='js/app.js']):not([data-started])")).to_have_count(0)
    page.evaluate("document.fonts.ready")
    # Not wait_for_function: it evaluates text inside the page, which the content security policy refuses.
    expect(page.locator(".chart-canvas:visible:not(:has(canvas))")).to_have_count(0)
    # A list that something else has changed asks for its rows again, and is dimmed meanwhile.
    expect(page.locator(".table-region.htmx-request")).to_have_count(0, timeout=30_000)


_MOVES = """() => new Promise((resolve) => {
  const moves = [];
  const named = (node) => (node instanceof Element ? `${node.localName}#${node.id}.${[...node.classList].join(".")}` : "text");
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!entry.hadRecentInput) moves.push([entry.value, entry.sources.map((source) => named(source.node)).join(", ")]);
    }
  }).observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(moves)));
})"""
STILL = 0.01  # what Chromium's sum of layout shifts may come to on a page where nothing jumps


def check_still(page: Page) -> None:
    """Fail with what has moved by itself since the page was opened. Ask before a picture: taking one moves things too."""
    moves = page.evaluate(_MOVES)
    assert sum(value for value, _what in moves) < STILL, f"things jump: {moves}"


def picture(page: Page, name: str) -> None:
    """A screenshot for people to look at."""
    page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)

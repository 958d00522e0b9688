"""Without a connection: the last pages, labelled and read-only, for the person who saw them and nobody else.

A browser starts a service worker only behind a certificate that it trusts, so these tests have a browser of their own that takes
the appliance's self-signed one; all other tests open pages with service workers blocked. The connection is really cut: the
browser reaches the appliance through a wire of the test.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.axe import serious_findings
from tests.browser.conftest import CHROMIUM
from tests.browser.opening import PHONE, WIDE, Site, picture, settle, sign_in
from tests.integration.processes import Wire

PAGES = "caches.keys().then((names) => names.filter((name) => name.startsWith('pages-')))"
NOT_KEPT = "This page was not kept on this device"
Open = Callable[..., Page]


@pytest.fixture
def wire(site: Site) -> Iterator[Wire]:
    """A way to the appliance that a test may cut."""
    address = urlsplit(site.url)
    wire = Wire(address.hostname or "", address.port or 443)
    yield wire
    wire.close()


@pytest.fixture
def door(site: Site, wire: Wire) -> Site:
    """The appliance at the end of the wire."""
    return replace(site, url=f"https://127.0.0.1:{wire.port}")


@pytest.fixture(scope="module")
def trusting(browser: Browser) -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--ignore-certificate-errors"]
    started = browser.browser_type.launch(executable_path=CHROMIUM, args=arguments)
    yield started
    started.close()


@pytest.fixture
def signed_in(trusting: Browser, door: Site) -> Iterator[Open]:
    """A page in a new browser profile, signed in through the form, with the service worker in charge."""
    contexts: list[BrowserContext] = []

    def open_one(size: dict[str, int] = WIDE) -> Page:
        context = trusting.new_context(viewport=size, ignore_https_errors=True, reduced_motion="reduce")
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        sign_in(page, door)
        settle(page)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        return page

    yield open_one
    for context in contexts:
        context.close()


def eventually(page: Page, question: str, what: str) -> None:
    """Ask the page (in JavaScript) until it says yes; not wait_for_function, which the content security policy refuses."""
    for _ in range(50):
        if page.evaluate(question):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"waited for: {what}")


def see(page: Page, url: str) -> str:
    """Open a page and wait until it is kept; its title."""
    page.goto(url)
    settle(page)
    found = f"Promise.all(names.map((name) => caches.open(name).then((cache) => cache.match('{url}'))))"
    eventually(page, f"{PAGES}.then((names) => {found}).then((answers) => answers.some(Boolean))", f"{url} is kept")
    return page.get_by_role("heading", level=1).inner_text()


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["1440", "390"])
def test_a_page_that_was_seen_is_read_offline_and_says_how_old_it_is(
    signed_in: Open, door: Site, wire: Wire, size: dict[str, int]
) -> None:
    page = signed_in(size)
    title = see(page, f"{door.url}/promotions")
    wire.cut()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    label = page.locator(".kept")
    expect(label).to_be_visible()
    assert re.search(r"As of \d\d:\d\d, offline", label.inner_text())
    picture(page, f"offline-{size['width']}")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert serious_findings(page) == []
    wire.mend()
    page.get_by_role("link", name="Load it again").click()
    expect(label).to_be_hidden()


def test_what_was_not_seen_says_so(signed_in: Open, door: Site, wire: Wire) -> None:
    page = signed_in()
    wire.cut()
    page.goto(f"{door.url}/customers")
    expect(page.get_by_role("heading", level=1)).to_have_text(NOT_KEPT)
    picture(page, "offline-not-kept")


def test_nothing_is_sent_from_a_kept_page(signed_in: Open, door: Site, wire: Wire) -> None:
    page = signed_in()
    see(page, f"{door.url}/promotions")
    wire.cut()
    page.reload()
    expect(page.locator(".kept")).to_be_visible()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" and "/find" in request.url else None)
    page.locator(".page-actions summary").click()
    page.get_by_role("button", name="Look through the sales again").click()
    expect(page.locator(".toast")).to_contain_text("nothing can be saved")
    expect(page.locator(".kept")).to_be_visible()
    assert sent == []


def test_signing_out_leaves_nothing_behind(signed_in: Open, door: Site, wire: Wire) -> None:
    page = signed_in()
    see(page, f"{door.url}/promotions")
    page.locator(".person-button").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in**")
    eventually(page, f"{PAGES}.then((names) => names.length === 0)", "the kept pages are gone")
    wire.cut()
    page.goto(f"{door.url}/promotions")
    expect(page.get_by_role("heading", level=1)).to_have_text(NOT_KEPT)


def test_api_sign_in_settings_and_exports_are_never_kept(signed_in: Open, door: Site) -> None:
    page = signed_in()
    see(page, f"{door.url}/promotions")
    page.goto(f"{door.url}/settings/users")
    settle(page)
    page.evaluate("fetch('/api/v1/promotions?limit=1').then((answer) => answer.text())")
    page.evaluate("fetch('/promotions?format=csv').then((answer) => answer.text())")
    kept = page.evaluate(
        "caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name).then((cache) => cache.keys()))))"
        ".then((found) => found.flat().map((request) => new URL(request.url).pathname + new URL(request.url).search))"
    )
    assert "/promotions" in kept
    assert [path for path in kept if re.search(r"^/api|^/settings|^/sign|format=", path)] == []


def test_the_switch_stops_it_and_empties(signed_in: Open, door: Site) -> None:
    page = signed_in()
    see(page, f"{door.url}/promotions")
    page.locator(".person-button").click()
    switch = page.locator("[data-offline-switch]")
    expect(switch).to_be_visible()
    switch.click()
    expect(page.locator(".toast")).to_contain_text("No pages are kept")
    assert page.evaluate("caches.keys()") == []
    page.reload()
    settle(page)
    assert page.evaluate("caches.keys()") == []
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((found) => found.length)") == 0

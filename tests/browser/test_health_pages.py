"""The supervisor's pages in a browser: they follow by themselves, fit a phone, work without JavaScript, and can be read by all.

Served here on a simulated world, so that failures happen when a test wants them; the deployed ones are in tests/e2e.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from tests.browser.axe import serious_findings
from tests.browser.opening import PHONE, WIDE, Site, Watched, picture, watch
from tests.unit.supervisor.pages.past_site import PastSite
from tests.unit.supervisor.pages.test_site import PASSWORD, Keeper
from tests.unit.supervisor.world import World

PAGES = ("/", "/host?span=day", "/services/ai", "/services/ai/log", "/incidents", "/incidents/1", "/incidents/months")


class LiveKeeper(Keeper):
    """A loop that turns when the test makes something happen."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._turned = threading.Condition()

    def happens(self, what: Callable[[], Any]) -> None:
        with self._turned:
            what()
            self.turn += 1
            self._turned.notify_all()

    def wait_for_turn(self, after: int, seconds: float) -> int:
        with self._turned:
            self._turned.wait_for(lambda: self.turn > after, seconds)
            return self.turn


class LiveSite(PastSite):
    keeper_type = LiveKeeper
    keeper: LiveKeeper


class Visit:
    """The site under an address of its own, and the pages that were opened on it."""

    def __init__(self, browser: Browser, site: LiveSite, url: str) -> None:
        self.browser, self.site, self.url, self.watched = browser, site, url, list[Watched]()
        self._cookies: Any = None

    def open(self, path: str, size: Any = WIDE, scheme: Any = "light", **options: Any) -> Page:
        context = self.browser.new_context(
            viewport=size, color_scheme=scheme, reduced_motion="reduce", storage_state=self._signed_in(), **options
        )
        watched = watch(context.new_page(), Site(self.url, "operator", PASSWORD))
        self.watched.append(watched)
        watched.page.goto(f"{self.url}{path}")
        return watched.page

    def close(self) -> None:
        """Leave, and fail with what went wrong on the pages meanwhile."""
        for watched in self.watched:
            watched.page.context.close()
        for watched in self.watched:
            watched.check()
        self.watched.clear()

    def _signed_in(self) -> Any:
        """The cookies of one sign-in through the form."""
        if self._cookies is None:
            context = self.browser.new_context()
            page = context.new_page()
            page.goto(f"{self.url}/sign-in")
            page.get_by_label("Password").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url(f"{self.url}/")
            self._cookies = context.storage_state()
            context.close()
        return self._cookies


@contextmanager
def _served(browser: Browser, folder: Path) -> Iterator[Visit]:
    site = LiveSite(folder)
    server = make_server("127.0.0.1", 0, site.site, threaded=True)
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    visit = Visit(browser, site, f"http://127.0.0.1:{server.server_port}")
    try:
        yield visit
        visit.close()
    finally:
        server.shutdown()
        serving.join(timeout=10)
        server.server_close()


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Visit]:
    """A world of its own, for a test that makes something happen."""
    with _served(browser, tmp_path) as served:
        yield served


@pytest.fixture(scope="module")
def world(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    with _served(browser, tmp_path_factory.mktemp("health")) as served:
        yield served


@pytest.fixture
def seen(world: Visit) -> Iterator[Visit]:
    """One world for all tests that only look."""
    yield world
    world.close()


def _realtime(page: Page) -> Any:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name="realtime", exact=True))


def test_a_killed_service_goes_red_and_green_again_without_reloading(visit: Visit) -> None:
    page = visit.open("/")
    expect(_realtime(page)).to_contain_text("Healthy")
    loaded = page.evaluate("performance.timeOrigin")
    world = visit.site.world
    visit.site.keeper.happens(lambda: world.crash("realtime", 137))
    expect(_realtime(page)).to_contain_text("Failed")
    expect(page.get_by_text("Incident 2: realtime")).to_be_visible()
    visit.site.keeper.happens(lambda: world.advance(20))
    expect(_realtime(page)).to_contain_text("Healthy")
    assert page.evaluate("performance.timeOrigin") == loaded


def test_a_log_follows_and_goes_on_when_who_read_above_is_back_at_the_end(visit: Visit) -> None:
    visit.site.lines = [f"line {number}" for number in range(150)]
    page = visit.open("/services/ai")
    log = page.get_by_role("log")
    expect(log).to_contain_text("line 149")
    visit.site.lines.append("password=hush and something new")
    expect(log).to_contain_text("password=[redacted] and something new", timeout=10_000)
    assert "hush" not in page.content()
    log.evaluate("box => { box.scrollTop = -400; }")
    visit.site.lines.append("much later")
    log.evaluate("box => { box.scrollTop = 0; }")
    expect(log).to_contain_text("much later")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_a_phone(seen: Visit, path: str) -> None:
    page = seen.open(path, size=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(page, f"health{path.replace('/', '-').replace('?', '-')}-phone")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_works_without_javascript(seen: Visit, path: str) -> None:
    page = seen.open(path, java_script_enabled=False)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Incidents")).to_be_visible()


def test_charts_logs_and_notes_need_no_javascript(visit: Visit) -> None:
    page = visit.open("/services/ai", java_script_enabled=False)
    page.get_by_role("link", name="Month").click()
    expect(page.get_by_role("img", name="Processor: ")).to_be_visible()
    page.get_by_role("link", name="Log on its own page").click()
    expect(page.get_by_text("password=[redacted]")).to_be_visible()
    page.goto(f"{visit.url}/incidents/1")
    page.get_by_label("Note").fill("The model was too big.")
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_role("listitem").filter(has_text="The model was too big.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_can_be_read_by_all(seen: Visit, path: str, scheme: str) -> None:
    page = seen.open(path, scheme=scheme, bypass_csp=True)
    page.wait_for_load_state("load")
    assert serious_findings(page) == []

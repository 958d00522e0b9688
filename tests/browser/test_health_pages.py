"""The supervisor's pages in a browser: they follow by themselves, fit a phone, work without JavaScript, and can be read by all.

Served here on a simulated world, so that failures happen when a test wants them; the deployed ones are in tests/e2e.
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from app.supervisor.events import Ask, Asked
from app.supervisor.state import Phase
from tests.browser.axe import serious_findings
from tests.browser.keeper_site import Visit, served
from tests.browser.opening import PHONE, WIDE, picture
from tests.unit.supervisor.pages.past_site import PastSite
from tests.unit.supervisor.pages.test_site import PASSWORD, Keeper
from tests.unit.supervisor.world import World

ASKED = tuple(f"/services/redis/{ask}" for ask in ("stop", "restart", "start", "release"))
PAGES = (
    "/",
    "/host?span=day",
    "/services/ai",
    "/services/ai/log",
    "/leases/begin",
    "/incidents",
    "/incidents/1",
    "/incidents/months",
    "/journal",
    *ASKED,
)


class LiveKeeper(Keeper):
    """A loop that turns when the test makes something happen, and carries out what an operator asks for."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._turned = threading.Condition()

    def happens(self, what: Callable[[], Any]) -> None:
        with self._turned:
            what()
            self.turn += 1
            self._turned.notify_all()

    def ask(self, asked: Asked) -> str | None:
        def carry_out() -> None:
            self.world.tell(asked)
            self.world.advance(10)

        refused = super().ask(asked)
        if refused is None:
            self.happens(carry_out)
        return refused

    def wait_for_turn(self, after: int, seconds: float) -> int:
        with self._turned:
            self._turned.wait_for(lambda: self.turn > after, seconds)
            return self.turn


class LiveSite(PastSite):
    keeper_type = LiveKeeper
    keeper: LiveKeeper


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Visit[LiveSite]]:
    """A world of its own, for a test that makes something happen."""
    with served(browser, LiveSite(tmp_path), PASSWORD) as made:
        yield made


@pytest.fixture(scope="module")
def world(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit[LiveSite]]:
    with served(browser, LiveSite(tmp_path_factory.mktemp("health")), PASSWORD) as made:
        yield made


@pytest.fixture
def seen(world: Visit[LiveSite]) -> Iterator[Visit[LiveSite]]:
    """One world for all tests that only look."""
    yield world
    world.close()


def _realtime(page: Page) -> Any:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name="realtime", exact=True))


def test_a_killed_service_goes_red_and_green_again_without_reloading(visit: Visit[LiveSite]) -> None:
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


def test_a_log_follows_and_goes_on_when_who_read_above_is_back_at_the_end(visit: Visit[LiveSite]) -> None:
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


def _press(page: Page, ask: str, reason: str = "") -> None:
    """From the service's page over the question to the answer."""
    page.get_by_role("link", name=f"{ask} ai").click()
    expect(page.get_by_role("heading", level=1, name=f"{ask} ai")).to_be_visible()
    page.get_by_label("Reason").fill(reason)
    if ask == "Stop":
        page.get_by_label("Until when").select_option(value="")
    page.get_by_role("button", name=ask, exact=True).click()
    expect(page.get_by_role("heading", level=1, name="ai", exact=True)).to_be_visible()


def _state(page: Page) -> Any:
    return page.locator("header.title .state")


@pytest.mark.parametrize("javascript", [True, False], ids=["JavaScript", "no JavaScript"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desk", "phone"])
def test_an_operator_stops_starts_and_restarts_a_service_from_its_page(
    visit: Visit[LiveSite], size: dict[str, int], javascript: bool
) -> None:
    keeper = visit.site.keeper
    page = visit.open("/services/ai", size=size, java_script_enabled=javascript)
    _press(page, "Stop", "the model is being moved")
    expect(_state(page)).to_contain_text("Stopped")
    assert keeper.world.phase("ai") is Phase.STOPPED
    _press(page, "Start")
    expect(_state(page)).to_contain_text("Healthy")
    _press(page, "Restart", "to be sure")
    expect(_state(page)).to_contain_text("Healthy")
    asked = [(asked.service, asked.ask, asked.who, asked.reason) for asked in keeper.asked]
    assert asked == [
        ("ai", Ask.STOP, "operator", "the model is being moved"),
        ("ai", Ask.START, "operator", ""),
        ("ai", Ask.RESTART, "operator", "to be sure"),
    ]


@pytest.mark.parametrize("javascript", [True, False], ids=["JavaScript", "no JavaScript"])
def test_a_service_in_quarantine_is_released_from_its_page(visit: Visit[LiveSite], javascript: bool) -> None:
    world = visit.site.world
    world.bodies["ai"].dies_after = 5
    world.crash("ai")
    world.advance(180)
    world.bodies["ai"].dies_after = None
    page = visit.open("/services/ai", size=PHONE, java_script_enabled=javascript)
    expect(_state(page)).to_contain_text("Quarantined")
    _press(page, "Release")
    expect(_state(page)).to_contain_text("Healthy")


def test_who_cancels_has_asked_for_nothing(visit: Visit[LiveSite]) -> None:
    page = visit.open("/services/ai")
    page.get_by_role("link", name="Stop ai").click()
    page.get_by_role("link", name="Cancel").click()
    expect(_state(page)).to_contain_text("Healthy")
    assert visit.site.keeper.asked == []


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_a_phone(seen: Visit[LiveSite], path: str) -> None:
    page = seen.open(path, size=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(page, f"health{path.replace('/', '-').replace('?', '-')}-phone")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_works_without_javascript(seen: Visit[LiveSite], path: str) -> None:
    page = seen.open(path, java_script_enabled=False)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Incidents")).to_be_visible()


def test_charts_logs_and_notes_need_no_javascript(visit: Visit[LiveSite]) -> None:
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
def test_every_page_can_be_read_by_all(seen: Visit[LiveSite], path: str, scheme: str) -> None:
    page = seen.open(path, scheme=scheme, bypass_csp=True)
    page.wait_for_load_state("load")
    assert serious_findings(page) == []

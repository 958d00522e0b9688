"""The pages are shut without the operator's password, health is open, and every form must come from our own page."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.supervisor.alerts.rules import BY_NAME
from app.supervisor.events import Ask, Asked, Event, HostSampled
from app.supervisor.measures import own_door
from app.supervisor.pages.signing_in import OPERATOR, GuessLimit, OperatorSession
from app.supervisor.pages.site import SHARED, create_site
from app.supervisor.state import State
from app.supervisor.store import Line, StateFile
from tests.unit.supervisor.decide.test_judge import HOST
from tests.unit.supervisor.world import World

PAGES = ("/", "/services/redis", "/services/nginx", "/services/redis/stop")
PASSWORD = "a long operator password"


class Keeper:
    """The loop as the pages see it: a world, and what was asked."""

    def __init__(self, world: World) -> None:
        self.world, self.asked, self.refusal = world, list[Asked](), None
        self.turn, self.stuck = 7, False

    @property
    def state(self) -> State:
        return self.world.state

    def ask(self, asked: Asked) -> str | None:
        self.asked.append(asked)
        return self.refusal

    @property
    def clock(self) -> object:
        return type("Clock", (), {"now": lambda _self: self.world.now})()

    def put(self, event: Event) -> None:
        self.world.tell(event)

    def wait_for_state(self, holds: Callable[[State], bool], seconds: float) -> bool:
        return holds(self.world.state)

    def wait_for_turn(self, after: int, seconds: float) -> int:
        return after + 1


class Site:
    """A site on a healthy world, and a browser."""

    def __init__(self, folder: Path) -> None:
        self.world = World().healthy()
        self.world.tell(HostSampled(HOST))
        self.keeper, self.store, self.password = Keeper(self.world), StateFile(folder, "boot"), PASSWORD
        operator = OperatorSession(b"k" * 32, lambda: self.password)
        clock = type("Clock", (), {"now": lambda _self: self.world.now})()
        self.site = create_site(self.keeper, self.store, clock, operator, b"c" * 32)  # type: ignore[arg-type]
        self.browser: FlaskClient = self.site.test_client()

    def sign_in(self) -> "Site":
        answer = self.browser.post("/sign-in", data={"name": OPERATOR, "password": PASSWORD})
        assert answer.status_code == 303
        return self

    def page(self, path: str = "/") -> str:
        answer = self.browser.get(path)
        assert answer.status_code == 200, answer.status
        return answer.text

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.page())
        assert found
        return found[1]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.mark.parametrize("path", ["/", "/?part=state", "/services/redis", "/follow", "/nothing"])
def test_pages_want_a_sign_in(site: Site, path: str) -> None:
    answer = site.browser.get(path)
    assert (answer.status_code, answer.location) == (303, "/sign-in")


@pytest.mark.parametrize("path", ["/services/redis/stop", "/sign-out"])
def test_actions_want_a_sign_in(site: Site, path: str) -> None:
    assert site.browser.post(path).location == "/sign-in"
    assert site.keeper.asked == []


@pytest.mark.parametrize(
    "path", ["/health", "/livez", "/readyz", "/readyz?verbose", "/shared/css/tokens.css", "/static/supervisor.css"]
)
def test_health_and_what_the_sign_in_page_needs_are_open(site: Site, path: str) -> None:
    assert site.browser.get(path).status_code == 200


def test_only_the_familys_tokens_and_fonts_are_shared(site: Site) -> None:
    assert (SHARED / "css" / "base.css").exists()
    assert site.browser.get("/shared/css/base.css").status_code == 404
    assert site.browser.get("/shared/../../core/settings.py").status_code in {303, 404}


def test_health_answers_503_naming_what_is_down(site: Site) -> None:
    site.world.bodies["redis"].dies_after = 1
    site.world.crash("redis")
    answer = site.browser.get("/health")
    assert answer.status_code == 503
    assert "redis" in answer.json["down"]  # type: ignore[index]


def test_livez_and_readyz_in_words(site: Site) -> None:
    assert site.browser.get("/livez").text == "ok\n"
    assert "[+]docker ok\n" in site.browser.get("/readyz?verbose").text
    site.world.docker_goes()
    answer = site.browser.get("/readyz")
    assert answer.status_code == 503
    assert "[-]docker" in answer.text
    site.keeper.stuck = True
    assert site.browser.get("/livez").status_code == 503


def test_what_cannot_be_stored_is_said_on_the_overview_and_by_readyz_also_after_a_write_to_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    site = Site(tmp_path / "file" / "folder").sign_in()
    site.store.note(Line(site.world.now, "", "written to memory", False))
    assert "goes on without memory" in site.page()
    answer = site.browser.get("/readyz")
    assert answer.status_code == 503
    assert "[-]state" in answer.text


def test_the_overview_has_a_line_for_every_service(site: Site) -> None:
    page = site.sign_in().page()
    for name in site.world.state.services:
        assert f"/services/{name}" in page
    assert "All 7 services are healthy" in page
    assert "Processors" in page


def test_the_part_that_follows_is_no_whole_page(site: Site) -> None:
    part = site.sign_in().page("/?part=state")
    assert "<html" not in part
    assert "All 7 services are healthy" in part


def test_no_page_needs_what_the_policy_forbids(site: Site) -> None:
    site.store.note(Line(site.world.now, "redis", "<script>alert(1)</script>", True))
    pages = [site.page("/sign-in"), *map(site.sign_in().page, PAGES)]
    for page in pages:
        assert not re.search(r"<[^>]+\sstyle=", page)
        assert not re.search(r"<[^>]+\son\w+=", page)
        assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    policy = site.browser.get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_a_wrong_password_is_refused_and_guessing_is_slowed_down(site: Site) -> None:
    for _guess in range(5):
        assert site.browser.post("/sign-in", data={"name": OPERATOR, "password": "guess"}).status_code == 401
    answer = site.browser.post("/sign-in", data={"name": OPERATOR, "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 600
    site.world.advance(601)
    site.sign_in()


@pytest.mark.parametrize(("name", "password"), [("admin", PASSWORD), (OPERATOR, ""), (OPERATOR, PASSWORD + " "), ("", "")])
def test_only_the_operator_with_the_password_gets_in(site: Site, name: str, password: str) -> None:
    assert site.browser.post("/sign-in", data={"name": name, "password": password}).status_code == 401
    assert site.browser.get("/").status_code == 303


def test_a_changed_password_ends_every_session(site: Site) -> None:
    site.sign_in()
    site.password = "another"
    assert site.browser.get("/").location == "/sign-in"


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(site: Site) -> None:
    answer = site.browser.post("/sign-in", data={"name": OPERATOR, "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_an_action_from_our_page_is_passed_on(site: Site) -> None:
    site.sign_in()
    answer = site.browser.post("/services/redis/restart", data={"csrf": site.csrf(), "reason": "it leaks"})
    assert (answer.status_code, answer.location) == (303, "/services/redis")
    assert site.keeper.asked == [Asked("redis", Ask.RESTART, OPERATOR, "it leaks")]


@pytest.mark.parametrize("ask", list(Ask))
def test_every_action_is_asked_for_once_more(site: Site, ask: Ask) -> None:
    page = site.sign_in().page(f"/services/redis/{ask}")
    assert 'method="post"' in page
    assert "redis" in page
    assert site.keeper.asked == []


@pytest.mark.parametrize("token", ["", "forged"])
def test_an_action_from_elsewhere_is_refused(site: Site, token: str) -> None:
    site.sign_in()
    assert site.browser.post("/services/redis/stop", data={"csrf": token}).status_code == 403
    assert site.keeper.asked == []


def test_an_unknown_service_or_action_is_not_found(site: Site) -> None:
    site.sign_in()
    assert site.browser.get("/services/nothing").status_code == 404
    assert site.browser.post("/services/redis/explode", data={"csrf": site.csrf()}).status_code == 404
    assert site.keeper.asked == []


def test_why_a_wish_was_refused_is_said_once(site: Site) -> None:
    site.sign_in()
    site.keeper.refusal = "It is not in quarantine."  # type: ignore[assignment]
    site.browser.post("/services/redis/release", data={"csrf": site.csrf()})
    assert "It is not in quarantine." in site.page("/services/redis")
    assert "It is not in quarantine." not in site.page("/services/redis")


def test_a_quarantined_service_can_be_released_from_the_overview(site: Site) -> None:
    site.world.bodies["ai"].dies_after = 1
    site.world.crash("ai")
    site.world.advance(120)
    page = site.sign_in().page()
    assert "Quarantined" in page
    assert "/services/ai/release" in page


def test_a_service_page_says_who_would_stop_working(site: Site) -> None:
    page = site.sign_in().page("/services/redis")
    assert "backend, realtime, worker, nginx" in page


def test_followers_get_a_line_for_each_change(site: Site) -> None:
    answer = site.sign_in().browser.get("/follow")
    lines = iter(answer.response)
    assert answer.mimetype == "text/event-stream"
    assert [next(lines) for _line in range(2)] == [b"data: 7\n\n", b"data: 8\n\n"]
    answer.close()


def test_sign_out_ends_the_session(site: Site) -> None:
    site.sign_in()
    site.browser.post("/sign-out", data={"csrf": site.csrf()})
    assert site.browser.get("/").status_code == 303


def test_a_guess_is_counted_also_when_it_is_turned_away_or_when_the_next_one_is_right() -> None:
    world = World()
    limit = GuessLimit(lambda: world.now, count=5)
    for _guess in range(5):
        limit.failed("10.0.0.1")
    limit.turned_away("10.0.0.1")
    limit.succeeded("10.0.0.1")
    assert limit.tries() == ["10.0.0.1"] * 6
    world.advance(600)
    assert limit.tries() == []


@pytest.mark.parametrize("by", ["form", "api"])
def test_six_wrong_passwords_at_the_supervisors_own_door_are_six(site: Site, by: str) -> None:
    limit = GuessLimit(site.keeper.clock.now)  # type: ignore[attr-defined]
    operator = OperatorSession(b"k" * 32, lambda: PASSWORD)
    door = create_site(site.keeper, site.store, site.keeper.clock, operator, b"c" * 32, limit=limit).test_client()  # type: ignore[arg-type]
    for _guess in range(6):
        if by == "form":
            door.post("/sign-in", data={"name": OPERATOR, "password": "guess"})
        else:
            door.get("/api/v1/services", auth=(OPERATOR, "guess"))
    (measured,) = own_door.source(limit.tries).read()
    assert (measured.name, measured.subject, measured.value) == ("failed_sign_ins_10m", "supervisor", 6)
    assert measured.detail == "6 sign-ins to the supervisor failed in 10 minutes, from 127.0.0.1"
    assert BY_NAME["failed_sign_ins"].condition.holds(measured.value, held=False)


def test_without_a_failed_sign_in_the_figure_is_0_and_ends_the_alert() -> None:
    assert own_door.figure([]).value == 0


def test_guesses_from_many_addresses_are_limited_together() -> None:
    world = World()
    limit = GuessLimit(lambda: world.now, count=2)
    for number in range(20):
        assert not limit.wait("somebody else")
        limit.failed(f"10.0.0.{number}")
    assert limit.wait("somebody else")
    world.advance(600)
    assert not limit.wait("somebody else")

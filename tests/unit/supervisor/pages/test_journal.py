"""Who did what can be looked up on a page and over the API, and who came to the supervisor's own door is in it."""

from pathlib import Path

import pytest

from app.supervisor.store import Line
from tests.unit.supervisor.pages.test_operating import Api
from tests.unit.supervisor.pages.test_site import PASSWORD


@pytest.fixture
def api(tmp_path: Path) -> Api:
    api = Api(tmp_path)
    for number in range(5):
        api.store.note(Line(api.world.now, "redis", f"line <{number}>", number == 2))
    return api


def test_lines_come_filtered_and_page_by_page(api: Api) -> None:
    first = api.send("GET", "/journal?count=2&about=redis").json
    assert first is not None
    assert [line["text"] for line in first["lines"]] == ["line <4>", "line <3>"]
    second = api.send("GET", f"/journal?count=3&before={first['older']}").json
    assert second is not None
    assert [(line["text"], line["bad"]) for line in second["lines"]] == [
        ("line <2>", True),
        ("line <1>", False),
        ("line <0>", False),
    ]
    assert second["older"] is None
    assert [line["text"] for line in api.send("GET", "/journal?bad=1").json["lines"]] == ["line <2>"]  # type: ignore[index]
    assert len(api.send("GET", "/journal?bad=0").json["lines"]) == 5  # type: ignore[index]


@pytest.mark.parametrize("query", ["count=0", "count=501", "count=x", "before=-1", "before=1e99", "about=a%0ab"])
def test_absurd_filters_are_refused(api: Api, query: str) -> None:
    assert api.send("GET", f"/journal?{query}").status_code == 422


def test_nobody_reads_it_without_the_password(api: Api) -> None:
    assert api.browser.get("/api/v1/journal").status_code == 401
    assert api.browser.get("/journal").location == "/sign-in"


def test_the_page_filters_and_leads_on(api: Api) -> None:
    page = api.sign_in().page("/journal?count=2&about=redis")
    assert "line &lt;4&gt;" in page
    assert "line &lt;2&gt;" not in page
    assert "<option selected>redis</option>" in page
    older = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "line &lt;2&gt;" in api.page(older)
    assert "about=redis" in older
    assert 'href="/journal"' in api.page()
    assert 'href="/journal?about=redis"' in api.page("/services/redis")


def test_who_comes_to_the_door_is_in_it(api: Api) -> None:
    api.browser.post("/sign-in", data={"name": "operator", "password": "wrong"})
    api.browser.get("/api/v1/services", auth=("operator", "wrong"))
    api.browser.get("/api/v1/services")
    csrf = api.sign_in().csrf()
    api.browser.post("/sign-out", data={"csrf": csrf})
    lines = [(line["text"], line["bad"]) for line in api.send("GET", "/journal?about=sign-in").json["lines"]]  # type: ignore[index]
    assert lines == [
        ("The operator signed out from 127.0.0.1", False),
        ("The operator signed in from 127.0.0.1", False),
        ("A command or program with a wrong name or password came from 127.0.0.1", True),
        ("A sign-in with a wrong name or password came from 127.0.0.1", True),
    ]
    assert PASSWORD not in str(lines)


def test_guessing_fills_no_journal(api: Api) -> None:
    for _guess in range(30):
        api.browser.post("/sign-in", data={"name": "operator", "password": "wrong"})
    assert len(api.store.journal(500)) == 5 + 5

"""What was can be seen: charts and sparklines, logs without secrets, incidents with everything about them, figures by month."""

import re
from pathlib import Path

import pytest

from tests.unit.supervisor.pages.past_site import PastSite


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> PastSite:
    """Looked at only."""
    return PastSite(tmp_path_factory.mktemp("past"))


@pytest.fixture
def own(tmp_path: Path) -> PastSite:
    """One for a test that changes it."""
    return PastSite(tmp_path)


PAGES = ["/", "/host", "/host?span=month", "/services/ai?span=day", "/services/ai/log", "/incidents", "/incidents/1"]


@pytest.mark.parametrize("path", [*PAGES, "/incidents/months"])
def test_no_page_needs_what_the_policy_forbids(past: PastSite, path: str) -> None:
    page = past.page(path)
    assert not re.search(r"<[^>]+\sstyle=", page)
    assert not re.search(r"<[^>]+\son\w+=", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert "<style" not in page


@pytest.mark.parametrize(
    "path", [*PAGES, "/incidents/months", "/incidents/1/postmortem.md", "/api/v1/incidents", "/api/v1/history"]
)
def test_nothing_of_it_is_open(past: PastSite, path: str) -> None:
    stranger = past.browser.application.test_client()
    assert stranger.get(path).status_code in {303, 401}


def test_the_overview_draws_the_last_hour_of_every_service(past: PastSite) -> None:
    page = past.page("/")
    assert page.count('class="spark"') == len(past.world.state.services)
    assert re.search(r'<path class="line" d="M[\d.]+ [\d.]+L', page)


def test_an_open_incident_stands_on_the_overview_until_it_ends(own: PastSite) -> None:
    assert "Incident 1: ai" not in own.page("/")
    own.desk.keeps_breaking("realtime")
    assert "Incident 2: realtime" in own.page("/")


def test_a_service_shows_its_figures_over_the_time_chosen(past: PastSite) -> None:
    page = past.page("/services/ai?span=hour")
    assert "Processor: 25 % now, between 25 % and 25 %" in page
    assert re.search(r"Healthy 9\d\.\d{3} % of the time", page)
    assert 'class="tone-bad"' in page
    assert 'href="?span=week"' in page
    assert 'aria-current="true">Month' in past.page("/services/ai?span=month")
    assert 'aria-current="true">Hour' not in past.page("/services/ai?span=nonsense")


def test_the_host_shows_its_figures_and_what_the_history_takes(past: PastSite) -> None:
    page = past.page("/host")
    for expected in ("Disk free", "Memory in use", "no trend towards a full disk", "of at most 132 MB on disk"):
        assert expected in page


def test_a_log_is_shown_without_its_secrets(past: PastSite) -> None:
    for path in ("/services/ai/log", "/services/ai/log?part=lines&lines=5"):
        assert "hush" not in past.page(path)
        assert "password=[redacted]" in past.page(path)
    assert "<html" not in past.page("/services/ai/log?part=lines")


@pytest.mark.parametrize("lines", ["0", "1001", "many", "-1", "nan"])
def test_an_odd_number_of_lines_is_refused(past: PastSite, lines: str) -> None:
    assert past.browser.get(f"/services/ai/log?lines={lines}").status_code == 422


def test_a_log_that_cannot_be_read_says_why(own: PastSite) -> None:
    own.silent = True
    assert "The log cannot be read now: connection refused" in own.page("/services/ai/log")
    assert own.browser.get("/services/nothing/log").status_code == 404


def test_the_list_shows_each_incident_and_the_month(past: PastSite) -> None:
    page = past.page("/incidents")
    assert "1: ai" in page
    assert "it ended with exit code 137" in page
    assert "Mean time to recover" in page


def test_an_incident_shows_its_course_evidence_and_figures(past: PastSite) -> None:
    page = past.page("/incidents/1")
    for expected in ("The supervisor starts ai", "Time to recover", "137", "Being healed", "Traceback: it broke", "[redacted]"):
        assert expected in page
    assert page.count('class="mark-action"') == 1


def test_a_note_is_added_from_the_page(own: PastSite) -> None:
    answer = own.browser.post("/incidents/1/notes", data={"csrf": own.csrf(), "text": "the <b>model</b>", "who": "Anna"})
    assert (answer.status_code, answer.location) == (303, "/incidents/1")
    assert "the &lt;b&gt;model&lt;/b&gt;" in own.page("/incidents/1")


@pytest.mark.parametrize(("number", "text", "status"), [(1, "", 422), (1, "x" * 1001, 422), (99, "fine", 404)])
def test_a_note_that_cannot_be_kept_is_refused(past: PastSite, number: int, text: str, status: int) -> None:
    answer = past.browser.post(f"/incidents/{number}/notes", data={"csrf": past.csrf(), "text": text})
    assert answer.status_code == status


def test_a_note_from_elsewhere_is_refused(past: PastSite) -> None:
    assert past.browser.post("/incidents/1/notes", data={"text": "x"}).status_code == 403


def test_the_postmortem_is_a_file(past: PastSite) -> None:
    answer = past.browser.get("/incidents/1/postmortem.md")
    assert answer.mimetype == "text/markdown"
    assert 'filename="incident-1.md"' in answer.headers["Content-Disposition"]
    assert answer.text.startswith("# Incident 1: ai")


def test_months_show_the_availability_of_every_service(past: PastSite) -> None:
    page = past.page("/incidents/months")
    assert "Figures of 2026-03" in page
    assert "100 %" in page
    assert past.browser.get("/incidents/months?month=soon").status_code == 422


def test_a_damaged_file_is_said_on_top_of_the_pages(tmp_path: Path) -> None:
    (tmp_path / "history.sqlite3").write_bytes(b"no database at all, " * 300)
    site = PastSite(tmp_path)
    assert "history.damaged-" in site.page("/")
    assert "history.damaged-" in site.page("/host")


def test_readiness_names_a_history_that_is_not_recorded(own: PastSite) -> None:
    assert "[+]history ok" in own.browser.get("/readyz?verbose").text
    own.recorder.archive.trouble = "database or disk is full"
    assert "[-]history figures cannot be recorded" in own.browser.get("/readyz").text
    assert "database or disk is full" in own.page("/")


def test_the_api_lists_and_shows_incidents(past: PastSite) -> None:
    (listed,) = past.api("incidents")["incidents"]
    assert (listed["number"], listed["cause"], listed["priority"], listed["affected"]) == (1, "ai", "P2", ["ai"])
    assert listed["seconds_to_recover"] >= 3
    shown = past.api("incidents/1")
    assert {entry["kind"] for entry in shown["timeline"]} == {"event", "action"}
    assert shown["evidence"][0]["exit_code"] == 137
    assert past.api("incidents?state=open")["incidents"] == []
    assert past.api("incidents/1/postmortem")["markdown"].startswith("# Incident 1: ai")
    assert past.api("incidents?before=1")["incidents"] == []


@pytest.mark.parametrize("path", ["incidents?state=odd", "incidents?before=x"])
def test_the_api_refuses_what_it_does_not_know(past: PastSite, path: str) -> None:
    assert "state is open or all" in past.api(path, 422)["detail"]
    assert "no incident 9" in past.api("incidents/9", 404)["detail"]


def test_the_api_takes_notes(own: PastSite) -> None:
    assert own.api("incidents/1/notes", 201, {"text": "seen", "who": "Anna"})["by"] == "Anna"
    assert own.api("incidents/1")["timeline"][-1]["text"] == "seen"
    own.api("incidents/1/notes", 422, {"text": ""})


def test_the_api_gives_any_series(past: PastSite) -> None:
    series = past.api("history")["series"]
    assert {"name": "memory", "subject": "ai"} in series
    history = past.api("history?name=memory&subject=ai&hours=1")
    assert history["step_seconds"] == 15
    assert {point["mean"] for point in history["points"]} == {64_000_000}
    begin = history["points"][0]["at"]
    assert past.api(f"history?name=memory&subject=ai&from={begin}")["points"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("name=nothing", 404),
        ("name=memory&subject=ai&hours=0.0&to=x", 422),
        ("name=memory&subject=ai&from=tomorrow", 422),
        ("name=memory&subject=ai&hours=0", 422),
        ("name=memory&subject=ai&hours=1e9", 422),
        ("name=memory&subject=ai&from=2026-03-02T09:00:00Z&to=2026-03-02T08:00:00Z", 422),
    ],
)
def test_the_api_refuses_odd_times(past: PastSite, query: str, status: int) -> None:
    past.api(f"history?{query}", status)


def test_the_api_gives_the_availability_of_a_month(past: PastSite) -> None:
    document = past.api("availability?month=2026-03")
    services = {service["service"]: service for service in document["services"]}
    assert services["redis"]["availability"] == 1.0
    assert 0.9 < services["ai"]["availability"] < 1.0
    assert services["ai"]["down_seconds"] > 0
    assert document["mean_seconds_to_recover"] > 0
    assert past.api("availability?month=2025-01")["services"][0]["availability"] is None

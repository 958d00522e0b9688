"""What the service worker keeps, shows, leaves alone and forgets, run in Playwright's own Node with stand-ins for the browser."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._driver import compute_driver_executable

from app.web.assets import STATIC_DIR

pytestmark = pytest.mark.slow  # real processes are started here

RUN = Path(__file__).with_name("service_worker_run.mjs")
PAGES = "pages-v2-ann"


@pytest.fixture(scope="session")
def node() -> str:
    return str(compute_driver_executable()[0])


@pytest.fixture
def scenario(node: str, request: pytest.FixtureRequest) -> Any:
    """What the scenario named like the test came to."""
    name = request.node.name.removeprefix("test_")
    script = STATIC_DIR / "js" / "service-worker.js"
    ran = subprocess.run([node, str(RUN), str(script), name], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_reads_a_kept_page_offline(scenario: Any) -> None:
    assert "As of 14:05, offline." in scenario["known"]["text"], "the company's time zone, when it was seen"
    assert " hidden" not in scenario["known"]["text"]
    assert "<html data-kept " in scenario["known"]["text"]
    assert scenario["other"]["status"] == 0, "another address of the same page is not it"
    assert scenario["asked"] == ["/promotions?sort=name", "/promotions?sort=name#x", "/promotions"], "the network is asked first"


def test_tells_the_day_of_an_older_page(scenario: str) -> None:
    assert "As of Mar 2, 14:05, offline." in scenario


def test_forgets_after_a_week(scenario: Any) -> None:
    assert scenario == {"text": "", "kept": {PAGES: []}}


def test_the_network_comes_first(scenario: str) -> None:
    assert scenario == "newer"


def test_keeps_nothing_that_the_server_does_not_mark(scenario: Any) -> None:
    assert scenario == {}


def test_leaves_programs_and_files_alone(scenario: Any) -> None:
    assert set(scenario["left"].values()) == {None}
    assert scenario["kept"] == {}


def test_signing_out_empties(scenario: Any) -> None:
    assert scenario == {"before": {PAGES: ["/"]}, "left": None, "after": {}}


def test_the_door_empties(scenario: Any) -> None:
    assert scenario == {}


def test_another_person_empties(scenario: Any) -> None:
    assert scenario == {"pages-v2-bob": ["/customers"]}


def test_an_answer_on_its_way_is_not_kept_after_signing_out(scenario: Any) -> None:
    assert scenario == {}


def test_keeps_the_last_thirty(scenario: Any) -> None:
    assert scenario == {"count": 30, "first": "/promotions/prm_5", "last": "/promotions/prm_20"}


def test_a_page_that_cannot_say_its_age_is_not_shown(scenario: Any) -> None:
    assert scenario == {"before": {PAGES: ["/"]}, "text": "not kept"}


def test_a_new_version_drops_what_is_older(scenario: Any) -> None:
    assert sorted(scenario) == ["pages-v2-ann", "shell-v2"]


def test_the_shell_is_there_offline(scenario: Any) -> None:
    assert scenario == {
        "saved": True,
        "text": "of /static/css/base.css?v=1",
        "later": "of /static/js/chart.js?v=9",
        "unknown": "of /offline",
    }

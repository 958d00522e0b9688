"""At the closed door people read why and until when; when nobody works on it, nginx has a page of its own."""

from pathlib import Path

import pytest

from tests.unit.supervisor.pages.test_operating import Api


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return Api(tmp_path)


@pytest.mark.parametrize("service", ["backend", "mongodb", "redis"])
def test_why_and_until_when_is_open_to_everybody(api: Api, service: str) -> None:
    """Whoever works on the database keeps people out as well."""
    api.world.take("restore", service, seconds=600)
    page = api.browser.get("/closed")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "15")
    assert "a test" in page.text
    assert "2026-03-02 08:10 UTC" in page.text
    assert "<script" not in page.text
    assert "/sign-in" not in page.text


@pytest.mark.parametrize("service", ["ai", "nginx", None])
def test_work_that_keeps_nobody_out_is_not_what_people_wait_for(api: Api, service: str | None) -> None:
    if service:
        api.world.take("models", service)
    assert api.browser.get("/closed").status_code == 404


def test_the_reason_is_shown_as_it_was_written(api: Api) -> None:
    api.send("POST", "/leases", json={"name": "x", "services": "all", "seconds": 600, "holder": "Ada", "why": "<b>new</b> disks"})
    assert "&lt;b&gt;new&lt;/b&gt; disks" in api.browser.get("/closed").text

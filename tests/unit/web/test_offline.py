"""Which answers a browser may keep for offline, for whom, and what the service worker is told."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response, g

from app.web import offline
from app.web.assets import STATIC_DIR

Marked = Callable[..., str | None]


@pytest.fixture
def marked() -> Marked:
    """`marked("/promotions", signed_in_by="bearer")`: the owner's name in the answer's header, None without."""
    app = Flask("test")

    def ask(
        path: str = "/promotions",
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        answer: Response | None = None,
        signed_in_by: str | None = "cookie",
        session_id: str = "ses_1",
    ) -> str | None:
        with app.test_request_context(path, method=method, headers=headers or {}):
            g.signed_in_by, g.session_id = signed_in_by, session_id
            told = offline.mark(answer or Response("<p>", mimetype="text/html"))
            return told.headers.get(offline.OWNER)

    return ask


def test_a_page_of_a_signed_in_person_may_be_kept(marked: Marked) -> None:
    assert marked() == offline.owner("ses_1")
    assert marked("/") == marked("/sales?from=2026-01-01")


def test_every_sign_in_has_a_name_of_its_own_that_does_not_tell_it() -> None:
    assert offline.owner("ses_1") != offline.owner("ses_2")
    assert "ses_1" not in offline.owner("ses_1")


@pytest.mark.parametrize(
    "path",
    ["/settings/users", "/settings/password", "/settings/audit", "/sign-in", "/sign-out", "/api/docs", "/offline", "/styleguide"],
)
def test_some_pages_are_never_kept(marked: Marked, path: str) -> None:
    assert marked(path) is None


@pytest.mark.parametrize(
    "case",
    [
        {"signed_in_by": None},
        {"signed_in_by": "bearer"},
        {"session_id": ""},
        {"method": "POST"},
        {"headers": {"X-Panel": "1"}},
        {"headers": {"HX-Request": "true"}},
        {"headers": {"Cookie": "offline=off"}},
        {"answer": Response("{}", mimetype="application/json")},
        {"answer": Response("a,b", mimetype="text/csv")},
        {"answer": Response("<p>", mimetype="text/html", status=404)},
        {"answer": Response("<p>", mimetype="text/html", status=302)},
        {"answer": Response("<p>", mimetype="text/html", headers={"Content-Disposition": "attachment"})},
    ],
    ids=str,
)
def test_nothing_else_is_kept(marked: Marked, case: dict[str, Any]) -> None:
    assert marked(**case) is None


def test_the_worker_is_told_the_shell_and_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = offline.worker()
    first, script = answer.get_data(as_text=True).split("\n", 1)
    told = json.loads(first.removeprefix("const SETTINGS = ").removesuffix(";"))
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert script == (STATIC_DIR / "js" / "service-worker.js").read_text()
    assert told["shell"] == offline.shell()
    monkeypatch.setattr(offline, "static_url", lambda path: f"/static/{path}?v=changed")
    assert json.loads(offline.worker().get_data(as_text=True).split("\n", 1)[0][17:-1])["version"] != told["version"]


def test_every_file_of_the_shell_that_is_in_the_repository_exists() -> None:
    own = [address for address in offline.shell() if "/vendor/" not in address]
    assert [address for address in own if address.endswith("v=missing")] == []
    assert len(own) > 20

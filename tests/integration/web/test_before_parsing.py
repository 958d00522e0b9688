"""Lists answered before gunicorn reads the request: the answers of Flask, and only to heads that have one reading."""

import json
from typing import Any

import pytest

from app.access import limits
from app.access.sessions import service as sessions
from app.web import before_parsing

pytestmark = pytest.mark.usefixtures("unknown_addresses")
PASSWORD = "correct horse battery staple"
PATH = "/api/v1/customers?sort=name&limit=5"
PASSING = {"ratelimit-remaining", "ratelimit-reset", "date"}


@pytest.fixture
def reader(as_role: Any) -> Any:
    """A viewer whose list is known: it was asked for once, through Flask."""
    client = as_role("viewer")
    client.first = client.get(PATH, headers={"Accept-Encoding": "gzip", "X-Request-ID": "0123456789abcdef"})
    assert client.first.status_code == 200
    return client


def head(client: Any, *more: str, path: str = PATH, request_line: str = "", without: str = "") -> bytes:
    """As nginx sends it."""
    lines = [
        request_line or f"GET {path} HTTP/1.1",
        "Host: trade.example:8443",
        "X-Real-IP: 192.0.2.7",
        "X-Forwarded-For: 192.0.2.7",
        "X-Request-ID: 0123456789abcdef",
        f"Authorization: {client.environ_base['HTTP_AUTHORIZATION']}",
        "Accept-Encoding: gzip, br",
        *more,
    ]
    return ("\r\n".join(line for line in lines if not without or not line.startswith(without)) + "\r\n\r\n").encode()


def ask(data: bytes, lines: list[Any] | None = None) -> bytes | None:
    return before_parsing.answer(data, "172.18.0.4", lambda *told: (lines if lines is not None else []).append(told))


def read(answer: bytes) -> tuple[str, dict[str, str], bytes]:
    top, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = top.decode().split("\r\n")
    return status, {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}, body


def test_it_is_the_answer_of_flask_and_logged_like_one(reader: Any) -> None:
    lines: list[Any] = []
    answer = ask(head(reader), lines)
    assert answer is not None
    status, headers, body = read(answer)
    assert (status, body) == ("HTTP/1.1 200 OK", reader.first.data)
    connection = {"connection": "keep-alive", "server": "gunicorn"}
    assert {name: value for name, value in headers.items() if name not in PASSING} == connection | {
        name.lower(): value for name, value in reader.first.headers if name.lower() not in PASSING
    }
    assert headers["date"].endswith(" GMT")
    assert int(reader.first.headers["RateLimit-Remaining"]) - int(headers["ratelimit-remaining"]) == 1
    ((client, method, path, code, size, seconds, request_id),) = lines
    assert (client, method, path, code, request_id) == ("192.0.2.7", "GET", "/api/v1/customers", 200, "0123456789abcdef")
    assert size == len(body)
    assert 0 < seconds < 5


def test_it_is_fresh_after_a_write(reader: Any, as_role: Any) -> None:
    body = {"code": "NEW", "name": "new", "level": "national"}
    before = ask(head(reader))
    assert as_role("manager").post("/api/v1/customers", json=body).status_code == 201
    after = ask(head(reader))
    assert before is not None
    assert after is not None
    assert read(before)[1]["etag"] != read(after)[1]["etag"]


@pytest.mark.parametrize(
    "more",
    [
        "Content-Length: 0",
        "Content-Length: 5",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding : chunked",
        "Expect: 100-continue",
        "Upgrade: h2c",
        "Connection: close",
        "Connection: upgrade",
        "Range: bytes=0-1",
        'If-None-Match: W/"x"',
        "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT",
        "Accept-Encoding: br",
        "authorization: Bearer other",
        " folded: line",
        "no_dash: yes",
        "Strange: \x01",
        "Bare: line\nfeed",
        "Bare: carriage\rreturn",
        "Odd: caf\xe9",
        "no colon",
    ],
)
def test_a_head_that_is_not_plain_is_left_to_gunicorn(reader: Any, more: str) -> None:
    assert ask(head(reader, more)) is None


@pytest.mark.parametrize(
    "line",
    [
        f"GET {PATH} HTTP/1.0",
        f"GET {PATH}  HTTP/1.1",
        f"get {PATH} HTTP/1.1",
        f"HEAD {PATH} HTTP/1.1",
        f"POST {PATH} HTTP/1.1",
        f"GET /api/v1/%63ustomers{PATH.removeprefix('/api/v1/customers')} HTTP/1.1",
        f"GET {PATH}#part HTTP/1.1",
        f"GET https://trade.example{PATH} HTTP/1.1",
        "GET /api/v1/customers?limit=6 HTTP/1.1",
        "GET /api/v1/customers HTTP/1.1",
    ],
)
def test_other_requests_are_left_to_gunicorn(reader: Any, line: str) -> None:
    assert ask(head(reader, request_line=line)) is None


def test_half_a_head_and_more_than_one_are_left_to_gunicorn(reader: Any) -> None:
    whole = head(reader)
    assert ask(whole) is not None
    for data in (whole[:-1], whole[:-2], whole[:40], whole + whole, whole + b"x", b"\r\n" + whole, b"\x16\x03\x01"):
        assert ask(data) is None


@pytest.mark.parametrize("header", ["Authorization", "Accept-Encoding"])
def test_without_what_it_needs_it_is_left_to_gunicorn(reader: Any, header: str) -> None:
    assert ask(head(reader, without=header)) is None


def test_who_is_refused_here_is_refused_by_flask_and_counted_once(reader: Any, client: Any, as_role: Any) -> None:
    other = as_role("viewer")
    pair = client.post("/api/v1/auth/token", json={"email": other.person.email, "password": PASSWORD}).json
    other.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {pair['access_token']}"
    first = other.get(PATH, headers={"Accept-Encoding": "gzip"})
    assert ask(head(other)) is not None
    sessions.end_by_refresh_token(pair["refresh_token"])
    assert ask(head(other)) is None
    refused = other.get(PATH, headers={"Accept-Encoding": "gzip"})
    assert refused.status_code == 401
    assert int(first.headers["RateLimit-Remaining"]) - int(refused.headers["RateLimit-Remaining"]) == 2


def test_what_was_counted_is_never_taken_for_anothers_request(reader: Any, as_role: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "settings", lambda: type("Few", (), {"hourly_requests": 1})())
    assert ask(head(reader)) is None, "beyond the limit"
    answer = as_role("viewer").get(PATH, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["RateLimit-Remaining"] == "0"
    assert json.loads(reader.get(PATH, headers={"Accept-Encoding": "gzip"}).data)["status"] == 429


def test_who_may_not_read_it_is_left_to_flask(reader: Any, as_role: Any) -> None:
    assert ask(head(as_role("operator"))) is None

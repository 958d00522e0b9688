"""Lists asked for again: the same answers, refusals, counts and freshness as the long way, decided before Flask begins."""

import gzip
import json
from typing import Any

import pytest
from pymongo.errors import ServerSelectionTimeoutError

from app.access import limits
from app.access.models import Principal
from app.access.sessions import service as sessions
from app.access.users import service as users
from app.access.users.models import UserChange
from app.core import follow
from app.core.settings import Settings

pytestmark = pytest.mark.usefixtures("unknown_addresses")
PASSWORD = "correct horse battery staple"
LISTS = ["/api/v1/customers?sort=name&limit=5", "/api/v1/products?limit=5", "/api/v1/promotions?limit=5"]
WHO = Principal.system("tests")


@pytest.fixture
def flask_requests(app: Any) -> list[str]:
    """The addresses Flask had to answer."""
    asked: list[str] = []
    inner = app.wsgi_app._application

    def count(environ: Any, start_response: Any) -> Any:
        asked.append(environ["PATH_INFO"])
        return inner(environ, start_response)

    app.wsgi_app._application = count
    return asked


def get(client: Any, path: str, **headers: str) -> Any:
    return client.get(
        path, headers={"Accept-Encoding": "gzip, br", **{name.replace("_", "-"): headers[name] for name in headers}}
    )


def create(client: Any, name: str) -> Any:
    body = {"code": name.upper(), "name": name, "level": "national"}
    return client.post("/api/v1/customers", json=body)


@pytest.mark.parametrize("path", LISTS)
def test_the_short_answer_is_the_long_one(as_role: Any, flask_requests: list[str], path: str) -> None:
    client = as_role("viewer")
    long, short = (get(client, path, X_Request_ID="0123456789abcdef") for _ in range(2))
    assert len(flask_requests) == 1, "the second request went the long way"
    assert (short.status_code, short.data) == (200, long.data)
    passing = {"RateLimit-Remaining", "RateLimit-Reset", "Date"}  # nginx writes the date
    assert {name: value for name, value in short.headers if name not in passing} == {
        name: value for name, value in long.headers if name not in passing
    }
    assert int(long.headers["RateLimit-Remaining"]) - int(short.headers["RateLimit-Remaining"]) == 1


def test_it_is_fresh_after_each_acknowledged_write(as_role: Any) -> None:
    client, path = as_role("manager"), "/api/v1/customers?limit=50"
    for number in range(1, 6):
        assert create(client, f"shop{number}").status_code == 201
        for _ in range(3):
            answer = client.get(path, headers={"Accept-Encoding": "gzip"})
            assert json.loads(gzip.decompress(answer.data))["total"] == number


@pytest.mark.parametrize("path", LISTS)
def test_an_answer_that_is_not_kept_is_loaded_and_counted_once(
    as_role: Any, flask_requests: list[str], redis_client: Any, path: str
) -> None:
    client = as_role("viewer")
    before = get(client, path)
    redis_client.delete(*redis_client.keys("cache:*"))
    after, again = get(client, path), get(client, path)
    assert len(flask_requests) == 1
    assert before.data == after.data == again.data
    left = [int(answer.headers["RateLimit-Remaining"]) for answer in (before, after, again)]
    assert left == [left[0], left[0] - 1, left[0] - 2]


def test_a_load_that_fails_is_explained_the_long_way(
    as_role: Any, flask_requests: list[str], redis_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = as_role("viewer")
    before = get(client, LISTS[0])
    redis_client.delete(*redis_client.keys("cache:*"))
    follow.forget()

    def fail(*_: Any, **__: Any) -> Any:
        raise ServerSelectionTimeoutError("nobody there")

    with monkeypatch.context() as broken:
        broken.setattr("app.trade.hierarchy.store.Nodes.page", fail)
        refused = get(client, LISTS[0])
    assert (refused.status_code, refused.json["type"]) == (503, "/problems/unavailable")
    assert int(before.headers["RateLimit-Remaining"]) - int(refused.headers["RateLimit-Remaining"]) == 1
    assert get(client, LISTS[0]).status_code == 200
    assert len(flask_requests) == 3


def test_an_ended_session_and_a_deactivated_person_are_refused_at_once(as_role: Any, client: Any, app: Any) -> None:
    pair = client.post("/api/v1/auth/token", json={"email": as_role("viewer").person.email, "password": PASSWORD}).json
    signed_in = {"Authorization": f"Bearer {pair['access_token']}"}
    assert [get(client, LISTS[0], **signed_in).status_code for _ in range(3)] == [200] * 3
    sessions.end_by_refresh_token(pair["refresh_token"])
    assert get(client, LISTS[0], **signed_in).status_code == 401
    other = as_role("viewer")
    assert [get(other, LISTS[0]).status_code for _ in range(3)] == [200] * 3
    users.update(WHO, other.person.user_id, UserChange(version=1, active=False))
    assert get(other, LISTS[0]).status_code == 401


def test_who_may_not_read_it_is_refused_though_it_is_kept(as_role: Any) -> None:
    assert get(as_role("viewer"), LISTS[0]).status_code == 200
    refused = get(as_role("operator"), LISTS[0])
    assert (refused.status_code, refused.json["type"]) == (403, "/problems/forbidden")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x.y.z", "Basic dGVzdA=="])
def test_strangers_are_refused_though_it_is_kept(as_role: Any, client: Any, authorization: str) -> None:
    assert get(as_role("viewer"), LISTS[0]).status_code == 200
    assert get(client, LISTS[0], Authorization=authorization).status_code == 401


def test_beyond_the_limit_it_is_refused_too(as_role: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.access.limits.settings", lambda: Settings(hourly_requests=3))
    client = as_role("viewer")
    assert [get(client, LISTS[0]).status_code for _ in range(5)] == [200, 200, 200, 429, 429]


def test_while_redis_is_away_the_long_way_answers(as_role: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = as_role("viewer")
    assert get(client, LISTS[0]).status_code == 200
    monkeypatch.setattr(limits, "_away_until", float("inf"))
    answer = get(client, LISTS[0])
    assert answer.status_code == 200
    assert "RateLimit-Limit" not in answer.headers


@pytest.mark.parametrize("accepted", ["identity", "gzip;q=0"])
def test_who_takes_no_gzip_gets_it_plain(as_role: Any, accepted: str) -> None:
    client = as_role("viewer")
    assert get(client, LISTS[0]).headers["Content-Encoding"] == "gzip"
    assert client.get(LISTS[0], headers={"Accept-Encoding": accepted}).json["items"] == []


def test_who_has_it_already_is_told_so(as_role: Any) -> None:
    client = as_role("viewer")
    tag = get(client, LISTS[0]).headers["ETag"]
    assert get(client, LISTS[0], If_None_Match=tag).status_code == 304


def test_requests_answered_the_short_way_are_in_the_metrics(as_role: Any, client: Any) -> None:
    def counted() -> float:
        lines = client.get("/metrics").text.splitlines()
        name = 'tradeai_http_request_seconds_count{endpoint="/api/v1/customers",method="GET",status="200"} '
        return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))

    reader, before = as_role("viewer"), counted()
    for _ in range(3):
        get(reader, LISTS[0])
    assert counted() == before + 3


def test_the_switch_turns_it_off(as_role: Any, flask_requests: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("app.core.cache", "app.web.short_way"):
        monkeypatch.setattr(f"{module}.settings", lambda: Settings(cache="off"))
    client = as_role("viewer")
    assert [get(client, LISTS[0]).status_code for _ in range(2)] == [200, 200]
    assert len(flask_requests) == 2

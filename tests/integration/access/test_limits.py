"""Counting requests, and one-time tickets."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.access import tickets
from app.core.errors import Unauthenticated
from app.core.settings import Settings


def test_each_answer_says_where_one_stands(as_role: Any) -> None:
    client = as_role("viewer")
    first, second = client.get("/api/v1/auth/me"), client.get("/api/v1/auth/me")
    assert first.headers["RateLimit-Limit"] == "10000"
    assert first.headers["RateLimit-Policy"] == "10000;w=3600"
    assert 1 <= int(first.headers["RateLimit-Reset"]) <= 3600
    assert int(first.headers["RateLimit-Remaining"]) - int(second.headers["RateLimit-Remaining"]) == 1


def test_beyond_the_limit_only_this_person_waits(as_role: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.access.limits.settings", lambda: Settings(hourly_requests=3))
    client, other = as_role("viewer"), as_role("viewer")
    codes = [client.get("/api/v1/auth/me").status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    refused = client.get("/api/v1/auth/me")
    assert refused.json["type"] == "/problems/too-many-requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 3600
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert other.get("/api/v1/auth/me").status_code == 200


def test_parallel_requests_are_all_counted(as_role: Any, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.access.limits.settings", lambda: Settings(hourly_requests=20))
    header = {"Authorization": as_role("viewer").environ_base["HTTP_AUTHORIZATION"]}
    with ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(lambda _: app.test_client().get("/api/v1/auth/me", headers=header).status_code, range(40)))
    assert (codes.count(200), codes.count(429)) == (20, 20)


def test_strangers_are_counted_by_address(client: Any, redis_client: Any, mongo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.access.limits.settings", lambda: Settings(hourly_requests=2))
    ask = [client.get("/sign-in", headers={"X-Forwarded-For": "203.0.113.1"}).status_code for _ in range(3)]
    assert ask == [200, 200, 429]
    assert client.get("/sign-in", headers={"X-Forwarded-For": "203.0.113.2"}).status_code == 200
    assert client.get("/livez").status_code == 200


def test_only_the_last_proxy_is_believed(client: Any, redis_client: Any, mongo: Any) -> None:
    client.get("/sign-in", headers={"X-Forwarded-For": "1.1.1.1, 203.0.113.1"})
    assert [key.split(":")[1] for key in redis_client.scan_iter("rate:*")] == ["203.0.113.1"]


def test_a_ticket_works_once(as_role: Any, redis_client: Any) -> None:
    client = as_role("manager")
    answer = client.post("/api/v1/realtime/ticket")
    assert answer.json["expires_in"] == 30
    redeemed = tickets.redeem(answer.json["ticket"])
    assert (redeemed.principal.user_id, redeemed.principal.role) == (client.person.user_id, "manager")
    with pytest.raises(Unauthenticated):
        tickets.redeem(answer.json["ticket"])


def test_of_many_who_show_a_ticket_one_gets_in(as_role: Any) -> None:
    ticket = as_role("manager").post("/api/v1/realtime/ticket").json["ticket"]

    def redeem(_: int) -> bool:
        try:
            tickets.redeem(ticket)
        except Unauthenticated:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(redeem, range(8))) == [False] * 7 + [True]


def test_a_ticket_does_not_last(as_role: Any, redis_client: Any) -> None:
    ticket = as_role("manager").post("/api/v1/realtime/ticket").json["ticket"]
    assert 0 < redis_client.ttl(f"ticket:{ticket}") <= 30


@pytest.mark.parametrize("ticket", ["", "x", "x" * 5000, None, 7, "a:b"])
def test_nonsense_is_no_ticket(redis_client: Any, ticket: Any) -> None:
    with pytest.raises(Unauthenticated):
        tickets.redeem(ticket)


def test_strangers_get_no_ticket(client: Any) -> None:
    assert client.post("/api/v1/realtime/ticket").status_code == 401

"""Signing in by the API: the same answer whatever was wrong, and lock-outs that hold against parallel guessing."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from app.access.models import Principal
from app.access.passwords import hashing
from app.access.sign_in import lockout
from app.access.users import service as users

PASSWORD = "correct horse battery staple"
WRONG = "wrong horse battery staple"


def attempt(client: Any, email: str, password: str, address: str = "198.51.100.1") -> Any:
    return client.post("/api/v1/auth/token", json={"email": email, "password": password}, headers={"X-Forwarded-For": address})


def test_the_right_password_gives_tokens_and_leaves_a_trace(client: Any, add_user: Any, audited: Any) -> None:
    user = add_user("analyst", email="Ana.Lyst@Example.com")
    answer = attempt(client, " ana.lyst@example.COM ".strip(), PASSWORD)
    assert answer.status_code == 200
    assert answer.json["expires_in"] == 900
    me = client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {answer.json['access_token']}"})
    assert (me.json["email"], me.json["role"]) == ("Ana.Lyst@Example.com", "analyst")
    entry = audited("sign_in")[0]
    assert (entry["actor"], entry["address"]) == (user.user_id, "198.51.100.1")
    assert users.get(Principal.system("tests"), user.user_id).last_sign_in_at is not None


def test_all_refusals_are_alike(client: Any, add_user: Any, audited: Any) -> None:
    user, gone = add_user(), add_user()
    administrator = Principal.system("tests")
    from app.access.users.models import UserChange

    users.update(administrator, gone.user_id, UserChange(version=1, active=False))
    answers = [
        attempt(client, user.email, WRONG),
        attempt(client, "nobody@example.com", WRONG),
        attempt(client, gone.email, PASSWORD),
        attempt(client, user.email, "x" * 1000),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json["detail"] for answer in answers}) == 1
    reasons = [entry["after"]["reason"] for entry in audited("sign_in.failed")]
    assert reasons == ["wrong password", "unknown account", "account not active", "wrong password"]
    assert "nobody@example.com" not in str(audited("sign_in.failed"))


def test_an_unknown_account_costs_a_hash_as_well(client: Any, add_user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    user = add_user()
    compared: list[str] = []
    original = hashing._matches
    monkeypatch.setattr(hashing, "_matches", lambda stored, password: compared.append(stored) or original(stored, password))
    attempt(client, user.email, WRONG)
    attempt(client, "nobody@example.com", WRONG)
    assert len(compared) == 2
    assert all(stored.startswith("$argon2id$") for stored in compared)


def test_five_failures_lock_the_account_even_for_the_right_password(client: Any, add_user: Any, audited: Any) -> None:
    user = add_user()
    for _ in range(5):
        assert attempt(client, user.email, WRONG).status_code == 401
    refused = attempt(client, user.email, PASSWORD)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert "in 1 minute" in refused.json["detail"]
    assert len(audited("sign_in.failed")) == 5
    assert len(audited("sign_in.locked")) == 1


def test_an_account_that_does_not_exist_locks_alike(client: Any, mongo: Any) -> None:
    codes = [attempt(client, "nobody@example.com", WRONG).status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]


def test_four_failures_and_a_success_start_again(client: Any, add_user: Any) -> None:
    user = add_user()
    for _ in range(3):
        for _ in range(4):
            assert attempt(client, user.email, WRONG).status_code == 401
        assert attempt(client, user.email, PASSWORD).status_code == 200


def test_the_wait_doubles(client: Any, add_user: Any, redis_client: Any) -> None:
    user = add_user()
    for _ in range(5):
        attempt(client, user.email, WRONG)
    lock = f"signin:account:{lockout.fingerprint(user.email)}:lock"
    waits = [redis_client.ttl(lock)]
    for _ in range(7):
        redis_client.delete(lock)  # the wait is over
        assert attempt(client, user.email, WRONG).status_code == 401
        waits.append(redis_client.ttl(lock))
    assert waits == pytest.approx([60, 120, 240, 480, 960, 1920, 3600, 3600], abs=2)


def test_guesses_that_arrive_together_get_five_tries(app: Any, add_user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    monkeypatch.setattr(hashing, "_slots", threading.BoundedSemaphore(20))  # as if ten processes served them
    user = add_user()
    with ThreadPoolExecutor(20) as pool:
        codes = list(
            pool.map(lambda n: attempt(app.test_client(), user.email, f"{WRONG} {n}", f"198.51.100.{n}").status_code, range(40))
        )
    assert codes.count(401) == 5
    assert codes.count(429) == 35


def test_right_passwords_that_arrive_together_all_get_in(app: Any, add_user: Any) -> None:
    user = add_user()
    with ThreadPoolExecutor(20) as pool:
        codes = list(pool.map(lambda _: attempt(app.test_client(), user.email, PASSWORD).status_code, range(30)))
    assert codes == [200] * 30


def test_no_more_hashes_at_once_than_allowed(app: Any, add_user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    user = add_user()
    running, most, lock = 0, 0, threading.Lock()
    original = hashing._matches

    def counted(stored: str, password: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        try:
            return original(stored, password)
        finally:
            with lock:
                running -= 1

    monkeypatch.setattr(hashing, "_matches", counted)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: attempt(app.test_client(), user.email, PASSWORD), range(32)))
    assert 1 <= most <= hashing.AT_ONCE


def test_a_stranger_cannot_lock_a_person_out_of_a_known_address(client: Any, add_user: Any) -> None:
    user = add_user()
    assert attempt(client, user.email, PASSWORD, "192.0.2.10").status_code == 200
    for _ in range(5):
        attempt(client, user.email, WRONG, "198.51.100.66")
    assert attempt(client, user.email, PASSWORD, "198.51.100.67").status_code == 429
    assert attempt(client, user.email, PASSWORD, "192.0.2.10").status_code == 200


def test_guessing_at_a_known_address_locks_there(client: Any, add_user: Any) -> None:
    user = add_user()
    assert attempt(client, user.email, PASSWORD, "192.0.2.10").status_code == 200
    for _ in range(5):
        attempt(client, user.email, WRONG, "192.0.2.10")
    assert attempt(client, user.email, PASSWORD, "192.0.2.10").status_code == 429


def test_one_address_trying_many_accounts_is_locked(client: Any, add_user: Any) -> None:
    codes = [attempt(client, f"person{n}@example.com", WRONG, "203.0.113.5").status_code for n in range(31)]
    assert codes == [401] * 30 + [429]
    user = add_user()
    assert attempt(client, user.email, PASSWORD, "203.0.113.5").status_code == 429
    assert attempt(client, user.email, PASSWORD, "203.0.113.6").status_code == 200


def test_a_new_password_from_an_administrator_lifts_the_lock(client: Any, add_user: Any) -> None:
    user = add_user()
    for _ in range(6):
        attempt(client, user.email, WRONG)
    _user, password = users.reset_password(Principal.system("tests"), user.user_id, 1)
    assert attempt(client, user.email, PASSWORD).status_code == 401
    assert attempt(client, user.email, password).status_code == 200


def test_while_redis_is_away_failures_still_lock(client: Any, add_user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    user = add_user()

    class Away:
        def __getattr__(self, name: str) -> Any:
            raise RedisConnectionError("away")

    for module in ("app.access.sign_in.lockout", "app.access.limits", "app.access.audit.service", "app.core.events"):
        monkeypatch.setattr(f"{module}.client", lambda **_: Away())
    codes = [attempt(client, user.email, WRONG).status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]


def test_too_many_sign_ins_from_an_address_are_slowed(client: Any, add_user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.access.limits.SIGN_INS_PER_ADDRESS", 3)
    user = add_user()
    codes = [attempt(client, user.email, PASSWORD).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]


def test_outdated_hashes_are_renewed_at_sign_in(client: Any, add_user: Any, mongo: Any) -> None:
    from argon2 import PasswordHasher

    user = add_user()
    weak = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(PASSWORD)
    mongo.users.update_one({"_id": user.user_id}, {"$set": {"password_hash": weak}})
    assert attempt(client, user.email, PASSWORD).status_code == 200
    renewed = mongo.users.find_one({"_id": user.user_id})["password_hash"]
    assert renewed != weak
    assert attempt(client, user.email, PASSWORD).status_code == 200


def test_security_events_reach_the_stream(client: Any, add_user: Any, redis_client: Any) -> None:
    user = add_user()
    attempt(client, user.email, WRONG)
    attempt(client, user.email, PASSWORD)
    types = [fields["type"] for _id, fields in redis_client.xrange("events") if fields["topic"] == "security"]
    assert types == ["sign_in.failed", "sign_in"]


@pytest.mark.parametrize(
    "body", [{}, {"email": "a@b.c"}, {"email": 1, "password": []}, {"email": "a", "password": "b", "more": 1}]
)
def test_a_body_that_makes_no_sense_is_named(client: Any, body: dict[str, Any]) -> None:
    answer = client.post("/api/v1/auth/token", json=body)
    assert answer.status_code == 422
    assert answer.json["errors"]

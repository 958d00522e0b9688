"""Refresh tokens and the end of sessions, with real parallel clients."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from app.access import limits
from app.access.models import Principal
from app.access.sessions import liveness, store
from app.access.sessions.rules import GRACE_SECONDS
from app.access.users import service as users
from app.access.users.models import UserChange

WHO = Principal.system("tests")


def refresh(client: Any, token: str) -> Any:
    return client.post("/api/v1/auth/refresh", json={"refresh_token": token})


def me(client: Any, access_token: str) -> int:
    return int(client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {access_token}"}).status_code)


def test_a_refresh_token_gives_the_next_pair(client: Any, add_user: Any, tokens_of: Any) -> None:
    first = tokens_of(add_user())
    second = refresh(client, first["refresh_token"]).json
    assert second["refresh_token"] != first["refresh_token"]
    assert me(client, second["access_token"]) == 200
    assert refresh(client, second["refresh_token"]).status_code == 200


def test_only_hashes_are_stored(client: Any, add_user: Any, tokens_of: Any, mongo: Any) -> None:
    first = tokens_of(add_user())
    second = refresh(client, first["refresh_token"]).json
    stored = str(list(mongo.refresh_tokens.find())) + str(list(mongo.sessions.find()))
    assert first["refresh_token"] not in stored
    assert second["refresh_token"] not in stored


def test_parallel_requests_with_one_token_get_the_same_successor(app: Any, client: Any, add_user: Any, tokens_of: Any) -> None:
    first = tokens_of(add_user())
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: refresh(app.test_client(), first["refresh_token"]), range(12)))
    assert [answer.status_code for answer in answers] == [200] * 12
    successors = {answer.json["refresh_token"] for answer in answers}
    assert len(successors) == 1
    assert refresh(client, successors.pop()).status_code == 200


def test_a_token_used_again_later_ends_the_session(
    client: Any, add_user: Any, tokens_of: Any, fixed_clock: Any, audited: Any, redis_client: Any
) -> None:
    first = tokens_of(add_user())
    second = refresh(client, first["refresh_token"]).json
    fixed_clock.advance(GRACE_SECONDS + 1)
    stolen = refresh(client, first["refresh_token"])
    assert stolen.status_code == 401
    assert "used before" in stolen.json["detail"]
    assert refresh(client, second["refresh_token"]).status_code == 401
    assert me(client, second["access_token"]) == 401
    assert me(client, first["access_token"]) == 401
    assert len(audited("session.refresh_reused")) == 1
    types = [fields["type"] for _id, fields in redis_client.xrange("events") if fields["topic"] == "security"]
    assert types[-2:] == ["session.refresh_reused", "session.ended"]


def test_reuse_seen_by_many_at_once_is_recorded_once(
    app: Any, client: Any, add_user: Any, tokens_of: Any, fixed_clock: Any, audited: Any
) -> None:
    first = tokens_of(add_user())
    refresh(client, first["refresh_token"])
    fixed_clock.advance(GRACE_SECONDS + 1)
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: refresh(app.test_client(), first["refresh_token"]).status_code, range(8)))
    assert codes == [401] * 8
    assert len(audited("session.refresh_reused")) == 1


def test_other_sessions_of_the_person_go_on_after_reuse(client: Any, add_user: Any, tokens_of: Any, fixed_clock: Any) -> None:
    user = add_user()
    first, other = tokens_of(user), tokens_of(user)
    refresh(client, first["refresh_token"])
    fixed_clock.advance(GRACE_SECONDS + 1)
    refresh(client, first["refresh_token"])
    assert me(client, other["access_token"]) == 200
    assert refresh(client, other["refresh_token"]).status_code == 200


def test_a_stop_between_claiming_and_storing_does_not_sign_out(
    client: Any, add_user: Any, tokens_of: Any, fixed_clock: Any
) -> None:
    from app.access.sessions.rules import token_hash

    first = tokens_of(add_user())
    assert store.claim(token_hash(first["refresh_token"]), fixed_clock.now())  # and then the server stopped
    fixed_clock.advance(3600)
    assert refresh(client, first["refresh_token"]).status_code == 200


def test_refresh_tokens_expire_when_idle_and_with_the_session(
    client: Any, add_user: Any, tokens_of: Any, fixed_clock: Any
) -> None:
    token = tokens_of(add_user())["refresh_token"]
    fixed_clock.advance(7 * 86400 + 1)
    assert refresh(client, token).status_code == 401
    token = tokens_of(add_user())["refresh_token"]
    for _ in range(5):
        fixed_clock.advance(6 * 86400)
        answer = refresh(client, token)
        token = (answer.json or {}).get("refresh_token", "")
    assert answer.status_code == 401


@pytest.mark.parametrize("token", ["x", "x" * 200, "ü" * 50, "a.b.c"])
def test_unknown_refresh_tokens_are_refused(client: Any, mongo: Any, token: str) -> None:
    assert refresh(client, token).status_code == 401


def test_signing_out_ends_the_access_token_at_once(client: Any, add_user: Any, tokens_of: Any, bearer: Any, audited: Any) -> None:
    user = add_user()
    first, other = tokens_of(user), tokens_of(user)
    assert client.post("/api/v1/auth/sign-out", headers=bearer(first["access_token"])).status_code == 204
    assert me(client, first["access_token"]) == 401
    assert refresh(client, first["refresh_token"]).status_code == 401
    assert me(client, other["access_token"]) == 200
    assert len(audited("sign_out")) == 1
    assert client.post("/api/v1/auth/sign-out", json={"refresh_token": other["refresh_token"]}).status_code == 204
    assert me(client, other["access_token"]) == 401


@pytest.mark.parametrize("change", [{"active": False}, {"role": "analyst"}])
def test_deactivation_or_a_new_role_ends_everything_at_once(
    client: Any, add_user: Any, tokens_of: Any, change: dict[str, Any]
) -> None:
    user = add_user("manager")
    open_ = [tokens_of(user) for _ in range(3)]
    assert [me(client, pair["access_token"]) for pair in open_] == [200] * 3
    users.update(WHO, user.user_id, UserChange(version=1, **change))
    assert [me(client, pair["access_token"]) for pair in open_] == [401] * 3
    assert [refresh(client, pair["refresh_token"]).status_code for pair in open_] == [401] * 3


def test_a_new_name_ends_nothing(client: Any, add_user: Any, tokens_of: Any) -> None:
    user = add_user()
    pair = tokens_of(user)
    users.update(WHO, user.user_id, UserChange(version=1, name="Somebody Else"))
    assert me(client, pair["access_token"]) == 200
    assert refresh(client, pair["refresh_token"]).status_code == 200


def test_an_emptied_redis_neither_signs_out_nor_revives(
    client: Any, add_user: Any, tokens_of: Any, bearer: Any, redis_client: Any
) -> None:
    user, gone = add_user(), add_user()
    open_, ended, lost = tokens_of(user), tokens_of(user), tokens_of(gone)
    client.post("/api/v1/auth/sign-out", headers=bearer(ended["access_token"]))
    users.update(WHO, gone.user_id, UserChange(version=1, active=False))
    redis_client.flushdb()
    assert me(client, open_["access_token"]) == 200
    assert me(client, ended["access_token"]) == 401
    assert me(client, lost["access_token"]) == 401


def test_while_redis_is_away_the_database_decides(
    client: Any, add_user: Any, tokens_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, gone = add_user(), add_user()
    open_, lost = tokens_of(user), tokens_of(gone)
    users.update(WHO, gone.user_id, UserChange(version=1, active=False))

    class Away:
        def __getattr__(self, name: str) -> Any:
            raise RedisConnectionError("away")

    for module in ("app.access.limits", "app.access.sessions.liveness"):
        monkeypatch.setattr(f"{module}.client", lambda decode=True: Away())
    monkeypatch.setattr(limits, "_away_until", 0.0)
    assert me(client, open_["access_token"]) == 200
    assert me(client, lost["access_token"]) == 401
    liveness._local.clear()
    limits._away_until = 0.0


def test_a_usual_request_asks_the_database_nothing(
    client: Any, add_user: Any, tokens_of: Any, bearer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = tokens_of(add_user())
    assert client.post("/api/v1/realtime/ticket", headers=bearer(pair["access_token"])).status_code == 200

    def asked() -> Any:
        raise AssertionError("the database was asked")

    for module in ("app.access.users.store", "app.access.sessions.store", "app.access.audit.store"):
        monkeypatch.setattr(f"{module}.database", asked)
    for _ in range(5):
        assert client.post("/api/v1/realtime/ticket", headers=bearer(pair["access_token"])).status_code == 200
    with pytest.raises(AssertionError):
        store.session("ses_x")


def test_changing_the_own_password_keeps_this_session_only(
    client: Any, add_user: Any, tokens_of: Any, bearer: Any, audited: Any
) -> None:
    user = add_user()
    here, there = tokens_of(user), tokens_of(user)
    new = "seven purple tractors waltzing"
    wrong = client.post(
        "/api/v1/auth/password",
        json={"current_password": "not it at all", "new_password": new},
        headers=bearer(here["access_token"]),
    )
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "current_password")
    weak = client.post(
        "/api/v1/auth/password",
        json={"current_password": "correct horse battery staple", "new_password": "password1234"},
        headers=bearer(here["access_token"]),
    )
    assert (weak.status_code, weak.json["errors"][0]["field"]) == (422, "new_password")
    done = client.post(
        "/api/v1/auth/password",
        json={"current_password": "correct horse battery staple", "new_password": new},
        headers=bearer(here["access_token"]),
    )
    assert done.status_code == 200
    assert me(client, done.json["access_token"]) == 200
    assert refresh(client, done.json["refresh_token"]).status_code == 200
    assert me(client, there["access_token"]) == 401
    assert me(client, here["access_token"]) == 401
    assert refresh(client, there["refresh_token"]).status_code == 401
    assert len(audited("user.password_changed")) == 1
    assert tokens_of(user, new)

"""People with known passwords, browsers that keep cookies, and a clock that moves when told."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from app.access.models import Principal, Role
from app.access.passwords import hashing
from app.access.sign_in import lockout
from app.access.users import service as users
from app.access.users.models import User
from app.core import clock

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same argon2id with the smallest cost: these tests are not about its price."""
    from argon2 import PasswordHasher

    monkeypatch.setattr(hashing, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    hashing._nobody.cache_clear()


@pytest.fixture(autouse=True)
def no_local_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test starts with empty counters in the process, too."""
    monkeypatch.setattr(lockout, "_alone", lockout.Alone())


@pytest.fixture
def add_user(mongo: Any, redis_client: Any) -> Callable[..., User]:
    """`add_user("viewer")`: a person with PASSWORD."""

    def add(role: str = "viewer", email: str = "", must_change: bool = False) -> User:
        return users.create(
            Principal.system("tests"),
            email=email or f"{uuid4().hex[:8]}@example.com",
            name="Test Person",
            role=Role(role),
            password=PASSWORD,
            must_change_password=must_change,
        )

    return add


@pytest.fixture
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> clock.FixedClock:
    """The application's clock, standing at now until it is advanced."""
    standing = clock.FixedClock(clock.now())
    monkeypatch.setattr(clock, "SYSTEM", standing)
    return standing


class Browser:
    """A browser: keeps cookies, fills in the CSRF token of the form it has open, asks for https."""

    def __init__(self, app: Any) -> None:
        self.http = app.test_client()
        self._base = {"base_url": "https://localhost"}

    def get(self, path: str, **options: Any) -> Any:
        return self.http.get(path, **self._base, **options)

    def post(self, path: str, form: dict[str, Any] | None = None, *, form_at: str = "", **options: Any) -> Any:
        """Open the page `form_at`, then send its form."""
        body = dict(form or {})
        if form_at:
            body["csrf_token"] = self.csrf(form_at)
        return self.http.post(path, data=body, **self._base, **options)

    def csrf(self, path: str) -> str:
        page = self.get(path).get_data(as_text=True)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found, f"no CSRF token on {path}: {page[:300]}"
        return found.group(1)

    def sign_in(self, email: str, password: str = PASSWORD, next_: str = "") -> Any:
        return self.post("/sign-in", {"email": email, "password": password, "next": next_}, form_at="/sign-in")

    def cookie(self, name: str) -> Any:
        return self.http.get_cookie(f"__Host-tradeai_{name}")

    def drop(self, name: str) -> None:
        self.http.delete_cookie(f"__Host-tradeai_{name}")

    def set(self, name: str, value: str) -> None:
        self.http.set_cookie(f"__Host-tradeai_{name}", value, secure=True)


@pytest.fixture
def browser(app: Any) -> Browser:
    """A browser that has not signed in."""
    return Browser(app)


@pytest.fixture
def new_browser(app: Any) -> Callable[[], Browser]:
    """Another browser."""
    return lambda: Browser(app)


@pytest.fixture
def tokens_of(client: Any) -> Callable[..., dict[str, Any]]:
    """The tokens that signing in by the API gives."""

    def sign_in(user: User, password: str = PASSWORD) -> dict[str, Any]:
        answer = client.post("/api/v1/auth/token", json={"email": user.email, "password": password})
        assert answer.status_code == 200, answer.json
        return dict(answer.json)

    return sign_in


def bearer(token: str) -> dict[str, str]:
    """The header that signs a call in."""
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(name="bearer")
def bearer_fixture() -> Callable[[str], dict[str, str]]:
    """The header that signs a call in."""
    return bearer


@pytest.fixture
def audited(mongo: Any) -> Callable[[str], list[dict[str, Any]]]:
    """All audit entries of one action, oldest first."""
    return lambda action: list(mongo.audit.find({"action": action}).sort("_id", 1))

"""The service worker's script and the marks on pages, through the whole application."""

import re
from typing import Any

import pytest

from app.access.models import Principal, Role
from app.access.users import service as users
from app.web.offline import OWNER

PASSWORD = "correct horse battery staple"
BASE = {"base_url": "https://localhost"}


@pytest.fixture
def signed_in(app: Any) -> Any:
    """`signed_in("a@example.com")`: a browser in which a new account manager has signed in."""

    def sign_in(email: str) -> Any:
        users.create(
            Principal.system("tests"), email=email, name="Ann", role=Role.ACCOUNT_MANAGER, password=PASSWORD,
            must_change_password=False,
        )  # fmt: skip
        browser = app.test_client()
        assert send_form(browser, email).status_code == 303
        return browser

    return sign_in


def send_form(browser: Any, email: str) -> Any:
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/sign-in", **BASE).text)
    assert token
    form = {"email": email, "password": PASSWORD, "csrf_token": token.group(1)}
    return browser.post("/sign-in", data=form, **BASE)


def owner_of(browser: Any, path: str, **options: Any) -> str | None:
    answer = browser.get(path, **BASE, **options)
    assert answer.status_code == 200, path
    return answer.headers.get(OWNER)


def test_pages_name_their_sign_in_and_others_do_not(signed_in: Any) -> None:
    browser = signed_in("ann@example.com")
    name = owner_of(browser, "/")
    assert name
    assert owner_of(browser, "/promotions") == name
    assert owner_of(browser, "/settings/password") is None
    assert owner_of(browser, "/promotions", headers={"X-Panel": "1"}) is None
    assert owner_of(browser, "/promotions?format=csv") is None
    assert owner_of(browser, "/api/v1/promotions") is None
    browser.set_cookie("offline", "off", secure=True)
    assert owner_of(browser, "/promotions") is None


def test_another_sign_in_has_another_name(signed_in: Any, app: Any) -> None:
    first = owner_of(signed_in("ann@example.com"), "/about")
    again = app.test_client()
    send_form(again, "ann@example.com")
    assert owner_of(again, "/about") != first
    assert owner_of(signed_in("bob@example.com"), "/about") not in {first, None}


def test_a_page_can_say_how_old_it_is(signed_in: Any) -> None:
    page = signed_in("ann@example.com").get("/", **BASE).text
    assert page.count("%kept-at%") == 1
    assert re.search(r'<p class="kept"[^>]* hidden>', page), "unseen until the service worker shows the page"
    assert re.search(r"<html [^>]*>", page)


def test_programs_get_no_mark(as_role: Any) -> None:
    assert OWNER not in as_role("viewer").get("/promotions").headers


def test_script_and_offline_page_need_nobody_and_hold_nothing_personal(client: Any, signed_in: Any) -> None:
    script = client.get("/service-worker.js")
    assert script.status_code == 200
    assert script.mimetype == "text/javascript"
    assert script.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in script.headers
    assert client.get("/offline").status_code == 200
    page = signed_in("ann@example.com").get("/offline", **BASE)
    assert "ann@example.com" not in page.text
    assert "csrf_token" not in page.text
    assert OWNER not in page.headers

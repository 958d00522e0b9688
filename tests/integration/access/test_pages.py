"""Signing in and staying signed in with a browser: cookies, CSRF, where one is sent, renewal within a request."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.access.models import Principal
from app.access.users import service as users
from app.access.users.models import UserChange

PASSWORD = "correct horse battery staple"
NEW = "seven purple tractors waltzing"


@pytest.fixture
def person(add_user: Any) -> Any:
    """An administrator."""
    return add_user("administrator")


@pytest.fixture
def signed_in(browser: Any, person: Any) -> Any:
    """Whose browser is signed in."""
    assert browser.sign_in(person.email).status_code == 303
    return browser


def test_a_page_sends_to_sign_in_and_back(browser: Any, person: Any) -> None:
    away = browser.get("/settings/users")
    assert (away.status_code, away.headers["Location"]) == (302, "/sign-in?next=/settings/users")
    back = browser.sign_in(person.email, next_="/settings/users?role=viewer")
    assert (back.status_code, back.headers["Location"]) == (303, "/settings/users?role=viewer")
    assert browser.get("/settings/users?role=viewer").status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/sign-out",
        "/\t/evil.example",
        "\\\\evil",
    ],
)
def test_nobody_is_sent_elsewhere(browser: Any, person: Any, target: str) -> None:
    assert browser.sign_in(person.email, next_=target).headers["Location"] == "/"


def test_cookies_are_out_of_reach(signed_in: Any) -> None:
    for name in ("access", "refresh"):
        cookie = signed_in.cookie(name)
        assert cookie.http_only, name
        assert cookie.secure, name
        assert cookie.same_site == "Lax", name
        assert (cookie.path, cookie.domain, cookie.origin_only) == ("/", "localhost", True), name


def test_a_wrong_password_shows_the_form_with_the_address_kept(browser: Any, person: Any) -> None:
    answer = browser.sign_in(person.email, "wrong horse battery staple")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 401
    assert "Email or password is wrong" in page
    assert person.email in page
    assert "wrong horse" not in page
    assert browser.cookie("access") is None


def test_the_form_of_another_browser_does_not_sign_in(browser: Any, new_browser: Any, person: Any) -> None:
    foreign = new_browser().csrf("/sign-in")
    answer = browser.post("/sign-in", {"email": person.email, "password": PASSWORD, "csrf_token": foreign})
    assert answer.status_code == 403
    assert browser.cookie("access") is None
    browser.get("/sign-in")
    assert browser.post("/sign-in", {"email": person.email, "password": PASSWORD, "csrf_token": foreign}).status_code == 403
    assert browser.post("/sign-in", {"email": person.email, "password": PASSWORD}).status_code == 403


@pytest.mark.parametrize(
    "path", ["/settings/users/new", "/api/v1/users", "/sign-out", "/settings/password", "/api/v1/auth/sign-out"]
)
def test_nothing_changes_without_the_token(signed_in: Any, mongo: Any, path: str) -> None:
    before = mongo.users.count_documents({})
    body = {"email": "x@example.com", "name": "X", "role": "viewer"}
    options = {"json": body} if path.startswith("/api/") else {"data": body}
    for headers in ({}, {"X-CSRF-Token": "A" * 56}, {"X-CSRF-Token": "ü"}, {"X-CSRF-Token": ""}):
        answer = signed_in.http.post(path, base_url="https://localhost", headers=headers, **options)
        assert answer.status_code == 403, headers
    assert mongo.users.count_documents({}) == before
    assert signed_in.get("/settings/users").status_code == 200


def test_the_token_works_in_form_and_header_for_pages_and_api(signed_in: Any) -> None:
    made = signed_in.post(
        "/settings/users/new", {"email": "a@example.com", "name": "A", "role": "viewer"}, form_at="/settings/users/new"
    )
    assert made.status_code == 200
    token = signed_in.csrf("/settings/users/new")
    made = signed_in.http.post(
        "/api/v1/users",
        base_url="https://localhost",
        headers={"X-CSRF-Token": token},
        json={"email": "b@example.com", "name": "B", "role": "viewer"},
    )
    assert made.status_code == 201


def test_a_token_of_an_earlier_session_is_refused(signed_in: Any, person: Any) -> None:
    token = signed_in.csrf("/settings/users/new")
    signed_in.post("/sign-out", form_at="/settings/users/new")
    signed_in.sign_in(person.email)
    assert signed_in.post("/sign-out", {"csrf_token": token}).status_code == 403


def test_bearer_needs_no_token_and_cookies_do_not_count_beside_it(signed_in: Any, as_role: Any) -> None:
    viewer = as_role("viewer")
    headers = {"Authorization": viewer.environ_base["HTTP_AUTHORIZATION"]}
    answer = signed_in.http.post("/api/v1/realtime/ticket", base_url="https://localhost", headers=headers)
    assert answer.status_code == 200
    assert signed_in.http.get("/api/v1/users", base_url="https://localhost", headers=headers).status_code == 403
    bad = signed_in.http.get("/api/v1/users", base_url="https://localhost", headers={"Authorization": "Bearer nonsense"})
    assert bad.status_code == 401


def test_an_expired_access_token_is_renewed_within_the_request(signed_in: Any) -> None:
    before = signed_in.cookie("refresh").value
    signed_in.drop("access")
    assert signed_in.get("/settings/users").status_code == 200
    assert signed_in.cookie("access") is not None
    assert signed_in.cookie("refresh").value != before
    signed_in.drop("access")
    assert signed_in.post("/sign-out", form_at="/settings/users/new").status_code == 303


def test_a_post_with_an_expired_access_token_goes_through(signed_in: Any) -> None:
    token = signed_in.csrf("/settings/users/new")
    signed_in.drop("access")
    made = signed_in.post("/settings/users/new", {"email": "a@example.com", "name": "A", "role": "viewer", "csrf_token": token})
    assert made.status_code == 200


def test_parallel_requests_of_a_page_renew_once(app: Any, signed_in: Any) -> None:
    refresh = signed_in.cookie("refresh").value

    def fetch(_: int) -> tuple[int, str]:
        http = app.test_client()
        http.set_cookie("__Host-tradeai_refresh", refresh, secure=True)
        status = http.get("/settings/users", base_url="https://localhost").status_code
        return status, http.get_cookie("__Host-tradeai_refresh").value

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(fetch, range(8)))
    assert {status for status, _ in answers} == {200}
    assert len({value for _, value in answers}) == 1


def test_forged_and_ended_cookies_are_taken_back(browser: Any, signed_in: Any) -> None:
    signed_in.set("access", "eyJhbGciOiJub25lIn0.e30.")
    signed_in.set("refresh", "nonsense")
    assert signed_in.get("/settings/users").status_code == 302
    assert signed_in.cookie("access") is None
    assert signed_in.cookie("refresh") is None


def test_signing_out_ends_it_here_and_elsewhere(signed_in: Any, new_browser: Any) -> None:
    copy = new_browser()
    copy.set("access", signed_in.cookie("access").value)
    copy.set("refresh", signed_in.cookie("refresh").value)
    assert copy.get("/settings/users").status_code == 200
    assert signed_in.post("/sign-out", form_at="/settings/users/new").headers["Location"] == "/sign-in"
    assert signed_in.cookie("access") is None
    assert copy.get("/settings/users").status_code == 302
    assert signed_in.get("/sign-out").status_code == 303


def test_a_link_does_not_sign_out(signed_in: Any) -> None:
    page = signed_in.get("/sign-out")
    assert page.status_code == 200
    assert signed_in.get("/settings/users").status_code == 200


def test_deactivated_people_are_out_with_the_next_click(signed_in: Any, person: Any, add_user: Any) -> None:
    add_user("administrator")
    users.update(Principal.system("tests"), person.user_id, UserChange(version=1, active=False))
    assert signed_in.get("/settings/users").status_code == 302
    assert signed_in.cookie("refresh") is None


def test_somebody_signed_in_does_not_see_the_form(signed_in: Any) -> None:
    assert signed_in.get("/sign-in?next=/settings/audit").headers["Location"] == "/settings/audit"


def test_htmx_is_told_to_leave_the_page(browser: Any, mongo: Any) -> None:
    answer = browser.get(
        "/settings/users", headers={"HX-Request": "true", "HX-Current-URL": "https://localhost/settings/users?q=a"}
    )
    assert answer.status_code == 401
    target = urlsplit(answer.headers["HX-Redirect"])
    assert (target.path, parse_qs(target.query)) == ("/sign-in", {"next": ["/settings/users?q=a"]})


def test_a_first_password_leads_to_the_password_page(browser: Any, add_user: Any, client: Any, bearer: Any) -> None:
    person = add_user("administrator", must_change=True)
    browser.sign_in(person.email, next_="/settings/audit")
    led = browser.get("/settings/audit")
    assert led.headers["Location"] == "/settings/password?next=/settings/audit"
    page = browser.get("/settings/password?next=/settings/audit").get_data(as_text=True)
    assert "Choose a password of your own" in page
    token = client.post("/api/v1/auth/token", json={"email": person.email, "password": PASSWORD}).json
    assert token["must_change_password"] is True
    assert client.get("/api/v1/users", headers=bearer(token["access_token"])).status_code == 403
    assert client.get("/api/v1/auth/me", headers=bearer(token["access_token"])).status_code == 200

    form = {"current_password": PASSWORD, "new_password": NEW, "repeated_password": NEW, "next": "/settings/audit"}
    differs = browser.post("/settings/password", {**form, "repeated_password": "x"}, form_at="/settings/password")
    assert (differs.status_code, "differ" in differs.get_data(as_text=True)) == (422, True)
    done = browser.post("/settings/password", form, form_at="/settings/password")
    assert (done.status_code, done.headers["Location"]) == (303, "/settings/audit")
    assert browser.get("/settings/audit").status_code == 200
    assert client.get("/api/v1/auth/me", headers=bearer(token["access_token"])).status_code == 401


def test_personal_pages_are_not_kept_by_caches(signed_in: Any) -> None:
    answer = signed_in.get("/settings/users")
    assert {"no-store", "private", "no-cache"} & set(answer.headers["Cache-Control"].split(", "))
    assert "Cookie" in answer.headers["Vary"]


def test_on_a_trusted_network_cookies_work_without_tls(app: Any, add_user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.core.settings import Settings

    monkeypatch.setattr("app.access.cookies.settings", lambda: Settings(http="trusted"))
    person, http = add_user("administrator"), app.test_client()
    import re

    page = http.get("/sign-in").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
    answer = http.post("/sign-in", data={"email": person.email, "password": PASSWORD, "csrf_token": token})
    assert answer.status_code == 303
    assert http.get("/settings/users").status_code == 200
    assert not http.get_cookie("tradeai_access").secure


def test_every_address_needs_somebody_unless_listed(app: Any, mongo: Any) -> None:
    """A view that forgets to ask for a permission is still closed to strangers."""
    from app.access.authentication import _OPEN_PATHS, _UNWATCHED

    http = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.arguments or rule.rule in _OPEN_PATHS or rule.rule.startswith(_UNWATCHED):
            continue
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        answer = http.open(rule.rule, method=method)
        assert answer.status_code == 401 or answer.headers.get("Location", "").startswith("/sign-in"), rule.rule
    assert http.get("/no/such/page").status_code == 404

"""Every page: it opens, fits, is accessible, and says one thing at a time, wide and on a phone, in light and dark."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import serious_findings
from tests.browser.opening import OpenPage, Site, check_still, every_look, picture, settle

PAGES = (
    "/", "/customers", "/customers/new", "/products", "/products/new", "/sales", "/imports", "/imports/new", "/promotions",
    "/promotions/new", "/settings/users", "/settings/users/new", "/settings/audit", "/settings/password", "/about",
    "/search?q=ju", "/notifications", "/api/docs",
)  # fmt: skip
DETAILS = ("/customers", "/products", "/imports", "/promotions", "/settings/users")
FORMS = ("/customers", "/products", "/promotions")  # whose things are changed on a page of their own
FIRST_OF: dict[str, str] = {}  # what each list shows first, looked up once


def named(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "home"


def first_of(open_page: OpenPage, path: str) -> str:
    """The address of what the list at `path` shows first."""
    if path not in FIRST_OF:
        FIRST_OF[path] = open_page(path).page.locator("tr[data-href]").first.get_attribute("data-href") or ""
    assert FIRST_OF[path], f"{path} lists nothing"
    return FIRST_OF[path]


def check(open_page: OpenPage, path: str, size: dict[str, int], scheme: str, name: str) -> None:
    watched = open_page(path, size=size, scheme=scheme)
    page = watched.page
    settle(page)
    check_still(page)
    picture(page, f"{name}-{size['width']}-{scheme}")
    assert page.locator("h1").count() == 1
    assert "500" not in page.title()
    assert page.locator(".notice-code").count() == 0, "an error page"
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, "the page scrolls sideways"
    assert page.locator(".page-actions .button-primary:visible").count() <= 1, "one primary button a page"
    assert serious_findings(page) == []


@every_look
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_accessible(open_page: OpenPage, path: str, size: dict[str, int], scheme: str) -> None:
    check(open_page, path, size, scheme, named(path))


@every_look
@pytest.mark.parametrize("path", DETAILS)
def test_a_detail_page_is_whole_and_accessible(open_page: OpenPage, path: str, size: dict[str, int], scheme: str) -> None:
    check(open_page, first_of(open_page, path), size, scheme, f"{named(path)}-detail")


@every_look
@pytest.mark.parametrize("path", FORMS)
def test_a_page_to_change_a_thing_is_whole_and_accessible(
    open_page: OpenPage, path: str, size: dict[str, int], scheme: str
) -> None:
    check(open_page, f"{first_of(open_page, path)}/edit", size, scheme, f"{named(path)}-edit")


@every_look
def test_the_sign_in_page_is_accessible(open_page: OpenPage, size: dict[str, int], scheme: str) -> None:
    page = open_page("/sign-in", size=size, scheme=scheme, signed_in=False).page
    settle(page)
    check_still(page)
    picture(page, f"sign-in-{size['width']}-{scheme}")
    assert serious_findings(page) == []


def test_an_unknown_address_says_what_to_do(open_page: OpenPage, site: Site) -> None:
    watched = open_page("/no-such-page")
    watched.allow("status of 404")
    page = watched.page
    assert page.get_by_role("heading", level=1).inner_text() == "Not found"
    assert page.locator("#request-id").inner_text().strip()
    assert serious_findings(page) == []
    picture(page, "not-found")
    page.get_by_role("link", name="Home").last.click()
    page.wait_for_url(f"{site.url}/")


def test_home_is_light_and_nothing_jumps(open_page: OpenPage) -> None:
    watched = open_page("/about")
    page = watched.page
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    loaded: list[float] = []
    session.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    page.goto(page.url.replace("/about", "/"))
    settle(page)
    check_still(page)
    assert 0 < sum(loaded) < 300_000, f"{sum(loaded):.0f} bytes for the first load"


def test_pages_work_without_scripts(open_page: OpenPage) -> None:
    page = open_page("/customers", java_script_enabled=False).page
    page.locator("input[name=q]").last.fill("no customer has this name")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(r"q=no\+customer"))
    assert page.get_by_text("Nothing matches these filters").is_visible()
    page.get_by_role("link", name="Clear them").click()
    first = page.locator("tr[data-href]").first
    first.locator("a").first.click()
    assert page.get_by_role("heading", level=1).is_visible()

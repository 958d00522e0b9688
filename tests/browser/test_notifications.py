"""The bell: its number comes by itself, opening it makes it seen, and it works by keyboard, on a phone and without scripts."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import serious_findings
from tests.browser.opening import PHONE, OpenPage, Site, picture, settle


@pytest.fixture
def upload(site: Site) -> Iterator[Callable[[], str]]:
    """`upload()`: an import that waits for somebody to confirm its columns; returns its file name. Thrown away afterwards."""
    made: list[str] = []
    with httpx.Client(base_url=site.url, verify=False, timeout=60) as api:
        token = api.post("/api/v1/auth/token", json={"email": site.email, "password": site.password}).json()["access_token"]
        api.headers["Authorization"] = f"Bearer {token}"

        def send() -> str:
            name = f"bell-{uuid4().hex[:8]}.csv"
            sheet = f"Store,Item,Week starting,Units sold,Net sales\n{name},B,2020-01-06,1,1.00\n"
            answer = api.post("/api/v1/imports", files={"file": (name, sheet, "text/csv")}, data={"kind": "sales"})
            assert answer.status_code == 201, answer.text
            made.append(answer.json()["id"])
            return name

        yield send
        for import_id in made:
            api.delete(f"/api/v1/imports/{import_id}")


def bell(page: Page) -> Any:
    return page.locator(".bell > summary")


def all_seen(page: Page) -> None:
    expect(page.locator(".bell .notices")).to_have_count(1)
    bell(page).click()
    expect(page.locator(".bell-count")).to_be_hidden()
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Escape")


def test_something_new_is_counted_by_itself_and_seen_once_opened(
    open_page: OpenPage, site: Site, upload: Callable[[], str]
) -> None:
    page = open_page("/about").page
    settle(page)
    all_seen(page)
    expect(page.locator("html[data-connection=open]")).to_be_visible(timeout=15_000)
    name = upload()
    expect(page.locator(".bell-count")).to_be_visible(timeout=50_000)
    bell(page).click()
    expect(page.locator(".bell .need", has_text=name).first).to_be_visible(timeout=50_000)
    picture(page, "bell")
    assert serious_findings(page) == []
    expect(page.locator(".bell-count")).to_be_hidden()
    page.wait_for_load_state("networkidle")
    page.goto(f"{site.url}/notifications")
    line = page.locator("#main .need", has_text=name)
    expect(line).to_be_visible()
    expect(line.locator(".badge")).to_have_count(0)


def test_the_bell_works_with_the_keyboard_only(open_page: OpenPage, upload: Callable[[], str]) -> None:
    upload()
    page = open_page("/about").page
    settle(page)
    expect(page.locator(".bell .notices")).to_have_count(1)
    bell(page).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".bell .need").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('.bell .menu-list') !== null")
    page.keyboard.press("Escape")
    expect(page.locator(".bell .menu-list")).to_be_hidden()
    expect(bell(page)).to_be_focused()


def test_on_a_phone_the_list_fits(open_page: OpenPage, upload: Callable[[], str]) -> None:
    upload()
    page = open_page("/", size=PHONE).page
    settle(page)
    bell(page).click()
    expect(page.locator(".bell .need").first).to_be_visible()
    picture(page, "bell-390")
    box = page.locator(".bell .menu-list").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_without_scripts_it_is_a_page(open_page: OpenPage, upload: Callable[[], str]) -> None:
    name = upload()
    page = open_page("/about", java_script_enabled=False).page
    bell(page).click()
    page.get_by_role("link", name="All notifications").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Notifications")
    expect(page.locator(".need", has_text=name).first).to_be_visible()
    page.get_by_role("button", name="Mark all as seen").click()
    expect(page.get_by_role("button", name="Mark all as seen")).to_have_count(0)


def test_the_page_loads_before_the_bell_asks(open_page: OpenPage) -> None:
    page = open_page("/about").page
    page.wait_for_load_state("networkidle")
    asked_at, loaded_at = page.evaluate(
        """() => [
            performance.getEntriesByType("resource").find((entry) => entry.name.endsWith("/notifications")).startTime,
            performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
        ]"""
    )
    assert asked_at > loaded_at

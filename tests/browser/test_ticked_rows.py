"""Ticking rows of a list and acting on them: with the mouse, by keyboard, on a phone, without scripts."""

import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import serious_findings
from tests.browser.opening import PHONE, OpenPage, Site, picture, settle


@pytest.fixture
def api(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url, verify=False, timeout=60) as client:
        token = client.post("/api/v1/auth/token", json={"email": site.email, "password": site.password}).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture
def drafts(api: httpx.Client) -> Iterator[Callable[[int], str]]:
    """`drafts(3)`: that many drafts; returns the address of the list that shows only them. Cancelled afterwards."""
    made: list[str] = []

    def make(count: int) -> str:
        word = f"ticked{uuid4().hex[:8]}"
        store = api.get("/api/v1/customers", params={"level": "store", "limit": 1}).json()["items"][0]["id"]
        sku = api.get("/api/v1/products", params={"level": "sku", "limit": 1}).json()["items"][0]["id"]
        for number in range(count):
            terms = {"customer_id": store, "product_ids": [sku], "start": "2031-03-03", "end": "2031-03-09"}
            answer = api.post("/api/v1/promotions", json={"name": f"{word} {number}", **terms})
            assert answer.status_code == 201, answer.text
            made.append(answer.json()["promotion"]["id"])
        return f"/promotions?level=all&q={word}"

    yield make
    for promotion_id in made:
        row = api.get(f"/api/v1/promotions/{promotion_id}").json()
        if row["status"] in {"draft", "active"}:
            step = {"status": "cancelled", "version": row["version"]}
            api.post(f"/api/v1/promotions/{promotion_id}/status", json=step)


def boxes(page: Page) -> list[bool]:
    return page.locator("input[name=chosen]").evaluate_all("(boxes) => boxes.map((box) => box.checked)")


def test_ticked_drafts_are_cancelled_after_being_asked(open_page: OpenPage, drafts: Callable[[int], str]) -> None:
    page = open_page(drafts(3)).page
    settle(page)
    bar = page.locator("[data-picked]")
    expect(page.locator("[data-pick-all]")).to_be_visible()
    expect(bar).to_be_hidden()
    page.locator(".pick").nth(1).click()
    page.locator(".pick").nth(2).click()
    expect(bar).to_contain_text("2 rows ticked")
    expect(page.locator("#panel")).to_be_hidden()
    picture(page, "ticked-rows")
    assert serious_findings(page) == []
    bar.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancel 2 promotions?")
    settle(page)
    picture(page, "ticked-asked")
    assert serious_findings(page) == []
    page.get_by_label("Reason").fill("Withdrawn by the retailer")
    page.get_by_role("button", name="Cancel 2 promotions").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 promotions done")
    picture(page, "ticked-done")
    page.get_by_role("link", name="Back to the list").click()
    expect(page).to_have_url(re.compile(r"q=ticked"))
    expect(page.locator("tbody .badge", has_text="Cancelled")).to_have_count(2)
    expect(page.locator("tbody .badge", has_text="Draft")).to_have_count(1)


def test_all_rows_at_once_and_none_again(open_page: OpenPage, drafts: Callable[[int], str]) -> None:
    page = open_page(drafts(3)).page
    settle(page)
    expect(page.locator("[data-pick-all]")).to_be_visible()
    page.locator("thead .pick").click()
    assert boxes(page) == [True] * 3
    page.locator(".pick").nth(1).click()
    assert page.locator("[data-pick-all]").evaluate("(box) => box.indeterminate")
    page.get_by_role("button", name="Untick all").click()
    assert boxes(page) == [False] * 3
    expect(page.locator("[data-picked]")).to_be_hidden()


def test_a_row_is_ticked_with_a_key_and_by_its_box(open_page: OpenPage, drafts: Callable[[int], str]) -> None:
    page = open_page(drafts(2)).page
    settle(page)
    expect(page.locator("[data-pick-all]")).to_be_visible()
    page.locator("tbody a.row-link").first.focus()
    page.keyboard.press("x")
    assert boxes(page) == [True, False]
    page.locator("input[name=chosen]").nth(1).focus()
    page.keyboard.press("Space")
    assert boxes(page) == [True, True]
    expect(page.locator("#panel")).to_be_hidden()


def test_ticks_stay_when_the_list_is_drawn_again(open_page: OpenPage, drafts: Callable[[int], str], api: httpx.Client) -> None:
    address = drafts(2)
    page = open_page(address).page
    settle(page)
    expect(page.locator("html[data-connection=open]")).to_be_visible(timeout=15_000)
    page.locator(".pick").nth(1).click()
    first, second = (row.get_attribute("value") for row in page.locator("input[name=chosen]").all())
    assert first
    assert second
    other, version = second.split("~")
    api.post(f"/api/v1/promotions/{other}/status", json={"status": "active", "version": int(version)}).raise_for_status()
    expect(page.locator("tbody .badge", has_text="Active")).to_have_count(1, timeout=15_000)
    assert boxes(page) == [True, False]
    expect(page.locator("[data-picked]")).to_contain_text("1 row ticked")


def test_a_step_that_one_of_them_cannot_take_is_told_before(
    open_page: OpenPage, drafts: Callable[[int], str], api: httpx.Client
) -> None:
    page = open_page(drafts(2), java_script_enabled=False).page
    page.locator(".pick").nth(1).click()
    page.locator(".pick").nth(2).click()
    changed, version = str(page.locator("input[name=chosen]").first.get_attribute("value")).split("~")
    api.post(f"/api/v1/promotions/{changed}/status", json={"status": "active", "version": int(version)}).raise_for_status()
    page.locator("[data-picked]").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancel 1 promotion?")
    expect(page.locator("tbody tr", has_text="Left as it is")).to_contain_text("changed after you loaded the list")
    page.get_by_role("button", name="Cancel 1 promotion").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 of 2 promotions done")


def test_only_ticked_rows_are_exported_and_again(open_page: OpenPage, drafts: Callable[[int], str]) -> None:
    page = open_page(drafts(3)).page
    settle(page)
    expect(page.locator("[data-pick-all]")).to_be_visible()
    for ticked in (1, 2):
        page.locator(".pick").nth(ticked).click()
        with page.expect_download() as started:
            page.locator("[data-picked]").get_by_role("button", name="CSV").click()
        assert len(started.value.path().read_text(encoding="utf-8-sig").splitlines()) == ticked + 1


def test_on_a_phone_the_bar_stays_above_the_bottom_bar(open_page: OpenPage, drafts: Callable[[int], str]) -> None:
    page = open_page(drafts(2), size=PHONE).page
    settle(page)
    expect(page.locator("[data-pick-all]")).to_be_visible()
    page.locator(".pick").nth(1).click()
    bar = page.locator("[data-picked]").bounding_box()
    bottom = page.locator(".bottom-bar").bounding_box()
    assert bar
    assert bottom
    assert bar["x"] + bar["width"] <= PHONE["width"]
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    picture(page, "ticked-390")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    box = page.locator(".pick").nth(1).bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 40

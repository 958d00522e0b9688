"""Promotions as an account manager looks at them: list, preview, the page with its charts, by keyboard too."""

from playwright.sync_api import expect

from tests.browser.opening import PHONE, OpenPage, picture, settle


def test_a_promotion_is_opened_and_its_result_is_read(open_page: OpenPage) -> None:
    page = open_page("/promotions?roi=gain").page
    settle(page)
    first = page.locator("tr[data-href]").first
    name = first.locator("a").first.inner_text()
    first.locator("td").nth(2).click()
    panel = page.locator("#panel")
    expect(panel.get_by_role("heading", name=name)).to_be_visible()
    expect(panel.locator(".chart-canvas canvas").first).to_be_visible()
    picture(page, "promotion-panel")
    panel.get_by_role("link", name="Open page").first.click()
    page.wait_for_url("**/promotions/prm_*")
    settle(page)
    assert page.get_by_role("heading", level=1).inner_text() == name
    for words in ("Manufacturer", "Retailer"):
        expect(page.get_by_role("heading", name=words, exact=True)).to_be_visible()
    chart = page.locator("figure.chart").first
    expect(chart.locator("canvas")).to_be_visible()
    picture(page, "promotion")


def test_a_chart_gives_its_numbers_as_table_file_and_image(open_page: OpenPage) -> None:
    page = open_page("/promotions?roi=gain").page
    page.goto(page.url.split("/promotions")[0] + str(page.locator("tr[data-href]").first.get_attribute("data-href")))
    settle(page)
    chart = page.locator("figure.chart").first
    chart.get_by_role("button", name="Table").click()
    rows = chart.locator("tbody tr")
    expect(rows.first).to_be_visible()
    with page.expect_download() as started:
        chart.get_by_role("button", name="CSV").click()
    lines = started.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == rows.count() + 1
    assert lines[0].startswith("Week,Actual,Baseline")
    chart.get_by_role("button", name="Table").click()
    with page.expect_download() as drawn:
        chart.get_by_role("button", name="Image").click()
    assert drawn.value.path().read_bytes().startswith(b"\x89PNG")


def test_the_list_is_used_with_the_keyboard_only(open_page: OpenPage) -> None:
    page = open_page("/promotions").page
    settle(page)
    page.locator("tr[data-href] a").first.focus()
    page.keyboard.press("ArrowDown")
    second = page.evaluate("document.activeElement.closest('tr').dataset.href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{second}")
    page.go_back()
    page.wait_for_url("**/promotions")


def test_the_list_is_exported_whole(open_page: OpenPage) -> None:
    page = open_page("/promotions").page
    settle(page)
    total = int(page.locator("#page-count").inner_text().replace("\u202f", ""))
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV").click()
    lines = started.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == total + 1 > 1


def test_sorting_keeps_the_place_and_back_returns_to_it(open_page: OpenPage) -> None:
    page = open_page("/promotions").page
    settle(page)
    page.get_by_role("link", name="ROI", exact=True).click()
    page.wait_for_url("**sort=-roi_manufacturer**")
    expect(page.locator("th[aria-sort=descending]")).to_have_text("ROI")
    page.locator("tr[data-href] a").first.click()
    page.wait_for_url("**/promotions/prm_*")
    page.go_back()
    page.wait_for_url("**sort=-roi_manufacturer**")
    expect(page.locator("th[aria-sort=descending]")).to_have_text("ROI")


def test_a_phone_shows_figures_first(open_page: OpenPage) -> None:
    page = open_page("/promotions?roi=gain", size=PHONE).page
    settle(page)
    page.locator("tr[data-href] a").first.click()
    page.wait_for_url("**/promotions/prm_*")
    settle(page)
    figures = page.locator(".stats").first.bounding_box()
    assert figures
    assert figures["y"] + figures["height"] < PHONE["height"] * 1.2

"""Models, forecast and anomalies as people use them: figures come by themselves, every look is accessible, plans show."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import serious_findings
from tests.browser.opening import OpenPage, every_look, picture, settle

ANSWER_MS = 60_000  # the first question after a training reads all sales


def answered(page: Page) -> None:
    """Until the figures that follow the frame are there."""
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=ANSWER_MS)
    settle(page)


@every_look
@pytest.mark.parametrize("path", ["/ai/models", "/ai/forecast", "/ai/anomalies"])
def test_an_ai_page_is_whole_and_accessible(open_page: OpenPage, path: str, size: dict[str, int], scheme: str) -> None:
    page = open_page(path, size=size, scheme=scheme).page
    answered(page)
    picture(page, f"{path.strip('/').replace('/', '-')}-{size['width']}-{scheme}")
    assert page.locator("h1").count() == 1
    assert page.locator(".notice-code").count() == 0, "an error page"
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, "the page scrolls sideways"
    assert page.locator(".page-actions .button-primary:visible").count() <= 1
    assert serious_findings(page) == []


def test_the_model_that_serves_states_its_errors(open_page: OpenPage) -> None:
    page = open_page("/ai/models").page
    answered(page)
    stats = page.locator(".stats").first
    expect(stats).to_contain_text("Forecast error")
    expect(stats).to_contain_text("%")
    expect(page.locator("#table-models tbody tr").first).to_contain_text("Serving")


def test_a_training_is_confirmed_by_its_progress_and_can_be_stopped(open_page: OpenPage) -> None:
    page = open_page("/ai/models").page
    answered(page)
    before = page.locator("#table-models tbody tr", has_text="Serving").inner_text()
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator(".progress").first).to_be_visible()
    picture(page, "ai-models-training")
    page.get_by_role("button", name="Stop").first.click()
    answered(page)
    expect(page.locator("#table-models tbody tr", has_text="Serving")).to_have_text(before, use_inner_text=True)


def test_a_planned_price_cut_lifts_the_forecast(open_page: OpenPage) -> None:
    page = open_page("/ai/forecast?weeks=4").page
    answered(page)
    units = page.locator(".stats .stat-value").first

    def total() -> int:
        return int(units.inner_text().replace("\u202f", "").split()[0])

    quiet = total()
    page.get_by_label("or price cut").fill("25")
    page.get_by_label("or price cut").press("Tab")
    page.wait_for_url("**cut=25**", timeout=ANSWER_MS)
    answered(page)
    expect(page.locator("#table-forecast")).to_contain_text("25 % off")
    assert total() > quiet
    picture(page, "ai-forecast-planned")


def test_a_forecast_goes_out_as_csv(open_page: OpenPage) -> None:
    page = open_page("/ai/forecast?weeks=4").page
    answered(page)
    page.locator("#table-forecast summary", has_text="Export").click()
    with page.expect_download() as started:
        page.locator("#table-forecast").get_by_role("link", name="CSV").click()
    assert len(started.value.path().read_text(encoding="utf-8-sig").splitlines()) == 5


def test_anomalies_narrow_to_a_customer(open_page: OpenPage) -> None:
    page = open_page("/ai/anomalies").page
    answered(page)
    options = page.locator("#filter-customer option")
    name = str(options.last.inner_text()).strip()
    page.locator("#filter-customer").select_option(index=options.count() - 1)
    page.wait_for_url(re.compile(r"customer=cus"), timeout=ANSWER_MS)
    of_others = page.locator("#table-anomalies tbody tr").filter(has_not_text=name)
    expect(of_others).to_have_count(0, timeout=ANSWER_MS)
    answered(page)
    expect(of_others).to_have_count(0)


def test_an_anomaly_leads_to_its_sales(open_page: OpenPage) -> None:
    page = open_page("/ai/anomalies").page
    answered(page)
    page.locator("#filter-cause").select_option("chain_wide")
    page.wait_for_url("**cause=chain_wide**", timeout=ANSWER_MS)
    answered(page)
    page.locator("#filter-cause").select_option("")
    page.wait_for_url(lambda address: "chain_wide" not in address, timeout=ANSWER_MS)
    answered(page)
    page.locator("#table-anomalies").get_by_role("link", name="Sales of").first.click()
    page.wait_for_url("**/sales?**")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sales")

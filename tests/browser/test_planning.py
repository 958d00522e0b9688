"""Planning as account managers do it: sliders that answer as they move, curves with their weeks, calendars made into drafts."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import serious_findings
from tests.browser.opening import PHONE, WIDE, OpenPage, every_look, picture, settle

PLANNING_SECONDS = 90
ANSWER_MS = 60_000  # the first question after a training reads all sales


def answered(page: Page) -> None:
    """Until the answer follows the sliders as they stand."""
    expect(page.locator("#what-if-answer")).to_have_attribute("aria-busy", "false")


def net(page: Page) -> str:
    return str(page.locator("#answer-figures .stat-value").first.inner_text())


def drawn(page: Page, figure: str, part: str) -> Any:
    """What the chart's own library says that it draws: `xAxis`, `yAxis` or `series`."""
    expect(page.locator(f"#chart-{figure} canvas")).to_be_visible()
    return page.evaluate(
        """([figure, part]) => JSON.parse(JSON.stringify(
          echarts.getInstanceByDom(document.querySelector(`#chart-${figure} [data-part=canvas]`)).getOption()[part]))""",
        [figure, part],
    )


@every_look
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/what-if", "what-if"),
        ("/price-response", "price-response"),
        ("/optimiser", "optimiser"),
        ("/recommendations", "recommendations"),
        ("/segments", "segments"),
        ("/segments?of=products", "segments-products"),
    ],
)
def test_a_planning_page_is_whole_and_accessible(
    open_page: OpenPage, path: str, name: str, size: dict[str, int], scheme: str
) -> None:
    page = open_page(path, size=size, scheme=scheme).page
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=ANSWER_MS)
    settle(page)
    picture(page, f"{name}-{size['width']}-{scheme}")
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, "the page scrolls sideways"
    assert serious_findings(page) == []


def test_the_answer_follows_the_slider_without_a_new_page(open_page: OpenPage) -> None:
    page = open_page("/what-if").page
    settle(page)
    before = net(page)
    slider = page.get_by_label("Off the regular price")
    slider.focus()
    for _step in range(10):
        page.keyboard.press("ArrowRight")
    expect(page.locator("output[for=field-discount]")).to_have_text("30 %")
    expect(page.locator("#answer-figures .stat-value").first).not_to_have_text(before)
    answered(page)
    expect(page).to_have_url(re.compile(r"discount=30"))
    assert page.locator("#draft-fields input[name=discount]").input_value() == "30"
    expect(page.locator("#answer-weeks canvas")).to_be_visible()
    picture(page, "what-if-dragged")


def test_on_a_phone_the_figures_stay_in_sight_above_the_sliders(open_page: OpenPage) -> None:
    page = open_page("/what-if", size=PHONE).page
    settle(page)
    figures, slider = page.locator("#answer-figures"), page.get_by_label("Share of the price cut that the manufacturer pays")
    page.evaluate("slider => window.scrollBy(0, slider.getBoundingClientRect().top - 400)", slider.element_handle())
    expect(figures).to_be_in_viewport(ratio=1)
    before = figures.inner_text()
    slider.fill("30")
    answered(page)
    expect(figures).not_to_have_text(before)
    expect(figures).to_be_in_viewport(ratio=1)
    boxes = figures.bounding_box(), slider.bounding_box()
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"], "the figures hide the slider"
    picture(page, "what-if-phone-dragged")


def test_a_deeper_cut_sells_more_and_a_reason_is_asked_above_forty_percent(open_page: OpenPage) -> None:
    page = open_page("/what-if?discount=20").page
    settle(page)
    page.get_by_label("Name").fill("Kept while dragging")
    slider = page.get_by_label("Off the regular price")
    slider.fill("45")
    expect(page.get_by_label("Reason for more than 40 % off")).to_be_visible()
    assert page.get_by_label("Name").input_value() == "Kept while dragging"
    slider.fill("25")
    expect(page.get_by_label("Reason for more than 40 % off")).to_have_count(0)


def test_what_is_shown_becomes_a_draft_that_keeps_it(open_page: OpenPage) -> None:
    page = open_page("/what-if?discount=25&deal=1&weeks=3").page
    settle(page)
    page.get_by_label("Name").fill("From what-if")
    page.get_by_role("button", name="Make a draft").click()
    page.wait_for_url("**/promotions/prm_*")
    settle(page)
    expect(page.get_by_role("heading", name="Plan against actual")).to_be_visible()
    expect(page.get_by_text("not yet").first).to_be_visible()
    picture(page, "draft-with-plan")


def test_what_if_works_without_scripts(open_page: OpenPage) -> None:
    page = open_page("/what-if", java_script_enabled=False).page
    page.get_by_role("button", name="Work it out").click()
    expect(page).to_have_url(re.compile(r"discount=20"))
    assert page.locator("#answer-figures .stat").count() == 4
    assert page.locator("#answer-weeks table tbody tr").first.is_visible()


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_an_axis_of_weeks_names_weeks_that_are_shown(open_page: OpenPage, size: dict[str, int]) -> None:
    page = open_page("/what-if", size=size).page
    settle(page)
    [axis] = drawn(page, "whatif-weeks", "xAxis")
    bars = [x for one in drawn(page, "whatif-weeks", "series") if one["type"] == "bar" for x, _units in one["data"]]
    assert len(axis["axisLabel"]["customValues"]) >= 2
    assert set(axis["axisLabel"]["customValues"]) <= set(bars)


def test_a_week_far_above_all_others_does_not_press_the_curve_flat(open_page: OpenPage) -> None:
    """Citrus Hill sold 1,961 a store in one week and under 600 in all others."""
    page = open_page("/price-response").page
    settle(page)
    page.locator("#table-elasticities").get_by_role("link", name="Citrus Hill 64 oz").click()
    expect(page.locator("#chart-price-response")).to_contain_text("Citrus Hill 64 oz")
    settle(page)
    [axis] = drawn(page, "price-response", "yAxis")
    spots = [spot for one in drawn(page, "price-response", "series") if one["type"] == "scatter" for spot in one["data"]]
    [odd] = [spot for spot in spots if isinstance(spot, dict)]
    assert odd["value"][1] == axis["max"] < odd["value"][3]
    assert max(spot[1] for spot in spots if isinstance(spot, list)) <= axis["max"]


def test_a_curve_has_its_table_and_its_weeks_as_a_file(open_page: OpenPage) -> None:
    page = open_page("/price-response").page
    settle(page)
    figure = page.locator("#chart-price-response")
    expect(figure.locator("canvas")).to_be_visible()
    figure.get_by_role("button", name="Table").click()
    expect(figure.locator("tbody tr").first).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("link", name="Weeks as CSV").click()
    lines = started.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("Week,Price paid")
    assert len(lines) > 50
    page.locator("#table-elasticities tbody a").last.click()
    settle(page)
    expect(page).to_have_url(re.compile(r"product="))


def plan(page: Page, **fields: str) -> None:
    """Fill the optimiser's form and send it; ends on the plan's page."""
    page.locator("input[name=product_ids]").first.check()
    page.get_by_label("Name").fill(fields.pop("name", "Browser plan"))
    page.get_by_label("Budget", exact=True).fill(fields.pop("budget", "20000"))
    for label, value in fields.items():
        page.get_by_label(label.replace("_", " ").capitalize()).fill(value)
    page.get_by_role("button", name="Find the best calendar").click()
    page.wait_for_url(re.compile(r".*/optimiser/pln_"))


def test_a_calendar_is_found_and_its_events_become_drafts_once(open_page: OpenPage) -> None:
    watched = open_page("/optimiser")
    page = watched.page
    settle(page)
    plan(page)
    expect(page.get_by_text("No calendar earns more than")).to_be_visible(timeout=PLANNING_SECONDS * 1000)
    settle(page)
    picture(page, "plan")
    assert serious_findings(page) == []
    ticks = page.locator("input[name=events]")
    if not ticks.count():
        expect(page.get_by_text("The best calendar is an empty one")).to_be_visible()
        return
    chosen = ticks.count()
    for number in range(1, chosen):
        ticks.nth(number).uncheck()
    page.get_by_role("button", name="Make drafts of the ticked events").click()
    expect(page.get_by_role("link", name="Open the draft")).to_have_count(1)
    expect(page.locator("input[name=events]")).to_have_count(chosen - 1)
    page.get_by_role("link", name="Open the draft").click()
    page.wait_for_url("**/promotions/prm_*")
    expect(page.get_by_role("heading", name="Plan against actual")).to_be_visible()


def test_rules_that_cannot_be_kept_are_explained_on_a_phone_too(open_page: OpenPage) -> None:
    page = open_page("/optimiser", size=PHONE).page
    settle(page)
    plan(page, name="Impossible", budget="100", units_to_reach="900000000")
    expect(page.get_by_text("No calendar keeps all of these rules")).to_be_visible(timeout=PLANNING_SECONDS * 1000)
    expect(page.get_by_text("cannot be reached")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.get_by_role("link", name="Change the question").first.click()
    expect(page.get_by_label("Name")).to_have_value("Impossible")
    picture(page, "plan-again-phone")


def test_the_promotion_page_takes_it_apart(open_page: OpenPage) -> None:
    page: Any = open_page("/promotions?roi=gain").page
    page.goto(page.url.split("/promotions")[0] + str(page.locator("tr[data-href]").first.get_attribute("data-href")))
    settle(page)
    for title in ("What the weeks were made of", "What it came to"):
        expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.locator("#chart-parts canvas")).to_be_visible()
    expect(page.locator("#chart-total canvas")).to_be_visible()
    picture(page, "promotion-taken-apart")
    page.get_by_role("link", name="Try variations").click()
    page.wait_for_url("**/what-if?promotion=*")


def proposals(page: Page) -> Any:
    """The cards of what is proposed, once the answer is there."""
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=ANSWER_MS)
    settle(page)
    return page.locator("[id^=proposal-]")


def test_a_proposal_says_why_and_becomes_a_draft(open_page: OpenPage) -> None:
    page = open_page("/recommendations").page
    cards = proposals(page)
    assert cards.count() or page.get_by_text("No promotion pays").is_visible()
    if not cards.count():
        return
    expect(cards.first.locator("li").first).to_be_visible()
    assert cards.first.locator(".stat").count() == 4
    with page.expect_download() as started:
        page.get_by_role("link", name="Proposals as CSV").click()
    assert len(started.value.path().read_text(encoding="utf-8-sig").splitlines()) == cards.count() + 1
    cards.first.get_by_label("Name").fill("From a recommendation")
    cards.first.get_by_role("button", name="Make a draft").click()
    page.wait_for_url("**/promotions/prm_*")
    settle(page)
    expect(page.get_by_role("heading", name="Plan against actual")).to_be_visible()


def test_a_promotion_that_costs_too_much_is_not_proposed(open_page: OpenPage) -> None:
    page = open_page("/recommendations?fixed=900000000").page
    assert proposals(page).count() == 0
    expect(page.get_by_text("No promotion pays", exact=True)).to_be_visible()
    expect(page.locator("#not-proposed tbody tr").first).to_be_visible()


def test_recommendations_work_without_scripts(open_page: OpenPage) -> None:
    page = open_page("/recommendations", java_script_enabled=False).page
    page.get_by_role("link", name="Show the proposals").click()
    expect(page).to_have_url(re.compile(r"now=1"))
    page.get_by_role("button", name="Look again").click()
    expect(page).to_have_url(re.compile(r"weeks=2"))


def test_a_group_leads_to_its_members_and_its_next_promotions(open_page: OpenPage) -> None:
    page = open_page("/segments").page
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=ANSWER_MS)
    settle(page)
    first = page.locator("#g1")
    name = first.get_by_role("heading").inner_text()
    first.get_by_role("link", name="Members").click()
    page.wait_for_url("**group=g1**")
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=ANSWER_MS)
    settle(page)
    shown = {text.strip() for text in page.locator("#table-members tbody td:nth-child(2)").all_inner_texts()}
    assert shown == {name}
    page.locator("#g1").get_by_role("link", name="Next promotions").click()
    page.wait_for_url("**/recommendations?customer=**")
    expect(page.get_by_role("heading", level=1)).to_have_text("Next promotions")

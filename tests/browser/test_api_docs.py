"""The page of the API sends what its forms say, as the person who is signed in, and shows the answer as it came."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import serious_findings
from tests.browser.opening import OpenPage, picture, settle


def _opened(page: Page, operation: str) -> Locator:
    """The operation with this id, unfolded, once its script listens."""
    settle(page)
    page.wait_for_load_state("networkidle")
    found = page.locator(f"[id='{operation}']")
    found.locator("summary").first.click()
    expect(found.get_by_role("button", name="Send")).to_be_visible()
    return found


def test_a_question_is_sent_with_its_fields_and_answered(open_page: OpenPage) -> None:
    page = open_page("/api/docs").page
    operation = _opened(page, "get-api-v1-customers")
    operation.locator("input[name=limit]").fill("1")
    with page.expect_response("**/api/v1/customers?limit=1") as heard:
        operation.get_by_role("button", name="Send").click()
    assert heard.value.status == 200
    expect(operation.locator("[data-part=status]")).to_contain_text("200")
    answer = operation.locator("[data-part=text]")
    expect(answer).to_contain_text('"items"')
    expect(answer).to_contain_text('"next_cursor"')
    assert serious_findings(page) == []
    picture(page, "api-docs-answer")


def test_what_is_refused_is_shown_as_it_came(open_page: OpenPage) -> None:
    """A change travels with the page's own token: it is refused for its fields, not for where it came from."""
    watched = open_page("/api/docs")
    watched.allow("status of 422")
    operation = _opened(watched.page, "post-api-v1-customers")
    operation.locator("[data-part=body]").fill("{}")
    operation.get_by_role("button", name="Send").click()
    expect(operation.locator("[data-part=status]")).to_contain_text("422")
    expect(operation.locator("[data-part=text]")).to_contain_text('"errors"')


def test_without_a_connection_it_says_what_to_do(open_page: OpenPage) -> None:
    watched = open_page("/api/docs")
    watched.allow("net::ERR_FAILED")
    page = watched.page
    operation = _opened(page, "get-api-v1-customers")
    page.route("**/api/v1/customers**", lambda route: route.abort())
    operation.get_by_role("button", name="Send").click()
    expect(operation.locator("[data-part=status]")).to_contain_text("The appliance did not answer")

"""What somebody has typed into a form is still there after a detour, and gone once it was sent."""

from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.browser.opening import OpenPage, Site, picture, settle

FORM = "/settings/users/new"
KEPT = "What you typed earlier is back."


def _go(page: Page, site: Site, path: str) -> None:
    page.goto(f"{site.url}{path}")
    settle(page)
    page.wait_for_load_state("networkidle")  # the script that keeps drafts is loaded by then


def test_a_half_filled_form_is_kept_over_a_detour_and_forgotten_once_sent(open_page: OpenPage, site: Site) -> None:
    page = open_page(FORM).page
    _go(page, site, FORM)
    name, email = f"Newcomer {uuid4().hex[:8]}", f"{uuid4().hex}@example.com"
    page.locator("#field-name").fill(name)
    page.locator("#field-email").fill(email)
    role = page.locator("input[name=role]:not(:checked)").first.get_attribute("value")
    page.locator(f"input[name=role][value='{role}']").check()

    _go(page, site, "/customers")
    _go(page, site, FORM)
    expect(page.locator("#field-name")).to_have_value(name)
    expect(page.locator("#field-email")).to_have_value(email)
    expect(page.locator(f"input[name=role][value='{role}']")).to_be_checked()
    expect(page.locator("#toasts")).to_contain_text(KEPT)
    picture(page, "draft")
    draft = page.evaluate("sessionStorage.getItem('draft:user-new')")
    assert name in draft
    assert "csrf" not in draft, "hidden fields are not kept"

    page.get_by_role("button", name="Add user").click()
    expect(page.locator("#field-email")).to_have_count(0)
    _go(page, site, FORM)
    expect(page.locator("#field-name")).to_have_value("")
    expect(page.locator("#field-email")).to_have_value("")
    expect(page.locator("#toasts")).not_to_contain_text(KEPT)


def test_a_form_that_is_refused_shows_what_was_sent_and_not_an_older_draft(open_page: OpenPage, site: Site) -> None:
    watched = open_page(FORM)
    watched.allow("status of 4")
    page = watched.page
    _go(page, site, FORM)
    page.locator("#field-name").fill("Somebody twice")
    page.locator("#field-email").fill(site.email)
    page.get_by_role("button", name="Add user").click()
    expect(page.locator(".form-errors")).to_be_focused()
    expect(page.locator("#field-email")).to_have_value(site.email)
    expect(page.locator("#toasts")).not_to_contain_text(KEPT)

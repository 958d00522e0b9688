"""The frame: sign in and out, keyboard, search, theme, scope, side panel, the connection."""

from playwright.sync_api import Route, expect

from tests.browser.opening import PHONE, OpenPage, Site, picture, settle, sign_in


def test_a_wrong_password_is_told_and_the_email_is_kept(open_page: OpenPage) -> None:
    watched = open_page("/sign-in", signed_in=False)
    watched.allow("status of 401")
    page = watched.page
    page.get_by_label("Email").fill("nobody@example.com")
    page.get_by_label("Password", exact=True).fill("this is not it")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.get_by_label("Email").input_value() == "nobody@example.com"
    picture(page, "sign-in-refused")


def test_sign_in_with_the_keyboard_only_leads_to_the_page_that_was_asked_for(open_page: OpenPage, site: Site) -> None:
    page = open_page("/about", signed_in=False).page
    assert "/sign-in" in page.url
    page.wait_for_selector("input[type=email]:focus")  # the page puts the cursor there itself, once it is drawn
    page.keyboard.type(site.email)
    page.keyboard.press("Tab")
    page.keyboard.type(site.password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.url}/about")


def test_signing_out_closes_the_door(open_page: OpenPage, site: Site) -> None:
    page = open_page("/sign-in", signed_in=False).page
    sign_in(page, site)
    page.locator(".person-button").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in**")
    page.goto(f"{site.url}/")
    assert "/sign-in" in page.url


def test_the_first_tab_skips_to_the_content(open_page: OpenPage) -> None:
    page = open_page("/").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_search_opens_with_a_key_finds_and_leads_there(open_page: OpenPage) -> None:
    page = open_page("/").page
    settle(page)
    page.wait_for_load_state("networkidle")  # the script that listens for the key is loaded by then
    page.keyboard.press("/")
    box = page.get_by_role("combobox")
    expect(box).to_be_focused()
    page.keyboard.type("store")
    found = page.get_by_role("option").filter(has_text="tore").first
    expect(found).to_be_visible()
    picture(page, "search")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/**")


def test_search_with_control_k_closes_with_escape(open_page: OpenPage) -> None:
    page = open_page("/").page
    settle(page)
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()


def test_the_theme_is_remembered_and_drawn_by_the_server(open_page: OpenPage) -> None:
    page = open_page("/").page
    settle(page)
    page.locator(".person-button").click()
    page.locator("[data-theme-switch] label").filter(has_text="Dark").click()
    dark = page.evaluate("getComputedStyle(document.body).color")
    page.reload(wait_until="domcontentloaded")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).color") == dark


def test_the_scope_stays_while_moving(open_page: OpenPage) -> None:
    page = open_page("/").page
    settle(page)
    page.locator(".scope summary").click()
    page.get_by_label("From", exact=True).fill("1991-01-07")
    page.get_by_label("To", exact=True).fill("1991-06-30")
    page.locator(".scope-form").get_by_role("button", name="Apply").click()
    expect(page.locator(".scope-text")).to_have_text("7 Jan to 30 Jun 1991")
    page.get_by_role("link", name="Promotions", exact=True).first.click()
    expect(page.locator(".scope-text")).to_have_text("7 Jan to 30 Jun 1991")
    page.locator(".scope summary").click()
    page.get_by_role("link", name="Show everything").click()
    expect(page.locator(".scope-text")).to_have_text("All time")


def test_rows_open_beside_the_list_by_keyboard(open_page: OpenPage, site: Site) -> None:
    page = open_page("/customers").page
    settle(page)
    first = page.locator("tr[data-href]").first
    name = first.locator("a").first.inner_text()
    first.locator("a").first.focus()
    page.keyboard.press("Space")
    panel = page.locator("#panel")
    expect(panel.locator(".panel-page:not(.skeleton)")).to_be_visible()
    picture(page, "panel")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert page.evaluate("document.activeElement.innerText") == name
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.innerText") != name
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.rstrip("/") != f"{site.url}/customers" and "/customers/" in url)


def test_filters_change_the_table_and_the_address_only(open_page: OpenPage) -> None:
    page = open_page("/customers").page
    settle(page)
    page.evaluate("window.stillHere = true")
    rows = page.locator("tr[data-href]")
    before = rows.count()
    page.locator(".filter-search input").fill("5")
    page.wait_for_url("**q=5**")
    expect(page.locator(".table-tools [role=status]")).to_contain_text("match")
    assert rows.count() <= before
    assert page.evaluate("window.stillHere") is True
    expect(page.locator(".filter-search input")).to_be_focused()


def test_a_filter_typed_before_the_scripts_came_is_applied_when_they_do(open_page: OpenPage) -> None:
    page = open_page("/customers").page
    settle(page)
    held: list[Route] = []
    page.route("**/js/forms.js*", lambda route: held.append(route))
    with page.expect_request("**/js/forms.js*"):
        page.reload()
    page.locator(".filter-search input").fill("5")
    assert page.locator("html[data-started]").count() == 0
    held[0].continue_()
    page.wait_for_url("**q=5**")
    expect(page.locator(".table-tools [role=status]")).to_contain_text("match")
    expect(page.locator(".filter-search input")).to_have_value("5")


def test_columns_and_row_height_are_remembered(open_page: OpenPage) -> None:
    page = open_page("/customers").page
    settle(page)
    headers = page.locator("thead th")
    before = headers.count()
    page.locator("summary", has_text="Columns").click()
    last = page.locator("form[data-columns] input:checked").last.get_attribute("value")
    page.locator("form[data-columns] label").filter(has=page.locator(f"[value='{last}']")).click()
    expect(headers).to_have_count(before - 1)
    page.reload()
    expect(headers).to_have_count(before - 1)
    height = page.locator("tbody tr").first.bounding_box()
    page.locator("[data-density-toggle]").click()
    lower = page.locator("tbody tr").first.bounding_box()
    assert height
    assert lower
    assert lower["height"] < height["height"]
    page.locator("h1").click()
    assert page.locator("tbody tr").first.bounding_box() == lower, "only the button changes the height"


def test_on_a_phone_every_page_is_two_taps_away(open_page: OpenPage) -> None:
    page = open_page("/", size=PHONE).page
    settle(page)
    page.locator(".bottom-bar").get_by_role("link", name="More").click()
    expect(page.locator("#rail")).to_be_visible()
    picture(page, "phone-menu")
    page.locator("#rail").get_by_role("link", name="Products").click()
    page.wait_for_url("**/products")


def test_a_lost_connection_is_told_and_forgotten_when_it_is_back(open_page: OpenPage) -> None:
    watched = open_page("/")
    watched.allow("ERR_INTERNET_DISCONNECTED")
    page = watched.page
    settle(page)
    strip = page.locator("[data-strip]")
    expect(strip).to_be_hidden()
    page.context.set_offline(True)
    expect(strip).to_contain_text("offline")
    page.context.set_offline(False)
    expect(strip).to_be_hidden()

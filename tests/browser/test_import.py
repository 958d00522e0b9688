"""A sales file from the upload to the data and back out again, with its progress."""

import csv
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.axe import serious_findings
from tests.browser.opening import OpenPage, Site, picture, settle

HEADERS = ("Store", "Item", "Week starting", "Units sold", "Net sales", "Price", "On deal")
WEEKS = 8


@pytest.fixture(scope="session")
def codes(site: Site) -> tuple[list[str], list[str]]:
    """Codes of stores and SKUs that the demonstration brought."""
    with httpx.Client(base_url=site.url, verify=False, timeout=60) as api:
        token = api.post("/api/v1/auth/token", json={"email": site.email, "password": site.password}).json()["access_token"]
        api.headers["Authorization"] = f"Bearer {token}"
        stores = api.get("/api/v1/customers", params={"level": "store", "limit": 500}).json()["items"]
        skus = api.get("/api/v1/products", params={"level": "sku", "limit": 500}).json()["items"]
    return [store["code"] for store in stores], [sku["sku"] for sku in skus]


def write_sales(path: Path, stores: list[str], skus: list[str], first: date, weeks: int = WEEKS) -> int:
    """Sales of `weeks` from `first` on, the last row without a week; gives the number of good rows."""
    rows = [
        (store, sku, first + timedelta(weeks=week), units := 10 + week + place % 7, f"{units * 2.5:.2f}", "2.50", int(week == 3))
        for week in range(weeks)
        for store in stores
        for place, sku in enumerate(skus)
    ]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        writer.writerows(rows)
        writer.writerow((stores[0], skus[0], "not a week", 5, "12.50", "2.50", 0))
    return len(rows)


# Keeps what the bar of a job was moved to across pages; what the server wrote into the page is no move.
NOTE_MOVES = """
new MutationObserver((changes) => {
  const moved = changes.map((change) => change.target).filter((bar) => bar.matches("[data-job] progress"));
  const known = JSON.parse(sessionStorage.getItem("moves") ?? "[]");
  sessionStorage.setItem("moves", JSON.stringify([...known, ...moved.map((bar) => bar.value)]));
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["value"] });
"""


def test_a_file_lands_with_progress_and_is_taken_back(
    open_page: OpenPage, codes: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    name = f"till-{uuid4().hex[:6]}.csv"
    unused = date(2001, 1, 1) + timedelta(weeks=uuid4().int % 600)
    good = write_sales(tmp_path / name, *codes, first=unused, weeks=3 * WEEKS)
    written = f"{good:,}".replace(",", "\u202f")
    watched = open_page("/imports/new")
    page = watched.page
    settle(page)
    page.locator("input[type=file]").set_input_files(tmp_path / name)
    expect(page.locator(".drop-title")).to_have_text(name)
    page.get_by_role("button", name="Upload and continue").click()

    page.wait_for_url("**/imports/imp_*")
    expect(page.get_by_role("button", name="Check the rows")).to_be_visible()
    assert serious_findings(page) == []
    picture(page, "import-mapping")
    page.get_by_role("button", name="Check the rows").click()

    land = page.get_by_role("button", name=f"Land {written} rows")
    expect(land).to_be_visible(timeout=120_000)
    expect(page.locator("#errors")).to_contain_text("not a week")
    settle(page)
    assert serious_findings(page) == []
    picture(page, "import-preview")

    # Asking for the job is cut off, so a bar that moves was told over the WebSocket.
    watched.allow("net::ERR_FAILED")
    page.route("**/api/v1/jobs/**", lambda route: route.abort())
    page.add_init_script(NOTE_MOVES)
    land.click()
    moving = page.locator("[data-job] progress[value]:not([value='0']), .page-title .badge-good")
    expect(moving.first).to_be_visible(timeout=60_000)
    picture(page, "import-progress")
    expect(page.locator(".page-title .badge")).to_have_text("Landed", timeout=180_000)
    expect(page.locator(".stat", has_text="Rows added")).to_contain_text(written)
    picture(page, "import-landed")
    moves = page.evaluate("JSON.parse(sessionStorage.getItem('moves') ?? '[]')")
    assert any(value > 0 for value in moves), f"the bar was moved to {moves}"
    assert moves == sorted(moves)
    page.unroute("**/api/v1/jobs/**")

    page.get_by_role("button", name="Take back").click()
    page.locator("#confirm").get_by_role("button", name="Take back").click()
    expect(page.locator(".page-title .badge")).to_have_text("Taken back", timeout=180_000)
    expect(page.locator("#import")).to_contain_text(f"{written} rows were deleted")


def test_a_file_that_is_no_table_is_refused_in_words(open_page: OpenPage, tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_bytes(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n")
    watched = open_page("/imports/new")
    watched.allow("status of 4")
    page = watched.page
    settle(page)
    page.locator("input[type=file]").set_input_files(tmp_path / "sales.csv")
    page.get_by_role("button", name="Upload and continue").click()
    expect(page.locator(".form-errors")).to_be_focused()
    assert serious_findings(page) == []
    picture(page, "import-refused")


def test_a_file_of_wrong_rows_lands_nothing_and_lists_what_to_correct(
    open_page: OpenPage, codes: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    stores, skus = codes
    write_sales(tmp_path / "future.csv", stores[:5], skus, first=date(2090, 1, 2) + timedelta(weeks=uuid4().int % 400))
    page = open_page("/imports/new").page
    settle(page)
    page.locator("input[type=file]").set_input_files(tmp_path / "future.csv")
    page.get_by_role("button", name="Upload and continue").click()
    page.get_by_role("button", name="Check the rows").click()
    errors = page.locator("#errors")
    expect(errors).to_contain_text("In the future", timeout=120_000)
    expect(page.get_by_role("button", name="Land")).to_have_count(0)
    with page.expect_download() as started:
        errors.get_by_role("link", name="Download").click()
    assert "In the future" in started.value.path().read_text(encoding="utf-8-sig")
    picture(page, "import-errors")
    page.get_by_role("button", name="Throw away").click()
    page.locator("#confirm").get_by_role("button", name="Throw away").click()
    page.wait_for_url("**/imports")

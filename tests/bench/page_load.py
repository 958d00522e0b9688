"""The first load of the home page in a real browser: bytes over the wire and the largest paint."""

from playwright.sync_api import sync_playwright

from tests.appliance import Appliance
from tests.bench.result import Result

_LARGEST_PAINT = """() => new Promise(resolve => {
  let last = 0;
  new PerformanceObserver(list => { for (const entry of list.getEntries()) last = entry.startTime; })
    .observe({type: 'largest-contentful-paint', buffered: true});
  setTimeout(() => resolve(last), 1500);
})"""


def measure(appliance: Appliance) -> list[Result]:
    """With an empty cache, signed in, at 1440 px."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                  "--disable-component-update", "--disable-sync"],
        )  # fmt: skip
        context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.goto(f"{appliance.https_url}/sign-in")
        page.get_by_label("Email").fill(appliance.email)
        page.get_by_label("Password", exact=True).fill(appliance.password)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{appliance.https_url}/")
        transferred = 0

        def count(event: dict[str, float]) -> None:
            nonlocal transferred
            transferred += int(event["encodedDataLength"])

        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        session.on("Network.loadingFinished", count)
        page.goto(f"{appliance.https_url}/", wait_until="load")
        largest = float(page.evaluate(_LARGEST_PAINT))
        browser.close()
    return [
        Result("home page, first load: transferred", transferred / 1000, "kB", 300),
        Result("home page, first load: largest paint", largest, "ms", 1000),
    ]

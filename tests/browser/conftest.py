"""The appliance through Debian's Chromium. Every page that a test opens must stay free of console errors and unsafe requests.

TRADEAI_TEST_URL, TRADEAI_TEST_USER and TRADEAI_TEST_PASSWORD point the tests at a running appliance;
without the first, the one that `scripts/test.sh` deployed is used. Screenshots: tests/browser/artifacts/.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.appliance import Appliance
from tests.browser.opening import ARTIFACTS, WIDE, OpenPage, Site, Watched, sign_in, watch

CHROMIUM = "/usr/bin/chromium"
SIGN_IN_LASTS_SECONDS = 600


@pytest.fixture(scope="session")
def site() -> Site:
    url = os.environ.get("TRADEAI_TEST_URL")
    if url:
        return Site(url.rstrip("/"), os.environ["TRADEAI_TEST_USER"], os.environ["TRADEAI_TEST_PASSWORD"])
    appliance = Appliance.from_environment()
    appliance.wait_healthy()
    return Site(appliance.https_url, appliance.email, appliance.password)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    ARTIFACTS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def signed_in_state(browser: Browser, site: Site) -> Callable[[], Any]:
    """Cookies of a real sign-in, renewed before they age: refresh tokens must not be used by two contexts."""
    kept: dict[str, Any] = {"at": 0.0, "state": None}

    def state() -> Any:
        if time.monotonic() - kept["at"] > SIGN_IN_LASTS_SECONDS or kept["state"] is None:
            context = browser.new_context(ignore_https_errors=True)
            page = context.new_page()
            sign_in(page, site)
            kept.update(at=time.monotonic(), state=context.storage_state())
            context.close()
        return kept["state"]

    return state


@pytest.fixture
def open_page(browser: Browser, site: Site, signed_in_state: Callable[[], Any]) -> Iterator[OpenPage]:
    """`open_page("/promotions", size=PHONE, scheme="dark")`; each page is checked when the test ends."""
    with ExitStack() as stack:
        opened: list[Watched] = []

        def open_one(path: str = "/", size: Any = WIDE, scheme: str = "light", signed_in: bool = True, **options: Any) -> Watched:
            context: BrowserContext = browser.new_context(
                viewport=size,
                color_scheme=scheme,
                ignore_https_errors=True,
                reduced_motion="reduce",
                service_workers="block",  # test_offline.py has a browser of its own for it
                storage_state=signed_in_state() if signed_in else None,
                **options,
            )
            stack.callback(context.close)
            context.set_default_timeout(20_000)
            watched = watch(context.new_page(), site)
            opened.append(watched)
            watched.page.goto(f"{site.url}{path}")
            return watched

        yield open_one
        for watched in opened:
            watched.check()

"""The supervisor's pages on an address of their own, with an operator who is signed in: what their browser tests open."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from tests.browser.opening import WIDE, Site, Watched, watch
from tests.unit.supervisor.pages.test_site import Keeper


class Served(Protocol):
    """Whatever has a site."""

    site: Flask


S = TypeVar("S", bound=Served)


class PatientKeeper(Keeper):
    """A loop on which nothing happens: whoever follows the page waits."""

    def wait_for_turn(self, after: int, seconds: float) -> int:
        threading.Event().wait(min(seconds, 1))
        return after


class Visit(Generic[S]):
    """A site under an address of its own, and the pages that were opened on it."""

    def __init__(self, browser: Browser, site: S, url: str, password: str) -> None:
        self.browser, self.site, self.url, self.watched = browser, site, url, list[Watched]()
        self._password = password
        self._cookies: Any = None

    def open(self, path: str, size: Any = WIDE, scheme: Any = "light", **options: Any) -> Page:
        context = self.browser.new_context(
            viewport=size, color_scheme=scheme, reduced_motion="reduce", storage_state=self._signed_in(), **options
        )
        watched = watch(context.new_page(), Site(self.url, "operator", self._password))
        self.watched.append(watched)
        watched.page.goto(f"{self.url}{path}")
        return watched.page

    def close(self) -> None:
        """Leave, and fail with what went wrong on the pages meanwhile."""
        for watched in self.watched:
            watched.page.context.close()
        for watched in self.watched:
            watched.check()
        self.watched.clear()

    def _signed_in(self) -> Any:
        """The cookies of one sign-in through the form."""
        if self._cookies is None:
            context = self.browser.new_context()
            page = context.new_page()
            page.goto(f"{self.url}/sign-in")
            page.get_by_label("Password").fill(self._password)
            page.keyboard.press("Enter")
            page.wait_for_url(f"{self.url}/")
            self._cookies = context.storage_state()
            context.close()
        return self._cookies


@contextmanager
def served(browser: Browser, site: S, password: str) -> Iterator[Visit[S]]:
    """The site, until the test ends."""
    server = make_server("127.0.0.1", 0, site.site, threaded=True)
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    visit = Visit(browser, site, f"http://127.0.0.1:{server.server_port}", password)
    try:
        yield visit
        visit.close()
    finally:
        server.shutdown()
        serving.join(timeout=10)
        server.server_close()

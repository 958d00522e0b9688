"""Keeps the newest model on the newest sales in memory, and reloads when either changes."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from pymongo.database import Database

from ai.data.panel import Panel, build_panel
from ai.data.sales_reader import read_customers, read_products, read_sales, sales_stamp
from ai.models.book import Book, QuietWeeks, book_of
from ai.models.loglinear import LogLinearModel
from ai.models.uplift import UpliftModel
from ai.problems import NoForecast, NoModel, NoSales
from ai.registry.forecast_files import UnreadableForecast
from ai.registry.manifest import Entry, Registry
from ai.registry.storage import StoredModel, bind

WARM_WEEKS = 16
# Whether the sales changed is asked this often: six questions to the database would cost a simulation more than its own work.
STAMP_SECONDS = 1.0
log = structlog.get_logger(__name__)


class Ready:
    """All that is needed to answer: which model, on which sales. The forecast is read when first asked for."""

    def __init__(self, entry: Entry, panel: Panel, model: LogLinearModel, stored: StoredModel) -> None:
        self.entry, self.panel, self.model = entry, panel, model
        self.uplift = UpliftModel(panel, model)
        self._stored: StoredModel | None = stored
        self._book: tuple[Book, QuietWeeks] | None = None
        self._guard = threading.Lock()

    def book(self) -> Book:
        """The forecast on these sales; raises NoForecast."""
        return self._forecasts()[0]

    def quiet_weeks(self) -> QuietWeeks:
        """Weeks to come without promotion; raises NoForecast."""
        return self._forecasts()[1]

    def warm(self) -> None:
        """Works out the weeks that simulations ask for first; without a forecast there are none."""
        with contextlib.suppress(NoForecast):
            last = self.book().panel.last_week
            self.quiet_weeks().units(list(range(last + 1, last + 1 + WARM_WEEKS)))

    def _forecasts(self) -> tuple[Book, QuietWeeks]:
        with self._guard:
            if self._book is None:
                facts = self._stored.facts.get("forecast") if self._stored else None
                if self._stored is None or facts is None:
                    raise NoForecast("This model holds no forecast: it is older, or the sales were too short; POST /v1/train")
                try:
                    book = book_of(self.panel, facts, self._stored.arrays)
                except UnreadableForecast as error:
                    raise NoForecast(f"{error}; POST /v1/train") from error
                self._book, self._stored = (book, QuietWeeks(book)), None
            return self._book


class Serving:
    """Hands out a Ready per source of sales; one thread loads, the others wait."""

    def __init__(
        self, database: Database[dict[str, Any]], registry: Registry, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._registry, self._monotonic = database, registry, monotonic
        self._stamped: tuple[float, str] | None = None
        self._panels: dict[str, tuple[str, Panel]] = {}
        self._ready: dict[str, tuple[str, str, Ready]] = {}
        self._guard = threading.Lock()

    def ready(self, source: str) -> Ready:
        """Raises NoModel, NoSales, PanelTooLarge, or PyMongo's errors when the database does not answer."""
        current = self._registry.current(source)
        if current is None:
            raise NoModel(f"No model of source '{source}' exists; POST /v1/train after importing sales")
        held = self._ready.get(source)
        if held and held[:2] == (current.id, self._stamp()):
            return held[2]
        stamp = self._stamp(newly=True)  # a new model must meet the sales of now
        with self._guard:
            held = self._ready.get(source)
            if held and held[:2] == (current.id, stamp):
                return held[2]
            panel = self._panel(source, stamp)
            loaded = self._registry.load(source)
            if loaded is None:
                raise NoModel("No model can be read; POST /v1/train to fit a new one")
            entry, stored = loaded
            model = bind(stored, panel)
            ready = Ready(entry, panel, model, stored)
            self._ready[source] = (current.id, stamp, ready)
            threading.Thread(target=ready.warm, daemon=True).start()
            log.info("model_loaded", model=entry.id, source=source, series=len(panel.series))
            return ready

    def _stamp(self, newly: bool = False) -> str:
        """What the sales are known by; asked again after STAMP_SECONDS, or at once when `newly`."""
        held, moment = self._stamped, self._monotonic()
        if held is None or newly or moment - held[0] >= STAMP_SECONDS:
            held = self._stamped = (moment, sales_stamp(self._database))
        return held[1]

    def _panel(self, source: str, stamp: str) -> Panel:
        held = self._panels.get(source)
        if held and held[0] == stamp:
            return held[1]
        # Let the old one go first: both at once may not fit.
        self._panels.pop(source, None)
        self._ready.pop(source, None)
        customers, products = read_customers(self._database), read_products(self._database)
        panel = build_panel(read_sales(self._database, source), customers, products)
        if panel is None:
            raise NoSales(f"There are no sales of source '{source}'; import some first")
        self._panels[source] = (stamp, panel)
        return panel

"""Keeps the newest model on the newest sales in memory, and reloads when either changes."""

from __future__ import annotations

import contextlib
import gc
import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from pymongo.database import Database
from pymongo.errors import PyMongoError

from ai.data.panel import Panel, PanelTooLarge, build_panel
from ai.data.sales_reader import read_customers, read_products, read_sales, sales_stamp
from ai.features.lags import LONGEST_LAG
from ai.models.book import MOST_WEEKS_AHEAD, Book, QuietWeeks, book_of
from ai.models.loglinear import LogLinearModel
from ai.models.place import Place, place_of
from ai.models.uplift import UpliftModel
from ai.problems import NoForecast, NoModel, NoSales, Problem
from ai.registry.forecast_files import UnreadableForecast
from ai.registry.manifest import Entry, Registry
from ai.registry.storage import StoredModel, bind

WARM_WEEKS = 16
# Whether the sales changed is asked this often: six questions to the database would cost a simulation more than its own work.
STAMP_SECONDS = 1.0
LOOK_SECONDS, ASKED_LATELY_SECONDS = 0.5, 5.0
MOST_PLACES, LARGEST_PLACE = 64, 25_000  # places of drafts that are kept, and numbers in one: 13 MB together
log = structlog.get_logger(__name__)


class Ready:
    """All that is needed to answer: which model, on which sales. The forecast is read when first asked for."""

    def __init__(self, entry: Entry, panel: Panel, model: LogLinearModel, stored: StoredModel) -> None:
        self.entry, self.panel, self.model = entry, panel, model
        self.uplift = UpliftModel(panel, model)
        self._stored: StoredModel | None = stored
        self._book: tuple[Book, QuietWeeks] | None = None
        self._guard = threading.Lock()
        self._places: dict[tuple[Any, ...], Place] = {}

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

    def place(self, customer_ids: Sequence[str], product_ids: Sequence[str], first: int, weeks: int) -> Place:
        """Where a draft would run, from the week number `first` on; a slider asks with every move. Raises NoForecast."""
        key = (tuple(customer_ids), tuple(product_ids), first, weeks)
        kept = self._places.get(key)
        if kept is not None:
            return kept
        furthest = self.panel.last_week + MOST_WEEKS_AHEAD
        around = [min(week, furthest) for week in range(first, first + weeks + LONGEST_LAG)]
        customers = frozenset(self.panel.stores_under(customer_ids)) | frozenset(customer_ids)
        quiet = self.quiet_weeks().units(around)
        place = place_of(self.panel, self.model, quiet, customers, tuple(dict.fromkeys(product_ids)))
        if place.size <= LARGEST_PLACE:
            with self._guard:
                if len(self._places) >= MOST_PLACES:
                    del self._places[next(iter(self._places))]
                self._places[key] = place
        return place

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


def _settle(ready: Ready) -> None:
    """What is loaded stays until the next model: the collector need not walk through it every few questions."""
    ready.warm()
    gc.unfreeze()
    gc.collect()
    gc.freeze()


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
        self._kept_ready: set[str] = set()
        self._asked = -math.inf

    def ready(self, source: str) -> Ready:
        """Raises NoModel, NoSales, PanelTooLarge, or PyMongo's errors when the database does not answer."""
        current = self._registry.current(source)
        if current is None:
            raise NoModel(f"No model of source '{source}' exists; POST /v1/train after importing sales")
        held, self._asked = self._ready.get(source), self._monotonic()
        if held and held[1] == self._stamp() and (held[0] == current.id or source in self._kept_ready):
            return held[2]
        stamp = self._stamp(newly=True)  # a new model must meet the sales of now
        with self._guard:
            held = self._ready.get(source)
            if held and held[:2] == (current.id, stamp):
                return held[2]
            ready = self._loaded(source, self._panel(source, stamp))
            self._ready[source] = (current.id, stamp, ready)
            threading.Thread(target=_settle, args=(ready,), daemon=True).start()
            return ready

    def keep_ready(self, source: str) -> None:
        """Once somebody asked: loads a newer model in a thread of its own, beside the one that answers until then."""
        self._kept_ready.add(source)
        threading.Thread(target=self._keep_ready, args=(source,), name="keep-ready", daemon=True).start()

    def _keep_ready(self, source: str) -> None:
        while source in self._kept_ready:
            try:
                self.make_ready(source)
            except (Problem, PyMongoError, PanelTooLarge) as error:
                log.debug("not_ready", source=source, error=str(error))  # who asks is told
            except Exception:
                log.exception("keep_ready_failed", source=source, remedy="the next question loads the model")
                self._kept_ready.discard(source)
            time.sleep(LOOK_SECONDS)

    def make_ready(self, source: str) -> None:
        """One look, also at the sales' stamp while people ask, so that they need not. New sales wait for a question: old and new
        ones at once may not fit. Raises as `ready` does."""
        current, held = self._registry.current(source), self._ready.get(source)
        if current is None or held is None:
            return  # a service that nobody asks holds nothing
        if self._monotonic() - self._asked < ASKED_LATELY_SECONDS:
            self._stamp(newly=True)
        if held[0] != current.id:
            ready = self._loaded(source, held[2].panel)
            _settle(ready)
            with self._guard:
                if self._ready.get(source) is held:
                    self._ready[source] = (current.id, held[1], ready)

    def _loaded(self, source: str, panel: Panel) -> Ready:
        loaded = self._registry.load(source)
        if loaded is None:
            raise NoModel("No model can be read; POST /v1/train to fit a new one")
        entry, stored = loaded
        ready = Ready(entry, panel, bind(stored, panel), stored)
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

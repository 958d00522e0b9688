"""Keeps the newest model on the newest sales in memory, and reloads when either changes."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import structlog
from pymongo.database import Database

from ai.data.panel import Panel, build_panel
from ai.data.sales_reader import read_customers, read_products, read_sales, sales_stamp
from ai.models.loglinear import LogLinearModel
from ai.models.uplift import UpliftModel
from ai.problems import NoModel, NoSales
from ai.registry.manifest import Entry, Registry
from ai.registry.storage import bind

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Ready:
    """All that is needed to answer: which model, on which sales."""

    entry: Entry
    panel: Panel
    model: LogLinearModel
    uplift: UpliftModel


class Serving:
    """Hands out a Ready per source of sales; one thread loads, the others wait."""

    def __init__(self, database: Database[dict[str, Any]], registry: Registry) -> None:
        self._database, self._registry = database, registry
        self._panels: dict[str, tuple[str, Panel]] = {}
        self._ready: dict[str, tuple[str, str, Ready]] = {}
        self._guard = threading.Lock()

    def ready(self, source: str) -> Ready:
        """Raises NoModel, NoSales, PanelTooLarge, or PyMongo's errors when the database does not answer."""
        current = self._registry.current(source)
        if current is None:
            raise NoModel(f"No model of source '{source}' exists; POST /v1/train after importing sales")
        stamp = sales_stamp(self._database)
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
            ready = Ready(entry, panel, model, UpliftModel(panel, model))
            self._ready[source] = (current.id, stamp, ready)
            log.info("model_loaded", model=entry.id, source=source, series=len(panel.series))
            return ready

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

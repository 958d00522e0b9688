"""What Prometheus learns of the history, the forecast, the incidents, and every figure that tasks have measured."""

from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.supervisor.history.forecast import HORIZON
from app.supervisor.history.recorder import FORECAST, Recorder
from app.supervisor.incidents.book import Book
from app.supervisor.incidents.incident import PRIORITIES
from app.supervisor.state import State


class PastMetrics(Collector):
    """Reads the recorder and the book at the moment of the scrape."""

    def __init__(self, state: Callable[[], State], recorder: Recorder, book: Book) -> None:
        self._state, self._recorder, self._book = state, recorder, book

    def collect(self) -> Iterator[Metric]:
        state, archive = self._state(), self._recorder.archive
        yield _gauge("tradeai_history_recording", "1 while figures are recorded.", float(not self._recorder.trouble))
        yield _gauge("tradeai_history_bytes", "Size of the history on disk.", archive.size)
        yield _gauge("tradeai_history_limit_bytes", "Size that the history never exceeds.", archive.most_bytes)
        yield _gauge("tradeai_history_series", "Figures that have a place in the history.", len(archive.known()))
        yield _gauge("tradeai_history_series_left_out", "Figures that found no place.", archive.left_out)
        forecast = state.measures.get((FORECAST, ""))
        if forecast is not None and forecast.value * 3600 < HORIZON:
            text = "Time until the disk is full if its trend goes on; absent without a trend."
            yield _gauge("tradeai_host_disk_full_seconds", text, forecast.value * 3600)
        yield from self._incidents()
        measures = GaugeMetricFamily(
            "tradeai_measure", "The newest value of each measured figure, by name and subject.", labels=["name", "subject"]
        )
        for (name, subject), measure in state.measures.items():
            measures.add_metric([name, subject], measure.value)
        yield measures

    def _incidents(self) -> Iterator[Metric]:
        now_open = Counter(incident.priority for incident in self._book.open)
        kept = self._book.shelf.counts()
        opened = GaugeMetricFamily("tradeai_incidents_open", "Incidents that have not ended.", labels=["priority"])
        known = GaugeMetricFamily("tradeai_incidents_recorded", "Incidents on record, ended ones too.", labels=["priority"])
        for priority in PRIORITIES:
            opened.add_metric([priority], now_open[priority])
            known.add_metric([priority], kept.get(priority, 0))
        yield from (opened, known)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)

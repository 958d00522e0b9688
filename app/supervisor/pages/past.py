"""What the pages show of the past: sparklines, charts, states, and the troubles of remembering itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.core.i18n import _
from app.supervisor.history.figures import HOST_FIGURES, SERVICE_FIGURES, Figure
from app.supervisor.history.forecast import HORIZON
from app.supervisor.history.frames import SAMPLES
from app.supervisor.history.phases import availability
from app.supervisor.history.recorder import FORECAST, Recorder
from app.supervisor.incidents.book import Book
from app.supervisor.incidents.incident import Incident
from app.supervisor.pages import charts
from app.supervisor.pages.overview import PHASES
from app.supervisor.state import Phase, State
from app.supervisor.store import StateFile

_CHARTED = ("cpu", "memory", "latency_ms")
_HOUR = timedelta(hours=1)
Sparks = dict[str, tuple[str, charts.Strip]]  # by service: a path, and the states below it


@dataclass(frozen=True)
class Past:
    """The history and the incidents as pages want them. Without a recorder (a bare test) everything is empty."""

    store: StateFile
    recorder: Recorder | None = None
    book: Book | None = None
    _drawn: dict[int, Sparks] = field(default_factory=dict)  # a frame comes every 15 seconds; followers ask more often

    def sparks(self, names: Sequence[str], now: datetime) -> Sparks:
        """The last hour of each service: its processor time as a path, and its states."""
        if self.recorder is None:
            return {}
        frame = int(now.timestamp()) // SAMPLES.step
        if frame not in self._drawn:
            drawn = self._draw(self.recorder, names, now)
            self._drawn.clear()
            self._drawn[frame] = drawn
        return self._drawn[frame]

    def _draw(self, recorder: Recorder, names: Sequence[str], now: datetime) -> Sparks:
        archive, begin = recorder.archive, now - _HOUR
        found = archive.read([("cpu", name) for name in names], begin, now)
        spans = recorder.phases.spans(begin, now)
        return {
            name: (
                charts.spark(found["cpu", name], begin, now, archive.step(begin, now)),
                charts.strip([span for span in spans if span.service == name], begin, now, "", tone_of),
            )
            for name in names
        }

    def of_service(self, name: str, span: str, now: datetime) -> tuple[charts.Strip | None, str, list[charts.Chart]]:
        """Its states, its availability in words, and its charts over the span of that name."""
        if self.recorder is None:
            return None, "", []
        _label, length, moments = span_of(span)
        begin = now - length
        spans = [found for found in self.recorder.phases.spans(begin, now) if found.service == name]
        share = availability(spans, [name])[0].share
        states = charts.strip(spans, begin, now, moments, tone_of)
        figures = [figure for figure in SERVICE_FIGURES if figure.name in _CHARTED]
        return states, exact_share(share), self._charts(figures, name, span, now)

    def of_host(self, span: str, now: datetime) -> list[charts.Chart]:
        """The host's charts."""
        return self._charts(HOST_FIGURES, "", span, now)

    @property
    def trouble(self) -> str:
        """Why the history is not being recorded; empty while it is."""
        return self.recorder.trouble if self.recorder else ""

    def notices(self) -> list[str]:
        """What is wrong with remembering, for the top of the pages."""
        found = []
        for kept in (self.store.kept_aside, self.recorder.archive.kept_aside if self.recorder else None):
            if kept is not None:
                text = _(
                    "A file of the supervisor was damaged. It is kept as {file}; what it held is missing here.", file=kept.name
                )
                found.append(text)
        if self.trouble:
            found.append(_("The history is not being recorded, everything else goes on: {reason}", reason=self.trouble))
        return found

    def open_incidents(self) -> list[Incident]:
        return self.book.open if self.book else []

    def _charts(self, figures: Sequence[Figure], subject: str, span: str, now: datetime) -> list[charts.Chart]:
        if self.recorder is None:
            return []
        _label, length, moments = span_of(span)
        begin, archive = now - length, self.recorder.archive
        found = archive.read([(figure.name, subject) for figure in figures], begin, now)
        step = archive.step(begin, now)
        return [
            charts.chart(_(figure.label), figure.unit, found[figure.name, subject], begin, now, step, moments)
            for figure in figures
        ]


def span_of(name: str) -> tuple[str, timedelta, str]:
    """Label, length and moments of the span of that name; the hour for any other."""
    known = {address: (_(label), length, moments) for address, label, length, moments in charts.SPANS}
    return known.get(name, known["hour"])


def tone_of(phase: str) -> tuple[str, str]:
    """The word and the tone of a phase."""
    word, tone = PHASES.get(Phase(phase), (phase, "neutral")) if phase in set(Phase) else (phase, "neutral")
    return _(word), tone


def exact_share(share: float | None) -> str:
    """An availability: 99.98 % and 99.99 % are not the same."""
    if share is None:
        return "–"
    return "100 %" if share == 1 else f"{min(share, 0.99999) * 100:.3f} %"


def forecast_of(state: State) -> str:
    """When the disk will be full, in a sentence; of other disks only what points to an end."""
    measure = state.measures.get((FORECAST, ""))
    first = measure.detail if measure else _("Too little was seen to tell when the disk will be full.")
    others = [
        one.detail for (name, disk), one in state.measures.items() if name == FORECAST and disk and one.value * 3600 < HORIZON
    ]
    return ". ".join([first, *others])

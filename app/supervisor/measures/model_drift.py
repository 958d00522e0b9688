"""Whether sales or errors drifted away from what the AI service's models learned: the newest look of each source of sales."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from app.core.clock import Clock
from app.supervisor.events import Measured
from app.supervisor.measures.source import Source
from app.supervisor.redis_wire import RedisWire

SECONDS = 60.0
# As in app.core.model_drift, whose module brings the Redis library along.
STREAM, FIELD = "model-drift", "look"
VALID = timedelta(days=3)  # the worker looks each day; older looks say nothing
_LOOKED_AT = 50


class ModelDrift:
    """`model_drift`: how many figures have shifted, with the source of sales as subject."""

    def __init__(self, wire: RedisWire, clock: Clock) -> None:
        self._wire, self._clock = wire, clock

    def read(self) -> Iterable[Measured]:
        """One look. Raises OSError when Redis is away: that is its probe's business."""
        entries = self._wire.ask_one("XREVRANGE", STREAM, "+", "-", "COUNT", _LOOKED_AT) or []
        told: set[str] = set()
        for _entry_id, fields in entries:
            look = parse(fields)
            if look is None or look["source"] in told:
                continue
            told.add(look["source"])
            if self._clock.now() - datetime.fromisoformat(look["at"]) <= VALID:
                yield Measured("model_drift", len(look["shifted"]), look["source"], look["detail"])


def parse(fields: list[str]) -> dict[str, Any] | None:
    """A look as it was told; None for what is none."""
    values = dict(zip(fields[::2], fields[1::2], strict=False))
    try:
        look = json.loads(values[FIELD])
        return {
            "source": str(look["source"])[:20],
            "at": datetime.fromisoformat(look["at"]).isoformat(),
            "shifted": list(look["shifted"]),
            "detail": str(look["detail"])[:500],
        }
    except (KeyError, ValueError, TypeError):
        return None


def source(wire: RedisWire, clock: Clock) -> Source:
    """The source."""
    return Source("model drift", SECONDS, ModelDrift(wire, clock).read)

"""What promotions ask of the AI service."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from app.core.errors import Unavailable
from app.trade.models.client import ModelsClient

_UPLIFT_SECONDS = 180.0
# Nobody looks on: a service that is being restarted is waited for, and the question put again.
PATIENCE_SECONDS = 90.0
_RETRY_SECONDS = 3.0


class AiClient(ModelsClient):
    """Uplift, besides the model that answers and fitting a new one."""

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        super().__init__(transport, _UPLIFT_SECONDS)

    def uplift(
        self,
        promotions: Sequence[dict[str, Any]],
        source: str,
        wait: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> list[dict[str, Any]]:
        """The result of each of `promotions`, with weeks and the model that gave it. Raises NoModel, Unavailable, Invalid."""
        body = {"promotions": list(promotions), "source": source, "detail": "weeks"}
        deadline = monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = self.call("POST", "/v1/uplift", json=body)
            except Unavailable:
                if monotonic() >= deadline:
                    raise
                wait(_RETRY_SECONDS)
            else:
                return [{**result, "model": answer.get("model")} for result in answer["results"]]

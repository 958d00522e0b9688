"""What promotions ask of the AI service."""

from collections.abc import Sequence
from typing import Any

import httpx

from app.trade.models.client import ModelsClient

_UPLIFT_SECONDS = 180.0


class AiClient(ModelsClient):
    """Uplift, besides the model that answers and fitting a new one."""

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        super().__init__(transport, _UPLIFT_SECONDS)

    def uplift(self, promotions: Sequence[dict[str, Any]], source: str) -> list[dict[str, Any]]:
        """The result of each of `promotions`, with weeks and the model that gave it. Raises NoModel, Unavailable, Invalid."""
        body = {"promotions": list(promotions), "source": source, "detail": "weeks"}
        answer = self.call("POST", "/v1/uplift", json=body)
        return [{**result, "model": answer.get("model")} for result in answer["results"]]

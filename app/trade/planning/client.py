"""What planning asks of the AI service; one connection a process, because a person drags and waits."""

import functools
from typing import Any

import httpx

from app.core.ai import AiService

_SECONDS = 30.0


class PlanningClient(AiService):
    """Questions about weeks to come; errors are those of `AiService.call`."""

    def simulate(self, draft: dict[str, Any]) -> dict[str, Any]:
        """Units, weeks and both sides' money of one promotion."""
        return self._answer("/v1/simulate", draft)

    def elasticities(self, source: str) -> dict[str, Any]:
        """Own and cross elasticities of every modelled product, and the categories they are drawn to."""
        return self._answer("/v1/elasticity", {"source": source})

    def response(self, product_id: str, customer_ids: list[str], source: str) -> dict[str, Any]:
        """Units over price with the weeks behind; `refused` says why there are none."""
        return self._answer("/v1/response", {"product_id": product_id, "customer_ids": customer_ids, "source": source})

    def optimise(self, question: dict[str, Any]) -> dict[str, Any]:
        """The best calendar of the candidates, every event judged."""
        return self._answer("/v1/optimise", question)

    def newest_model(self, source: str) -> dict[str, Any] | None:
        """The model that answers for `source` now, None before the first training."""
        models = self.call("GET", "/v1/models")["models"]
        return next((model for model in models if model["source"] == source and model["current"]), None)

    def _answer(self, path: str, question: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self.call("POST", path, json=question)
        return answer


@functools.lru_cache(maxsize=1)
def shared() -> PlanningClient:
    """The process's own client, never closed: opening one costs more than a simulation."""
    return PlanningClient(seconds=_SECONDS)


def replaced(transport: httpx.BaseTransport) -> PlanningClient:
    """A client on another transport, for tests."""
    return PlanningClient(transport, _SECONDS)

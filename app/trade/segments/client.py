"""What groups ask of the AI service."""

from typing import Any

from app.core.ai import AiService


class SegmentsClient(AiService):
    """Groups that sell alike."""

    def serving(self, source: str) -> str | None:
        """The id of the model that serves; the groups rest on it."""
        models = self.call("GET", "/v1/models")["models"]
        return next((str(model["id"]) for model in models if model["source"] == source and model["current"]), None)

    def segments(self, question: dict[str, Any]) -> dict[str, Any]:
        """Groups with their members; `refused` says why there are none. Raises NoModel, NoSales, Invalid, Unavailable."""
        return dict(self.call("POST", "/v1/segments", json=question))

"""What anomalies ask of the AI service."""

from typing import Any

from app.core.ai import AiService

MOST = 2_000


class AnomaliesClient(AiService):
    """Weeks far from what the model says of them."""

    def serving(self, source: str) -> str | None:
        """The id of the model that serves; what was found rests on it."""
        models = self.call("GET", "/v1/models")["models"]
        return next((str(model["id"]) for model in models if model["source"] == source and model["current"]), None)

    def anomalies(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The strangest first, at most MOST; `found` counts all. Raises NoModel, NoSales, Invalid, Unavailable."""
        return dict(self.call("POST", "/v1/anomalies", json={**asked, "most": MOST}))

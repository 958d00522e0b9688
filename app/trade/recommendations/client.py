"""What recommendations ask of the AI service."""

from typing import Any

from app.core.ai import AiService


class RecommendationsClient(AiService):
    """The next promotions that pay."""

    def serving(self, source: str) -> str | None:
        """The id of the model that serves; what is proposed rests on it."""
        models = self.call("GET", "/v1/models")["models"]
        return next((str(model["id"]) for model in models if model["source"] == source and model["current"]), None)

    def recommend(self, question: dict[str, Any]) -> dict[str, Any]:
        """Proposals, the best first. Raises NoModel, NoForecast, NoSales, Invalid, Unavailable."""
        return dict(self.call("POST", "/v1/recommend", json=question))

"""What forecasts ask of the AI service."""

from typing import Any

from app.core.ai import AiService


class ForecastsClient(AiService):
    """Weeks to come, and what would have been said of weeks that have come."""

    def forecast(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The sum over all series asked for. Raises NoModel, NoForecast, NoSales, Invalid, Unavailable."""
        return dict(self.call("POST", "/v1/forecast", json={**asked, "detail": "total"}))

    def accuracy(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The sum over all series asked for. Raises NoEvaluation, NoModel, NotFound, Invalid, Unavailable."""
        return dict(self.call("POST", "/v1/accuracy", json=asked))

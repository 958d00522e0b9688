"""The AI service double behind every client of the subject, and a market with sales."""

from typing import Any

import pytest

from app.core.mongo import Db
from app.trade.anomalies import service as anomalies
from app.trade.anomalies.client import AnomaliesClient
from app.trade.forecasts import service as forecasts
from app.trade.forecasts.client import ForecastsClient
from app.trade.models import client as models_client
from app.trade.models import service as models
from app.trade.models import work
from app.trade.models.client import ModelsClient
from app.trade.recommendations import service as recommendations
from app.trade.recommendations.client import RecommendationsClient
from app.trade.segments import service as segments
from app.trade.segments.client import SegmentsClient
from tests.integration.trade.ai_service import WEEKS, AiService
from tests.integration.trade.promotions.conftest import Market


@pytest.fixture
def market(mongo: Db, redis_client: Any) -> Market:
    """A chain of four stores with thirty weeks of sales."""
    market = Market(mongo)
    market.sell(range(WEEKS))
    return market


@pytest.fixture
def ai(monkeypatch: pytest.MonkeyPatch) -> AiService:
    """The AI service that pages, API and jobs talk to."""
    double = AiService()
    monkeypatch.setattr(models, "open_client", lambda: ModelsClient(double.transport()))
    monkeypatch.setattr(work, "ModelsClient", lambda: ModelsClient(double.transport()))
    monkeypatch.setattr(forecasts, "open_client", lambda: ForecastsClient(double.transport()))
    monkeypatch.setattr(anomalies, "open_client", lambda: AnomaliesClient(double.transport()))
    monkeypatch.setattr(recommendations, "open_client", lambda: RecommendationsClient(double.transport()))
    monkeypatch.setattr(segments, "open_client", lambda: SegmentsClient(double.transport()))
    monkeypatch.setattr(models_client, "_POLL_SECONDS", 0.0)
    return double

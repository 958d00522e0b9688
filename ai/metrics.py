"""Prometheus metrics of the service."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector


class Metrics:
    """The service's counters in a registry of their own, so that tests can make as many as they like."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter("tradeai_ai_requests_total", "Requests answered", ["path", "status"], registry=self.registry)
        self.seconds = Histogram(
            "tradeai_ai_request_seconds",
            "Time to answer",
            ["path"],
            buckets=(0.005, 0.02, 0.05, 0.1, 0.5, 1, 5, 15, 60),
            registry=self.registry,
        )
        self.promotions = Counter("tradeai_ai_promotions_total", "Promotions taken apart", ["status"], registry=self.registry)
        self.training = Gauge("tradeai_ai_training", "1 while a model is being trained", registry=self.registry)
        self.model_age = Gauge("tradeai_ai_model_age_seconds", "Age of the model in use, -1 without one", registry=self.registry)
        self.holdout_error = Gauge(
            "tradeai_ai_model_wmape", "Error of the model in use on hidden weeks", ["level"], registry=self.registry
        )
        self.drift_psi = Gauge(
            "tradeai_ai_drift_psi", "PSI of the newest weeks at the last look", ["feature", "source"], registry=self.registry
        )
        self.drift_error = Gauge(
            "tradeai_ai_drift_error_ratio", "Error since the training over that at training", ["source"], registry=self.registry
        )
        self.drift_baseline_error = Gauge(
            "tradeai_ai_drift_baseline_error_ratio",
            "Baseline's error in quiet weeks since the training over that before",
            ["source"],
            registry=self.registry,
        )
        self.drift_shifted = Gauge(
            "tradeai_ai_drift_shifted", "Features and errors shifted at the last look", ["source"], registry=self.registry
        )

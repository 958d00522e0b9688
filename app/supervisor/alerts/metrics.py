"""What Prometheus learns of the alerts."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.supervisor.alerts.alert import Stage
from app.supervisor.alerts.desk import Desk
from app.supervisor.alerts.rule import Priority

_STAGES = (Stage.PENDING, Stage.FIRING, Stage.ACKNOWLEDGED)


class AlertMetrics(Collector):
    """Reads the desk at the moment of the scrape."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterator[Metric]:
        counts = Counter((alert.stage, alert.priority) for alert in list(self._desk.alerts.values()))
        alerts = GaugeMetricFamily("tradeai_alerts", "Alerts by state and priority.", labels=["state", "priority"])
        for stage in _STAGES:
            for priority in Priority:
                alerts.add_metric([stage.value, priority.value], counts[stage, priority])
        yield alerts
        yield GaugeMetricFamily("tradeai_alert_silences", "Silences in force.", value=len(self._desk.silences))
        yield GaugeMetricFamily("tradeai_alert_messages_waiting", "Messages on their way.", value=self._desk.outbox.waiting())
        broken = float(bool(self._desk.settings.mistakes))
        yield GaugeMetricFamily("tradeai_alert_settings_broken", "1 while the file of settings has mistakes.", value=broken)
        yield from self._messages()
        if self._desk.settings.current.file.heartbeat is not None:
            ok_at = self._desk.heartbeat.pulse.ok_at
            text = "When the heartbeat last got out; 0 for never."
            yield GaugeMetricFamily(
                "tradeai_heartbeat_timestamp_seconds", text, value=ok_at.timestamp() if ok_at is not None else 0.0
            )

    def _messages(self) -> Iterator[Metric]:
        done = dict(self._desk.outbox.sent)
        names = sorted({*self._desk.channels, *(channel for channel, _ok in done)})
        sent = CounterMetricFamily("tradeai_alert_messages_sent", "Messages that got through.", labels=["channel"])
        failed = CounterMetricFamily("tradeai_alert_attempts_failed", "Attempts to send that failed.", labels=["channel"])
        for name in names:
            sent.add_metric([name], done.get((name, True), 0))
            failed.add_metric([name], done.get((name, False), 0))
        yield from (sent, failed)

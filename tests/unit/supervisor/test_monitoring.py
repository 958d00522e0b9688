"""What ships for Prometheus and Grafana fits the metrics there are, and promtool agrees with both."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from app.core.clock import FixedClock
from app.supervisor.alerts.metrics import AlertMetrics
from app.supervisor.alerts.opening import open_desk
from app.supervisor.events import HostSampled, Measured, Tick, Used
from app.supervisor.history.archive import Archive
from app.supervisor.history.metrics import PastMetrics
from app.supervisor.history.recorder import FORECAST, Recorder
from app.supervisor.metrics import registry
from app.supervisor.state import Disk, Usage
from tests.unit.supervisor.decide.test_judge import HOST
from tests.unit.supervisor.incidents.desk import Desk
from tests.unit.supervisor.world import KEPT

SHIPPED = Path(__file__).parents[3] / "compose" / "monitoring"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool comes with Debian's package prometheus")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Everything that the supervisor shows on 9090, with an open incident and a disk that fills."""
    folder = tmp_path_factory.mktemp("metrics")
    desk = Desk(folder)
    recorder = Recorder(Archive(folder), desk.world.tell, desk.store.note)
    desk.world.others.append(recorder)
    desk.world.tell(HostSampled(replace(HOST, disks=(Disk("backups", 10_000, 300),))))
    for name in KEPT:
        desk.world.tell(Used(name, Usage(0.1, 12.5, 10_000_000, 50_000_000, desk.world.now)))
    desk.world.tell(Tick())
    desk.world.tell(Measured(FORECAST, 12.0, detail="it fills"))
    desk.keeps_breaking("ai")
    alerts = open_desk(folder, desk.store, FixedClock(desk.world.now), folder / "alerts.toml")
    collectors = [AlertMetrics(alerts), PastMetrics(lambda: desk.world.state, recorder, desk.book)]
    return generate_latest(registry(lambda: desk.world.state, "1.2.3", collectors)).decode()


@pytest.fixture(scope="module")
def names(text: str) -> set[str]:
    """Every sample's name."""
    return {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}


def _named(expression: str) -> set[str]:
    """The metrics in a PromQL expression that are ours."""
    return set(re.findall(r"\b(?:tradeai|process)_[a-z_0-9]+", expression))


def _promtool(*arguments: str, given: str = "") -> None:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *arguments], input=given, text=True, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_metric_of_the_dashboard_is_there(names: set[str]) -> None:
    dashboard = json.loads((SHIPPED / "grafana-dashboard.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(expressions) > 15
    for expression in expressions:
        assert _named(expression), expression
        assert _named(expression) <= names, expression


def test_panels_do_not_lie_on_each_other() -> None:
    places = [panel["gridPos"] for panel in json.loads((SHIPPED / "grafana-dashboard.json").read_text())["panels"]]
    taken = [(x, y) for place in places for x in range(place["x"], place["x"] + place["w"]) for y in [place["y"]]]
    assert len(taken) == len(set(taken))
    assert all(place["x"] + place["w"] <= 24 for place in places)


def test_every_metric_of_the_rules_is_there(names: set[str]) -> None:
    expressions = re.findall(r"^\s+expr: (.+)$", (SHIPPED / "alert-rules.yml").read_text(), re.MULTILINE)
    assert len(expressions) > 12
    assert _named(" ".join(expressions)) - {"tradeai_alert_attempts_failed_total"} <= names


def test_an_open_incident_and_a_filling_disk_are_counted(text: str) -> None:
    assert 'tradeai_incidents_open{priority="P2"} 1.0' in text
    assert 'tradeai_incidents_recorded{priority="P2"} 1.0' in text
    assert "tradeai_host_disk_full_seconds 43200.0" in text
    assert 'tradeai_measure{name="disk_full_in_h",subject=""} 12.0' in text
    assert "tradeai_history_recording 1.0" in text


@needs_promtool
def test_promtool_finds_the_metrics_well_formed(text: str) -> None:
    _promtool("check", "metrics", given=text)


@needs_promtool
def test_promtool_finds_the_rules_and_the_configuration_right() -> None:
    _promtool("check", "rules", str(SHIPPED / "alert-rules.yml"))
    _promtool("check", "config", str(SHIPPED / "prometheus.yml"))


@needs_promtool
def test_the_rules_fire_when_they_must_and_only_then(tmp_path: Path) -> None:
    (tmp_path / "test.yml").write_text(_SCENES.replace("RULES", str(SHIPPED / "alert-rules.yml")))
    _promtool("test", "rules", str(tmp_path / "test.yml"))


_SCENES = """
rule_files: [RULES]
evaluation_interval: 15s
tests:
  - interval: 15s
    input_series:
      - { series: 'up{job="tradeai", instance="a"}', values: '1x40' }
      - { series: 'tradeai_service_up{job="tradeai", instance="a", service="redis"}', values: '1x10 0x30' }
      - { series: 'tradeai_service_state{job="tradeai", instance="a", service="redis", state="failed"}', values: '0x10 1x30' }
      - { series: 'tradeai_service_up{job="tradeai", instance="a", service="ai"}', values: '0x40' }
      - { series: 'tradeai_service_state{job="tradeai", instance="a", service="ai", state="stopped"}', values: '1x40' }
      - { series: 'tradeai_service_state{job="tradeai", instance="a", service="ai", state="failed"}', values: '0x40' }
    alert_rule_test:
      - { eval_time: 2m, alertname: TradeaiServiceDown, exp_alerts: [] }
      - eval_time: 5m
        alertname: TradeaiServiceDown
        exp_alerts:
          - exp_labels: { instance: a, job: tradeai, service: redis, severity: critical, priority: P1 }
            exp_annotations:
              summary: redis does not work
              description: The supervisor restarts what it can. Its page and its log tell the cause.
      - { eval_time: 5m, alertname: TradeaiSupervisorAway, exp_alerts: [] }
  - interval: 1m
    input_series:
      - { series: 'tradeai_host_disk_full_seconds', values: '7200x20' }
    alert_rule_test:
      - eval_time: 15m
        alertname: TradeaiDiskFilling
        exp_alerts:
          - exp_labels: { severity: critical, priority: P2 }
            exp_annotations: { summary: The disk will be full in 2h 0m 0s }
  - interval: 1m
    input_series:
      - { series: 'tradeai_host_other_disk_bytes{disk="backups"}', values: '1000x20' }
      - { series: 'tradeai_host_other_disk_free_bytes{disk="backups"}', values: '200x5 50x15' }
    alert_rule_test:
      - { eval_time: 5m, alertname: TradeaiOtherDiskLow, exp_alerts: [] }
      - eval_time: 10m
        alertname: TradeaiOtherDiskLow
        exp_alerts:
          - exp_labels: { disk: backups, severity: critical, priority: P2 }
            exp_annotations: { summary: 5% of the disk of the backups is free }
"""

"""The rules are what the manuals promise, refer to what exists, and each has its place in the operators' documentation."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from app.supervisor.alerts.manual import as_html, manual
from app.supervisor.alerts.rule import Rule
from app.supervisor.alerts.rules import BY_NAME, RULES
from app.supervisor.alerts.wording import word
from tests.unit.supervisor.alerts.scene import Scene

ROOT = Path(__file__).parents[4]
PROMISED = {
    "service_down": (0, 30),
    "host_cpu": (0.8, 300),
    "host_memory": (0.8, 300),
    "disk_low": (0.1, 60),
    "disk_filling": (24, 600),
    "queries_slow": (50, 300),
    "api_slow": (200, 300),
    "api_errors": (0.01, 120),
    "failed_sign_ins": (5, 0),
    "certificate_expiring": (14, 0),
    "backup_shrunk": (0.3, 0),
    "backup_unproven": (8, 0),
}


def _anchors(path: Path) -> set[str]:
    """As GitHub makes them from headings."""
    headings = re.findall(r"^#+ +(.+)$", path.read_text(), re.M)
    return {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_its_place_in_the_documentation(rule: Rule) -> None:
    path, _hash, anchor = rule.link.partition("#")
    assert anchor in _anchors(ROOT / path)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_the_documentation_says_of_a_rule_is_so(rule: Rule) -> None:
    text = (ROOT / "docs" / "alerts.md").read_text()
    section = text.partition(f"#### {rule.name.replace('_', '-')}\n")[2].partition("####")[0]
    assert f"{rule.priority}, `{rule.signal} {rule.condition}`" in section
    assert "**What to do**" in section


@pytest.mark.parametrize(("name", "promise"), PROMISED.items())
def test_thresholds_are_those_of_the_manuals(name: str, promise: tuple[float, float]) -> None:
    rule = BY_NAME[name]
    assert (rule.condition.threshold, rule.after.total_seconds()) == promise


@pytest.mark.parametrize(
    ("name", "priority"),
    [
        ("drill_failed", "P1"),
        ("backup_missing", "P1"),
        ("restore_unfinished", "P1"),
        ("backup_unproven", "P2"),
        ("backup_failed", "P2"),
    ],
)
def test_priorities_are_those_of_the_manuals(name: str, priority: str) -> None:
    assert str(BY_NAME[name].priority) == priority


def test_names_are_told_once_and_inhibitors_exist() -> None:
    assert len(BY_NAME) == len(RULES)
    assert {entry.partition(":")[0] for rule in RULES for entry in rule.inhibited_by} <= set(BY_NAME)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_can_fire_and_be_put_in_words(rule: Rule) -> None:
    value = rule.condition.threshold * 0.99 if rule.condition.below else rule.condition.threshold + 1
    scene = Scene().set(rule.signal, value, "thing").advance(rule.after.total_seconds() + 20, step=10)
    message = next(message for message in scene.messages if rule.name in {alert.rule for alert in message.alerts})
    linked = word(message, BY_NAME, "https://trade.example/").text()
    assert f"https://trade.example/alerts/rules#{rule.name}\n" in f"{linked}\n"
    assert f"https://trade.example/alerts/{message.alerts[0].id}" in linked
    assert "docs/alerts.md" not in linked
    wording = word(message, BY_NAME)
    assert wording.subject.startswith(f"[TradeAI {message.priority}] ")
    assert rule.link in wording.text()
    assert "{" not in wording.text()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_to_do_comes_with_the_supervisor(rule: Rule) -> None:
    section = manual()[rule.name]
    assert section.meaning
    assert section.steps
    assert "**" not in section.steps


def test_a_runbook_of_ones_own_counts_everywhere() -> None:
    rule = replace(RULES[0], runbook="https://wiki.example.com/x")
    assert rule.link == rule.link_at("https://trade.example") == "https://wiki.example.com/x"


def test_the_manuals_markdown_becomes_safe_html() -> None:
    assert as_html("Run `a <b>`, *now*, see [there](x.md) & <i>") == (
        "Run <code>a &lt;b&gt;</code>, <em>now</em>, see there &amp; &lt;i&gt;"
    )


def test_without_the_manual_the_pages_go_on_with_the_short_advice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("app.supervisor.alerts.manual.MANUAL", tmp_path / "gone.md")
    manual.cache_clear()
    assert manual() == {}
    manual.cache_clear()


def test_what_a_subject_brings_along_breaks_no_line_of_the_headline() -> None:
    scene = Scene().set("configuration_changed", 1, "a\r\nBcc: somebody").advance(20)
    assert "\n" not in word(scene.messages[0], BY_NAME).subject


def test_every_fixed_signal_has_a_rule() -> None:
    fixed = (
        "db_latency_ms db_connection_failures db_query_mean_ms api_p95_ms api_error_share failed_sign_ins_10m unauthorised_10m "
        "privilege_attempts_10m configuration_changed image_changed certificate_days clock_drift_s queue_depth queue_growing "
        "redis_evicted audit_chain_broken backup_age_h backup_failed backup_shrunk_share proof_age_days "
        "drill_failed disk_full_in_h offsite_failed retention_refused restore_failed restore_unfinished system_backup_failed "
        "system_backup_age_days settings_backup_failed code_backup_failed code_backup_age_days update_failed"
    )
    assert set(fixed.split()) <= {rule.signal for rule in RULES}

"""Whatever the signals do, whoever acknowledges, silences or restarts: stages are legal, and nothing is told twice."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from app.supervisor.alerts.grouping import Kind
from app.supervisor.alerts.routing import Routing
from app.supervisor.alerts.store import _ALERT, _GROUP
from tests.unit.supervisor.alerts.scene import MAIL, PAGER, SECOND, Scene

_SERVICES = ("mongodb", "redis", "backend", "worker")
_LEGAL = {
    ("ok", "pending"),
    ("pending", "ok"),
    ("pending", "firing"),
    ("firing", "acknowledged"),
    ("firing", "resolved"),
    ("acknowledged", "resolved"),
}
_FIGURES = (("api_error_share", 0.5), ("disk_free_share", 0.01), ("channel_failing", 1.0), ("service_quarantined", 1.0))

_event = st.one_of(
    st.tuples(st.just("down"), st.sampled_from(_SERVICES), st.sampled_from([*_SERVICES, "host"])),
    st.tuples(st.just("up"), st.sampled_from(_SERVICES), st.just("")),
    st.tuples(st.just("figure"), st.integers(0, len(_FIGURES) - 1), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([1, 9, 31, 65, 400, 1000, 4000]), st.just("")),
    st.tuples(st.just("acknowledge"), st.integers(0, 5), st.just("")),
    st.tuples(st.just("silence"), st.sampled_from([*_SERVICES, "*"]), st.sampled_from([30, 600, 5000])),
    st.tuples(st.just("forget"), st.integers(0, 9), st.just("")),
    st.tuples(st.just("restart"), st.just(""), st.just("")),
)


def _play(scene: Scene, what: str, one: object, two: object) -> None:
    match what:
        case "down":
            scene.down(str(one), cause=str(two))
        case "up":
            scene.up(str(one))
        case "figure":
            name, bad = _FIGURES[int(str(one))]
            subject = {"channel_failing": "mail", "service_quarantined": "redis"}.get(name, "")
            good = 1.0 if name == "disk_free_share" else 0.0
            scene.set(name, bad if two else good, subject)
        case "wait":
            seconds = int(str(one))
            scene.advance(seconds, step=max(seconds / 20, 1))
        case "acknowledge":
            firing = sorted(key for key, alert in scene.alerts.items() if alert.stage == "firing")
            if firing:
                scene.acknowledge(*firing[int(str(one)) % len(firing)])
        case "silence":
            scene.silence("*", str(one), int(str(two)))
        case "forget":
            known = sorted(scene.signals)
            if known:
                del scene.signals[known[int(str(one)) % len(known)]]
        case "restart":  # what is stored is all that is left, and it is all that is needed
            alerts = [_ALERT.validate_json(_ALERT.dump_json(alert)) for alert in scene.alerts.values()]
            scene.alerts = {alert.key: alert for alert in alerts if alert.stage != "resolved"}
            groups = [_GROUP.validate_json(_GROUP.dump_json(group)) for group in scene.groups.values()]
            scene.groups = {group.id: group for group in groups}
    scene.look()


@settings(max_examples=15, deadline=None)
@given(st.lists(_event, min_size=5, max_size=40))
def test_every_history_is_legal(events: list[tuple[str, object, object]]) -> None:
    scene = Scene(routing=Routing((MAIL, PAGER, SECOND)))
    for what, one, two in events:
        _play(scene, what, one, two)
    for service in _SERVICES:
        scene.up(service)
    for name, _bad in _FIGURES:
        subject = {"channel_failing": "mail", "service_quarantined": "redis"}.get(name, "")
        scene.set(name, 1.0 if name == "disk_free_share" else 0.0, subject)
    scene.silences.clear()
    scene.advance(2000, step=25)

    assert {(step.was, step.now) for step in scene.changes} <= _LEGAL
    by_alert: dict[str, list[str]] = {}
    for step in scene.changes:
        assert by_alert.setdefault(step.alert_id, ["ok"])[-1] == step.was
        by_alert[step.alert_id].append(step.now)
    assert all(steps[-1] in {"ok", "resolved"} for steps in by_alert.values())
    _check_messages(scene)


def _check_messages(scene: Scene) -> None:
    assert all(count == 1 for count in Counter(message.id for message in scene.messages).values())
    told = Counter(
        (alert.id, message.channel, message.kind)
        for message in scene.messages
        for alert in message.alerts
        if message.kind in {Kind.TRIGGER, Kind.RESOLVE}
    )
    assert all(count == 1 for count in told.values())
    begun = {(message.group, message.channel) for message in scene.messages if message.kind in {Kind.TRIGGER, Kind.ESCALATE}}
    ended = {(message.group, message.channel) for message in scene.messages if message.kind is Kind.RESOLVE}
    assert ended == begun  # everybody who heard of it hears that it is over
    for message in scene.messages:
        assert not any(alert.muted for alert in message.alerts)
        if message.kind in {Kind.TRIGGER, Kind.ESCALATE}:
            assert any(alert.live for alert in message.alerts)

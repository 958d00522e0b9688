"""Does one fault to the appliance, follows what becomes of it, and compares that with what must become of it."""

import itertools
from datetime import UTC, datetime, timedelta

from tests.appliance import wait_until
from tests.faults.fault import Fault, Healer, Measured
from tests.faults.receivers import MAIL, WEBHOOK, Told
from tests.faults.rig import KEPT, Rig

_EARLY = timedelta(milliseconds=50)  # the supervisor's clock is told in milliseconds, ours in microseconds


def measure(fault: Fault, rig: Rig) -> Measured:
    """Run the case and leave the appliance healthy. `wrong` is everything that must not be so."""
    rig.set_pace(fault.pace)
    rig.settle()
    restarts, written = rig.restarts(), rig.writer.mark()
    rig.notes.clear()
    wait_until(lambda: rig.writer.mark() - written, 60, "no write is acknowledged although everything is well")
    result = Measured(fault.name, fault.family, fault.healed_by.value)
    begun = rig.notes["begun"] = datetime.now(UTC)
    try:
        fault.inject(rig)
        if fault.unwell:
            wait_until(lambda: rig.watcher.bad_since(begun - _EARLY), fault.limit, "nobody noticed")
        wait_until(lambda: fault.stands(rig), fault.limit, lambda: f"it did not come so far: {rig.watcher.last}")
    finally:
        undone = datetime.now(UTC)
        fault.undo(rig)
    _until_over(fault, rig, begun)
    _times(result, fault, rig, begun, undone)
    _judge(result, fault, rig, begun, restarts)
    result.written, result.lost = rig.writer.lost(written)
    if result.lost:
        result.wrong.append(f"{result.lost} acknowledged writes are gone")
    if complaint := fault.proof(rig):
        result.wrong.append(complaint)
    rig.forgive([name for name in KEPT if rig.restarts()[name] != restarts[name]])
    return result


def _until_over(fault: Fault, rig: Rig, begun: datetime) -> None:
    """Healthy, told, and everything over again."""
    wait_until(lambda: rig.watcher.healthy, fault.limit, lambda: f"it was not healed: {rig.watcher.last}")
    for channel in (WEBHOOK, MAIL):
        if fault.told:
            wait_until(lambda channel=channel: _on(rig, begun, channel), 60, f"nothing was told on {channel}")
    rig.settle(fault.limit)
    lasting = [alert for alert in fault.told if not alert.startswith("service_restarted")]  # an occurrence has no end to tell
    for channel in (WEBHOOK, MAIL) if lasting else ():
        wait_until(
            lambda channel=channel: len(_on(rig, begun, channel, "resolve")) >= len(_on(rig, begun, channel)),
            30,
            f"the end was not told on {channel}",
        )


def _on(rig: Rig, begun: datetime, channel: str, kind: str = "trigger") -> list[Told]:
    return [told for told in rig.heard.since(begun, kind) if told.channel == channel]


def _times(result: Measured, fault: Fault, rig: Rig, begun: datetime, undone: datetime) -> None:
    bad = rig.watcher.bad_since(begun - _EARLY)
    if bad:
        result.detected = max((bad[0].at - begun).total_seconds(), 0.0)
    for incident in rig.incidents_since(begun):
        result.blamed.append(incident["cause"])
        if incident["acted_at"] and (acted := datetime.fromisoformat(incident["acted_at"])) >= begun:
            result.acted = (acted - begun).total_seconds()
    by_itself = fault.healed_by in {Healer.SUPERVISOR, Healer.DOCKER}
    moments = _all_well(rig, begun)
    if moments:
        end = moments[0] if by_itself else moments[-1]
        result.recovered = max((end - (begun if by_itself else undone)).total_seconds(), 0.0)
    triggers = rig.heard.since(begun)
    if triggers:
        result.told_after = (triggers[0].at - begun).total_seconds()


def _all_well(rig: Rig, begun: datetime) -> list[datetime]:
    """Each moment since `begun` at which the last service came to be healthy.

    In the order they were seen: a service that never stopped running is healthy since its container runs, before it was unwell.
    """
    unwell: set[str] = set()
    moments: list[datetime] = []
    latest = begun
    seen = itertools.dropwhile(lambda turn: turn.at < begun - _EARLY, rig.watcher.turns)
    for turn in seen:
        latest = max(latest, turn.at)
        if turn.phase != "healthy":
            unwell.add(turn.service)
        elif turn.service in unwell:
            unwell.discard(turn.service)
            moments += [] if unwell else [latest]
    return moments


def _judge(result: Measured, fault: Fault, rig: Rig, begun: datetime, before: dict[str, int]) -> None:
    wrong, after = result.wrong, rig.restarts()
    counts = {name: after[name] - before[name] for name in KEPT if after[name] != before[name]}
    result.action = ", ".join(f"restart of {name}" + (f" × {count}" if count > 1 else "") for name, count in counts.items())
    if missing := set(fault.restarted) - set(counts):
        wrong.append(f"not restarted: {', '.join(sorted(missing))}")
    if others := set(counts) - set(fault.restarted) - set(fault.maybe):
        wrong.append(f"restarted without need: {', '.join(sorted(others))}")
    found = set(result.blamed)
    if set(fault.blamed) - found or found - set(fault.blamed) - set(fault.suspects):
        wrong.append(f"blamed {sorted(found)} instead of {sorted(fault.blamed)}")
    program = _on(rig, begun, WEBHOOK)
    result.told = {WEBHOOK: [" + ".join(told.alerts) for told in program], MAIL: [told.id for told in _on(rig, begun, MAIL)]}
    about = [alert for told in program for alert in told.alerts]
    result.false_alarms = sorted(set(about) - set(fault.told) - set(fault.perhaps))
    wrong += [f"false alarm: {alert}" for alert in result.false_alarms]
    wrong += [f"not told: {alert}" for alert in fault.told if alert not in about]
    wrong += [f"told {about.count(alert)} times: {alert}" for alert in sorted(set(about)) if about.count(alert) > 1]
    least, most = fault.messages or (min(len(fault.told), 1),) * 2
    for channel in (WEBHOOK, MAIL):
        heard = len({told.id for told in _on(rig, begun, channel)}), len(_on(rig, begun, channel))
        as_many = heard[0] == heard[1] and least <= heard[0] <= most
        if not as_many and (fault.messages is not None or not fault.perhaps):
            wrong.append(f"{heard[1]} messages on {channel}, not {least} to {most}")

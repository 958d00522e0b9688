"""Where a service stands, from facts alone."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.core.i18n import N_
from app.supervisor.decide.attribution import HOST, culprit, host_at_fault, host_busy, just_back, vouched
from app.supervisor.services import Kept
from app.supervisor.state import NOTHING, Outcome, Phase, Purpose, ServiceState, State, Words, words

MISSES = 3  # probes in a row without a good answer that count
PATIENCE = timedelta(seconds=60)  # for a service that lives but is not well, or is silent on a busy host
BUSY_STARTS = 3  # times as long as usual
IDLE = timedelta(seconds=30)  # a database that has not answered since its start and does nothing for so long hangs
STOP_WAIT = timedelta(seconds=3)  # within which Docker reports a stop by hand as complete
STOP_GRACE = timedelta(seconds=30)  # beyond its own time to end: Compose may allow more than we do


@dataclass(frozen=True)
class Verdict:
    phase: Phase
    reason: Words = NOTHING
    blamed_on: str | None = None


_HEALTHY = Verdict(Phase.HEALTHY)  # nearly always


def judge(kept: Kept, state: State, now: datetime) -> ServiceState:
    """The service of `kept` with its phase; `since` moves only when the phase does."""
    service = state.services[kept.name]
    verdict = _verdict(kept, service, state, now)
    if (verdict.phase, verdict.reason, verdict.blamed_on) == (service.phase, service.reason, service.blamed_on):
        return service if service.since else replace(service, since=now)
    healthy = verdict.phase is Phase.HEALTHY
    since = service.since if verdict.phase is service.phase and service.since else now
    if healthy and found_running(service):
        since = service.running_since or now
    return replace(
        service,
        phase=verdict.phase,
        reason=verdict.reason,
        blamed_on=verdict.blamed_on,
        blamed_since=service.blamed_since if verdict.blamed_on == service.blamed_on else now if verdict.blamed_on else None,
        since=since,
        quarantined=service.quarantined and not healthy,
        next_attempt_at=None if healthy else service.next_attempt_at,
    )


def found_running(service: ServiceState) -> bool:
    """Whether it ran already when the supervisor came up: then it has been so for as long as its container runs."""
    came_up = service.phase in {Phase.UNKNOWN, Phase.STARTING}
    if not came_up or service.since is None or service.running_since is None:
        return False
    begun_by_us = service.running_since in {*service.attempts[-1:], service.asked_at}
    return service.running_since < service.since and not begun_by_us


def _verdict(kept: Kept, service: ServiceState, state: State, now: datetime) -> Verdict:
    if (lease := state.lease_over(kept.name)) is not None:
        return Verdict(Phase.MAINTENANCE, words(N_("{why} ({holder})"), why=lease.why, holder=lease.holder))
    if not service.seen:
        return _from_afar(service)
    if service.container is None:
        return Verdict(Phase.STOPPED, words(N_("it has no container; create it: docker compose up -d")))
    if service.container.status == "paused":
        return Verdict(Phase.STOPPED, words(N_("its container is paused")))
    if service.container.running:
        return _running(kept, service, state, now)
    return _not_running(kept, service, state, now)


def _from_afar(service: ServiceState) -> Verdict:
    """Docker never answered, so only the probe can tell."""
    if service.probe.outcome is Outcome.OK:
        return Verdict(Phase.HEALTHY)
    if service.probe.misses >= MISSES:
        return Verdict(Phase.FAILED, words(N_("it does not answer, and neither does Docker")))
    return Verdict(Phase.UNKNOWN, words(N_("not asked yet")))


def _running(kept: Kept, service: ServiceState, state: State, now: datetime) -> Verdict:
    probe = service.probe
    if probe.outcome is Outcome.OK:
        return _HEALTHY
    if _is_ending(kept, service, now):
        return Verdict(Phase.STOPPED, words(N_("it was told to stop")))
    if service.phase is Phase.FAILED and service.acting is not None:
        return Verdict(service.phase, service.reason, service.blamed_on)  # until it was restarted, nothing new can be said
    if service.quarantined and probe.outcome is not Outcome.BLAMES:
        return Verdict(Phase.QUARANTINED, _quarantine(service))
    if probe.outcome is not None and (at_fault := culprit(kept, state) or _named(service, state)) is not None:
        return Verdict(Phase.DEGRADED, words(N_("{service} is not healthy"), service=at_fault), at_fault)
    if not service.was_healthy and (probe.outcome is None or _may_still_come(kept, service, state, now)):
        return Verdict(Phase.STARTING)
    if probe.misses < MISSES:  # one lost or bad answer is no failure
        return Verdict(Phase.HEALTHY if service.was_healthy else Phase.STARTING)
    if probe.outcome is Outcome.BLAMES:
        text = N_("it says that {service} is down, which answers the supervisor: check its password and network")
        return Verdict(Phase.DEGRADED, words(text, service=probe.blames[0]), probe.blames[0])
    return _unwell(kept, service, state, now)


def _is_ending(kept: Kept, service: ServiceState, now: datetime) -> bool:
    """Whether somebody told it to stop and it still finishes its work. That is no failure: a restart would undo the stop."""
    grace = timedelta(seconds=kept.stop_seconds) + STOP_GRACE
    return service.told_to_stop_at is not None and now - service.told_to_stop_at < grace


def _named(service: ServiceState, state: State) -> str | None:
    """Whom it calls down itself and who does not answer us either; the far end of the chain when there is one."""
    for name in service.probe.blames:
        named = state.services.get(name)
        if named is not None and (not state.of_use(name) or named.probe.misses):
            return named.blamed_on or name
    return None


def _may_still_come(kept: Kept, service: ServiceState, state: State, now: datetime) -> bool:
    """Whether it runs for so short a time that silence means nothing yet; on a busy host a start takes longer."""
    seconds = kept.start_seconds * (BUSY_STARTS if host_busy(state.host, now) else 1)
    return service.running_since is not None and now - service.running_since < timedelta(seconds=seconds)


def _unwell(kept: Kept, service: ServiceState, state: State, now: datetime) -> Verdict:
    """It should work by now, what it depends on does, and it answers badly or not at all."""
    probe = service.probe
    since = probe.failing_since or now
    detail = probe.detail or "no answer"
    if (full := host_at_fault(state.host)) is not None:
        return Verdict(Phase.DEGRADED, full, HOST)
    if (back := just_back(kept, service, state, now)) is not None:
        return Verdict(
            Phase.DEGRADED, words(N_("{detail}; {service} has only just come back"), detail=detail, service=back), back
        )
    if not vouched(kept, service, state):
        return Verdict(Phase.DEGRADED, words(N_("{detail}; asking what it depends on"), detail=detail))
    if (reason := _recovering(kept, service, now)) is not None:
        return Verdict(Phase.DEGRADED, reason)
    if now - since < PATIENCE:
        if probe.outcome is Outcome.UNREADY:
            return Verdict(Phase.DEGRADED, words(N_("it lives but is not well: {detail}"), detail=detail))
        if host_busy(state.host, now):
            return Verdict(Phase.DEGRADED, words(N_("{detail}; the host's processors are all taken"), detail=detail), HOST)
    if probe.outcome is Outcome.UNREADY:
        text = N_("it lives but has not been well for {seconds} s: {detail}")
        return Verdict(Phase.FAILED, words(text, seconds=int(PATIENCE.total_seconds()), detail=detail))
    if not service.was_healthy:
        text = N_("it runs but was not ready within {seconds} s: {detail}")
        return Verdict(Phase.FAILED, words(text, seconds=int(kept.start_seconds), detail=detail))
    return Verdict(Phase.FAILED, words(N_("it hangs: {detail}"), detail=detail))


def _recovering(kept: Kept, service: ServiceState, now: datetime) -> Words | None:
    """Why it is taken to replay its journal still: it says so, or has not answered since its start and is at work.

    Whether it works is known from readings of its container; as long as there are none it has the benefit of the doubt.
    """
    if not kept.recovers:
        return None
    detail = service.probe.detail or "no answer"
    if service.probe.recovering:
        return words(N_("it recovers its data, as it says itself, and is left alone until it is done: {detail}"), detail=detail)
    if service.was_healthy or (service.idle_since is not None and now - service.idle_since >= IDLE):
        return None
    text = N_(
        "it has been at work since its start without an answer: it recovers its data and is left alone; see its log ({detail})"
    )
    return words(text, detail=detail)


def _not_running(kept: Kept, service: ServiceState, state: State, now: datetime) -> Verdict:
    if service.stopped_at is not None:
        return Verdict(Phase.STOPPED, words(N_("it was stopped by hand")))
    if service.told_to_stop_at is not None and service.died_at is not None and now - service.died_at < STOP_WAIT:
        return Verdict(Phase.STOPPED, words(N_("it was told to stop")))
    if service.quarantined:
        return Verdict(Phase.QUARANTINED, _quarantine(service))
    at_fault = culprit(kept, state)
    if service.first_start_due or (service.acting is not None and service.acting.purpose is not Purpose.HEALING):
        reason = words(N_("waits for {service}"), service=at_fault) if at_fault else NOTHING
        return Verdict(Phase.STARTING, reason)
    ended = _ended(service)
    if at_fault is not None:
        return Verdict(Phase.FAILED, words(N_("{ended}; waits for {service}"), ended=ended, service=at_fault), at_fault)
    return Verdict(Phase.FAILED, ended)


def _ended(service: ServiceState) -> Words:
    if service.refusal:
        return words(N_("Docker could not start it: {detail}"), detail=service.refusal)
    if service.container is not None and service.container.oom_killed:
        return words(N_("it was killed for exceeding its memory limit"))
    if service.container is None or service.container.exit_code is None:
        return words(N_("it does not run"))
    return words(N_("it ended with exit code {code}"), code=service.container.exit_code)


def _quarantine(service: ServiceState) -> Words:
    text = N_("{count} restarts in ten minutes did not help; correct the cause, then release it")
    return words(text, count=len(service.attempts))

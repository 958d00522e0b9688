"""Whether Redis has room: what it evicts are sessions, queued jobs and counters."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem, warning
from app.supervisor.doctor.world import World
from app.supervisor.pages.formatting import percent, size

GROUP, TITLE, SOURCE = "data", N_("Memory of Redis"), Source.APP
_POLICIES = {"noeviction", "volatile-lru", "volatile-lfu", "volatile-ttl"}


def look(world: World) -> Finding:
    redis = world.app("redis")
    limit, used = redis["maxmemory"], redis["used_memory"]
    remedy = _(
        "Its settings are in compose/redis/redis.conf; after a change run ./deploy.sh. Sessions, jobs and counters live in it."
    )
    if not limit:
        return warning(_("Redis has no limit on its memory"), remedy)
    evidence = _(
        "{used} of {limit} ({share}), policy {policy}",
        used=size(used),
        limit=size(limit),
        share=percent(used / limit),
        policy=redis["policy"],
    )
    if redis["policy"] not in _POLICIES:
        return problem(_("{evidence}: queued jobs can be thrown away", evidence=evidence), remedy)
    if redis["evicted"]:
        return warning(
            _("{evidence}; {count} entries were evicted since its start", evidence=evidence, count=redis["evicted"]), remedy
        )
    return warning(evidence, remedy) if used / limit > 0.85 else ok(evidence)

"""Rules about MongoDB and Redis."""

from datetime import timedelta

from app.core.i18n import N_
from app.supervisor.alerts.rule import Rule
from app.supervisor.alerts.rules.terms import ANY_DOWN, P2, P3, YES, above, minutes

DATABASE: tuple[Rule, ...] = (
    Rule(
        "database_connections",
        N_("Connections to the database fail"),
        "db_connection_failures",
        YES,
        P2,
        N_("See the log of mongodb and its number of connections."),
        after=minutes(1),
        inhibited_by=(*ANY_DOWN, "database_slow"),
        group="database",
    ),
    Rule(
        "database_slow",
        N_("The database answers slowly"),
        "db_latency_ms",
        above(100, 80),
        P3,
        N_("See the host's disk and processors, and the slow queries in tradeai doctor."),
        after=minutes(5),
        inhibited_by=("service_down:mongodb", "service_quarantined:mongodb", "host_cpu"),
        group="database",
    ),
    Rule(
        "queries_slow",
        N_("Queries take more than 50 ms on average"),
        "db_query_mean_ms",
        above(50, 40),
        P3,
        N_("tradeai doctor names the slow queries and missing indexes."),
        after=minutes(5),
        inhibited_by=("service_down:mongodb", "database_slow", "host_cpu"),
        group="database",
    ),
    Rule(
        "redis_evicting",
        N_("Redis throws data away for want of memory"),
        "redis_evicted",
        YES,
        P3,
        N_("Raise its memory limit (maxmemory and mem_limit) or find what fills it."),
        calm=minutes(10),
        inhibited_by=("redis_full",),
        group="redis",
    ),
    Rule(
        "redis_full",
        N_("Redis takes no more data"),
        "redis_write_refused",
        YES,
        P2,
        N_("Its memory is full: jobs and sign-ins fail. Raise maxmemory and mem_limit, or find what fills it."),
        after=timedelta(seconds=30),
        inhibited_by=("service_down:redis", "service_quarantined:redis"),
        group="redis",
    ),
    Rule(
        "queue_growing",
        N_("Jobs come in faster than they are done"),
        "queue_growing",
        YES,
        P3,
        N_("See the worker's log; one job may block the others."),
        after=minutes(10),
        calm=minutes(5),
        inhibited_by=("service_down:worker", "service_quarantined:worker", "service_down:redis", "queue_long"),
        group="queue",
    ),
    Rule(
        "queue_long",
        N_("Very many jobs wait"),
        "queue_depth",
        above(1000, 500),
        P3,
        N_("See the worker's log; one job may block the others."),
        after=minutes(5),
        inhibited_by=("service_down:worker", "service_quarantined:worker", "service_down:redis", "queue_growing"),
        group="queue",
    ),
)

"""Rules about what people ask of the appliance, and the queue."""

from app.core.i18n import N_
from app.supervisor.alerts.rule import Rule
from app.supervisor.alerts.rules.terms import ANY_DOWN, P2, P3, above, minutes

REQUESTS: tuple[Rule, ...] = (
    Rule(
        "api_slow",
        N_("The API is slow: one request in twenty takes more than 200 ms"),
        "api_p95_ms",
        above(200, 180),
        P3,
        N_("The access log names the slow addresses; see the host's and the database's load."),
        after=minutes(5),
        inhibited_by=(*ANY_DOWN, "host_cpu", "database_slow"),
        linger=minutes(10),
        group="api",
    ),
    Rule(
        "api_errors",
        N_("More than one request in a hundred fails"),
        "api_error_share",
        above(0.01, 0.005),
        P2,
        N_("error.log says which request failed and why."),
        after=minutes(2),
        calm=minutes(5),
        inhibited_by=ANY_DOWN,
        linger=minutes(10),
        group="api",
    ),
)

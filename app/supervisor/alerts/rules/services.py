"""Rules about services: down, quarantined, restarted."""

from datetime import timedelta

from app.core.i18n import N_
from app.supervisor.alerts.rule import Rule
from app.supervisor.alerts.rules.terms import P1, P2, P3, P4, YES, minutes

SERVICES: tuple[Rule, ...] = (
    Rule(
        "service_down",
        N_("{subject} is down"),
        "service_down",
        YES,
        P1,
        N_("The supervisor restarts what it can. See the service's page and its log for the cause."),
        after=timedelta(seconds=30),
        inhibited_by=("service_quarantined",),
        group="services",
    ),
    Rule(
        "service_quarantined",
        N_("{subject} does not come up and is left alone"),
        "service_quarantined",
        YES,
        P1,
        N_("Restarts did not help. Correct what its log complains of, then release it on its page."),
        calm=timedelta(seconds=30),
        inhibited_by=("service_down",),
        group="services",
    ),
    Rule(
        "service_restarted",
        N_("{subject} was restarted"),
        "service_restarted",
        YES,
        P4,
        N_("It is well again. Its page shows how it ended; if this repeats, look for the cause."),
        calm=timedelta(0),
        inhibited_by=("service_down", "service_quarantined"),
        group="services",
        occurrence=True,
    ),
    Rule(
        "service_stopped",
        N_("{subject} was stopped by hand and not started again"),
        "service_stopped",
        YES,
        P3,
        N_("Start it on its page when the work is done."),
        after=minutes(30),
        calm=timedelta(0),
        group="stopped",
    ),
    Rule(
        "docker_silent",
        N_("Docker does not answer: nothing can be restarted"),
        "docker_silent",
        YES,
        P2,
        N_("On the host: docker ps, docker compose ps dockerproxy."),
        after=timedelta(seconds=30),
        inhibited_by=("names_dead",),
        group="services",
    ),
    Rule(
        "names_dead",
        N_("Names are not resolved: the supervisor can ask nobody"),
        "names_dead",
        YES,
        P2,
        N_("Nothing is restarted for it. On the host: docker compose restart supervisor; then systemctl status docker."),
        after=timedelta(seconds=30),
        calm=timedelta(seconds=30),
        group="services",
    ),
)

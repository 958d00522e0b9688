"""Rules about the supervisor's own work."""

from datetime import timedelta

from app.core.i18n import N_
from app.supervisor.alerts.rule import Rule
from app.supervisor.alerts.rules.terms import P2, P3, P4, YES, above, minutes

OWN: tuple[Rule, ...] = (
    Rule(
        "settings_broken",
        N_("The alert settings have mistakes; the former ones stay in force"),
        "settings_broken",
        YES,
        P2,
        N_("tradeai alerts check-settings names each mistake with its line."),
        after=timedelta(seconds=15),
        calm=timedelta(0),
    ),
    Rule(
        "channel_failing",
        N_("Messages do not get through on the channel {subject}"),
        "channel_failing",
        YES,
        P2,
        N_("The page of channels shows the error. Correct it and press Send test."),
        calm=timedelta(0),
    ),
    Rule(
        "heartbeat_failing",
        N_("The heartbeat does not get out"),
        "heartbeat_failing",
        above(2),
        P3,
        N_("Check the address in the settings, DNS, and the way to the internet."),
        after=minutes(2),
    ),
    Rule(
        "doctor_problem",
        N_("The doctor found a problem: {subject}"),
        "doctor_problem",
        YES,
        P3,
        N_("tradeai doctor and the page Doctor say what was seen and how to put it right; some it corrects by itself."),
        after=minutes(10),
        group="doctor",
    ),
    Rule(
        "tasks_overdue",
        N_("Tasks of the maintenance calendar are overdue"),
        "duties_overdue",
        YES,
        P4,
        N_("See the page Calendar: do them, or sign them off."),
        after=minutes(10),
    ),
    Rule(
        "state_unwritable",
        N_("The supervisor cannot store its state"),
        "state_unwritable",
        YES,
        P2,
        N_("Check the disk and the volume supervisor-state. It goes on without memory."),
        after=timedelta(seconds=30),
    ),
    Rule(
        "state_damaged",
        N_("The supervisor's state file was damaged and begun anew"),
        "state_damaged",
        YES,
        P2,
        N_("The damaged file is kept beside it. Check the disk: dmesg, smartctl."),
        calm=timedelta(0),
        occurrence=True,
    ),
)

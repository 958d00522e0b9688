"""Rules about the host: processors, memory, disk, clock."""

from datetime import timedelta

from app.core.i18n import N_
from app.supervisor.alerts.rule import Rule
from app.supervisor.alerts.rules.terms import P1, P2, P3, above, below, minutes

HOST: tuple[Rule, ...] = (
    Rule(
        "host_cpu",
        N_("The processors are busy"),
        "host_cpu",
        above(0.80, 0.75),
        P3,
        N_("The overview shows which service takes them."),
        after=minutes(5),
        group="host",
    ),
    Rule(
        "host_memory",
        N_("Memory runs short"),
        "host_memory",
        above(0.80, 0.75),
        P3,
        N_("The overview shows which service takes it."),
        after=minutes(5),
        group="host",
    ),
    Rule(
        "host_swap",
        N_("The host swaps"),
        "host_swap",
        above(0.50, 0.40),
        P3,
        N_("The host has too little memory for what runs on it."),
        after=minutes(10),
        group="host",
    ),
    Rule(
        "disk_full",
        N_("The disk is nearly full"),
        "disk_free_share",
        below(0.03, 0.05),
        P1,
        N_("Make room now: the database stops when nothing is left. docker system df, old files under backups/."),
        after=timedelta(seconds=10),
        group="disk",
    ),
    Rule(
        "disk_low",
        N_("Less than a tenth of the disk is free"),
        "disk_free_share",
        below(0.10, 0.12),
        P2,
        N_("Make room or enlarge the disk: docker system df, old files under backups/ and in the log folder."),
        after=minutes(1),
        inhibited_by=("disk_full",),
        group="disk",
    ),
    Rule(
        "disk_filling",
        N_("The disk will be full within a day"),
        "disk_full_in_h",
        below(24, 36),
        P2,
        N_("Something grows: find it before the disk is full. docker system df -v"),
        after=minutes(10),
        inhibited_by=("disk_low", "disk_full"),
        group="disk",
    ),
    Rule(
        "inodes_low",
        N_("The disk has hardly room for more files"),
        "inodes_free_share",
        below(0.10, 0.12),
        P2,
        N_("Find the folder with very many small files and empty it."),
        after=minutes(1),
        group="disk",
    ),
    Rule(
        "clock_drift",
        N_("The clock is wrong"),
        "clock_drift_s",
        above(1, 0.5),
        P3,
        N_("timedatectl: switch time synchronisation on. One-time codes and certificates depend on the clock."),
        after=minutes(5),
        calm=minutes(5),
    ),
)

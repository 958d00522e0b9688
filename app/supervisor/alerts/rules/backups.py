"""Rules about backups and their proof."""

from app.core.i18n import N_
from app.supervisor.alerts.rule import Rule
from app.supervisor.alerts.rules.terms import P1, P2, YES, above

BACKUPS: tuple[Rule, ...] = (
    Rule(
        "backup_failed",
        N_("The backup failed"),
        "backup_failed",
        YES,
        P2,
        N_("The page of backups says at which step; make one by hand when it is corrected."),
        group="backup",
    ),
    Rule(
        "backup_missing",
        N_("There is no backup of the last two days"),
        "backup_age_h",
        above(50),
        P1,
        N_("Make one now: scripts/backup-mongodb.sh"),
        group="backup",
    ),
    Rule(
        "backup_late",
        N_("Today's backup is missing"),
        "backup_age_h",
        above(26),
        P2,
        N_("The page of backups says why; make one by hand: scripts/backup-mongodb.sh"),
        inhibited_by=("backup_failed", "backup_missing"),
        group="backup",
    ),
    Rule(
        "backup_shrunk",
        N_("The backup shrank by more than 30 %"),
        "backup_shrunk_share",
        above(0.30),
        P2,
        N_("Check whether data was deleted on purpose. The older backups are kept."),
        group="backup",
    ),
    Rule(
        "backup_unproven",
        N_("No backup was proven by a restore for eight days"),
        "proof_age_days",
        above(8),
        P2,
        N_("Run a drill from the page of backups."),
        inhibited_by=("drill_failed",),
        group="backup",
    ),
    Rule(
        "drill_failed",
        N_("A backup could not be restored in the drill"),
        "drill_failed",
        YES,
        P1,
        N_("The drill's report names the step. Make a new backup and prove it at once."),
        group="backup",
    ),
)

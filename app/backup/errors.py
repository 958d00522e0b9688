"""What can go wrong with a backup, as sentences a person can act on."""

from app.core.errors import Conflict, TradeError
from app.core.i18n import N_


class BackupFailed(TradeError):
    """Nothing that looks like a backup was left behind."""

    kind, title = "backup-failed", N_("The backup failed")


class BackupUnusable(TradeError):
    """It must not be restored; nothing was changed."""

    status, kind, title = 422, "backup-unusable", N_("This backup cannot be used")


class RestoreFailed(TradeError):
    """The data is what it was before; the message says why."""

    kind, title = "restore-failed", N_("The restore failed")


class DrillFailed(TradeError):
    """The backup could not be restored into the throwaway database, or came back different."""

    kind, title = "drill-failed", N_("The drill failed")


class NoThrowaway(DrillFailed):
    """It is not the backup's fault: there was no throwaway database to restore into."""


class RetentionRefused(Conflict):
    """Nothing was deleted."""

    kind, title = "retention-refused", N_("Nothing was deleted")


class OtherAtWork(Conflict):
    """Somebody else holds the lock."""

    kind, title = "backup-at-work", N_("Another backup, drill or restore is at work")


class OffsiteFailed(TradeError):
    """The local backup is complete; its copy elsewhere is not."""

    kind, title = "offsite-failed", N_("The copy off the machine failed")

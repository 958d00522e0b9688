"""The duties: what the operators' manuals ask for every day, week, month and quarter."""

from datetime import time

from app.core.i18n import N_
from app.supervisor.duties import looks
from app.supervisor.duties.duty import Duty, Every

_DAILY, _WEEKLY, _MONTHLY, _QUARTERLY = time(6, 0), time(6, 30), time(7, 0), time(7, 30)

DUTIES: tuple[Duty, ...] = (
    Duty(
        "health", Every.DAY, N_("Health"),
        N_("Every service is healthy, and what went wrong since yesterday is known."),
        looks.health, _DAILY,
    ),
    Duty(
        "error_log", Every.DAY, N_("Error log"),
        N_("The errors of the last 24 hours are few, and known."),
        looks.error_log, _DAILY,
    ),
    Duty(
        "backup_done", Every.DAY, N_("Backup"),
        N_("Tonight's backup is complete."),
        looks.backup_done, _DAILY,
    ),
    Duty(
        "disk", Every.DAY, N_("Disk"),
        N_("There is room, and it lasts."),
        looks.disk, _DAILY,
    ),
    Duty(
        "security_log", Every.WEEK, N_("Security log"),
        N_("Sign-ins, refusals and changes of rights of the week are as expected. The machine lays them out; a person judges."),
        looks.security_log, _WEEKLY, person=True,
    ),
    Duty(
        "package_updates", Every.WEEK, N_("Package updates"),
        N_("No security update waits on the machine."),
        looks.package_updates, _WEEKLY,
    ),
    Duty(
        "performance", Every.WEEK, N_("Performance"),
        N_("API and database kept their targets over the week."),
        looks.performance, _WEEKLY,
    ),
    Duty(
        "backup_proven", Every.WEEK, N_("Backup verification"),
        N_("A backup was restored and compared."),
        looks.backup_proven, _WEEKLY,
    ),
    Duty(
        "security_audit", Every.MONTH, N_("Security audit"),
        N_("The doctor examined everything and found no problem."),
        looks.security_audit, _MONTHLY,
    ),
    Duty(
        "capacity", Every.MONTH, N_("Capacity"),
        N_("Disk, memory and processors last for the months to come."),
        looks.capacity, _MONTHLY,
    ),
    Duty(
        "documentation", Every.MONTH, N_("Documentation"),
        N_("Versions and settings as they run are on record."),
        looks.documentation, _MONTHLY,
    ),
    Duty(
        "recovery_test", Every.MONTH, N_("Recovery test"),
        N_("A recovery from backup was tried and timed."),
        looks.recovery_test, _MONTHLY,
    ),
    Duty(
        "recovery_quarterly", Every.QUARTER, N_("Recovery test of the quarter"),
        N_("Backup, restore, failover where there is any, and load were tested; the report is kept."),
        looks.recovery_quarterly, _QUARTERLY, person=True,
    ),
)  # fmt: skip
BY_NAME = {duty.name: duty for duty in DUTIES}

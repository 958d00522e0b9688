"""Which backups are kept: grandfather, father, son. Counted in backups that exist, so that no clock can delete them all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.backup.errors import RetentionRefused
from app.core.i18n import N_, _

# name of the level, how many of it, which backups share one place in it
_LEVELS: tuple[tuple[str, int, Callable[[datetime], object]], ...] = (
    (N_("daily"), 7, lambda at: at.date()),
    (N_("weekly"), 4, lambda at: at.isocalendar()[:2]),
    (N_("monthly"), 12, lambda at: (at.year, at.month)),
    (N_("yearly"), 7, lambda at: at.year),
)
_SILENCE = timedelta(days=45)  # between the newest backup and the clock: longer means the clock or the schedule is wrong
_AHEAD = timedelta(hours=26)


@dataclass(frozen=True)
class Kept:
    """A backup as retention sees it: when it was made, and whether a drill restored it."""

    id: str
    at: datetime
    proven: bool = False


@dataclass(frozen=True)
class Verdict:
    """`reasons` says why it is kept; empty: it would be deleted."""

    id: str
    reasons: tuple[str, ...]

    @property
    def keep(self) -> bool:
        return bool(self.reasons)


def retention(backups: Sequence[Kept], now: datetime) -> list[Verdict]:
    """A verdict for each, newest first. The newest and the last proven one are always kept.

    Raises RetentionRefused when the clock and the backups contradict each other.
    """
    newest_first = sorted(backups, key=lambda backup: (backup.at, backup.id), reverse=True)
    if not newest_first:
        return []
    _check_clock(newest_first, now)
    reasons: dict[str, list[str]] = {backup.id: [] for backup in newest_first}
    reasons[newest_first[0].id].append(_("newest"))
    proven = next((backup for backup in newest_first if backup.proven), None)
    if proven is not None:
        reasons[proven.id].append(_("last proven"))
    for name, count, place_of in _LEVELS:
        places: dict[object, str] = {}
        for backup in newest_first:
            places.setdefault(place_of(backup.at), backup.id)
        for backup_id in list(places.values())[:count]:
            reasons[backup_id].append(_(name))
    return [Verdict(backup.id, tuple(reasons[backup.id])) for backup in newest_first]


def _check_clock(newest_first: Sequence[Kept], now: datetime) -> None:
    """A clock that jumped ahead or back has marked a backup, or marks none: then nobody knows what is old."""
    moments = [backup.at for backup in newest_first]
    if moments[0] > now + _AHEAD:
        text = _("The backup {name} is from the future: the clock was wrong then or is wrong now.", name=newest_first[0].id)
    elif now - moments[0] > _SILENCE:
        text = _("The newest backup is {days} days old: the clock jumped, or backups have stopped.", days=(now - moments[0]).days)
    elif len(moments) > 1 and moments[0] - moments[1] > _SILENCE:
        text = _("Between the two newest backups lie {days} days: the clock jumped.", days=(moments[0] - moments[1]).days)
    else:
        return
    raise RetentionRefused(text + " " + _("Set the clock right, or delete by hand what is not needed."))

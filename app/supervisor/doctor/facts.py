"""What scripts/host-facts.sh sends, checked before it is believed: known names with values of the right kind."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app.core.errors import Invalid
from app.core.i18n import _
from app.supervisor.doctor.world import HostFacts


class FactsRefused(Invalid):
    """The document does not fit; the message names the fact."""

    kind, title = "facts-refused", "The facts about the host do not fit"


def _truth(value: Any) -> bool:
    return isinstance(value, bool)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(fits(item) for item in value)


def _each(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(fits(item) for item in value.values())


def _record(**fields: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(fits(value.get(name)) for name, fits in fields.items())


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 200


def _mode(value: Any) -> bool:
    return isinstance(value, str) and value.isdigit() and set(value) <= set("01234567") and len(value) <= 5


def _moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


# null means that the host could not tell.
KNOWN: Mapping[str, Callable[[Any], bool]] = {
    "clock_follows": _truth,
    "reboot_required": _truth,
    "unattended_upgrades": _truth,
    "updates": _count,
    "security_updates": _count,
    "doors": _list_of(_count),
    "listening": _list_of(_record(port=_count, process=_text)),
    "firewall": _record(kind=_text, active=_truth),
    "ssh": _record(installed=_truth, passwords=_truth, root=_text),
    "modes": _each(_mode),
    "secrets": _each(_record(length=_count, known=_truth, shared=_truth)),
    "images": _each(_moment),
    "settings_hash": _text,
}


def read_facts(document: Mapping[str, Any], now: datetime) -> HostFacts:
    """The facts, as of now. Raises FactsRefused; unknown names are dropped: an older supervisor meets a newer script."""
    if not KNOWN.keys() & document.keys():
        raise FactsRefused(_("There is no fact in it. Send what scripts/host-facts.sh prints."))
    for name, fits in KNOWN.items():
        if document.get(name) is not None and not fits(document[name]):
            raise FactsRefused(
                _("The fact {name} does not fit. Send what scripts/host-facts.sh of this version prints.", name=name)
            )
    return HostFacts(now, {name: document[name] for name in KNOWN if document.get(name) is not None})

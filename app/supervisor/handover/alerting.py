"""What is known of the alerts: every rule with its last test, who is told, whom to turn to, and by when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.supervisor.alerts.rule import RESOLUTION, RESPONSE, Priority, Rule
from app.supervisor.alerts.rule_tests import RuleTest
from app.supervisor.alerts.rules import RULES
from app.supervisor.alerts.settings import AlertSettings
from app.supervisor.handover.evidence import Contact, Deadline, Route, RuleLine


@dataclass(frozen=True)
class Telling:
    """Where it is known from: the settings in force, the tests of rules, and what channels delivered."""

    settings: Callable[[], AlertSettings]
    tested: Callable[[], Mapping[str, RuleTest]]
    fired: Callable[[], Mapping[str, datetime]]
    delivered: Callable[[str], datetime | None]


def rules(telling: Telling) -> tuple[RuleLine, ...]:
    """Every rule there is, those that were switched off as well."""
    used = {rule.name: rule for rule in telling.settings().rules}
    tested, fired = telling.tested(), telling.fired()
    return tuple(
        _line(used.get(rule.name, rule), rule.name not in used, tested.get(rule.name), fired.get(rule.name)) for rule in RULES
    )


def _line(rule: Rule, off: bool, test: RuleTest | None, fired_at: datetime | None) -> RuleLine:
    return RuleLine(
        name=rule.name,
        title=rule.title_for("…"),
        priority=rule.priority.value,
        condition=f"{rule.signal} {rule.condition}",
        off=off,
        tested_at=test.at if test else None,
        tested_by=test.who if test else "",
        good=bool(test and test.good),
        told=bool(test and test.told),
        text=test.text if test else "",
        fired_at=fired_at,
    )


def contacts(telling: Telling) -> tuple[Contact, ...]:
    """As the settings name them."""
    return tuple(Contact(one.tier.value, one.name, one.mail, one.phone) for one in telling.settings().file.contact)


def channels(telling: Telling) -> tuple[Route, ...]:
    """Every channel; no address of it, which may be a secret."""
    return tuple(
        Route(one.name, one.kind, one.tier.value, tuple(sorted(p.value for p in one.priorities)), telling.delivered(one.name))
        for one in telling.settings().file.channel
    )


def deadlines(telling: Telling) -> tuple[Deadline, ...]:
    """One line a priority."""
    routing = telling.settings().routing
    return tuple(Deadline(one.value, RESPONSE[one], RESOLUTION[one], tuple(routing.first(one))) for one in Priority)

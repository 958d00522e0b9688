"""What was measured, kept case by case as JSON and written as the table of docs/faults.md."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.__main__ import machine
from tests.faults.alert_settings import OFF, OFF_UNLESS_DELIVERED
from tests.faults.fault import Fault, Measured

_ROOT = Path(__file__).resolve().parents[2]
MEASURED = _ROOT / "tests" / "artifacts" / "faults.json"
_WORDS = Path(__file__).with_name("words.md")
_STATELESS = ("backend", "realtime", "worker", "ai", "nginx")
_COLUMNS = (
    "fault",
    "noticed",
    "blamed",
    "done",
    "well again",
    "by",
    "told (each channel once)",
    "told after",
    "written",
    "lost",
    "false alarms",
)

Case = dict[str, Any]


def keep(result: Measured) -> None:
    """Add one case to what was measured; the newest measurement of a case counts."""
    found = read()
    cases = [case for case in found.get("cases", []) if case["name"] != result.name]
    document = {"machine": machine(), "cases": [*cases, asdict(result)]}
    MEASURED.parent.mkdir(parents=True, exist_ok=True)
    MEASURED.write_text(json.dumps(document, indent=1, ensure_ascii=False))


def read() -> dict[str, Any]:
    """Machine and cases; {} when nothing was measured yet."""
    return dict(json.loads(MEASURED.read_text())) if MEASURED.exists() else {}


def page(measured: dict[str, Any], faults: Iterable[Fault]) -> str:
    """docs/faults.md: how it was measured, the goals, a table for each family, and what was not measured."""
    cases = {case["name"]: case for case in measured["cases"]}
    known = list(faults)
    families = list(dict.fromkeys(fault.family for fault in known))
    on = measured["machine"]
    parts = [
        "# What breaks, and what becomes of it\n",
        f"Measured {on['measured']} on {on['cores']} cores ({on['processor']}), {on['memory']}, Linux {on['kernel']}; "
        f"{len(cases)} of {len(known)} cases, {sum(not case['wrong'] for case in cases.values())} as they must be.\n",
        _WORDS.read_text(),
        _rules_off(),
        _goals(list(cases.values())),
    ]
    for family in families:
        rows = [_row(cases[fault.name]) for fault in known if fault.family == family and fault.name in cases]
        if rows:
            parts.append(
                f"## {family.capitalize()}\n\n| {' | '.join(_COLUMNS)} |\n|{'---|' * len(_COLUMNS)}\n" + "\n".join(rows) + "\n"
            )
    missing = [fault.name for fault in known if fault.name not in cases]
    wrong = [f"- {case['name']}: {'; '.join(case['wrong'])}" for case in cases.values() if case["wrong"]]
    if wrong:
        parts.append("## Not as it must be\n\n" + "\n".join(wrong) + "\n")
    if missing:
        parts.append("## Written, and without a measurement here\n\n" + "\n".join(f"- {name}" for name in missing) + "\n")
    return "\n".join(parts)


def _rules_off() -> str:
    """Which rules could raise no false alarm, because they were off."""
    always = [f"- `{name}`: {why}." for name, why in OFF.items()]
    mostly = [f"- `{name}`, but in the cases with the rules as delivered: {why}." for name, why in OFF_UNLESS_DELIVERED.items()]
    return (
        "Rules that were off, and so could raise no false alarm; all others were on:\n\n" + "\n".join([*always, *mostly]) + "\n"
    )


def _row(case: Case) -> str:
    told = case["told"].get("program", [])
    cells = (
        case["name"],
        _seconds(case["detected"]),
        ", ".join(case["blamed"]) or "nobody",
        case["action"] or "nothing",
        _seconds(case["recovered"]),
        case["healed_by"],
        "; ".join(told) or "nothing",
        _seconds(case["told_after"]),
        str(case["written"]),
        str(case["lost"]),
        str(len(case["false_alarms"])),
    )
    return f"| {' | '.join(cells)} |"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"


def _goals(cases: list[Case]) -> str:
    """The goals of the design against the medians and the worst of what was measured."""
    killed = [case for case in cases if case["name"].startswith("kill -9 of") and "rules" not in case["name"]]
    hung = [case for case in cases if case["family"] == "hung"]
    stateless = [case for case in killed if case["name"].removeprefix("kill -9 of ") in _STATELESS]
    mongodb = [case for case in killed if case["name"].endswith("mongodb")]
    rows = [
        _goal("death noticed", "under 1 s, median", killed, "detected"),
        _goal("hang noticed", "under 12 s", hung, "detected"),
        _goal("a killed stateless service well again", "under 5 s", stateless, "recovered"),
        _goal("a killed MongoDB well again", "under 15 s", mongodb, "recovered"),
        f"| acknowledged writes lost | 0 | {sum(case['lost'] for case in cases)} of {sum(case['written'] for case in cases)} | |",
        f"| false alarms | 0 | {sum(len(case['false_alarms']) for case in cases)} | |",
    ]
    return "| goal | | median | worst |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def _goal(name: str, goal: str, cases: list[Case], figure: str) -> str:
    values = [case[figure] for case in cases if case[figure] is not None]
    return f"| {name} | {goal} | {_seconds(median(values) if values else None)} | {_seconds(max(values, default=None))} |"

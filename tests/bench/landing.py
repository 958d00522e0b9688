"""Importing 106,139 rows against a plain insert_many of the same documents into a collection with the same indexes."""

import json
from pathlib import Path

from tests.appliance import Appliance
from tests.bench.result import Result


def measure(appliance: Appliance) -> list[Result]:
    """In a scratch database beside the appliance's own, dropped afterwards."""
    script = Path(__file__).with_name("landing_inside.py")
    done = appliance.compose(
        "--profile", "demo", "run", "--rm", "--no-deps", "-T", "-v", f"{script}:/bench/landing_inside.py:ro",
        "-e", "TRADEAI_MONGO_DATABASE=tradeai_bench", "-e", "TRADEAI_REDIS_DATABASE=9", "-e", "PYTHONPATH=/srv/tradeai",
        "demo", "python", "/bench/landing_inside.py", timeout=1200,
    )  # fmt: skip
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    found = json.loads(line.removeprefix("RESULT "))
    seconds = f"{found['land']:.1f} s against {found['control']:.1f} s"
    return [
        Result(f"landing {found['rows']} rows", found["land"] / found["control"], "x", 2.0, 1.0, seconds),
        Result("the same with upload and checking every row", (found["check"] + found["land"]) / found["control"], "x", None, 1.0,
               f"{found['check'] + found['land']:.1f} s"),
    ]  # fmt: skip

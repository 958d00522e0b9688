"""Weeks of a candidate that are not free: a promotion that exists already, or the last one in the sales, lies too near."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ai.data.panel import Panel
from ai.optimise.calendar import Candidate
from ai.planning_schemas import TakenAsked
from ai.recommend.seen import Busy, busy_weeks, last_promoted
from ai.wording import week_text


def why_busy(panel: Panel, candidate: Candidate, taken: Sequence[TakenAsked], between: int) -> str | None:
    """What keeps the candidate out, in words; None when its weeks are free."""
    for product_id in sorted({product for _customer, product in candidate.places}):
        customers = {customer for customer, product in candidate.places if product == product_id}
        series = np.array([panel.index[customer, product_id] for customer in sorted(customers)], dtype=int)
        for one in busy_weeks(panel, taken, customers, product_id):
            if one.near(candidate.first, candidate.last, between):
                weeks = f"{week_text(one.first)} to {week_text(one.last)}"
                return f"out: another promotion of it is planned there, weeks of {weeks}"
        before = last_promoted(panel, series)
        if before is not None and Busy(before, before).near(candidate.first, candidate.last, between):
            return f"out: too soon after its last promotion in the sales, which ended in the week of {week_text(before)}"
    return None

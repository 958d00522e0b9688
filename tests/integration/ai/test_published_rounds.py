"""The published protocol on the real sales: what others measured is measured here in the same way."""

import os
from pathlib import Path

from ai.evaluation.orange_juice import naive, read_panel, run_rounds
from ai.evaluation.scores import score


def test_repeating_the_last_week_errs_by_109_89_percent_on_17_061_cells() -> None:
    answers = run_rounds(read_panel(Path(os.environ["TRADEAI_ORANGE_JUICE"])), naive)
    found = score(answers.actual, answers.predicted)
    assert len(answers.actual) == 17_534
    assert found.cells == 17_061
    assert round(100 * found.mape, 2) == 109.89

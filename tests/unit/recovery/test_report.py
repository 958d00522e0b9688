"""The recovery page calls the goal met only when it was measured with as much data as the goal is about."""

import pytest

from tests.recovery.report import goal


@pytest.mark.parametrize(
    ("seconds", "megabytes", "words"),
    [
        (300, 1200, "goal 600 s with 1000 MB: met"),
        (601, 1200, "goal 600 s with 1000 MB: **not met**"),
        (601, 20, "goal 600 s with 1000 MB: **not met**"),
        (300, 40.5, "the goal is 600 s with 1000 MB: with 40.5 MB this does not show it; RECOVERY_MB=1000 does"),
    ],
)
def test_what_a_measurement_says_about_the_goal(seconds: float, megabytes: float, words: str) -> None:
    assert goal(seconds, megabytes) == words

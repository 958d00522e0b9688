"""Waiting after failures, and where one may be sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.sign_in.lockout import Alone
from app.access.sign_in.rules import in_words, safe_next, wait_seconds


def test_the_wait_starts_at_the_limit_doubles_and_ends_at_an_hour() -> None:
    assert [wait_seconds(failures, 5) for failures in range(13)] == [0, 0, 0, 0, 0, 60, 120, 240, 480, 960, 1920, 3600, 3600]


@given(st.integers(0, 10_000), st.integers(1, 100))
def test_more_failures_never_shorten_the_wait(failures: int, allowed: int) -> None:
    assert 0 <= wait_seconds(failures, allowed) <= wait_seconds(failures + 1, allowed) <= 3600


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "in 1 minute"), (60, "in 1 minute"), (61, "in 2 minutes"), (3600, "in 60 minutes")]
)
def test_waits_are_said_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words


@pytest.mark.parametrize(
    "target", ["/", "/promotions", "/sales?from=2026-01-05&q=a%20b", "/customers/cus_1#history", "/sign-in-help"]
)
def test_local_paths_are_kept(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "promotions",
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/ok\r\nSet-Cookie: a=b",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/sign-in?next=/x",
        "/sign-out",
        "/" + "a" * 3000,
        "/a\x7f",
        "http:/evil.example",
        "//[",
        "/a b",
    ],
)
def test_everything_else_leads_home(target: str | None) -> None:
    assert safe_next(target) == "/"


@given(st.text(max_size=40))
def test_never_another_site(target: str) -> None:
    found = safe_next(target)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert "\\" not in found


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def test_without_redis_a_process_counts_alone() -> None:
    clock = Clock()
    alone = Alone(clock)
    assert [alone.reserve("a", "x").wait for _ in range(5)] == [0] * 5
    assert alone.reserve("a", "x").wait == 60
    assert alone.reserve("b", "x").wait == 0
    clock.at += 61
    assert (alone.reserve("a", "x").wait, alone.reserve("a", "x").wait) == (0, 120)
    alone.forget("a")
    assert alone.reserve("a", "x").wait == 0


def test_without_redis_old_failures_are_forgotten() -> None:
    clock = Clock()
    alone = Alone(clock)
    for _ in range(4):
        alone.reserve("a", "x")
    clock.at += 601
    assert [alone.reserve("a", "x").wait for _ in range(5)] == [0] * 5

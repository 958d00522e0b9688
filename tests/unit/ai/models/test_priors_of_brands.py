"""A thin product is drawn to its brand as far as brands differ, else to its category; thick ones stay where they are."""

from dataclasses import replace

import numpy as np
import pytest

from ai.models.priors import Member, Prior, priors_of

SEEN, UNSEEN = 0.01, 4.0  # variances: many weeks, and no week at all


def member(number: int, brand: str, estimate: float, variance: float = SEEN) -> Member:
    return Member(
        (f"prd_{number}", "cus"), "cat", brand, ["depth", "rival_depth:x"], np.array([estimate, 0.5]),
        np.array([variance, SEEN]), np.array([2.0, 0.3]),
    )  # fmt: skip


def two_brands(spread: float = 0.2) -> list[Member]:
    """Three products of a brand around 1, three of another around 4, and a thin product of the second."""
    found = [member(n, "low", 1.0 + spread * (n - 1)) for n in range(3)]
    found += [member(3 + n, "high", 4.0 + spread * (n - 1)) for n in range(3)]
    return [*found, member(9, "high", 2.5, UNSEEN)]


def prior(members: list[Member], number: int = 9) -> Prior:
    return priors_of(members)[f"prd_{number}", "cus"]["depth"]


def test_a_thin_product_lands_near_its_brand() -> None:
    mean, sd = prior(two_brands())
    assert mean == pytest.approx(4.0, abs=0.25)
    assert sd < 0.5


def test_without_its_brand_it_would_land_between_both() -> None:
    nameless = [replace(one, brand_id="") if one.key[0] == "prd_9" else one for one in two_brands()]
    mean, sd = prior(nameless)
    assert mean == pytest.approx(2.5, abs=0.3)
    assert sd > 1.0


def test_brands_that_do_not_differ_say_nothing() -> None:
    members = [member(n, "ab"[n % 2], 1.0 + n) for n in range(6)] + [member(9, "a", 2.5, UNSEEN)]
    without = [replace(one, brand_id="") for one in members]
    assert prior(members) == pytest.approx(prior(without))


def test_too_few_brands_with_several_products_say_nothing() -> None:
    members = [member(0, "a", 1.0), member(1, "a", 1.1), member(2, "b", 4.0), member(9, "b", 2.5, UNSEEN)]
    assert prior(members) == pytest.approx(prior([replace(one, brand_id="") for one in members]))


def test_a_product_is_no_witness_for_itself() -> None:
    members = two_brands()
    moved = [replace(one, estimates=one.estimates + 0.3) if one.key[0] == "prd_5" else one for one in members]
    within = abs(prior(moved, 5)[0] - prior(members, 5)[0])
    assert within < 0.15  # by way of the category and the spreads only
    assert prior(moved, 4)[0] - prior(members, 4)[0] > 0.1


def test_rivals_and_what_nobody_knows_keep_the_broad_prior() -> None:
    assert "rival_depth:x" not in priors_of(two_brands())["prd_9", "cus"]
    unknown = [member(n, "a", 1.0, UNSEEN) for n in range(5)]
    assert priors_of(unknown)["prd_0", "cus"] == {}

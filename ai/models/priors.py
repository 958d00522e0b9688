"""What products have in common: the prior that a product's coefficients are drawn to, from its category and its brand.

Empirical Bayes by the method of moments (DerSimonian and Laird 1986). The spread between the products of a category is split into
that between brands and that within them; where brands do not differ by more than chance, the category alone counts.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Prior = tuple[float, float]  # mean and standard deviation
Key = TypeVar("Key", bound=Hashable)
FEWEST_TO_LEARN_FROM = 3  # products of a category; also degrees of freedom within brands, plus one
_SHRINKS_TO_AT_LEAST = 0.03
_INFORMED = 0.5  # of the broad prior's variance: an estimate that kept more says nothing


@dataclass(frozen=True)
class Member:
    """One product at one retailer, fitted alone: estimates and variances by column name."""

    key: tuple[str, str]
    category_id: str
    brand_id: str  # empty without one
    names: Sequence[str]
    estimates: np.ndarray
    variances: np.ndarray
    prior_sd: np.ndarray


@dataclass(frozen=True)
class _Informed:
    """One coefficient of the members whose sales say something about it; brands as numbers, -1 without one."""

    keys: list[tuple[str, str]]
    brands: np.ndarray
    estimates: np.ndarray
    variances: np.ndarray


def priors_of(members: Sequence[Member]) -> dict[tuple[str, str], dict[str, Prior]]:
    """By member's key the priors of the columns that its category, or its brand, taught; the others keep the broad one.

    A category needs three informed products. Rivals' columns differ by product and keep their own prior. A product is not
    among those of its brand that its prior is made of.
    """
    found: dict[tuple[str, str], dict[str, Prior]] = {member.key: {} for member in members}
    for category in {member.category_id for member in members}:
        same = [member for member in members if member.category_id == category]
        for number, name in enumerate(same[0].names):
            if name.startswith("rival_"):
                continue
            informed = _informed(same, number)
            if len(informed.keys) < FEWEST_TO_LEARN_FROM:
                continue
            for member in same:
                found[member.key][name] = prior_of(informed, member.key, _brand_number(same, member))
    return found


def _brand_number(same: Sequence[Member], member: Member) -> int:
    brands = sorted({one.brand_id for one in same if one.brand_id})
    return brands.index(member.brand_id) if member.brand_id else -1


def _informed(same: Sequence[Member], number: int) -> _Informed:
    chosen = [one for one in same if one.variances[number] < _INFORMED * one.prior_sd[number] ** 2]
    return _Informed(
        keys=[one.key for one in chosen],
        brands=np.array([_brand_number(same, one) for one in chosen], dtype=int),
        estimates=np.array([one.estimates[number] for one in chosen]),
        variances=np.array([one.variances[number] for one in chosen]),
    )


def prior_of(informed: _Informed, key: tuple[str, str], brand: int) -> Prior:
    """Of the product `key` of the brand numbered `brand`: drawn to its brand as far as brands differ, else to the category."""
    between = max(float(informed.estimates.var(ddof=1) - informed.variances.mean()), _SHRINKS_TO_AT_LEAST**2)
    mean, _variance = _weighted(informed.estimates, informed.variances + between)
    within = _within(informed)
    others = (informed.brands == brand) & np.array([one != key for one in informed.keys])
    if brand < 0 or within is None or between <= within or not others.any():
        return mean, float(np.sqrt(between))
    apart = between - within  # between brands
    of_brand, variance = _weighted(informed.estimates[others], informed.variances[others] + within)
    precision = 1 / apart + 1 / variance
    return (mean / apart + of_brand / variance) / precision, float(np.sqrt(within + 1 / precision))


def _within(informed: _Informed) -> float | None:
    """Variance between products of one brand; None where too few brands have several to tell."""
    squares, degrees, noise = 0.0, 0, []
    for brand in set(informed.brands.tolist()) - {-1}:
        mine = informed.brands == brand
        if mine.sum() > 1:
            squares += float(((informed.estimates[mine] - informed.estimates[mine].mean()) ** 2).sum())
            degrees += int(mine.sum()) - 1
            noise += informed.variances[mine].tolist()
    if degrees < FEWEST_TO_LEARN_FROM - 1:
        return None
    return max(squares / degrees - float(np.mean(noise)), _SHRINKS_TO_AT_LEAST**2)


def _weighted(estimates: np.ndarray, variances: np.ndarray) -> Prior:
    """Mean weighted by precision, and its variance."""
    weights = 1 / variances
    return float((weights * estimates).sum() / weights.sum()), float(1 / weights.sum())


def spread_of(groups: Mapping[Key, Sequence[Prior]]) -> dict[Key, Prior]:
    """Per group of estimates (value, standard error): their mean weighted by precision, and the spread between them."""
    found = {}
    for key, members in groups.items():
        values, variances = np.array([value for value, _ in members]), np.array([error**2 for _, error in members])
        between = max(float(values.var(ddof=1) - variances.mean()), 0.0) if len(values) > 1 else 0.0
        found[key] = (_weighted(values, np.maximum(variances + between, 1e-9))[0], float(np.sqrt(between)))
    return found

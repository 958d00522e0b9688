"""K-means on standardised traits, with as many groups as the silhouette says; the same question has the same answer."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

FEWEST_MEMBERS = 8
MEMBERS_A_GROUP = 3  # on average, at least
MOST_GROUPS = 6
STARTS = 10
_SEED = 20_240_105
_FURTHEST = 3.0  # standard deviations; a single odd member shall not stretch the scale
_TURNS = 30
_KNOWN_SHARE = 2 / 3  # of the members must have a trait for it to count
_MORE_THAN_CHANCE = 0.25  # of a trait's spread must be left after estimates were drawn together


@dataclass(frozen=True)
class Grouping:
    """group: (members,) numbers from 0, the largest group first; silhouette: the mean; fits: each member's own.

    centres: (groups, traits) in standard deviations; used: (traits,) bool; tried: mean silhouette by number of groups.
    """

    group: np.ndarray
    silhouette: float
    fits: np.ndarray
    centres: np.ndarray
    used: np.ndarray
    tried: dict[int, float]


def grouped(values: np.ndarray, scale: np.ndarray | None = None) -> Grouping | None:
    """`values`: (members, traits), NaN where unknown; `scale`: (traits,) what counts as one standard deviation, by default their
    own. None with fewer than FEWEST_MEMBERS, or nothing that differs."""
    scaled, used = standardised(values, scale)
    if len(values) < FEWEST_MEMBERS or not used.any():
        return None
    most = min(MOST_GROUPS, len(values) // MEMBERS_A_GROUP)
    distance = _distances(scaled[:, used])
    found: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for groups in range(2, most + 1):
        group = _k_means(scaled[:, used], groups)
        if len(np.unique(group)) == groups:
            found[groups] = group, silhouettes(distance, group)
    if not found:
        return None
    tried = {groups: float(fits.mean()) for groups, (_group, fits) in found.items()}
    best = max(tried, key=lambda groups: (tried[groups], -groups))
    group, fits = found[best]
    group = _largest_first(group)
    centres = np.stack([scaled[group == number].mean(axis=0) for number in range(best)])
    return Grouping(group, tried[best], fits, centres, used, tried)


def standardised(values: np.ndarray, scale: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Traits in `scale`s from their mean, cut at _FURTHEST, unknown as zero; and which traits differ by more than chance."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    away = np.where(known, values - mean, 0.0)
    sd = np.sqrt((away**2).sum(axis=0) / count)
    scale = sd if scale is None else np.maximum(scale, sd)
    smallest = 1e-9 * np.maximum(np.abs(mean), 1.0)
    share_known = known.mean(axis=0) if len(values) else np.zeros(values.shape[1])
    used = (sd > smallest) & (sd >= _MORE_THAN_CHANCE * scale) & (share_known >= _KNOWN_SHARE)
    scaled = np.divide(away, scale, out=np.zeros(values.shape), where=used)
    return np.clip(scaled, -_FURTHEST, _FURTHEST), used


def _distances(points: np.ndarray) -> np.ndarray:
    """(members, members) Euclidean."""
    square = (points**2).sum(axis=1)
    return np.sqrt(np.maximum(square[:, None] + square[None] - 2 * points @ points.T, 0.0))


def silhouettes(distance: np.ndarray, group: np.ndarray) -> np.ndarray:
    """(members,) from -1 to 1: nearer to the own group or to the next one (Rousseeuw 1987); 0 for one that is alone."""
    groups = int(group.max()) + 1
    size = np.bincount(group, minlength=groups)
    total = np.stack([distance[:, group == number].sum(axis=1) for number in range(groups)], axis=1)
    rows = np.arange(len(group))
    own = total[rows, group] / np.maximum(size[group] - 1, 1)
    others = total / np.maximum(size, 1)
    others[rows, group] = np.inf
    nearest = others.min(axis=1)
    fits = (nearest - own) / np.maximum(np.maximum(nearest, own), 1e-12)
    return np.where(size[group] > 1, fits, 0.0)


def _k_means(points: np.ndarray, groups: int) -> np.ndarray:
    """The best of STARTS runs of Lloyd's algorithm from k-means++ seeds (Arthur and Vassilvitskii 2007)."""
    from scipy.cluster.vq import kmeans2, vq

    rng = np.random.default_rng((_SEED, groups))
    best, least = np.zeros(len(points), dtype=int), np.inf
    for _start in range(STARTS):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a group that ran empty: this start is no better than another
            centres, _labels = kmeans2(points, _seeds(points, groups, rng), iter=_TURNS, minit="matrix")
        group, away = vq(points, centres)
        if (inertia := float((away**2).sum())) < least - 1e-9:
            best, least = group.astype(int), inertia
    return best


def _seeds(points: np.ndarray, groups: int, rng: np.random.Generator) -> np.ndarray:
    """Members, each drawn by its squared distance to those drawn before."""
    chosen = [int(rng.integers(len(points)))]
    for _turn in range(groups - 1):
        nearest = ((points[:, None] - points[chosen][None]) ** 2).sum(axis=2).min(axis=1)
        total = nearest.sum()
        chosen.append(int(rng.choice(len(points), p=nearest / total)) if total > 0 else int(rng.integers(len(points))))
    return points[chosen]


def _largest_first(group: np.ndarray) -> np.ndarray:
    """Numbered by size; groups of one size by their first member."""
    numbers = np.unique(group)
    order = sorted(numbers, key=lambda number: (-int((group == number).sum()), int(np.argmax(group == number))))
    place = {number: new for new, number in enumerate(order)}
    return np.array([place[number] for number in group], dtype=int)

"""What a product costs when it is not promoted, week by week, derived from the prices of unflagged weeks."""

from __future__ import annotations

import warnings

import numpy as np

# Weeks looked at on either side, widened until enough unflagged weeks are found.
REACHES = (8, 16, 26)
ENOUGH_UNFLAGGED_WEEKS = 3


def typical_unflagged(values: np.ndarray, flagged: np.ndarray) -> np.ndarray:
    """Median of `values` over the unflagged weeks around each week; NaN where no reach holds enough of them.

    values, flagged: (series, weeks); NaN values are unknown. Looks forward as well as back, so it describes
    the past; it must not feed a forecast.
    """
    unflagged = np.where(flagged, np.nan, values)
    weeks = values.shape[1]
    typical = np.full(values.shape, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # all-NaN windows stay NaN on purpose
        for week in range(weeks):
            for reach in REACHES:
                missing = np.isnan(typical[:, week])
                if not missing.any():
                    break
                window = unflagged[missing, max(0, week - reach) : week + reach + 1]
                enough = np.isfinite(window).sum(axis=1) >= ENOUGH_UNFLAGGED_WEEKS
                typical[missing, week] = np.where(enough, np.nanmedian(window, axis=1), np.nan)
    return typical


def regular_prices(price: np.ndarray, flagged: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Regular price per unit, (series, weeks).

    A price that came with the sales wins; else the median of the unflagged weeks around; else the highest
    price paid within 8 weeks; NaN where nothing is known.
    """
    regular = np.where(np.isfinite(given), given, typical_unflagged(price, flagged))
    reach = REACHES[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for week in np.flatnonzero(np.isnan(regular).any(axis=0)):
            highest = np.nanmax(price[:, max(0, week - reach) : week + reach + 1], axis=1)
            regular[:, week] = np.where(np.isnan(regular[:, week]), highest, regular[:, week])
    return regular

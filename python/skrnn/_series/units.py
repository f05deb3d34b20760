"""Units of series and of windows, in which the network reads and forecasts.

A number y is read as (y - level) / scale. What is subtracted and divided by depends on `scaling`:

    None                    nothing
    "standard"              mean and standard deviation of the series
    "mean_abs"              mean magnitude of the window
    "last"                  last value of the window; standard deviation
    "season"                as "last"; forecasts are differences from the last season
    "difference"            differences from the step before; their standard deviation
    "seasonal_difference"   differences from the season before; their standard deviation

Where the changes of a positive series grow with its level, the deviation of "last" and "season"
grows with the mean of the window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from skrnn._series.panel import Values

SCALINGS = (
    "standard",
    "mean_abs",
    "last",
    "season",
    "difference",
    "seasonal_difference",
)
DIFFERENCES = ("difference", "seasonal_difference")

_GROWS = 3.0  # standard errors of a correlation that is no chance


@dataclass(frozen=True)
class Facts:
    """What is known of each of n series from its past; all of shape (n,)."""

    mean: Values
    deviation: Values  # standard; 0 for a series that has not changed
    magnitude: Values  # mean of |y|
    grows: NDArray[np.bool_]  # whether changes grow with the level
    changes: Values  # mean of |y_t - y_(t - m)|, m the steps of a season, or 1
    moves: Values  # mean of |y_t - y_(t - 1)|, or 1

    COLUMNS: ClassVar = ("mean", "deviation", "magnitude", "grows", "changes", "moves")

    @classmethod
    def learn(cls, read: list[Values], observed: list[Values], seasonality: int) -> Facts:
        """Return the facts of series without missing values: as they are read, and as observed.

        Errors of forecasts are in units of the series observed, whatever the network reads.
        """
        known = [x if len(x) else np.zeros(1) for x in read]
        return cls(
            # A mean of equal numbers may be off by rounding, and then no deviation is zero.
            np.array([x.mean() if np.ptp(x) > 0 else x[0] for x in known]),
            np.array([x.std() if np.ptp(x) > 0 else 0.0 for x in known]),
            np.array([np.abs(x).mean() for x in known]),
            np.array([_grows(x, seasonality) for x in known]),
            np.array([_changes(x, seasonality) for x in observed]),
            np.array([_changes(x, 1) for x in observed]),
        )

    @property
    def unit(self) -> Values:
        """The deviation, or another positive number for a series that has not changed."""
        size = np.where(self.mean == 0, 1.0, np.abs(self.mean))
        return np.where(self.deviation > 0, self.deviation, size)

    def take(self, indices: NDArray[np.int64]) -> Facts:
        """Return those of some series, as often as they are named."""
        return Facts(*(getattr(self, name)[indices] for name in self.COLUMNS))


def window_units(
    scaling: str | None, facts: Facts, last: Values, magnitude: Values
) -> tuple[Values, Values]:
    """Return level and scale of each of N windows, (N,) both.

    The scale of a series that has not changed, or is all zero, is 0: what a network adds to the
    level is not to be taken.

    Parameters
    ----------
    scaling : str or None
    facts : Facts
        Of the series of each window, N rows.
    last, magnitude : arrays of shape (N,)
        The last value of each window, and the mean of |y| in it.
    """
    zeros, ones = np.zeros_like(last), np.ones_like(last)
    if scaling is None:
        return zeros, ones
    if scaling == "standard":
        return facts.mean, facts.deviation
    if scaling == "mean_abs":
        return zeros, np.where(magnitude > 0, magnitude, facts.magnitude)
    if scaling in DIFFERENCES:
        # Differences that are all the same go on so.
        return np.where(facts.deviation > 0, 0.0, facts.mean), facts.deviation
    relative = np.divide(magnitude, facts.magnitude, out=ones, where=facts.grows & (magnitude > 0))
    return last, facts.deviation * relative


def _changes(values: Values, seasonality: int) -> float:
    """Return the mean error of the seasonal naive forecast, or else of the naive one."""
    for lag in (seasonality, 1):
        if len(values) > lag:
            error = float(np.abs(values[lag:] - values[:-lag]).mean())
            if error > 0:
                return error
    return 1.0


def _grows(values: Values, seasonality: int) -> bool:
    """Whether the changes of a positive series are larger where its level is higher."""
    n = len(values)
    if n < 2 * seasonality + 2 or values.min() <= 0:
        return False
    changes = np.abs(values[seasonality:] - values[:-seasonality])
    width = max(seasonality, 3)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(seasonality + 1, n + 1)
    starts = np.maximum(0, ends - width)
    levels = (sums[ends] - sums[starts]) / (ends - starts)
    changes -= changes.mean()
    levels -= levels.mean()
    sizes = np.sqrt((changes**2).sum()) * np.sqrt((levels**2).sum())
    # r > _GROWS / sqrt(n), without a division by the sizes of what may be constant.
    return bool((changes * levels).sum() * np.sqrt(len(changes)) > _GROWS * sizes)

"""Seasons of a series: whether they are significant, and their shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]  # (T,), finite

# The quantile of the normal distribution for a test of 90 % on two sides.
_SIGNIFICANT = 1.645


def autocorrelations(values: Values, most: int) -> Values:
    """Return the autocorrelations at lags 1..most, of shape (most,); zeros for a constant series.

    r_k = sum over t of (y_t - mean)(y_{t+k} - mean), divided by that sum at k = 0.
    """
    centered = values - values.mean()
    power = float(centered @ centered)
    if power == 0:
        return np.zeros(most)
    lagged = [centered[lag:] @ centered[: len(centered) - lag] for lag in range(1, most + 1)]
    return np.asarray(lagged) / power


def is_seasonal(values: Values, seasonality: int) -> bool:
    """Whether the autocorrelation at the lag of a season is significant.

    It is compared with 1.645 of its standard errors by Bartlett's formula, given the
    autocorrelations before it, as in the M4 competition. A series of fewer than three seasons has
    none, and nor has a seasonality of 1.

    Parameters
    ----------
    values : array of shape (T,)
    seasonality : int
        Steps of a season, m.
    """
    if seasonality == 1 or len(values) < 3 * seasonality:
        return False
    r = autocorrelations(values, seasonality)
    error = np.sqrt((1 + 2 * (r[:-1] @ r[:-1])) / len(values))
    return bool(abs(r[-1]) > _SIGNIFICANT * error)


def seasonal_factors(values: Values, seasonality: int) -> Values:
    """Return the multiplicative factors of the m steps of a season, with a mean of 1.

    Classical decomposition: the mean over seasons of the series divided by its trend, which is a
    centered moving average over one season. Factor i belongs to the steps i, i + m, i + 2 m, ...

    Parameters
    ----------
    values : array of shape (T,)
        T is at least 2 m, and the moving averages are not zero.
    seasonality : int
        Steps of a season, m.

    Returns
    -------
    factors : array of shape (m,)
    """
    m = seasonality
    window = np.full(m, 1.0) if m % 2 else np.array([0.5, *[1.0] * (m - 1), 0.5])
    trend = np.convolve(values, window / m, mode="valid")
    first = len(window) // 2
    ratios = values[first : first + len(trend)] / trend
    steps = np.arange(first, first + len(trend)) % m
    factors = np.bincount(steps, ratios, m) / np.bincount(steps, minlength=m)
    return np.asarray(factors / factors.mean())

"""Forecasts that need no learning, which others are measured by."""

from __future__ import annotations

import numpy as np

from skrnn._series.panel import Values
from skrnn._series.seasonality import is_seasonal, seasonal_factors


def naive(values: Values, horizon: int, seasonality: int = 1) -> Values:
    """Repeat the last season: the last value for a seasonality of 1.

    Parameters
    ----------
    values : array of shape (T,)
        T is at least `seasonality`.
    horizon : int
        Steps after the last one, h.
    seasonality : int, default=1
        Steps of a season, m.

    Returns
    -------
    forecast : array of shape (h,)

    Examples
    --------
    >>> import numpy as np
    >>> naive(np.array([4.0, 1.0, 2.0]), 5, seasonality=2)
    array([1., 2., 1., 2., 1.])
    """
    return np.resize(values[-seasonality:], horizon)


def naive2(values: Values, horizon: int, seasonality: int = 1) -> Values:
    """Repeat the last value, adjusted for multiplicative seasons where they are significant.

    The benchmark "Naive 2" of the M competitions: the last value divided by its seasonal factor,
    times the factors of the steps to come. Without significant seasons it is `naive`.

    Parameters
    ----------
    values : array of shape (T,)
    horizon : int
        Steps after the last one, h.
    seasonality : int, default=1
        Steps of a season, m.

    Returns
    -------
    forecast : array of shape (h,)

    References
    ----------
    Makridakis, Spiliotis & Assimakopoulos, "The M4 Competition: 100,000 time series and 61
    forecasting methods", International Journal of Forecasting 36, 2020.
    """
    if not is_seasonal(values, seasonality):
        return naive(values, horizon)
    factors = seasonal_factors(values, seasonality)
    steps = np.arange(len(values), len(values) + horizon)
    last = values[-1] / factors[(len(values) - 1) % seasonality]
    return np.asarray(last * factors[steps % seasonality])

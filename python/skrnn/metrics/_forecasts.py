"""Scores of forecasts: of points, of quantiles, and of intervals."""

from __future__ import annotations

from typing import Any

import numpy as np

from skrnn._sequences.counts import check_count
from skrnn._sequences.refuse import shown
from skrnn._series.naive import naive2
from skrnn._series.numbers import read_floats
from skrnn.metrics._series import Values, beside, check_same_number, observed, series_of

_SEASON = "the steps of a season, 1 for none"


def smape(y_true: Any, y_pred: Any) -> float:
    """Symmetric mean absolute percentage error, in percent.

    The mean over steps of 200 abs(y - f) / (abs(y) + abs(f)), where 0 / 0 is 0; then the mean over
    series.

    Parameters
    ----------
    y_true : array-like of shape (h,) or (n, h), or n series of shape (h_i,) in a list
        One series, or n. NaN is a step that nobody observed, and does not count.
    y_pred : as `y_true`
        The forecasts f, without NaN.

    Returns
    -------
    error : float
        From 0 to 200.

    Raises
    ------
    TypeError
        For what holds no numbers.
    ValueError
        For other series or steps in `y_true` than in `y_pred`, for a series without an observed
        step, and for infinite or missing numbers.

    References
    ----------
    Makridakis, "Accuracy measures: theoretical and practical concerns", International Journal of
    Forecasting 9, 1993, in the form of the M4 competition.

    Examples
    --------
    >>> from skrnn.metrics import smape
    >>> smape([100, 50, 0], [300, 50, 0])  # 100, 0 and 0 percent
    33.333333333333336
    """
    true, predicted = observed(y_true), beside(y_true, y_pred, "y_pred")
    errors = []
    for y, f in zip(true, predicted, strict=True):
        size = np.abs(y) + np.abs(f)
        errors.append(np.nanmean(200 * np.abs(y - f) / np.where(size == 0, 1, size)))
    return float(np.mean(errors))


def mase(y_true: Any, y_pred: Any, y_train: Any, *, seasonality: int = 1) -> float:
    """Mean absolute error, scaled by that of the naive forecast within the training series.

    A series is scaled by the mean of abs(y_t - y_{t - m}) over its training part; 1 is as good as
    a seasonal naive forecast of the next step there. Then comes the mean over series.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (h,) or (n, h), or n series of shape (h_i,) in a list
        As in `smape`.
    y_train : array-like of shape (T,) or (n, T), or n series of shape (T_i,) in a list
        What came before, of the same series. NaN is a step that nobody observed.
    seasonality : int, default=1
        Steps of a season, m.

    Returns
    -------
    error : float
        0 or more.

    Raises
    ------
    TypeError
        For what holds no numbers, and for a `seasonality` that is no integer.
    ValueError
        As `smape`; for other series in `y_train`, for `seasonality` below 1, and for a series that
        has no scale: it is not longer than a season, or each step equals that of a season before.

    References
    ----------
    Hyndman & Koehler, "Another look at measures of forecast accuracy", International Journal of
    Forecasting 22, 2006.

    Examples
    --------
    >>> from skrnn.metrics import mase
    >>> mase([5, 6], [4, 6], y_train=[1, 3, 2, 4])  # .5 on average, steps of 5 / 3
    0.3
    """
    true, predicted = observed(y_true), beside(y_true, y_pred, "y_pred")
    train = series_of(y_train, "y_train", missing=True)
    check_same_number(true, train, "y_train")
    check_count("seasonality", seasonality, 1, what=_SEASON)
    errors = [np.nanmean(np.abs(y - f)) for y, f in zip(true, predicted, strict=True)]
    return float(np.mean(np.divide(errors, [_scale(*at, seasonality) for at in enumerate(train)])))


def owa(
    y_true: Any, y_pred: Any, y_train: Any, *, seasonality: int = 1, y_naive: Any = None
) -> float:
    """Overall weighted average: sMAPE and MASE relative to those of a naive forecast.

    The mean of the ratios ``smape / smape_naive`` and ``mase / mase_naive``, each over all series:
    below 1 forecasts are better than the naive one. By this the M4 competition ranked.

    Parameters
    ----------
    y_true, y_pred, y_train, seasonality
        As in `mase`; without `y_naive`, `y_train` has no NaN.
    y_naive : as `y_pred`, optional
        The naive forecasts. None makes those of M4, "Naive 2": the last value, adjusted for
        multiplicative seasons where the autocorrelation at `seasonality` is significant.

    Returns
    -------
    average : float
        0 or more.

    Raises
    ------
    TypeError, ValueError
        As `mase`; also where the naive forecast makes no error at all, and where a significant
        season has factors of zero, or none.

    References
    ----------
    Makridakis, Spiliotis & Assimakopoulos, "The M4 Competition: 100,000 time series and 61
    forecasting methods", International Journal of Forecasting 36, 2020.

    Examples
    --------
    >>> from skrnn.metrics import owa
    >>> owa([5, 6], [5, 6], y_train=[1, 3, 2, 4])
    0.0
    >>> owa([5, 6], [4, 4], y_train=[1, 3, 2, 4])  # the naive forecast itself
    1.0
    """
    if y_naive is None:
        true, train = observed(y_true), series_of(y_train, "y_train")
        check_same_number(true, train, "y_train")
        check_count("seasonality", seasonality, 1, what=_SEASON)
        steps = (len(y) for y in true)
        made = [_naive2(*at, h, seasonality) for at, h in zip(enumerate(train), steps, strict=True)]
        y_naive = made if len(made) > 1 else made[0]
    beside(y_true, y_naive, "y_naive")
    model, naive = (
        (smape(y_true, forecast), mase(y_true, forecast, y_train, seasonality=seasonality))
        for forecast in (y_pred, y_naive)
    )
    if 0.0 in naive:
        raise ValueError(
            "the naive forecasts are equal to y_true, and errors cannot be divided by theirs; pass "
            "steps that they do not foretell"
        )
    return float(np.mean(np.divide(model, naive)))


def pinball_loss(y_true: Any, y_pred: Any, quantiles: Any) -> float:
    """Mean loss of predicted quantiles, over quantiles, steps, and series.

    q (y - f) where an observation y is above the predicted quantile f, and (1 - q) (f - y) where
    it is below: its expectation is smallest for the true quantile. With one quantile of 0.5 it is
    half of the mean absolute error.

    Parameters
    ----------
    y_true : array-like of shape (h,) or (n, h), or n series of shape (h_i,) in a list
        As in `smape`.
    y_pred : array-like of shape (h, Q) or (n, h, Q), or n arrays of shape (h_i, Q) in a list
        A forecast for each quantile.
    quantiles : array-like of shape (Q,)
        The probabilities q, within (0, 1).

    Returns
    -------
    loss : float
        0 or more, in units of y.

    Raises
    ------
    TypeError, ValueError
        As `smape`; for quantiles outside of (0, 1), and for another number of them in `y_pred`.

    References
    ----------
    Koenker & Bassett, "Regression Quantiles", Econometrica 46, 1978.

    Examples
    --------
    >>> from skrnn.metrics import pinball_loss
    >>> pinball_loss([10.0, 10.0], [[8, 12], [8, 9]], quantiles=[0.1, 0.9])
    0.375
    """
    levels = _checked_quantiles(quantiles)
    true = observed(y_true)
    predicted = beside(y_true, y_pred, "y_pred", columns=len(levels))
    losses = []
    for y, f in zip(true, predicted, strict=True):
        above = y[:, None] - f
        losses.append(np.nanmean(np.maximum(levels * above, (levels - 1) * above)))
    return float(np.mean(losses))


def coverage(y_true: Any, y_lower: Any, y_upper: Any) -> float:
    """Share of observations within their predicted intervals, bounds included.

    Parameters
    ----------
    y_true : array-like of shape (h,) or (n, h), or n series of shape (h_i,) in a list
        As in `smape`.
    y_lower, y_upper : as `y_true`
        The bounds, which may be infinite.

    Returns
    -------
    share : float
        From 0 to 1; for intervals of 90 % it should be near 0.9. All observations of all series
        count alike.

    Raises
    ------
    TypeError, ValueError
        As `smape`; also for a lower bound above the upper one.

    Examples
    --------
    >>> from skrnn.metrics import coverage
    >>> coverage([1, 2, 3, 4], [0, 0, 0, 0], [2, 2, 2, 9])
    0.75
    """
    y = np.concatenate(observed(y_true))
    lower, upper = (
        np.concatenate(beside(y_true, bounds, name, infinite=True))
        for bounds, name in ((y_lower, "y_lower"), (y_upper, "y_upper"))
    )
    if (lower > upper).any():
        step = int(np.flatnonzero(lower > upper)[0])
        raise ValueError(
            f"y_lower has {lower[step]} where y_upper has {upper[step]}; expected no lower bound "
            "above the upper one"
        )
    within = (lower <= y) & (y <= upper)
    return float(np.mean(within[~np.isnan(y)]))


def _scale(index: int, train: Values, seasonality: int) -> float:
    """Return the mean absolute error of the seasonal naive forecast within a training series."""
    steps = np.abs(train[seasonality:] - train[:-seasonality])
    if np.nansum(steps) > 0:
        return float(np.nanmean(steps))
    if len(train) <= seasonality:
        why = f"it has {len(train)} steps, and a season has {seasonality}"
    elif np.isnan(steps).all():
        why = f"no two steps {seasonality} apart were observed, one of them is NaN"
    else:
        why = f"each step equals that of {seasonality} before"
    raise ValueError(
        f"Series {index} of y_train has no scale: {why}. Leave the series out, or choose another "
        "seasonality"
    )


def _naive2(index: int, train: Values, horizon: int, seasonality: int) -> Values:
    """Return the forecast "Naive 2", which divides by factors and by means over a season."""
    with np.errstate(divide="ignore", invalid="ignore"):
        forecast = naive2(train, horizon, seasonality)
    if not np.isfinite(forecast).all():
        raise ValueError(
            f"Series {index} of y_train has seasons, of {seasonality} steps, with a mean or a "
            "factor of zero, by which the naive forecast divides; pass y_naive"
        )
    return forecast


def _checked_quantiles(quantiles: Any) -> Values:
    """Return the probabilities, of shape (Q,)."""
    try:
        levels = read_floats(quantiles)
    except (TypeError, ValueError, OverflowError):
        levels = np.zeros(0)
    if levels.ndim != 1 or not len(levels) or not ((levels > 0) & (levels < 1)).all():
        raise ValueError(
            f"quantiles={shown(quantiles)}; expected a list of probabilities within (0, 1)"
        )
    return levels

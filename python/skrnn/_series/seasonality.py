"""Seasons of a series: whether they are significant, and their shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skrnn._series.panel import Values

# The quantile of the normal distribution for a test of 90 % on two sides.
_SIGNIFICANT = 1.645
_NEARLY = 0.9  # a peak as high as this part of the highest is as good
_CLOSE = 1.25  # peaks up to so many times a lag are of the same season
_AGAIN = 1.25  # how much lower a peak may be when it comes again
_SAMPLE = 200  # series that are looked at for a season that most have


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


def find_seasonality(values: Values, likely: Sequence[int] = ()) -> int:
    """Return the steps of the season of a series, or 1 if none stands out.

    A season shows as a peak of the autocorrelations, of the series without its linear trend or of
    its differences, that lies beyond the first lag without correlation, is higher than chance makes
    the highest of so many, and comes again at twice the lag. Of peaks that are almost as high as
    the highest the first is the season, or the highest close behind it: noise makes several of a
    broad one. Three seasons must be seen.

    Parameters
    ----------
    values : array of shape (T,)
    likely : sequence of int, default=()
        Seasons that the calendar suggests, such as 7 for days: the best of them that is significant
        by itself (`is_seasonal`) comes before all others.

    Returns
    -------
    seasonality : int
    """
    n = len(values)
    most = n // 3
    if most < 2 or np.ptp(values) == 0:
        return 1
    steps = np.arange(n)
    detrended = values - np.polyval(np.polyfit(steps, values, 1), steps)
    differences = np.diff(values)
    for season in sorted(likely, key=lambda m: -_repeats(differences, m)):
        if season <= most and _repeats(differences, season) > 0 and is_seasonal(detrended, season):
            return int(season)
    found = [_peaks(x, most) for x in (detrended, differences)]
    lags, heights = max(found, key=lambda peaks: peaks[1].max(initial=0.0))
    if len(lags) == 0:
        return 1
    first = lags[heights >= _NEARLY * heights.max()][0]
    return int(lags[np.argmax(np.where(lags < _CLOSE * first, heights, 0))])


def common_seasonality(series: Sequence[Values], likely: Sequence[int] = ()) -> int:
    """Return the season that most of the series have, or 1; of many a sample is looked at."""
    step = max(1, len(series) // _SAMPLE)
    seasons = [find_seasonality(values, likely) for values in series[::step]]
    return Counter(seasons).most_common(1)[0][0]


def _repeats(values: Values, season: int) -> float:
    """Return the smaller of the autocorrelations at one and two seasons, or 0."""
    if len(values) < 2 * season + 2:
        return 0.0
    r = _spectral_autocorrelations(values, 2 * season)
    return float(min(r[season], r[2 * season]))


def _peaks(values: Values, most: int) -> tuple[NDArray[np.int64], Values]:
    """Return the lags up to `most` at which autocorrelations have a peak, and its height."""
    nothing = np.empty(0, np.int64), np.empty(0)
    r = _spectral_autocorrelations(values, min(2 * most + 1, len(values) - 1))
    uncorrelated = np.flatnonzero(r <= 0)
    if len(uncorrelated) == 0:
        return nothing
    lags = np.arange(max(2, uncorrelated[0] + 1), min(most, len(r) - 2) + 1)
    # The largest of k independent normal numbers is about sqrt(2 log k).
    chance = (1 + np.sqrt(2 * np.log(most))) / np.sqrt(len(values))
    lags = lags[(r[lags] > r[lags - 1]) & (r[lags] >= r[lags + 1]) & (r[lags] > chance)]
    again = [r[2 * lag - 1 - lag // 10 : 2 * lag + 2 + lag // 10].max(initial=0.0) for lag in lags]
    heights = np.minimum(r[lags], _AGAIN * np.array(again)) if len(lags) else np.empty(0)
    return lags[heights > chance], heights[heights > chance]


def _spectral_autocorrelations(values: Values, most: int) -> Values:
    """Return autocorrelations at lags 0..most, (most + 1,), by the Fourier transform."""
    centered = values - values.mean()
    spectrum = np.fft.rfft(centered, 2 * len(values))
    r = np.fft.irfft(spectrum * spectrum.conj())[: most + 1]
    return np.asarray(r / r[0] if r[0] > 0 else np.zeros(most + 1))

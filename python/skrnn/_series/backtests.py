"""Forecasts from rolling origins, beside naive ones, and their scores."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._series.conformal import Errors, RollingCalibration
from skrnn._series.naive import naive
from skrnn._series.panel import Panel, Values, filled
from skrnn._series.windows import Origins


@dataclass(frozen=True, repr=False)
class Backtest:
    """What was forecast from N origins, and what came.

    Attributes
    ----------
    series : array of shape (N,), int64
        The number of the series of each origin.
    ends : array of shape (N,), int64
        How many steps of the series were known.
    actual : array of shape (N, h)
        What came; NaN where nothing was observed.
    forecasts : dict of str to array of shape (N, h)
        Of "forecaster", "naive" and "seasonal_naive", which repeat the last value and the last
        season.
    intervals : dict of float to array of shape (N, h, 2)
        For each coverage lower and upper ends.
    scores : dict of str to dict of str to float
        For each metric the score of each of the `forecasts`: "mae", "rmse", "smape" (percent),
        "mase" and "owa", as `skrnn.metrics` has them. MASE is scaled by the error of the seasonal
        naive forecast before the first origin, and OWA relates to the seasonal naive forecasts.
    coverage : dict of float to float
        The share of observed steps inside of the intervals of each coverage.
    pinball : float or None
        Mean pinball loss of the ends of all intervals, or None without.
    seasonality : int
        Steps of the season, 1 for none.
    keys : array of shape (n,), or None
        Of the series, where a data frame has them.
    times : array of shape (N, h), or None
        Of the steps that were forecast, where they have times; in their time zone.
    """

    series: NDArray[np.int64]
    ends: NDArray[np.int64]
    actual: Values
    forecasts: dict[str, Values]
    intervals: dict[float, Values]
    scales: Values  # (N,), of MASE
    seasonality: int = 1
    keys: NDArray[Any] | None = None
    times: NDArray[Any] | None = None

    def __repr__(self) -> str:
        errors = ", ".join(f"{name} {mae:.4g}" for name, mae in self.scores["mae"].items())
        count, h = self.actual.shape
        return (
            f"Backtest of {count} forecasts of {h} steps, of {len(np.unique(self.series))} series; "
            f"mean absolute errors: {errors}"
        )

    @property
    def scores(self) -> dict[str, dict[str, float]]:
        """The scores of all forecasts."""
        y = self.actual
        found: dict[str, dict[str, float]] = {"mae": {}, "rmse": {}, "smape": {}, "mase": {}}
        for name, f in self.forecasts.items():
            error = np.abs(y - f)
            size = np.abs(y) + np.abs(f)
            found["mae"][name] = float(np.nanmean(error))
            found["rmse"][name] = float(np.sqrt(np.nanmean(error**2)))
            found["smape"][name] = float(np.nanmean(200 * error / np.where(size == 0, 1, size)))
            found["mase"][name] = float(np.nanmean(error / self.scales[:, None]))
        found["owa"] = {
            name: (
                _ratio(found["smape"][name], found["smape"]["seasonal_naive"])
                + _ratio(found["mase"][name], found["mase"]["seasonal_naive"])
            )
            / 2
            for name in self.forecasts
        }
        return found

    @property
    def coverage(self) -> dict[float, float]:
        """The share of observed steps inside of the intervals."""
        known = ~np.isnan(self.actual)
        return {
            level: float(
                ((ends[..., 0] <= self.actual) & (self.actual <= ends[..., 1]))[known].mean()
            )
            for level, ends in self.intervals.items()
        }

    @property
    def pinball(self) -> float | None:
        """Mean pinball loss of the ends of all intervals."""
        losses = []
        for level, ends in self.intervals.items():
            for k, quantile in enumerate(((1 - level) / 2, (1 + level) / 2)):
                error = self.actual - ends[..., k]
                losses.append(np.nanmean(np.maximum(quantile * error, (quantile - 1) * error)))
        return float(np.mean(losses)) if losses else None


def naive_forecasts(
    panel: Panel, origins: Origins, horizon: int, seasonality: int
) -> dict[str, Values]:
    """Return what naive forecasts say at each origin, (N, h) each."""
    known = [filled(x) for x in panel.values]
    found = {}
    for name, season in (("naive", 1), ("seasonal_naive", seasonality)):
        rows = []
        for i, end in zip(origins.series, origins.ends, strict=True):
            history = known[i][:end]
            rows.append(naive(history, horizon, season if len(history) >= season else 1))
        found[name] = np.array(rows)
    return found


def rolling_half_widths(
    scores: Values, errors: Errors, ends: NDArray[np.int64], coverage: float
) -> Values:
    """Return half-widths for N origins, (N, h), that learn from what was observed before each.

    Parameters
    ----------
    scores : array of shape (N, h)
        Magnitudes of errors in units of spread; NaN where nothing was observed.
    errors : Errors
        To begin with.
    ends : array of shape (N,)
        Steps before each origin: an error of step j is known to origins from ``end + j + 1`` on.
    coverage : float
    """
    calibration = RollingCalibration(errors, coverage, scores.shape[1])
    widths = np.empty_like(scores)
    waiting: list[tuple[int, int, int]] = []  # when it is known, origin, step to come
    for origin in np.argsort(ends, kind="stable").tolist():
        end = int(ends[origin])
        while waiting and waiting[0][0] <= end:
            _, before, step = heappop(waiting)
            score = scores[before, step]
            calibration.add(step, score, bool(score > widths[before, step]))
        widths[origin] = calibration.half_widths()
        for step in range(scores.shape[1]):
            if not np.isnan(scores[origin, step]):
                heappush(waiting, (end + step + 1, origin, step))
    return widths


def _ratio(a: float, b: float) -> float:
    return a / b if b > 0 else (1.0 if a == 0 else float("inf"))

"""Windows of series as the engine reads them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._series.panel import Panel, Values, filled
from skrnn._series.plan import Plan
from skrnn._series.units import Facts, window_units

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Origins:
    """The windows of series, each by the step that follows it: the first that is forecast."""

    series: Integers  # (N,)
    ends: Integers  # (N,), steps of the series before

    def __len__(self) -> int:
        return len(self.series)

    def take(self, indices: Integers) -> Origins:
        """Return some of them."""
        return Origins(self.series[indices], self.ends[indices])


class WindowedSeries:
    """Series one behind the other in one array of float32, from which windows are views.

    Each number is stored as (y - mean) / deviation of its series, so that little is lost to
    rounding. In front of a series its first number is repeated, for windows that begin before it,
    and behind it is room for the steps to come of the last window.
    """

    def __init__(self, panel: Panel, facts: Facts, plan: Plan) -> None:
        self._plan, self._facts = plan, facts
        ahead, behind = plan.past, plan.block
        known = [filled(x) for x in panel.values]
        lengths = panel.lengths
        self._first = np.cumsum([0, *(lengths[:-1] + ahead + behind)]) + ahead
        size = int(lengths.sum()) + len(panel) * (ahead + behind)
        self._numbers = np.zeros(size, np.float32)
        self._following = np.full(size, np.nan, np.float32)
        K = plan.covariates
        self._covariates = np.zeros((size, K), np.float32)
        self._sums = np.zeros(size + 1)  # of |y| before each number
        for i, (x, first) in enumerate(zip(known, self._first, strict=True)):
            padded = np.concatenate([np.full(ahead, x[0]), x])
            standard = (padded - facts.mean[i]) / facts.deviation[i]
            end = first + len(x)
            self._numbers[first - ahead : end] = standard
            self._following[first:end] = np.where(
                np.isnan(panel.values[i]), np.nan, standard[ahead:]
            )
            self._sums[first - ahead + 1 : end + behind + 1] = self._sums[
                first - ahead
            ] + np.concatenate([np.cumsum(np.abs(padded)), np.full(behind, np.abs(padded).sum())])
            if K:
                beside = panel.covariates[i][: len(x) + behind]
                self._covariates[first - ahead : first] = beside[0]
                self._covariates[first : first + len(beside)] = beside
                self._covariates[first + len(beside) : end + behind] = beside[-1]

    def units(self, origins: Origins) -> tuple[Values, Values]:
        """Return level and scale of each window, in the units of its series."""
        ends = self._first[origins.series] + origins.ends
        facts = self._facts.take(origins.series)
        last = self._numbers[ends - 1] * facts.deviation + facts.mean
        length = np.minimum(origins.ends, self._plan.lookback)
        magnitude = (self._sums[ends] - self._sums[ends - length]) / length
        return window_units(self._plan.scaling, facts, last, magnitude)

    def windows(self, origins: Origins) -> tuple[_core.Windows, Integers]:
        """Return windows for the engine, and the offsets of their rows, (N + 1,)."""
        plan, facts = self._plan, self._facts.take(origins.series)
        levels, scales = self.units(origins)
        ends = self._first[origins.series] + origins.ends
        rows = np.clip(origins.ends // plan.width, 1, plan.rows)
        starts = ends - rows * plan.width
        K = plan.covariates
        covariates = None
        if K:
            flat = self._covariates.reshape(-1)
            covariates = (flat, starts * K, plan.width * K, plan.step_width * K)
        windows = _core.Windows(
            self._numbers,
            starts,
            width=plan.width,
            levels=((levels - facts.mean) / facts.deviation).astype(np.float32),
            scales=(scales / facts.deviation).astype(np.float32),
            lags=plan.lags,
            following=self._following,
            season=plan.season,
            covariates=covariates,
        )
        return windows, np.concatenate([[0], np.cumsum(rows)])

    def base(self, origins: Origins, levels: Values) -> Values:
        """Return what forecasts are differences from, (N, block): the last season, or a level."""
        plan = self._plan
        if not plan.season:
            return np.repeat(levels[:, None], plan.block, axis=1)
        ends = self._first[origins.series] + origins.ends
        at = ends[:, None] - plan.season + np.arange(plan.block) % plan.season
        facts = self._facts.take(origins.series)
        season = self._numbers[at] * facts.deviation[:, None] + facts.mean[:, None]
        return np.asarray(season)


def origins_of(panel: Panel, plan: Plan, begins: Integers | None = None) -> Origins:
    """Return all windows of series that have a target: one for each step that ends one.

    Windows are full, except in series that are too short for one with a target behind it.

    Parameters
    ----------
    panel : Panel
    plan : Plan
    begins : array of shape (n,), optional
        The first step of each series that may be a target.
    """
    series, ends = [], []
    for i, values in enumerate(panel.values):
        n = len(values)
        first = min(max(plan.past, plan.season, 1), max(n - plan.horizon, n // 2, 1))
        if begins is not None:
            first = max(first, int(begins[i]))
        observed = np.flatnonzero(~np.isnan(values))
        last = int(observed[-1]) + 1 if len(observed) else 0
        own = np.arange(first, last)
        series.append(np.full(len(own), i))
        ends.append(own)
    return Origins(np.concatenate(series), np.concatenate(ends))

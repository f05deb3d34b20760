"""Windows of series as the engine reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._series.differences import difference
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

    Each number is stored as (y - mean) / unit of its series, so that little is lost to rounding;
    where differences are forecast, y is one. In front of a series its first number is repeated, for
    windows that begin before it, and behind it is room for the steps to come of the last window.
    """

    def __init__(self, panel: Panel, facts: Facts, plan: Plan) -> None:
        self._plan, self._facts = plan, facts
        ahead, behind = plan.past, plan.block
        lengths = panel.lengths
        self._first = np.cumsum([0, *(lengths[:-1] + ahead + behind)]) + ahead
        size = int(lengths.sum()) + len(panel) * (ahead + behind)
        self._numbers = np.zeros(size, np.float32)
        self._following = np.full(size, np.nan, np.float32)
        K = plan.covariates
        self._covariates = np.zeros((size, K), np.float32)
        magnitudes = np.zeros(size)
        units = facts.unit
        for i, (observed, first) in enumerate(zip(panel.values, self._first, strict=True)):
            x = as_read(observed, plan)
            standard = (x - facts.mean[i]) / units[i]
            end = first + len(x)
            self._numbers[first - ahead : first] = standard[0]
            self._numbers[first:end] = standard
            self._following[first:end] = np.where(np.isnan(observed), np.nan, standard)
            magnitudes[first:end] = np.abs(x)
            if K:
                beside = panel.covariates[i][: len(x) + behind]
                self._covariates[first - ahead : first] = beside[0]
                self._covariates[first : first + len(beside)] = beside
                self._covariates[first + len(beside) : end + behind] = beside[-1]
        # Zeros lie between two series, as many as a window is long.
        self._sums = sums_before(magnitudes, plan.lookback)

    def units(self, origins: Origins) -> tuple[Values, Values]:
        """Return level and scale of each window; a scale of 0 is not known."""
        ends = self._first[origins.series] + origins.ends
        facts = self._facts.take(origins.series)
        last = self._numbers[ends - 1] * facts.unit + facts.mean
        magnitude = self._sums[ends] / np.minimum(origins.ends, self._plan.lookback)
        return window_units(self._plan.scaling, facts, last, magnitude)

    def windows(self, origins: Origins) -> tuple[_core.Windows, Integers]:
        """Return windows for the engine, and the offsets of their rows, (N + 1,)."""
        plan, facts = self._plan, self._facts.take(origins.series)
        levels, scales = self.units(origins)
        scales = np.where(scales > 0, scales, facts.unit)
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
            levels=((levels - facts.mean) / facts.unit).astype(np.float32),
            scales=(scales / facts.unit).astype(np.float32),
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
        season = self._numbers[at] * facts.unit[:, None] + facts.mean[:, None]
        return np.asarray(season)


def as_read(values: Values, plan: Plan) -> Values:
    """Return the numbers that the network reads, (T,): a series without gaps, or its differences.

    A step that nobody observed is as the one before.
    """
    known = filled(values)
    return difference(known, plan.difference) if plan.difference else known


def sums_before(values: Values, count: int) -> Values:
    """Return the sum of the `count` numbers before each place, (T + 1,); zeros precede all.

    They are added two by two, these sums two by two, and so on: in an order that does not depend on
    the place, so that neither do the bits.

    Examples
    --------
    >>> sums_before(np.array([1.0, 2.0, 4.0, 8.0]), 3)
    array([ 0.,  1.,  3.,  7., 14.])
    """
    sums = np.zeros(len(values) + 1)
    added = 0
    size, of_size = 1, values  # sums of `size` numbers, the last of which is at each place
    while size <= count:
        if count & size:
            sums[added + 1 :] += of_size[: max(0, len(values) - added)]
            added += size
        wider = of_size.copy()
        wider[size:] += of_size[:-size]
        size, of_size = 2 * size, wider
    return sums


def behind(rows: Sequence[NDArray[Any]], origins: Origins, count: int) -> NDArray[Any]:
    """Return what series have behind each origin, (N, count)."""
    pairs = zip(origins.series, origins.ends, strict=True)
    return np.array([rows[i][end : end + count] for i, end in pairs])


def origins_of(panel: Panel, plan: Plan, begins: Integers | None = None) -> Origins:
    """Return all windows of series that have a target: one for each step that ends one.

    Series begin with their first observation. Windows are full, except in series that are too short
    for one with a target behind it.

    Parameters
    ----------
    panel : Panel
    plan : Plan
    begins : array of shape (n,), optional
        The first step of each series that may be a target.
    """
    series, ends = [], []
    for i, (values, known) in enumerate(zip(panel.values, panel.known_from, strict=True)):
        begin = int(known) - 1
        n = len(values) - begin
        first = begin + min(max(plan.past, plan.season, 1), max(n - plan.horizon, n // 2, 1))
        first = max(first, 0 if begins is None else int(begins[i]))
        observed = np.flatnonzero(~np.isnan(values))
        last = int(observed[-1]) + 1 if len(observed) else 0
        own = np.arange(first, last)
        series.append(np.full(len(own), i))
        ends.append(own)
    return Origins(np.concatenate(series), np.concatenate(ends))

"""Intervals from the errors of earlier forecasts: split and rolling conformal prediction.

Errors are those of forecasts of steps that the network was not trained on, in units of the spread
of the window. If errors to come are exchangeable with those, an interval that the right quantile of
them gives covers with the probability asked for (Vovk, Gammerman & Shafer, "Algorithmic Learning in
a Random World", 2005; Lei et al., "Distribution-free predictive inference for regression", 2018).
Where they are not, the level adapts to how often intervals have missed (Gibbs & Candes, "Adaptive
conformal inference under distribution shift", NeurIPS 2021).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass

import numpy as np

from skrnn._series.panel import Values

_KEPT = 400  # errors of a step to come, at most; of more those at so many even places
_STEP = 0.05  # by which the level adapts to a miss


@dataclass(frozen=True)
class Errors:
    """Errors (y - forecast) / spread of each step to come."""

    table: Values  # (q, H), sorted
    effective: float  # how many independent errors tell as much as those did

    @classmethod
    def of(cls, errors: Values, effective: float) -> Errors:
        """Return the errors of N forecasts, (N, H); NaN where there is none, but not everywhere.

        The last steps to come have the fewest errors, since series end. A step with fewer than
        others also has some of the step before it, or behind it.
        """
        columns = [column[~np.isnan(column)] for column in errors.T]
        most = max(map(len, columns))
        for order in (range(len(columns)), reversed(range(len(columns)))):
            before = np.empty(0)
            for step in order:
                missing = min(most - len(columns[step]), len(before))
                some = np.arange(missing) * len(before) // max(1, missing)  # of all origins
                before = columns[step] = np.concatenate([columns[step], before[some]])
        table = np.sort(np.column_stack(columns), axis=0)
        if most > _KEPT:
            table = table[np.linspace(0, most - 1, _KEPT).round().astype(int)]
        return cls(table, max(1.0, effective))

    def _steps(self, horizon: int) -> Values:
        """Return the table of so many steps to come, (q, horizon): the last goes for all after."""
        return self.table[:, np.minimum(np.arange(horizon), self.table.shape[1] - 1)]

    def half_widths(self, coverage: float, horizon: int) -> Values:
        """Return the magnitude that errors exceed with probability 1 - coverage, (horizon,)."""
        magnitudes = np.sort(np.abs(self._steps(horizon)), axis=0)
        level = self.level(coverage)
        place = min(len(magnitudes), max(1, int(np.ceil(len(magnitudes) * level - 1e-9))))
        return np.asarray(magnitudes[place - 1] * _beyond(level))

    def level(self, coverage: float) -> float:
        """Return the level of the quantile that covers; above 1 the largest error is exceeded.

        Of n independent errors it is that of the ceil((n + 1) c)-th. Errors of windows that overlap
        are not independent, and tell less than as many others.
        """
        return coverage * (self.effective + 1) / self.effective

    def quantiles(self, levels: Values, horizon: int) -> Values:
        """Return quantiles of errors, (horizon, Q): as far from zero as magnitudes are."""
        widths = [
            np.sign(level - 0.5) * self.half_widths(abs(2 * level - 1), horizon) for level in levels
        ]
        return np.column_stack(widths)

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Values:
        """Return random errors of (N, h) steps to come."""
        N, h = shape
        table = self._steps(h)
        return np.asarray(table[rng.integers(len(table), size=(N, h)), np.arange(h)])


def in_units(errors: Values, spreads: Values) -> Values:
    """Return errors in units of the spread; NaN where there is none, as of a constant series."""
    return np.divide(errors, spreads, out=np.full_like(errors, np.nan), where=spreads > 0)


class RollingCalibration:
    """Half-widths of intervals that learn from each observation.

    Parameters
    ----------
    errors : Errors
        To begin with.
    coverage : float
        The share of observations that intervals are to cover.
    horizon : int
    """

    def __init__(self, errors: Errors, coverage: float, horizon: int) -> None:
        magnitudes = np.abs(errors._steps(horizon))
        self._scores = [sorted(column.tolist()) for column in magnitudes.T]
        self._newest = [deque(column.tolist()) for column in magnitudes.T]
        self._coverage = coverage
        self._levels = np.full(horizon, errors.level(coverage))

    def half_widths(self) -> Values:
        """Return the half-width for each step to come, (H,)."""
        widths = np.empty(len(self._scores))
        for step, (scores, level) in enumerate(zip(self._scores, self._levels, strict=True)):
            n = len(scores)
            place = min(n, max(1, int(np.ceil(n * level - 1e-9))))
            widths[step] = scores[place - 1] * _beyond(float(level))
        return widths

    def add(self, step: int, score: float, missed: bool) -> None:
        """Learn the magnitude of an error of a step to come, and whether its interval missed."""
        scores, newest = self._scores[step], self._newest[step]
        insort(scores, score)
        newest.append(score)
        if len(newest) > _KEPT:
            del scores[bisect_left(scores, newest.popleft())]
        self._levels[step] += _STEP * (self._coverage - (0.0 if missed else 1.0))


def _beyond(level: float) -> float:
    """Return how much wider than the largest error an interval is at a level that none supports.

    About as much wider as those of Student's distribution are than those of the normal one.
    """
    return max(1.0, 1.0 + 2.0 * (level - 1.0))

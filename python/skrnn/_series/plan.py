"""The plan of a forecaster: what its network reads of a series, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._series.units import DIFFERENCES

STRATEGIES = ("segments", "direct", "recursive")

# Defaults, chosen on training parts (bench/defaults).
_HORIZON = 12  # without a season
_SEASONS = 2, 7  # of the lookback, at least and at most
_LONG = 200  # numbers, more than which are read only if the horizon is as long
_SHARE = 4  # of a series, that the lookback is at most
_LONGEST_SEGMENT = 24


@dataclass(frozen=True)
class Plan:
    """How windows are read and answered.

    A window is `rows` steps of the network, each of which reads `width` numbers of the series. The
    network answers `steps` times, `step_width` numbers each, which follow the window.
    """

    horizon: int  # H, steps to come that are asked for by default
    rows: int
    width: int
    steps: int
    step_width: int
    seasonality: int  # m; 1 for none
    lags: tuple[int, ...]  # numbers a season before come beside those of a row
    scaling: str | None
    covariates: int  # K, of each step

    @property
    def lookback(self) -> int:
        """L, numbers of a window."""
        return self.rows * self.width

    @property
    def block(self) -> int:
        """Numbers that one answer of the network covers; more steps are forecast from those."""
        return self.steps * self.step_width

    @property
    def season(self) -> int:
        """The season from which forecasts are differences, or 0."""
        return self.seasonality if self.scaling == "season" else 0

    @property
    def difference(self) -> int:
        """The lag of the differences that are forecast, or 0."""
        if self.scaling not in DIFFERENCES:
            return 0
        return 1 if self.scaling == "difference" else self.seasonality

    @property
    def past(self) -> int:
        """The numbers before a step to come that its forecast depends on."""
        read = self.lookback + max((lag - self.width for lag in self.lags), default=0)
        return max(read, self.season) + self.difference

    @property
    def channels(self) -> int:
        """Channels of a row."""
        return self.width * (1 + len(self.lags) + self.covariates)

    def as_dict(self) -> dict[str, Any]:
        """Return the plan for a file."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def choose_horizon(lengths: NDArray[np.int64], seasonality: int) -> int:
    """Return a season, or 12 steps without one; at most a quarter of a typical series."""
    wanted = seasonality if seasonality > 1 else _HORIZON
    return max(1, min(wanted, int(np.median(lengths)) // 4))


def choose_lookback(
    lengths: NDArray[np.int64], seasonality: int, horizon: int, segment: int
) -> int:
    """Return how many numbers a window has: a multiple of `segment`.

    Two to seven seasons; without a season, or with a long one, two to four horizons. Of short
    series about a quarter.
    """
    typical = int(np.median(lengths))
    share = typical // _SHARE
    if seasonality > 1 and _SEASONS[0] * seasonality <= _LONG:
        wanted = int(np.clip(share // seasonality, *_SEASONS)) * seasonality
        wanted = min(wanted, max(share, 2 * horizon, typical // 2))
    else:
        wanted = int(np.clip(share, 2 * horizon, 4 * horizon))
    # Windows need targets behind them.
    most = max(segment, typical - horizon - max(1, typical // 8), typical // 2)
    return max(1, min(wanted, most) // segment) * segment


def choose_segment(strategy: str, seasonality: int, horizon: int) -> int:
    """Return the numbers of a row: parts of a season, or of the horizon, in segments; else one."""
    if strategy != "segments":
        return 1
    if seasonality > 1:
        parts = [d for d in range(1, _LONGEST_SEGMENT + 1) if seasonality % d == 0]
        if parts[-1] >= 4 or seasonality < 4:
            return min(parts[-1], max(4, horizon))
        return min(_LONGEST_SEGMENT, max(4, seasonality // 8))
    return max(1, min(4, horizon))

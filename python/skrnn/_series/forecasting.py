"""From series and a trained network to forecasts; NumPy only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from skrnn import _core
from skrnn._series.conformal import Errors
from skrnn._series.differences import integrate
from skrnn._series.panel import Panel, Values, filled
from skrnn._series.plan import Plan
from skrnn._series.units import Facts
from skrnn._series.windows import Origins, WindowedSeries

# From forecasts (N, block, A) and spreads (N, block) to the numbers that are read next, (N, block).
Choose = Callable[[Values, Values], Values]


@dataclass(frozen=True)
class Forecast:
    """Forecasts of N windows, h steps each."""

    values: Values  # (N, h, A): one number, or quantiles
    spread: Values  # (N, h): the unit of errors

    def until(self, horizon: int) -> Forecast:
        """Return the first steps."""
        return Forecast(self.values[:, :horizon], self.spread[:, :horizon])


@dataclass(frozen=True)
class Forecaster:
    """A trained network with the plan of what it reads and answers."""

    model: _core.Model
    plan: Plan
    quantiles: Sequence[float] | None  # levels that are forecast, or None for one number
    has_deviations: bool  # whether the network answers with standard deviations, too
    trust: float  # the part of what the network adds to its base that is taken
    errors: Errors | None  # of forecasts of steps that the network was not trained on
    n_jobs: int | None = None

    @property
    def middle(self) -> int:
        """The place of the point forecast among the A values of a step."""
        if self.quantiles is None:
            return 0
        return int(np.argmin(np.abs(np.asarray(self.quantiles) - 0.5)))

    def forecast(
        self, panel: Panel, facts: Facts, horizon: int, choose: Choose | None = None
    ) -> Forecast:
        """Return what follows the end of each series; `choose` takes the point forecast if None.

        Steps beyond what the network answers at once are forecast from the numbers chosen before.
        """
        parts: list[Forecast] = []
        place = self.middle if choose is None else 0
        for _ in range(0, horizon, self.plan.block):
            origins = Origins(np.arange(len(panel)), panel.lengths)
            parts.append(self.forecast_at(panel, facts, origins, choose))
            panel = _continued(panel, parts[-1].values[..., place], self.plan.past)
        return Forecast(
            np.concatenate([part.values for part in parts], axis=1),
            np.concatenate([part.spread for part in parts], axis=1),
        ).until(horizon)

    def forecast_at(
        self, panel: Panel, facts: Facts, origins: Origins, choose: Choose | None = None
    ) -> Forecast:
        """Return the forecasts of one answer of the network, (N, block), at any steps of series."""
        part = self._answers(panel, facts, origins)
        if choose is not None:
            part = Forecast(choose(part.values, part.spread)[..., None], part.spread)
        lag = self.plan.difference
        if not lag:
            return part
        return Forecast(integrate(part.values, _last(panel, origins, lag)), part.spread)

    def _answers(self, panel: Panel, facts: Facts, origins: Origins) -> Forecast:
        plan, N = self.plan, len(origins)
        series = WindowedSeries(panel, facts, plan)
        windows, offsets = series.windows(origins)
        answers = self.model.predict(windows, offsets, n_jobs=self.n_jobs)
        levels, scales = series.units(origins)
        base = series.base(origins, levels)[:, :, None]
        scale = scales[:, None, None]
        if self.has_deviations:
            means, deviations = np.split(answers, 2, axis=1)
            values = base + self.trust * scale * means.reshape(N, plan.block, 1)
            return Forecast(values, scales[:, None] * deviations.reshape(N, plan.block))
        values = base + self.trust * scale * answers.reshape(N, plan.block, -1)
        spread = np.repeat(scales[:, None], plan.block, axis=1)
        if self.quantiles is not None and len(self.quantiles) > 1:
            values = np.sort(values, axis=-1)  # quantiles do not cross
        return Forecast(values, spread)


def _last(panel: Panel, origins: Origins, lag: int) -> Values:
    """Return the numbers before each origin, (N, lag); the first number stands before a series."""
    known = [filled(x) for x in panel.values]
    at = np.maximum(0, origins.ends[:, None] + np.arange(-lag, 0))
    return np.array([known[i][places] for i, places in zip(origins.series, at, strict=True)])


def _continued(panel: Panel, chosen: Values, past: int) -> Panel:
    """Return the ends of series, as far as they are read, with the numbers chosen behind them."""
    values, covariates = [], []
    for x, more, beside in zip(panel.values, chosen, panel.covariates, strict=True):
        cut = max(0, len(x) - past)
        values.append(np.concatenate([filled(x)[cut:], more]))
        covariates.append(beside[cut:])
    return Panel(values, covariates)

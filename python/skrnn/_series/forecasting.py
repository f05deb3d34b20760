"""From series and a trained network to forecasts; NumPy only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._series.conformal import Errors
from skrnn._series.differences import difference, integrate
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
        plan = self.plan
        working = as_read(panel, plan)
        parts: list[Forecast] = []
        count = 0
        while count < horizon:
            ends = working.lengths
            origins = Origins(np.arange(len(panel)), ends)
            part = self._answers(working, facts, origins)
            values = part.values[..., self.middle]
            if choose is not None:
                values = choose(part.values, part.spread)
                part = Forecast(values[..., None], part.spread)
            parts.append(part)
            count += plan.block
            working = _continued(working, values, plan.past)
        whole = Forecast(
            np.concatenate([part.values for part in parts], axis=1),
            np.concatenate([part.spread for part in parts], axis=1),
        ).until(horizon)
        return self._undifferenced(whole, _last(panel, panel.lengths, plan.difference))

    def forecast_at(self, panel: Panel, facts: Facts, origins: Origins) -> Forecast:
        """Return the forecasts of one answer of the network, (N, block), at any steps of series."""
        part = self._answers(as_read(panel, self.plan), facts, origins)
        lag = self.plan.difference
        if not lag:
            return part
        known = [filled(x) for x in panel.values]
        last = np.array(
            [known[i][end - lag : end] for i, end in zip(origins.series, origins.ends, strict=True)]
        )
        return self._undifferenced(part, last)

    def _answers(self, working: Panel, facts: Facts, origins: Origins) -> Forecast:
        plan, N = self.plan, len(origins)
        series = WindowedSeries(working, facts, plan)
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

    def _undifferenced(self, forecast: Forecast, last: Values) -> Forecast:
        if last.shape[1] == 0:
            return forecast
        return Forecast(integrate(forecast.values, last), forecast.spread)


def as_read(panel: Panel, plan: Plan) -> Panel:
    """Return the series that the network reads: the differences, or the series themselves."""
    lag = plan.difference
    if not lag:
        return panel
    values = []
    for x in panel.values:
        changes = difference(filled(x), lag) if len(x) > lag else np.zeros_like(x)
        values.append(np.where(np.isnan(x), np.nan, changes))
    return panel.with_values(values)


def _last(panel: Panel, ends: NDArray[np.int64], lag: int) -> Values:
    """Return the numbers of each series before the steps to come, (n, lag)."""
    found = np.empty((len(panel), lag))
    for i, (x, end) in enumerate(zip(panel.values, ends, strict=True)):
        known = filled(x[:end])
        short = max(0, lag - len(known))
        found[i] = np.concatenate([np.full(short, known[0]), known])[len(known) + short - lag :]
    return found


def _continued(working: Panel, chosen: Values, past: int) -> Panel:
    """Return the ends of series, as far as they are read, with the numbers chosen behind them."""
    values, covariates = [], []
    for x, more, beside in zip(working.values, chosen, working.covariates, strict=True):
        cut = max(0, len(x) - past)
        values.append(np.concatenate([filled(x)[cut:], more]))
        covariates.append(beside[cut:])
    return Panel(values, covariates)

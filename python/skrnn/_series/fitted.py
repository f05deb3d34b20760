"""What a forecaster has learned beside the parameters of its network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._series.conformal import Errors
from skrnn._series.covariates import Covariates
from skrnn._series.forecasting import Forecaster
from skrnn._series.forms import Form
from skrnn._series.panel import Panel
from skrnn._series.plan import Plan
from skrnn._series.reading import read_series
from skrnn._series.units import Facts
from skrnn._series.windows import as_read


@dataclass(frozen=True)
class Fitted:
    """The series of fit, as far as forecasts depend on them, and how others are read."""

    plan: Plan
    covariates: Covariates
    form: Form
    histories: Panel  # the last steps of each series
    facts: Facts  # of each series
    missing: bool  # whether NaN is a step that nobody observed
    trust: float = 1.0
    errors: Errors | None = None
    naive_ratio: float | None = None  # mean error relative to that of the seasonal naive forecast

    def calibrated(self, trust: float, errors: Errors | None, naive_ratio: float | None) -> Fitted:
        """Return the same with what is known of errors."""
        return replace(self, trust=trust, errors=errors, naive_ratio=naive_ratio)

    def forecaster(
        self, model: _core.Model, loss: str, options: Mapping[str, Any], n_jobs: int | None
    ) -> Forecaster:
        """Return what forecasts with a network that was trained with this loss."""
        return Forecaster(
            model,
            self.plan,
            options.get("quantiles"),
            loss == "gaussian_nll",
            self.trust,
            self.errors,
            n_jobs,
        )

    def take(self, indices: NDArray[np.int64]) -> Fitted:
        """Return the same with some of the series."""
        return replace(
            self,
            form=self.form.take(indices),
            histories=self.histories.take(indices),
            facts=self.facts.take(indices),
        )

    def ahead(self, horizon: int | NDArray[np.int64], exog: Any) -> tuple[Form, Panel, Facts]:
        """Return the series of fit, with the covariates of steps to come, as many of each."""
        horizons = np.broadcast_to(horizon, len(self.histories))
        panel = self.covariates.ahead(self.form, self.histories, exog, horizons)
        return self.form, panel, self.facts

    def read(self, series: Any, exog: Any, horizon: int) -> tuple[Form, Panel, Facts]:
        """Return other series to go on from, with the covariates of steps to come.

        Raises
        ------
        TypeError, ValueError
            For series that cannot be read, and an exog unlike that of fit.
        """
        given = read_series(series, self.form.columns, missing=self.missing)
        panel = Panel(given.values, self.covariates.beside(given, exog, future=horizon))
        return given.form, panel, facts_of(panel, self.plan)


def facts_of(panel: Panel, plan: Plan) -> Facts:
    """Return the facts of series."""
    read, observed = [], []
    for x in panel.values:
        known = ~np.isnan(x)
        observed.append(x[known])
        known[: plan.difference] = False  # steps without a difference
        read.append(as_read(x, plan)[known])
    return Facts.learn(read, observed, plan.seasonality)

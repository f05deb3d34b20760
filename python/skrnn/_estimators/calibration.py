"""Errors of forecasts of steps that the network has not seen: a first network, fitted for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._series.backtests import naive_forecasts
from skrnn._series.conformal import Errors, in_units
from skrnn._series.fitted import Fitted, facts_of
from skrnn._series.panel import Panel
from skrnn._series.windows import Origins, behind, origins_of

_MOST_WINDOWS = 2000
_TRUSTS = (1.0, 0.75, 0.5, 0.25, 0.0)  # of equally good ones the first


def calibrate(estimator: Any, panel: Panel, fitted: Fitted) -> Fitted:
    """Fit a network on all but the ends of series, and learn from its forecasts of the ends.

    The errors give the intervals of forecasts. They also say how much of what the network adds to
    the naive forecast is to be taken: a network that has learned nothing that holds for the ends
    must not spoil it (stacking with one coefficient: Wolpert, Neural Networks 5, 1992).

    Parameters
    ----------
    estimator : RNNForecaster
        In a fit, with a plan.
    panel : Panel
    fitted : Fitted

    Returns
    -------
    fitted : Fitted
        With `trust`, `errors` and `naive_ratio`; as it was if the series are too short.
    """
    cuts = _cuts(panel, fitted.plan.horizon, estimator.calibration)
    origins = _origins(panel, cuts)
    before = panel.until(cuts)
    nothing = np.full(fitted.plan.block, np.nan)
    padded = [np.concatenate([x, nothing]) for x in panel.values]
    actual = behind(padded, origins, fitted.plan.block)
    if np.isnan(actual).all() or len(origins_of(before, fitted.plan)) == 0:
        return fitted
    first = _first_network(estimator, before, fitted)
    facts = facts_of(before, fitted.plan)
    forecaster = replace(first._forecaster()[0], trust=1.0)
    whole = forecaster.forecast_at(panel, facts, origins)
    middle = forecaster.middle
    found, trust = whole.values[..., middle], 1.0
    if fitted.plan.scaling in ("last", "season"):
        naive = replace(forecaster, trust=0.0).forecast_at(panel, facts, origins)
        base, added = naive.values[..., middle], found
        scale = facts.changes[origins.series][:, None]
        losses = [
            np.nanmean(np.abs(base + part * (added - base) - actual) / scale) for part in _TRUSTS
        ]
        trust = _TRUSTS[int(np.argmin(losses))]
        found = base + trust * (added - base)
    naive_values = naive_forecasts(panel, origins, fitted.plan.block, fitted.plan.seasonality)
    changes = facts.changes[origins.series][:, None]
    mine, theirs = (
        float(np.nanmean(np.abs(actual - f) / changes))
        for f in (found, naive_values["seasonal_naive"])
    )
    errors = actual - found
    if np.nanmax(np.abs(errors)) > 0:
        errors = in_units(errors, whole.spread)
    known = np.unique(origins.series[~np.isnan(errors).all(axis=1)])
    steps = (panel.lengths - cuts)[known]
    # Windows that overlap have errors in common. The square root of the horizon covers as asked for
    # in simulations of autoregressive, seasonal and growing series, and of random walks.
    together = np.minimum(np.maximum(steps, 1), np.sqrt(fitted.plan.block))
    effective = float(np.sum(steps / together))
    ratio = mine / theirs if theirs > 0 else None
    return fitted.calibrated(trust, Errors.of(errors, effective) if len(known) else None, ratio)


def _first_network(estimator: Any, panel: Panel, fitted: Fitted) -> Any:
    first = type(estimator)(**estimator.get_params(deep=False))
    first.set_params(calibration=None, verbose=False, warm_start=False)
    first._series_plan, first._fitted = fitted.plan, fitted
    first._learn_plan()
    first._learn(lambda twin: twin._fit_panel(panel, True))
    return first


def _cuts(panel: Panel, horizon: int, share: float) -> NDArray[np.int64]:
    """Return where the ends of series begin, (n,): at most half of a series is its end."""
    lengths = panel.lengths
    wanted = np.maximum(np.ceil(share * lengths), np.minimum(horizon, lengths // 3))
    cuts = lengths - np.minimum(wanted, lengths // 2).astype(np.int64)
    return np.asarray(np.maximum(cuts, panel.known_from))


def _origins(panel: Panel, cuts: NDArray[np.int64]) -> Origins:
    """Return steps of the ends of series: of many some, and no more of long series."""
    most = max(1, _MOST_WINDOWS // len(panel))
    series, ends = [], []
    for i, (first, last) in enumerate(zip(cuts, panel.lengths, strict=True)):
        own = np.unique(np.linspace(first, last - 1, min(most, last - first)).astype(np.int64))
        series.append(np.full(len(own), i))
        ends.append(own)
    return Origins(np.concatenate(series), np.concatenate(ends))

"""Backtests of forecasters: rolling origins, with one fit or one for each origin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._parameters import is_number
from skrnn._sequences.counts import check_count, check_shares
from skrnn._series.backtests import Backtest, naive_forecasts, rolling_half_widths
from skrnn._series.conformal import in_units
from skrnn._series.forms import Given
from skrnn._series.panel import Panel, Values
from skrnn._series.reading import read_series
from skrnn._series.windows import Origins, behind


def backtest(
    estimator: Any,
    series: Any,
    horizon: int | None,
    stride: int,
    *,
    exog: Any,
    start: Any,
    refit: bool,
    coverage: Any,
    intervals: str,
) -> Backtest:
    """Return the backtest that `RNNForecaster.backtest` documents."""
    given = read_series(series, tuple(estimator.columns), missing=estimator.missing == "fill")
    if intervals not in ("rolling", "split"):
        raise ValueError(f"intervals={intervals!r}; expected 'rolling' or 'split'")
    step = check_count("stride", stride, 1, what="steps from origin to origin")
    firsts = _firsts(start, [len(x) for x in given.values])
    model = _fitted_before(estimator, given, exog, firsts)
    plan = model._fitted.plan
    h = plan.horizon if horizon is None else check_count("horizon", horizon, 1, what="steps")
    panel = Panel(given.values, model._fitted.covariates.beside(given, exog))
    origins = _origins(panel, firsts, h, step)
    levels = check_shares("coverage", coverage)
    errors = model._fitted.errors
    if errors is None:
        levels = []

    if not refit and h <= plan.block:
        forecaster, fitted = model._forecaster()
        whole = forecaster.forecast_at(panel, fitted.facts, origins).until(h)
        forecasts, spreads = whole.values[..., forecaster.middle], whole.spread
    else:
        forecasts, spreads = _one_by_one(estimator, model, given, exog, panel, origins, h, refit)
    actual = behind(panel.values, origins, h)
    if np.isnan(actual).all():
        raise ValueError(
            "no step behind an origin was observed, all are NaN; pass series that go on, or lower "
            "start"
        )
    found = {}
    for level in levels:
        if intervals == "rolling":
            scores = in_units(np.abs(actual - forecasts), spreads)
            widths = rolling_half_widths(scores, errors, origins.ends, level) * spreads
        else:
            widths = errors.half_widths(level, h) * spreads
        found[level] = np.stack([forecasts - widths, forecasts + widths], axis=-1)
    seasonality = plan.seasonality
    return Backtest(
        origins.series,
        origins.ends,
        actual,
        {"forecaster": forecasts, **naive_forecasts(panel, origins, h, seasonality)},
        found,
        model._fitted.facts.changes[origins.series],
        seasonality,
        given.form.keys,
        None if given.times is None else given.form.clock.local(behind(given.times, origins, h)),
    )


def _one_by_one(
    estimator: Any,
    model: Any,
    given: Given,
    exog: Any,
    panel: Panel,
    origins: Origins,
    horizon: int,
    refit: bool,
) -> tuple[Values, Values]:
    """Return forecasts and their spreads, (N, h) both, from one step after the other.

    With `refit` all steps but the first of an origin have networks of their own.
    """
    forecasts = np.empty((len(origins), horizon))
    spreads = np.empty((len(origins), horizon))
    for place, end in enumerate(np.unique(origins.ends)):
        if refit and place > 0:
            model = _fitted_before(estimator, given, exog, np.minimum(panel.lengths, end))
        rows = np.flatnonzero(origins.ends == end)
        series = origins.series[rows]
        forecaster, fitted = model._forecaster()
        until = panel.take(series).until(np.full(len(rows), end))
        part = forecaster.forecast(until, fitted.facts.take(series), horizon)
        forecasts[rows] = part.values[..., forecaster.middle]
        spreads[rows] = part.spread
    return forecasts, spreads


def _firsts(start: Any, lengths: list[int]) -> NDArray[np.int64]:
    """Return the steps of each series before its first origin, (n,)."""
    if is_number(start) and 0 < float(start) < 1:
        return np.array([max(1, int(n * float(start))) for n in lengths], np.int64)
    try:
        steps = check_count("start", start, 1)
    except (TypeError, ValueError):
        raise ValueError(
            f"start={start!r}; expected a number of steps, 1 or more, or a share of each series "
            "between 0 and 1"
        ) from None
    return np.full(len(lengths), steps)


def _origins(panel: Panel, firsts: NDArray[np.int64], horizon: int, stride: int) -> Origins:
    series, ends = [], []
    bounds = zip(panel.lengths, firsts, panel.known_from, strict=True)
    for i, (n, first, known) in enumerate(bounds):
        own = np.arange(first, n - horizon + 1, stride)
        own = own[own >= known]
        series.append(np.full(len(own), i))
        ends.append(own)
    origins = Origins(np.concatenate(series), np.concatenate(ends))
    if len(origins) == 0:
        raise ValueError(
            f"no series has horizon={horizon} steps behind its first origin, after "
            f"{firsts.max()} steps; lower start or horizon, or pass longer series"
        )
    return origins


def _fitted_before(estimator: Any, given: Given, exog: Any, ends: NDArray[np.int64]) -> Any:
    """Return a copy of the estimator, fitted on the first steps of each series."""
    model = type(estimator)(**estimator.get_params(deep=False))
    model.set_params(warm_start=False)
    last = given.form.last
    times = given.times
    if times is not None:
        times = [at[:end] for at, end in zip(times, ends, strict=True)]
        last = np.array([at[-1] for at in times])
    before = Given(
        replace(given.form, last=last),
        [x[:end] for x, end in zip(given.values, ends, strict=True)],
        times,
    )
    model._learn(lambda twin: twin._fit_given(before, exog, True))
    return model

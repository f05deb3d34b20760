"""The parameters of forecasters, and the plan that follows from them and the series."""

from __future__ import annotations

from typing import Any

import numpy as np

from skrnn._estimators.numbers import NUMBER_RULES
from skrnn._parameters import Rule, boolean, integer, integer_or, one_of, real
from skrnn._series.dates import CALENDAR
from skrnn._series.panel import Panel, Values, filled
from skrnn._series.plan import (
    STRATEGIES,
    Plan,
    choose_horizon,
    choose_lookback,
    choose_segment,
)
from skrnn._series.seasonality import common_seasonality
from skrnn._series.units import SCALINGS

FORECAST_LOSSES = ("auto", "absolute_error", "squared_error", "huber", "quantile", "gaussian_nll")
_POINTS = ("auto", "absolute_error", "squared_error", "huber")
_SAMPLE = 200  # series and steps whose naive forecasts are compared


def _are_cycles(value: Any) -> bool:
    listed = isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value)
    return listed and len(set(value)) == len(value) and all(v in CALENDAR for v in value)


def _are_columns(value: Any) -> bool:
    listed = isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value)
    return listed and len(value) == 3 and len(set(value)) == 3


FORECAST_RULES = {
    **NUMBER_RULES,
    "loss": one_of(FORECAST_LOSSES),
    "horizon": integer(1, none=True),
    "lookback": integer(1, none=True),
    "strategy": one_of(STRATEGIES),
    "segment_length": integer(1, none=True),
    "seasonality": integer_or("auto", 1),
    "seasonal_lags": boolean(),
    "scaling": one_of(("auto", *SCALINGS), none=True),
    "calendar": Rule(_are_cycles, f"a list of some of {[*CALENDAR]}, each once"),
    "missing": one_of(("refuse", "fill")),
    "columns": Rule(_are_columns, "the names of three columns: of keys, times and numbers"),
    "calibration": real(0, 0.9, "()", none=True),
}


def plan_of(estimator: Any, panel: Panel, covariates: int, seasons: tuple[int, ...]) -> Plan:
    """Return what the network of a forecaster reads of the series, and what it answers.

    Parameters
    ----------
    estimator : RNNForecaster
    panel : Panel
    covariates : int
        K, of each step.
    seasons : tuple of int
        Those that the calendar suggests.

    Raises
    ------
    ValueError
        For parameters that do not fit one another, or the series.
    """
    series = [filled(x) for x in panel.values]
    lengths = panel.lengths
    seasonality = estimator.seasonality
    if seasonality == "auto":
        seasonality = common_seasonality(series, seasons)
    seasonality = int(seasonality or 1)
    horizon = estimator.horizon or choose_horizon(lengths, seasonality)
    _check_scaling(estimator, seasonality)
    segment = estimator.segment_length
    if segment is None:
        segment = choose_segment(estimator.strategy, seasonality, horizon)
        if estimator.lookback is not None:
            segment = min(segment, estimator.lookback)
    lookback = estimator.lookback or choose_lookback(lengths, seasonality, horizon, segment)
    if segment > lookback:
        raise ValueError(
            f"segment_length={segment} is more than lookback={lookback}, the numbers that are "
            "read; lower it"
        )
    scaling = estimator.scaling
    if scaling == "auto":
        # Differences from a season that the network does not read are noise to it.
        seasonal = 1 < seasonality <= lookback and _season_is_better(series, seasonality, horizon)
        scaling = "season" if seasonal else "last"
    lags: tuple[int, ...] = ()
    if estimator.seasonal_lags:
        if seasonality < max(2, segment):
            raise ValueError(
                f"seasonal_lags=True needs a season of {max(2, segment)} steps or more, and "
                f"seasonality is {seasonality}; set seasonality, or seasonal_lags=False"
            )
        lags = (seasonality,)
    steps, width = 1, segment
    if estimator.strategy == "segments":
        steps = -(-horizon // segment)
    elif estimator.strategy == "direct":
        width = horizon
    return Plan(
        horizon=int(horizon),
        rows=lookback // segment,
        width=int(segment),
        steps=int(steps),
        step_width=int(width),
        seasonality=seasonality,
        lags=lags,
        scaling=scaling,
        covariates=covariates,
    )


def _check_scaling(estimator: Any, seasonality: int) -> None:
    scaling = estimator.scaling
    if scaling in ("season", "seasonal_difference") and seasonality == 1:
        raise ValueError(
            f"scaling={scaling!r} needs a season, and seasonality is "
            f"{estimator.seasonality!r}"
            + (", which found none" if estimator.seasonality == "auto" else "")
            + "; set seasonality to the steps of a season, or another scaling"
        )
    if scaling in ("difference", "seasonal_difference") and estimator.loss not in _POINTS:
        raise ValueError(
            f"loss={estimator.loss!r} says how uncertain each difference is, and not their sum; "
            f"with scaling={scaling!r} use one of {_POINTS}, whose intervals are conformal"
        )


def _season_is_better(series: list[Values], seasonality: int, horizon: int) -> bool:
    """Whether repeating the last season was better than the last value in most series."""
    better = []
    for values in series[:: max(1, len(series) // _SAMPLE)]:
        first = max(seasonality, len(values) // 3)
        origins = np.arange(first, len(values), max(1, len(values) // _SAMPLE))
        if len(origins) == 0:
            continue
        errors = np.zeros(2)
        for t in origins:
            coming = values[t : t + horizon]
            season = np.resize(values[t - seasonality : t], len(coming))
            errors += np.abs(coming - season).mean(), np.abs(coming - values[t - 1]).mean()
        better.append(errors[0] < errors[1])
    return len(better) > 0 and bool(np.mean(better) > 0.5)

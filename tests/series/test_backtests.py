"""Scores of forecasts from rolling origins, beside naive ones: those of `skrnn.metrics`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from skrnn import metrics
from skrnn._series.backtests import Backtest, naive_forecasts
from skrnn._series.panel import Panel
from skrnn._series.windows import Origins

N, H, SEASON, FIRST = 6, 4, 3, 30


def backtest_of(n_series: int = 1) -> tuple[Backtest, list[np.ndarray]]:
    """From N origins of each series, with forecasts that are off by noise."""
    rng = np.random.default_rng(0)
    series = [5 + rng.normal(size=FIRST + N + H).cumsum() for _ in range(n_series)]
    origins = Origins(np.repeat(np.arange(n_series), N), np.tile(FIRST + np.arange(N), n_series))
    pairs = list(zip(origins.series, origins.ends, strict=True))
    actual = np.array([series[i][end : end + H] for i, end in pairs])
    forecasts = actual + rng.normal(size=actual.shape)
    scales = [np.abs(x[SEASON:FIRST] - x[: FIRST - SEASON]).mean() for x in series]
    naive = naive_forecasts(Panel.of(series), origins, H, SEASON)
    intervals = {
        level: np.stack([forecasts - width, forecasts + width], axis=-1)
        for level, width in ((0.5, 0.7), (0.9, 1.8))
    }
    found = Backtest(
        origins.series,
        origins.ends,
        actual,
        {"forecaster": forecasts, **naive},
        intervals,
        np.array(scales)[origins.series],
        SEASON,
    )
    return found, series


@pytest.mark.parametrize("n_series", [1, 3])
def test_scores_are_those_of_metrics(n_series: int) -> None:
    found, series = backtest_of(n_series)
    train = [series[i][:FIRST] for i in found.series]
    y = list(found.actual)
    assert found.scores.keys() == {"mae", "rmse", "smape", "mase", "owa"}
    for name, values in found.forecasts.items():
        f, scores = list(values), {key: value[name] for key, value in found.scores.items()}
        assert scores["mae"] == pytest.approx(np.abs(found.actual - values).mean())
        assert scores["rmse"] == pytest.approx(np.sqrt(((found.actual - values) ** 2).mean()))
        assert scores["smape"] == pytest.approx(metrics.smape(y, f))
        assert scores["mase"] == pytest.approx(metrics.mase(y, f, train, seasonality=SEASON))
        relative = [scores[key] / found.scores[key]["seasonal_naive"] for key in ("smape", "mase")]
        assert scores["owa"] == pytest.approx(np.mean(relative))
    assert found.scores["owa"]["seasonal_naive"] == 1


def test_coverage_and_pinball_loss_are_those_of_metrics() -> None:
    found, _ = backtest_of()
    y = list(found.actual)
    for level, ends in found.intervals.items():
        lower, upper = list(ends[..., 0]), list(ends[..., 1])
        assert found.coverage[level] == pytest.approx(metrics.coverage(y, lower, upper))
    assert 0 < found.coverage[0.5] < found.coverage[0.9] < 1
    levels = [0.25, 0.75, 0.05, 0.95]
    quantiles = np.concatenate([*found.intervals.values()], axis=-1)
    expected = metrics.pinball_loss(y, list(quantiles), levels)
    assert found.pinball == pytest.approx(expected)
    assert replace(found, intervals={}).pinball is None
    assert replace(found, intervals={}).coverage == {}


def test_steps_that_nobody_observed_do_not_count() -> None:
    found, _ = backtest_of()
    hidden = found.actual.copy()
    hidden[:, 1] = np.nan
    kept = [0, 2, 3]
    some = replace(
        found,
        actual=found.actual[:, kept],
        forecasts={name: f[:, kept] for name, f in found.forecasts.items()},
        intervals={level: ends[:, kept] for level, ends in found.intervals.items()},
    )
    missing = replace(found, actual=hidden)
    for name, scores in some.scores.items():
        assert missing.scores[name] == pytest.approx(scores)
    assert missing.coverage == some.coverage
    assert missing.pinball == pytest.approx(some.pinball)


def test_forecasts_without_an_error() -> None:
    """Zero through zero is one: as good as the other."""
    found, _ = backtest_of()
    right = replace(found, forecasts=dict.fromkeys(found.forecasts, found.actual))
    assert right.scores["owa"] == dict.fromkeys(found.forecasts, 1.0)
    better = {**found.forecasts, "seasonal_naive": found.actual}
    assert replace(found, forecasts=better).scores["owa"]["forecaster"] == np.inf
    zeros = np.zeros((N, H))
    nothing = replace(found, actual=zeros, forecasts=dict.fromkeys(found.forecasts, zeros))
    assert nothing.scores["smape"]["naive"] == 0


def test_naive_forecasts_know_what_is_before_the_origin() -> None:
    y = np.arange(10.0)
    y[4] = np.nan
    origins = Origins(np.array([0, 0, 0, 1]), np.array([2, 5, 7, 1]))
    found = naive_forecasts(Panel.of([y, np.array([7.0, 8.0])]), origins, 4, 3)
    expected = [[1, 1, 1, 1], [3, 3, 3, 3], [6, 6, 6, 6], [7, 7, 7, 7]]
    np.testing.assert_array_equal(found["naive"], expected)
    # With less than a season before it, the last value; a gap is the value before it.
    expected = [[1, 1, 1, 1], [2, 3, 3, 2], [3, 5, 6, 3], [7, 7, 7, 7]]
    np.testing.assert_array_equal(found["seasonal_naive"], expected)

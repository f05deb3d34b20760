"""Forecasts know what was before their origin: not what came, nor other series, nor the threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cases import assert_same_bits
from series import SCALINGS, SEASON, STRATEGIES, seasonal, several, small
from skrnn import RNNForecaster
from skrnn._estimators import calibration
from skrnn._series.fitted import facts_of
from skrnn._series.panel import Panel
from skrnn._series.windows import Origins

# All that would otherwise be chosen by looking at the whole series.
PLAN: dict[str, Any] = {"horizon": 5, "lookback": 12, "scaling": "last", "segment_length": 3}


def changed(y: np.ndarray, start: int) -> np.ndarray:
    """Other numbers from a step on."""
    other = y.copy()
    other[start:] = 100 - 3 * other[start:]
    return other


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_series_is_forecast_as_if_it_were_alone(scaling: str | None, strategy: str) -> None:
    model = small(strategy=strategy, scaling=scaling).fit(several())
    others = [seasonal(40, 7), 1e12 * seasonal(33, 8), np.array([3.0]), 1e-12 * seasonal(50, 9)]
    for method in ("predict", "predict_interval"):
        together = getattr(model, method)(11, series=others)
        backwards = getattr(model, method)(11, series=others[::-1])[::-1]
        alone = [getattr(model, method)(11, series=x) for x in others]
        assert_same_bits(together, alone)
        assert_same_bits(backwards, alone)
    assert_same_bits(model.predict(11, series=several()), list(model.predict(11)))


def test_a_series_is_forecast_from_its_last_steps() -> None:
    """What lies before those that the network reads counts through the facts of the series."""
    for scaling in SCALINGS:
        model = small(scaling=scaling, lookback=12, horizon=5).fit(several())
        stream = model.stream()
        past = max(len(x) for x in stream.state)
        assert past <= 12 + 2 * SEASON
        for x, state in zip(several(), stream.state, strict=True):
            np.testing.assert_array_equal(x[-len(state) :], state)


@pytest.mark.parametrize("n_jobs", [2, 3, None])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_any_number_of_threads_gives_the_same_bits(strategy: str, n_jobs: int | None) -> None:
    settings = {"strategy": strategy, "batch_size": 32, "dropout": 0.3}
    one, other = (small(**settings, n_jobs=n).fit(several()) for n in (1, n_jobs))
    assert_same_bits(one.params_, other.params_)
    for method in ("predict", "predict_interval", "predict_quantiles"):
        assert_same_bits(getattr(one, method)(9), getattr(other, method)(9))
    backtests = [model.backtest(several(), stride=3) for model in (one, other)]
    assert_same_bits(*(found.forecasts for found in backtests))
    assert_same_bits(*(list(found.intervals.values()) for found in backtests))


# ---- Backtests ----


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"refit": True, "stride": 4},
        {"horizon": 8},  # more than the network answers at once
        {"intervals": "split"},
        {"missing": "fill"},
    ],
    ids=str,
)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_backtest_does_not_look_behind_its_origins(strategy: str, settings: Any) -> None:
    """Change all numbers from a step on: up to the origin before it not a bit changes."""
    y, step = seasonal(60), 48
    options = {"missing": "refuse", **settings}
    model = small(**PLAN, strategy=strategy, missing=options.pop("missing"))
    if model.missing == "fill":
        y[[3, 42, 44, 47]] = np.nan
    found, other = (model.backtest(x, start=40, **options) for x in (y, changed(y, step)))
    assert_same_bits(found.ends, other.ends)
    before = found.ends <= step
    assert 2 <= before.sum() < len(before)
    for name, forecasts in found.forecasts.items():
        assert_same_bits(forecasts[before], other.forecasts[name][before])
        assert (forecasts[~before] != other.forecasts[name][~before]).any()
    for level, ends in found.intervals.items():
        assert_same_bits(ends[before], other.intervals[level][before])


def test_a_backtest_of_several_series_does_not_look_behind_its_origins() -> None:
    series = several()
    model = small(**PLAN)
    for refit in (False, True):
        found, other = (
            model.backtest(x, start=35, stride=5, refit=refit)
            for x in (series, [series[0], changed(series[1], 40), series[2]])
        )
        # With one step counted for all series, what came of one is known to others behind it.
        before = found.ends <= 40
        assert 3 <= before.sum() < len(before)
        for name, forecasts in found.forecasts.items():
            assert_same_bits(forecasts[before], other.forecasts[name][before])
        for level, ends in found.intervals.items():
            assert_same_bits(ends[before], other.intervals[level][before])


def test_a_backtest_forecasts_as_a_fit_on_what_was_before() -> None:
    y = seasonal(60)
    model = small(**PLAN, calibration=None)
    found = model.backtest(y, start=40, stride=7, refit=True)
    once = model.backtest(y, start=40, stride=7)
    assert not hasattr(model, "params_")
    first = small(**PLAN, calibration=None).fit(y[:40])
    facts = first._fitted.facts
    for row, end in enumerate(found.ends):
        fitted = small(**PLAN, calibration=None).fit(y[:end])
        assert_same_bits(found.forecasts["forecaster"][row], fitted.predict(5))
        # One fit goes on with the facts of what was before the first origin.
        stream = first.stream()
        ahead = stream.forecast() if end == 40 else stream.process(y[40:end])
        assert_same_bits(once.forecasts["forecaster"][row], ahead)
    assert facts is first._fitted.facts


# ---- Parts that are held out in a fit ----


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_calibration_does_not_train_on_the_ends(
    strategy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_networks = []
    fit_first = calibration._first_network

    def kept(*arguments: Any) -> Any:
        first_networks.append(fit_first(*arguments))
        return first_networks[-1]

    monkeypatch.setattr(calibration, "_first_network", kept)
    y = seasonal(60)
    settings = {**PLAN, "strategy": strategy, "calibration": 0.25}
    one, other = (small(**settings).fit(x) for x in (y, changed(y, 45)))
    assert_same_bits(first_networks[0].params_, first_networks[1].params_)
    assert (one.params_["head.bias"] != other.params_["head.bias"]).any()
    assert one._fitted.errors.table.shape == (15, one._fitted.plan.block)


def test_early_stopping_does_not_train_on_the_ends() -> None:
    y = seasonal(60)
    settings = {**PLAN, "early_stopping": True, "validation_fraction": 0.2, "calibration": None}
    one, other = (small(**settings, max_iter=1).fit(x) for x in (y, changed(y, 48)))
    assert_same_bits(one.params_, other.params_)
    assert one.validation_scores_ != other.validation_scores_


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_validation_score_is_that_of_forecasts_of_the_ends(strategy: str) -> None:
    """Minus the absolute error from all origins in them, in units of what was before.

    Steps behind the end of the series add nothing to the mean.
    """
    y = seasonal(60)
    settings = {**PLAN, "strategy": strategy, "early_stopping": True, "validation_fraction": 0.2}
    model = small(**settings, calibration=None, dropout=0.0).fit(y)
    forecaster, fitted = model._forecaster()
    facts = facts_of(Panel.of([y[:48]]), fitted.plan)
    ends = np.arange(48, 60)
    found = forecaster.forecast_at(Panel.of([y]), facts, Origins(np.zeros_like(ends), ends))
    total = 0.0
    for end, f, spread in zip(ends, found.values[..., 0], found.spread[:, 0], strict=True):
        total += np.abs(y[end : end + len(f)] - f[: 60 - end]).sum() / spread
    expected = total / found.spread.size
    assert max(model.validation_scores_) == pytest.approx(-expected, rel=1e-4)


def test_forecasts_do_not_depend_on_exog_behind_them() -> None:
    rng = np.random.default_rng(0)
    y, exog = seasonal(60), rng.normal(size=(80, 2))
    for strategy in STRATEGIES:
        model = RNNForecaster(**small(**PLAN, strategy=strategy, calibration=None).get_params())
        model.fit(y, exog[:60])
        forecast = model.predict(10, exog=exog[60:70])
        other = exog.copy()
        other[70:] = 1e6
        assert_same_bits(model.predict(10, exog=other[60:]), forecast)
        other[69] = 5
        assert (model.predict(10, exog=other[60:]) != forecast).any()
        assert_same_bits(model.predict(10, exog=other[60:])[:5], forecast[:5])
        past = exog.copy()
        past[:40] += 1  # before the window: not read
        assert_same_bits(
            model.predict(10, series=y, exog=past[:70]), model.predict(10, series=y, exog=exog[:70])
        )

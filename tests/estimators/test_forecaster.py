"""RNNForecaster: the units of series, and series of few, equal, large and missing numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helpers.support import says
from series import SCALINGS, SEASON, STRATEGIES, seasonal, several, small
from skrnn import RNNForecaster
from skrnn._series.panel import filled


def test_it_beats_the_naive_forecast() -> None:
    y = seasonal(150)
    model = RNNForecaster(random_state=0, n_jobs=1).fit(y[:132])
    assert model.seasonality_ == SEASON
    assert model.naive_ratio_ < 1
    errors = [np.abs(f - y[132:]).mean() for f in (model.predict(18), np.resize(y[126:132], 18))]
    assert errors[0] < errors[1]


# ---- Units ----


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("scaling", ["standard", "last", "season"])
def test_a_constant_is_added_to_forecasts(scaling: str, strategy: str) -> None:
    """Up to rounding of float32 in training."""
    y = seasonal() - 10  # of both signs, as changes of a positive series may grow with its level
    options = {"scaling": scaling, "strategy": strategy, "calibration": None}
    one, other = (small(**options).fit(x).predict(9) for x in (y, y - 100))
    base = {"standard": y.mean(), "last": y[-1], "season": np.resize(y[-SEASON:], 9)}[scaling]
    assert np.abs(one - base).max() > 1e-2
    np.testing.assert_allclose(other + 100, one, atol=1e-4)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("scaling", SCALINGS[1:])
@pytest.mark.parametrize("factor", [2.0**-100, 2.0**10])
def test_a_factor_of_the_series_is_one_of_forecasts(
    scaling: str, strategy: str, factor: float
) -> None:
    """To the bit: a power of two is no rounding."""
    y, options = seasonal(), {"scaling": scaling, "strategy": strategy, "calibration": None}
    one, other = (small(**options).fit(x) for x in (y, factor * y))
    np.testing.assert_array_equal(other.predict(9), factor * one.predict(9))
    one, other = (small(**{**options, "calibration": 0.3}).fit(x) for x in (y, factor * y))
    np.testing.assert_array_equal(
        other.predict_interval(9, coverage=0.8), factor * one.predict_interval(9, coverage=0.8)
    )
    assert (other.naive_ratio_, other.trust_) == (one.naive_ratio_, one.trust_)


@pytest.mark.parametrize(("scaling", "lag"), [("difference", 1), ("seasonal_difference", SEASON)])
def test_differences_are_a_series_of_their_own(scaling: str, lag: int) -> None:
    """To forecast with differences is to forecast differences in their units, and add them up."""
    y = seasonal(80)
    changes = y[lag:] - y[:-lag]
    settings = {"lookback": 12, "horizon": 6, "calibration": None, "segment_length": 3}
    model = small(scaling=scaling, **settings).fit(y)
    other = small(scaling=None, **settings).fit(changes / changes.std())
    np.testing.assert_allclose(model.loss_curve_, other.loss_curve_, rtol=1e-5)
    steps = other.predict(20) * changes.std()
    expected = list(y)
    for step in steps:
        expected.append(expected[-lag] + step)
    np.testing.assert_allclose(model.predict(20), expected[len(y) :], rtol=1e-5)
    assert np.abs(steps).max() > 1e-3


# ---- Constant series ----


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("scaling", ["standard", "last", "difference"])
@pytest.mark.parametrize("c", [0.0, 0.1, -3.0, 1e30])
def test_a_constant_series_stays_so(c: float, scaling: str, strategy: str) -> None:
    """To the bit, beside others or alone; nothing says how far it might move."""
    constant = np.full(40, c)
    model = small(scaling=scaling, strategy=strategy, seasonality=None)
    alone = model.fit(constant)
    np.testing.assert_array_equal(alone.predict(9), np.full(9, c))
    np.testing.assert_array_equal(alone.predict_interval(9), np.full((9, 2), c))
    beside = model.fit([*several(), constant])
    np.testing.assert_array_equal(beside.predict(9)[3], np.full(9, c))
    np.testing.assert_array_equal(beside.predict_interval(9)[3], np.full((9, 2), c))
    assert np.ptp(beside.predict_interval(9)[0][:, 1]) > 0
    np.testing.assert_array_equal(beside.predict(2, series=[c]), [c, c])


@pytest.mark.parametrize("scaling", [None, "mean_abs"])
def test_zeros_stay_zeros(scaling: str | None) -> None:
    model = small(scaling=scaling, seasonality=None)
    np.testing.assert_array_equal(model.fit(np.zeros(40)).predict(5), np.zeros(5))
    if scaling is not None:
        np.testing.assert_array_equal(model.fit([*several(), np.zeros(40)]).predict(5)[3], [0] * 5)


@pytest.mark.parametrize("scaling", ["season", "seasonal_difference"])
def test_a_repeated_season_is_repeated(scaling: str) -> None:
    y = np.resize([1.0, 5.0, 2.0, 8.0, 3.0, 3.0], 60)
    model = small(scaling=scaling).fit(y)
    np.testing.assert_allclose(model.predict(13), np.resize(y[:6], 13), rtol=1e-6)
    assert small(scaling="auto", seasonality="auto").fit(y).scaling_ == "season"


def test_a_straight_line_goes_on() -> None:
    model = small(scaling="difference", seasonality=None).fit(3 + 0.5 * np.arange(40))
    np.testing.assert_array_equal(model.predict(4), [23, 23.5, 24, 24.5])


# ---- Few, large and other numbers ----


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_short_series(strategy: str) -> None:
    for n in range(2, 30):
        y = 5 + np.arange(1.0, n + 1)
        model = small(strategy=strategy, seasonality="auto").fit(y)
        forecast = model.predict()
        assert forecast.shape == (model.horizon_,)
        assert np.isfinite(forecast).all()
        assert abs(forecast[0] - y[-1]) < 3 * y.std()
        assert model.predict(7, series=[3.0]).shape == (7,)
    with pytest.raises(ValueError, match="too short"):
        small(strategy=strategy).fit([1.0])
    with pytest.raises(ValueError, match=says("calibration", "too short", "longer")):
        small(strategy=strategy, seasonality=None).fit([1.0, 2.0]).predict_interval()


def test_a_short_series_is_forecast_beside_long_ones() -> None:
    model = small().fit([*several(), np.array([4.0]), np.array([4.0, 5.0])])
    assert model.predict(3)[3].tolist() == [4, 4, 4]
    assert np.isfinite(model.predict(30)).all()


@pytest.mark.parametrize("dtype", ["float32", "int64", "int8", "uint16", "bool", object])
def test_numbers_of_any_type(dtype: Any) -> None:
    y = (seasonal() > 10) if dtype == "bool" else (seasonal() * 8).astype(int)
    one, other = (small().fit(x).predict() for x in (y.astype(float), y.astype(dtype)))
    np.testing.assert_array_equal(one, other)
    assert one.dtype == np.float64


@pytest.mark.parametrize("size", [1e-300, 1e-30, 1e30, 1e148])
def test_large_and_small_numbers(size: float) -> None:
    forecast = small().fit(size * seasonal()).predict(9)
    np.testing.assert_allclose(forecast / size, 12, atol=6)
    with pytest.raises(ValueError, match=says("series", "at step 1", "scale the series")):
        small().fit([1.0, 1e151, 2.0])


# ---- Missing numbers ----


def missing() -> list[np.ndarray]:
    """Series with gaps at the beginning, at the end, and between, longer than a window too."""
    y = several()
    y[0][[0, 1, 20, 33, 59]] = np.nan
    y[1][:40] = np.nan
    y[2][-40:] = np.nan
    return y


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_missing_number_is_read_as_the_last_one(scaling: str | None, strategy: str) -> None:
    y = missing()
    model = small(missing="fill", scaling=scaling, strategy=strategy).fit(y)
    forecasts = model.predict(9)
    assert np.isfinite(forecasts).all()
    for i, x in enumerate(y):
        np.testing.assert_array_equal(model.predict(9, series=x), forecasts[i])
    stream = model.stream()
    for i, x in enumerate(stream.state):
        np.testing.assert_array_equal(x, filled(y[i])[-len(x) :])
    np.testing.assert_array_equal(stream.forecast(), np.array(forecasts)[:, : model.horizon_])


def test_missing_numbers_are_no_targets() -> None:
    """A series begins with its first observation, and ends with its last."""
    y = seasonal()
    settings = {"missing": "fill", "lookback": 6, "horizon": 6, "calibration": None}
    one, other = (small(**settings).fit(x) for x in (y, np.pad(y, 20, constant_values=np.nan)))
    for name, array in one.params_.items():
        np.testing.assert_array_equal(array, other.params_[name])


def test_a_gap_is_refused_unless_it_is_to_be_filled() -> None:
    y = seasonal()
    y[7] = np.nan
    with pytest.raises(ValueError, match=says("series", "nan", "step 7", 'missing="fill"')):
        small().fit(y)
    with pytest.raises(ValueError, match=says("Series 1", "nan", "step 7")):
        small().fit([seasonal(), y])
    with pytest.raises(ValueError, match=says("series 1", "no observation")):
        small(missing="fill").fit([y, np.full(9, np.nan)])
    with pytest.raises(ValueError, match=says("step 7", 'missing="fill"')):
        small().fit(seasonal()).predict(series=y)


def test_a_series_that_ends_long_before_the_others_are_forecast() -> None:
    """Nothing is known of the errors at its end, and so there are no intervals."""
    y = seasonal()
    y[30:] = np.nan
    model = small(missing="fill").fit(y)
    assert model.naive_ratio_ is None
    assert np.isfinite(model.predict()).all()
    with pytest.raises(ValueError, match="knows no errors"):
        model.predict_interval()
    with pytest.raises(ValueError, match=says("no step behind an origin", "NaN")):
        model.backtest(y)
    found = model.backtest(y, start=20)
    assert np.isfinite([*found.scores["mae"].values(), *found.coverage.values()]).all()

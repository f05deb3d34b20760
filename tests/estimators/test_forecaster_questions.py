"""What is asked of a forecaster in another way than it answers: a sentence, or what was meant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skrnn
from skrnn import RNNForecaster


def numbers(n: int = 60) -> np.ndarray:
    rng = np.random.default_rng(0)
    return 20 + 3 * np.sin(np.arange(n) * np.pi / 3) + rng.normal(size=n)


def fitted(**settings: Any) -> RNNForecaster:
    small = {"horizon": 6, "lookback": 12, "hidden_size": 4, "seasonality": 6, "max_iter": 1}
    return RNNForecaster(**(small | {"random_state": 0} | settings)).fit(numbers())


def test_quantiles_are_those_that_were_learned() -> None:
    model = fitted(loss="quantile", quantiles=(0.2, 0.5, 0.95))
    expected = model.predict_quantiles(quantiles=(0.2, 0.5, 0.95))
    np.testing.assert_array_equal(model.predict_quantiles(), expected)
    model = fitted()
    expected = model.predict_quantiles(quantiles=(0.1, 0.5, 0.9))
    np.testing.assert_array_equal(model.predict_quantiles(), expected)
    np.testing.assert_array_equal(model.predict_quantiles(quantiles=0.9), expected[:, 2:])


@pytest.mark.parametrize(
    "settings",
    [{}, {"strategy": "direct"}, {"strategy": "recursive", "segment_length": 6}],
    ids=["segments", "direct", "recursive"],
)
def test_steps_that_are_answered_together_are_not_drawn_one_by_one(settings: Any) -> None:
    model = fitted(**settings)
    with pytest.raises(ValueError, match="this forecaster answers 6 steps at once"):
        model.sample_paths()


def test_series_in_place_of_the_horizon() -> None:
    with pytest.raises(TypeError, match=r"horizon is a ndarray; .* by name, as series="):
        fitted().predict(numbers())


def test_the_stream_is_that_of_the_forecaster() -> None:
    with pytest.raises(TypeError, match="call its method stream"):
        skrnn.stream(fitted())


def test_a_backtest_is_shown_in_a_line() -> None:
    backtest = fitted().backtest(numbers(), stride=4)
    mae = backtest.scores["mae"]
    assert repr(backtest) == (
        f"Backtest of {len(backtest.ends)} forecasts of 6 steps, of 1 series; mean absolute errors:"
        f" forecaster {mae['forecaster']:.4g}, naive {mae['naive']:.4g}, seasonal_naive "
        f"{mae['seasonal_naive']:.4g}"
    )


def test_wide_frames_become_long_ones() -> None:
    pandas = pytest.importorskip("pandas")
    wide = pandas.DataFrame({"north": numbers(), "south": 2 * numbers()})
    with pytest.raises(ValueError, match=r"no column 'ds', only \['north', 'south'\].*melt\(\)"):
        RNNForecaster().fit(wide)
    wide.index = pandas.date_range("2024-01-01", periods=len(wide))
    long = wide.rename_axis("ds").reset_index().melt("ds", var_name="shop", value_name="sold")
    model = RNNForecaster(columns=("shop", "ds", "sold"), hidden_size=4, max_iter=1).fit(long)
    assert model.predict(2)["shop"].tolist() == ["north", "north", "south", "south"]


def test_series_in_the_columns_of_an_array() -> None:
    model = RNNForecaster(hidden_size=4, max_iter=1)
    with pytest.raises(ValueError, match=r"shape \(60, 1\), which are 60 series of 1 steps; .*T"):
        model.fit(numbers()[:, None])
    columns = np.column_stack([numbers(), 2 * numbers()])
    with pytest.warns(UserWarning, match=r"60 series of 2 steps; if its rows .*pass series\.T"):
        model.fit(columns)
    assert model.fit(columns.T).predict(3).shape == (2, 3)

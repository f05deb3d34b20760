"""Forecasts recomputed in plain NumPy from the parameters of the network, with its twin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import reference
from reference.horizon import Covered
from reference.network import Network
from series import SCALINGS, SEASON, STRATEGIES, seasonal, small
from skrnn import RNNForecaster


def units(model: RNNForecaster, y: np.ndarray, history: np.ndarray) -> tuple[float, float]:
    """Level and scale of the last window, of a series of both signs."""
    read = differences(model, y)
    return {
        None: (0.0, 1.0),
        "standard": (read.mean(), read.std()),
        "mean_abs": (0.0, np.abs(history[-model.lookback_ :]).mean()),
        "last": (history[-1], read.std()),
        "season": (history[-1], read.std()),
        "difference": (0.0, read.std()),
        "seasonal_difference": (0.0, read.std()),
    }[model.scaling_]


def lag_of(model: RNNForecaster) -> int:
    return {"difference": 1, "seasonal_difference": SEASON}.get(model.scaling_, 0)


def differences(model: RNNForecaster, y: np.ndarray) -> np.ndarray:
    lag = lag_of(model)
    return y[lag:] - y[:-lag] if lag else y


def answer(model: RNNForecaster, y: np.ndarray, history: np.ndarray, exog: Any) -> np.ndarray:
    """What the network says of the numbers behind a history, whose exog goes on behind it."""
    read = differences(model, history)
    level, scale = units(model, y, read)
    plan = model._fitted.plan
    width, L = plan.width, model.lookback_
    of_read = None if exog is None else exog[lag_of(model) :]
    rows = []
    for start in range(len(read) - L, len(read), width):
        at = np.arange(start, start + width)
        parts = [(read[at] - level) / scale]
        if model.seasonal_lags:
            parts.append((read[at + width - SEASON] - level) / scale)
        if of_read is not None:
            parts.append(of_read[at].ravel())
        rows.append(np.concatenate(parts))
    x: Any = np.array(rows)
    parameters = {name: np.asarray(p, np.float64) for name, p in model.params_.items()}
    if of_read is not None:
        coming = of_read[len(read) : len(read) + plan.block]
        coming = coming[np.minimum(np.arange(plan.block), len(coming) - 1)]  # the last one stays
        x = Covered(x, coming.reshape(plan.steps, -1))
    network = Network(model.cell, model.num_layers, pooling="horizon")
    outputs = network.forward(parameters, x)[0]
    if model.loss == "quantile":
        outputs = outputs.reshape(plan.steps, plan.step_width, 3)[..., 1]
    steps = outputs.reshape(-1)[: plan.block]
    base = np.full(plan.block, level)
    if model.scaling_ == "season":
        base = np.resize(history[-SEASON:], plan.block)
    return np.asarray(base + model.trust_ * scale * steps)


def forecast(model: RNNForecaster, y: np.ndarray, horizon: int, exog: Any = None) -> np.ndarray:
    if exog is not None:
        of_fit = exog[: len(y)]
        exog = (exog[: len(y) + horizon] - of_fit.mean(axis=0)) / of_fit.std(axis=0)
    history = y.copy()
    while len(history) < len(y) + horizon:
        steps = answer(model, y, history, exog)
        lag = lag_of(model)
        for step in steps:
            history = np.append(history, step + (history[-lag] if lag else 0))
    return history[len(y) :][:horizon]


def assert_twin(model: RNNForecaster, y: np.ndarray, exog: Any = None) -> None:
    horizon = 2 * model.horizon_ + 1
    expected = forecast(model, y, horizon, exog)
    coming = {} if exog is None else {"exog": exog[len(y) : len(y) + horizon]}
    found = model.predict(horizon, **coming)
    naive = np.abs(expected - y[-1]).max()
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * max(1, naive))
    assert naive > 0.01
    assert model.trust_ > 0


Y = seasonal(70) - 10  # of both signs: changes do not grow with the level


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("scaling", SCALINGS)
def test_units_and_strategies(scaling: str | None, strategy: str) -> None:
    settings = {"strategy": strategy, "scaling": scaling, "lookback": 12, "horizon": 7}
    assert_twin(small(**settings, calibration=None, learning_rate_init=0.05).fit(Y), Y)


def test_part_of_what_the_network_adds() -> None:
    model = small(scaling="last", calibration=None).fit(Y)
    model._fitted = replace(model._fitted, trust=0.25)
    model.trust_ = 0.25
    assert_twin(model, Y)


@pytest.mark.parametrize("cell", sorted(reference.CELLS))
def test_cells_and_layers(cell: str) -> None:
    for layers in (1, 2):
        settings = {"lookback": 9, "segment_length": 3, "horizon": 4, "calibration": None}
        model = small(cell=cell, num_layers=layers, **settings)
        assert_twin(model.fit(Y), Y)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("scaling", ["last", "season", "difference"])
def test_lags_and_covariates(scaling: str, strategy: str) -> None:
    rng = np.random.default_rng(0)
    exog = rng.normal(3, 2, size=(100, 2))
    settings = {"strategy": strategy, "scaling": scaling, "lookback": 12, "segment_length": 3}
    model = small(**settings, horizon=5, calibration=None, learning_rate_init=0.05)
    assert_twin(model.fit(Y, exog[:70]), Y, exog)
    model.set_params(seasonal_lags=True)
    assert_twin(model.fit(Y), Y)
    assert_twin(model.fit(Y, exog[:70]), Y, exog)


@pytest.mark.parametrize("loss", ["squared_error", "huber", "quantile"])
def test_losses(loss: str) -> None:
    model = small(loss=loss, calibration=None, scaling="standard").fit(Y)
    assert_twin(model, Y)

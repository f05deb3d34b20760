"""Streams against the float64 twin, which shares no code with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skrnn
from reference.losses import LOSSES as TWINS
from reference.losses import GaussianNLL, Quantile
from reference.network import Network
from streams import LOSSES, classifier, multilabel, regressor, steps

pytestmark = pytest.mark.usefixtures("isa")

POOLINGS = ("last", "mean", "max", "last_mean_max")
HIDDEN = 9


def outputs_of(model: Any, x: np.ndarray) -> np.ndarray:
    """The outputs of the twin's head after each step of one sequence, (T, K)."""
    twin = Network(model.cell, model.num_layers, pooling=model.pooling)
    parameters = {name: array.astype(np.float64) for name, array in model.params_.items()}
    x = x if model.embedding_size else x.astype(np.float32).astype(np.float64)
    return np.concatenate([twin.forward(parameters, x[: t + 1])[0] for t in range(len(x))])


def assert_close(actual: np.ndarray, expected: np.ndarray, unit: Any = 1.0) -> None:
    """Assert equality up to float32 rounding of some ten products of order one in ten steps."""
    np.testing.assert_allclose(actual / unit, expected / unit, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("cell", skrnn.cells())
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("tokens", [False, True])
def test_probabilities(cell: str, pooling: str, num_layers: int, tokens: bool) -> None:
    settings = {"embedding_size": 4} if tokens else {}
    model = classifier(
        cell=cell, pooling=pooling, num_layers=num_layers, hidden_size=HIDDEN, **settings
    )
    X = steps(10, 3, tokens=tokens)
    p = model.stream(3, method="predict_proba").process(X)
    answers = model.stream(3).process(X)
    for b in range(3):
        expected = TWINS["cross_entropy"].link(outputs_of(model, X[:, b]))
        assert_close(p[:, b], expected)
        clear = np.ptp(np.sort(expected, axis=1)[:, -2:], axis=1) > 1e-4
        assert clear.sum() > 5
        best = model.classes_[expected.argmax(axis=1)]
        np.testing.assert_array_equal(answers[clear, b], best[clear])


@pytest.mark.parametrize("pooling", POOLINGS)
def test_several_labels(pooling: str) -> None:
    model, X = multilabel(pooling=pooling, hidden_size=HIDDEN), steps(10, 2)
    p = model.stream(2, method="predict_proba").process(X)
    flags = model.stream(2).process(X)
    for b in range(2):
        expected = TWINS["binary_cross_entropy"].link(outputs_of(model, X[:, b]))
        assert_close(p[:, b], expected)
        clear = abs(expected - 0.5) > 1e-4
        np.testing.assert_array_equal(flags[:, b][clear], (expected > 0.5)[clear])


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("columns", [None, 3])
def test_numbers(loss: str, columns: int | None) -> None:
    """In the units of each target."""
    model, X = regressor(columns, hidden_size=HIDDEN, **LOSSES[loss]), steps(10, 2)
    # The targets of `regressor`.
    y = np.random.default_rng(2).uniform(size=(9, columns or 1)) * 10.0 ** np.arange(columns or 1)
    y += 1000
    mean, scale = y.mean(axis=0), y.std(axis=0)
    if loss == "poisson":
        mean, scale = 0.0 * mean, mean  # rates are a multiple of the mean
    targets = len(mean)
    twin: Any = TWINS.get(loss)
    levels = LOSSES[loss].get("quantiles")
    if levels:
        twin = Quantile(tuple(levels))
    streamed = model.stream(2).process(X)
    for b in range(2):
        answers = twin.link(outputs_of(model, X[:, b]))
        if isinstance(twin, GaussianNLL):
            answers = answers[:, :targets]
        expected = answers.reshape(10, targets, -1) * scale[:, None] + mean[:, None]
        actual = streamed[:, b].reshape(expected.shape)
        assert_close(actual - mean[:, None], expected - mean[:, None], scale[:, None])

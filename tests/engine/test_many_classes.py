"""Softmax over many classes, by a kernel, against float64.

The head's weight is zero and its bias the logits, so that they are the outputs of every sequence.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from reference.losses import LOSSES
from skrnn import _core

TWIN = LOSSES["cross_entropy"]
KERNEL_FROM = 64  # classes; fewer are computed without the kernel
SIZES = [KERNEL_FROM - 1, KERNEL_FROM, *range(KERNEL_FROM + 1, 97), 1023, 1024, 1025, 10_000]

Floats = NDArray[np.float32]


@pytest.fixture(params=_core.available_isas(), autouse=True)
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run every test on every instruction set."""
    before = _core.active_isa()
    _core.select_isa(request.param)
    yield request.param
    _core.select_isa(before)


def network_of(K: int) -> _core.NetworkLayout:
    return _core.NetworkLayout(cell="gru", input_size=1, hidden_size=2, output_size=K)


def arena_of(layout: _core.NetworkLayout, logits: Floats) -> Floats:
    parameters = np.zeros(layout.num_parameters, np.float32)
    parameters[-len(logits) :] = logits
    return parameters


def loss_and_gradient(logits: Floats, target: int, n_jobs: int = 1) -> tuple[float, Floats]:
    """Loss and gradient of one row of outputs, by the engine."""
    layout = network_of(len(logits))
    loss, flat = _core.Trainer(layout, loss="cross_entropy").gradient(
        arena_of(layout, logits),
        np.ones((1, 1), np.float32),
        np.array([0, 1]),
        np.full((1, 1), target, np.float32),
        n_jobs=n_jobs,
    )
    return loss, flat[-len(logits) :]


def probabilities(logits: Floats) -> NDArray[np.float64]:
    layout = network_of(len(logits))
    model = _core.Model(layout, arena_of(layout, logits), loss="cross_entropy")
    return model.predict(np.ones((1, 1), np.float32), np.array([0, 1]))[0]


@pytest.mark.parametrize("spread", [1e-3, 1.0, 8.0])
def test_loss_gradient_and_probabilities_are_those_of_float64(spread: float) -> None:
    rng = np.random.default_rng(0)
    for K in SIZES:
        logits = (spread * rng.standard_normal(K)).astype(np.float32)
        target = int(rng.integers(K))
        rows, targets = logits[None].astype(np.float64), np.array([target])
        loss, gradient = loss_and_gradient(logits, target)
        assert loss == pytest.approx(TWIN.loss(rows, targets)[0], rel=2e-7, abs=1e-7)
        exact = TWIN.gradient(rows, targets)[0]
        np.testing.assert_allclose(gradient, exact, rtol=2e-6, atol=1e-7)
        # The difference of two logits is rounded once, where it is some 2**4 by half of 2**-19.
        np.testing.assert_allclose(probabilities(logits), TWIN.link(rows)[0], rtol=4e-6)


@pytest.mark.parametrize("K", [64, 70, 1000])
def test_equal_logits_have_equal_probabilities(K: int) -> None:
    for value in (0.0, -3e38, 3e38, 1e-40):
        logits = np.full(K, value, np.float32)
        loss, gradient = loss_and_gradient(logits, K - 1)
        assert loss == pytest.approx(np.log(K), rel=1e-15)
        np.testing.assert_array_equal(gradient[:-1], np.float32(1 / K))
        np.testing.assert_allclose(probabilities(logits), 1 / K, rtol=1e-14)


@pytest.mark.parametrize("K", [64, 70, 1000])
def test_logits_of_any_size(K: int) -> None:
    """No overflow; a class with a far larger logit has probability one, at any index."""
    for place in (0, 1, K // 2, K - 1):
        logits = np.full(K, -3e38, np.float32)
        logits[place] = 3e38
        other = (place + 1) % K
        loss, gradient = loss_and_gradient(logits, place)
        assert loss == 0
        np.testing.assert_array_equal(gradient, 0)
        logits /= 1e30
        loss, gradient = loss_and_gradient(logits, other)
        assert loss == pytest.approx(float(logits[place]) - float(logits[other]))
        assert gradient[place] == 1
        assert gradient[other] == -1
        np.testing.assert_array_equal(probabilities(logits), np.arange(K) == place)


@pytest.mark.parametrize("K", [64, 70, 1000])
def test_an_impossible_class(K: int) -> None:
    """A logit of minus infinity is a probability of zero, and changes nothing else."""
    rng = np.random.default_rng(1)
    logits = rng.standard_normal(K).astype(np.float32)
    out = rng.choice(K, 9, replace=False)
    logits[out] = -np.inf
    target = int(np.setdiff1d(np.arange(K), out)[0])
    rows = logits[None].astype(np.float64)
    loss, gradient = loss_and_gradient(logits, target)
    assert loss == pytest.approx(TWIN.loss(rows, np.array([target]))[0], rel=2e-7)
    np.testing.assert_array_equal(gradient[out], 0)
    np.testing.assert_allclose(gradient, TWIN.gradient(rows, np.array([target]))[0], atol=1e-7)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("K", [64, 70, 1000])
def test_nan_and_infinity_are_not_hidden(K: int, bad: float) -> None:
    for place in (0, 1, K // 2, K - 1):
        logits = np.zeros(K, np.float32)
        logits[place] = bad
        loss, _ = loss_and_gradient(logits, 1)
        assert not np.isfinite(loss)


@pytest.mark.parametrize(("K", "pooling"), [(7, "every_step"), (300, "last"), (300, "every_step")])
def test_threads_change_no_bit(K: int, pooling: str) -> None:
    """Enough rows that threads share losses and bias gradients; with weights, some of them zero."""
    rng = np.random.default_rng(2)
    lengths = rng.integers(1, 60, 400)
    offsets = np.concatenate([[0], lengths.cumsum()])
    layout = _core.NetworkLayout(
        cell="gru", input_size=2, hidden_size=5, output_size=K, pooling=pooling
    )
    parameters = rng.standard_normal(layout.num_parameters).astype(np.float32)
    values = rng.standard_normal((offsets[-1], 2)).astype(np.float32)
    rows = len(values) if pooling == "every_step" else len(lengths)
    targets = rng.integers(0, K, (rows, 1)).astype(np.float32)
    weights = rng.choice([0.0, 0.5, 2.0], rows).astype(np.float32)
    trainer = _core.Trainer(layout, loss="cross_entropy")
    model = _core.Model(layout, parameters, loss="cross_entropy")

    def everything(n_jobs: int) -> list[bytes]:
        data = (parameters, values, offsets, targets, weights)
        loss, gradient = trainer.gradient(*data, n_jobs=n_jobs)
        mean = trainer.evaluate(*data, n_jobs=n_jobs)
        assert mean == pytest.approx(loss, rel=1e-6)
        answers = model.predict(values, offsets, n_jobs=n_jobs)
        return [np.float64([loss, mean]).tobytes(), gradient.tobytes(), answers.tobytes()]

    one = everything(1)
    assert everything(2) == one
    assert everything(3) == one


def test_a_stream_answers_as_predict() -> None:
    rng = np.random.default_rng(3)
    layout = network_of(777)
    parameters = rng.standard_normal(layout.num_parameters).astype(np.float32)
    model = _core.Model(layout, parameters, loss="cross_entropy")
    values = rng.standard_normal((6, 1)).astype(np.float32)
    stream = _core.Stream(model, 1)
    for t in range(len(values)):
        answer = stream.step(values[t : t + 1])
        expected = model.predict(values[: t + 1], np.array([0, t + 1]), n_jobs=2)
        np.testing.assert_array_equal(np.ravel(answer), expected[0])

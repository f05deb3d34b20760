"""The engine's loss and gradients against the float64 twin, end to end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from helpers.engines import Engine, engine_of, named
from helpers.network_problems import NetworkProblem, random_network_problem
from reference.network import Network
from skrnn import _core

POOLINGS = ["last", "mean", "max", "attention", "last_mean_max", None]


def assert_agrees(problem: NetworkProblem, engine: Engine) -> None:
    """Loss and every gradient, to the rounding of float32."""
    expected = problem.solve()
    loss, gradients = engine.gradient()
    assert loss == pytest.approx(expected.loss, rel=2e-5, abs=2e-6)
    assert gradients.keys() == expected.gradients.keys()
    scale = max(np.abs(g).max() for g in expected.gradients.values())
    for name, gradient in expected.gradients.items():
        np.testing.assert_allclose(
            gradients[name], gradient, rtol=0, atol=2e-5 * scale, err_msg=name
        )


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("num_layers", [1, 3])
@pytest.mark.parametrize("cell", reference.CELLS)
def test_every_topology(
    cell: str, num_layers: int, bidirectional: bool, pooling: str | None
) -> None:
    problem = random_network_problem(
        np.random.default_rng(0),
        Network(cell, num_layers, bidirectional, pooling),
        lengths=(3, 9, 1, 6, 9),
        input_size=5,
        hidden_size=7,
        output_size=3,
    )
    assert_agrees(problem, engine_of(problem))


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_projections(bidirectional: bool, pooling: str | None) -> None:
    problem = random_network_problem(
        np.random.default_rng(4),
        Network("gru", 2, bidirectional, pooling),
        lengths=(4, 9, 7, 1),
        input_size=3,
        projection_size=11,
        hidden_size=6,
        dropout=0.3,
        input_dropout=0.4,
    )
    for name in ("projection.weight", "projection.bias"):
        problem.parameters[name] *= 3  # so that many are cut off, and many are not
    assert_agrees(problem, engine_of(problem, dropout=0.3, input_dropout=0.4))
    cut = np.concatenate(
        [problem.network.forward(problem.parameters, x)[1].projected == 0 for x in problem.batch]
    )
    assert 0.2 < cut.mean() < 0.8


@pytest.mark.parametrize("future_covariates", [0, 2])
@pytest.mark.parametrize("num_layers", [1, 3])
@pytest.mark.parametrize("cell", reference.CELLS)
def test_steps_to_come(cell: str, num_layers: int, future_covariates: int) -> None:
    problem = random_network_problem(
        np.random.default_rng(5),
        Network(cell, num_layers, False, "horizon"),
        lengths=(4, 9, 7, 1),
        input_size=3,
        projection_size=6,
        steps=5,
        future_covariates=future_covariates,
        hidden_size=7,
        output_size=4,
        dropout=0.3,
    )
    engine = engine_of(problem, dropout=0.3)
    assert_agrees(problem, engine)
    _, gradients = engine.gradient()
    for n_jobs in (2, 3):
        _, of_threads = engine.gradient(n_jobs=n_jobs)
        for name, gradient in gradients.items():
            np.testing.assert_array_equal(of_threads[name], gradient, err_msg=name)


def test_steps_to_come_are_predicted_and_trained() -> None:
    """A row for each step of each sequence, in their order, whatever else is in the minibatch."""
    problem = random_network_problem(
        np.random.default_rng(6),
        Network("gru", 1, False, "horizon"),
        lengths=(4, 9, 7, 1, 7),
        steps=3,
        hidden_size=5,
    )
    engine = engine_of(problem, batch_size=2, learning_rate=0.03)
    predicted = engine.predict().reshape(5, 3, 2)
    for x, rows in zip(problem.batch, predicted, strict=True):
        expected, _ = problem.network.forward(problem.parameters, x)
        np.testing.assert_allclose(rows, expected, atol=1e-6)
    served = _core.Model(engine.model, engine.parameters, loss="squared_error", targets=2)
    answers = served.predict(engine.values, engine.offsets)
    np.testing.assert_array_equal(answers.astype(np.float32), engine.predict())
    losses = [engine.run_epoch(epoch)["loss"] for epoch in range(40)]
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize("output_size", [1, 31, 33, 100, 700, 1_600, 4_100])
@pytest.mark.parametrize("hidden_size", [5, 37])
def test_heads_of_any_width(hidden_size: int, output_size: int) -> None:
    """Fewer outputs and rows than the kernels take at once, and more, in any number of threads."""
    problem = random_network_problem(
        np.random.default_rng(2),
        Network("rnn", 1, False, None),
        lengths=(50, 70, 61, 1),
        input_size=3,
        hidden_size=hidden_size,
        output_size=output_size,
        loss="cross_entropy",
    )
    engine = engine_of(problem)
    assert_agrees(problem, engine)
    loss, gradients = engine.gradient()
    for threads in (2, 3, 5):
        again, of_threads = engine.gradient(n_jobs=threads)
        assert again == loss
        for name, gradient in gradients.items():
            np.testing.assert_array_equal(of_threads[name], gradient, err_msg=name)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_tokens(pooling: str | None) -> None:
    problem = random_network_problem(
        np.random.default_rng(1),
        Network("gru", 2, True, pooling),
        lengths=(4, 2, 7, 1),
        input_size=6,
        embedding_size=5,
        hidden_size=9,
        output_size=4,
        loss="cross_entropy",
    )
    assert_agrees(problem, engine_of(problem))


@pytest.mark.parametrize("pooling", [pooling for pooling in POOLINGS if pooling != "last_mean_max"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_tied_weights(bidirectional: bool, pooling: str | None) -> None:
    """The gradients by both uses of the table add up."""
    problem = random_network_problem(
        np.random.default_rng(3),
        Network("lstm", 2, bidirectional, pooling, tie_weights=True),
        lengths=(4, 2, 7, 1),
        input_size=11,
        hidden_size=6,
        loss="cross_entropy",
    )
    engine = engine_of(problem)
    assert "head.weight" not in named(engine.model, engine.parameters)
    assert_agrees(problem, engine)


@pytest.mark.parametrize("pooling", ["last", "mean", None])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", reference.CELLS)
def test_dropout(cell: str, bidirectional: bool, pooling: str | None) -> None:
    problem = random_network_problem(
        np.random.default_rng(2),
        Network(cell, 2, bidirectional, pooling),
        lengths=(5, 2, 8),
        input_size=3,
        hidden_size=10,
        output_size=2,
        dropout=0.3,
        recurrent_dropout=0.4,
    )
    assert_agrees(problem, engine_of(problem, dropout=0.3, recurrent_dropout=0.4))


@given(data=st.data())
def test_any_size(data: st.DataObject) -> None:
    pooling = data.draw(st.sampled_from(POOLINGS))
    dropout = data.draw(st.sampled_from([0.0, 0.5]))
    recurrent = data.draw(st.sampled_from([0.0, 0.25]))
    problem = random_network_problem(
        np.random.default_rng(data.draw(st.integers(0, 2**32 - 1))),
        Network(
            data.draw(st.sampled_from(sorted(reference.CELLS))),
            data.draw(st.integers(1, 3)),
            data.draw(st.booleans()),
            pooling,
        ),
        lengths=data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=12)),
        input_size=data.draw(st.integers(1, 9)),
        embedding_size=data.draw(st.sampled_from([None, 1, 4])),
        hidden_size=data.draw(st.integers(1, 20)),
        output_size=data.draw(st.integers(1, 40)),
        loss=data.draw(st.sampled_from(["squared_error", "cross_entropy"])),
        dropout=dropout,
        recurrent_dropout=recurrent,
    )
    assert_agrees(problem, engine_of(problem, dropout=dropout, recurrent_dropout=recurrent))

"""Networks with a linear-chain CRF, end to end: twin, finite differences, training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from helpers.engines import arena, named
from helpers.slopes import slopes
from reference.cell import Array
from reference.chain_network import solve_chain
from reference.network import Network
from skrnn import _core

K = 4


@dataclass
class Case:
    network: Network
    layout: _core.NetworkLayout
    parameters: dict[str, Array]
    batch: list[Array]
    labels: list[NDArray[Any]]
    weights: Array  # of the sequences

    def arrays(self) -> tuple[Any, ...]:
        lengths = [len(y) for y in self.labels]
        return (
            arena(self.layout, self.parameters),
            np.concatenate(self.batch).astype(np.float32),
            np.cumsum([0, *lengths]).astype(np.int64),
            np.concatenate(self.labels).astype(np.float32)[:, None],
            np.repeat(self.weights, lengths).astype(np.float32),
        )

    def solve(self) -> tuple[float, dict[str, Array]]:
        return solve_chain(self.network, self.parameters, self.batch, self.labels, self.weights)


def case(
    cell: str = "lstm", bidirectional: bool = True, lengths: tuple[int, ...] = (5, 1, 8, 3)
) -> Case:
    rng = np.random.default_rng(0)
    network = Network(cell, 1, bidirectional, None)
    layout = _core.NetworkLayout(
        cell=cell,
        input_size=3,
        hidden_size=5,
        bidirectional=bidirectional,
        pooling="every_step",
        output_size=K,
        transitions=True,
    )
    return Case(
        network,
        layout,
        {
            name: rng.normal(0, 0.5, shape).astype(np.float32).astype(np.float64)
            for name, shape, _ in layout.parameters
        },
        [rng.standard_normal((T, 3)).astype(np.float32).astype(np.float64) for T in lengths],
        [rng.integers(K, size=T) for T in lengths],
        rng.choice([0.5, 1.0, 2.0], len(lengths)),
    )


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_loss_and_gradients_are_the_twins(cell: str, bidirectional: bool) -> None:
    problem = case(cell, bidirectional)
    expected_loss, expected = problem.solve()
    trainer = _core.Trainer(problem.layout, loss="cross_entropy")
    loss, flat = trainer.gradient(*problem.arrays())
    assert loss == pytest.approx(expected_loss, rel=2e-6)
    assert trainer.evaluate(*problem.arrays()) == pytest.approx(expected_loss, rel=2e-6)
    gradients = named(problem.layout, flat)
    assert gradients.keys() == expected.keys()
    scale = max(np.abs(g).max() for g in expected.values())
    for name, gradient in expected.items():
        np.testing.assert_allclose(
            gradients[name], gradient, rtol=0, atol=1e-5 * scale, err_msg=name
        )


def test_gradients_are_slopes() -> None:
    """Of the twin, by every parameter: recurrent weights, emissions, transitions, start, end."""
    problem = case(lengths=(4, 1, 2))
    _, expected = problem.solve()
    for name, array in problem.parameters.items():
        np.testing.assert_allclose(
            slopes(lambda: problem.solve()[0], array), expected[name], atol=1e-8, err_msg=name
        )


def test_loss_and_a_model_agree() -> None:
    """exp(-loss) is the probability of the labels: that of one path among all."""
    problem = case(lengths=(4,))
    parameters, values, offsets, _, _ = problem.arrays()
    model = _core.Model(problem.layout, parameters, loss="cross_entropy")
    paths, scores = model.best_paths(values, offsets, K**4)
    place = int(np.flatnonzero((paths == problem.labels[0]).all(axis=1))[0])
    trainer = _core.Trainer(problem.layout, loss="cross_entropy")
    loss = trainer.evaluate(*problem.arrays())
    assert 4 * loss == pytest.approx(-scores[place, 0], rel=1e-9)


def test_training_learns_an_order_and_keeps_its_bits() -> None:
    """Labels go round in a circle, and the input tells nothing: transitions alone can learn it."""
    rng = np.random.default_rng(1)
    lengths = rng.integers(2, 30, 60)
    offsets = np.cumsum([0, *lengths]).astype(np.int64)
    labels = np.concatenate([(rng.integers(K) + np.arange(T)) % K for T in lengths])
    values = np.ones((offsets[-1], 1), np.float32)
    layout = _core.NetworkLayout(
        cell="rnn",
        input_size=1,
        hidden_size=2,
        pooling="every_step",
        output_size=K,
        transitions=True,
    )
    data = values, offsets, labels.astype(np.float32)[:, None]

    def train(n_jobs: int) -> tuple[bytes, float, Any]:
        trainer = _core.Trainer(layout, loss="cross_entropy", learning_rate=0.1, batch_size=8)
        parameters = np.zeros(layout.num_parameters, np.float32)
        for epoch in range(40):
            trainer.run_epoch(parameters, *data, epoch=epoch, n_jobs=n_jobs)
        return parameters.tobytes(), trainer.evaluate(parameters, *data, n_jobs=n_jobs), parameters

    bits, loss, parameters = train(1)
    assert train(2)[:2] == (bits, loss)
    # Only the first label of a sequence is uncertain: log K for all its steps.
    floor = len(lengths) * np.log(K) / len(labels)
    assert floor <= loss < floor + 0.02
    transitions = named(layout, parameters)["crf.transitions"]
    np.testing.assert_array_equal(transitions.argmax(axis=1), (np.arange(K) + 1) % K)


def test_a_long_sequence_stays_whole() -> None:
    """Evaluation cuts long sequences elsewhere; here a cut would lose a transition."""
    problem = case("gru", False, (20_000,))
    trainer = _core.Trainer(problem.layout, loss="cross_entropy")
    loss, _ = trainer.gradient(*problem.arrays())
    assert trainer.evaluate(*problem.arrays()) == pytest.approx(loss, rel=1e-6)


def test_transitions_do_not_decay() -> None:
    problem = case()
    parameters, *data, weights = problem.arrays()
    plain, decayed = parameters.copy(), parameters.copy()
    for to, decay in ((plain, 0.0), (decayed, 0.1)):
        trainer = _core.Trainer(
            problem.layout, loss="cross_entropy", solver="adamw", weight_decay=decay
        )
        trainer.run_epoch(to, *data, weights, epoch=0)
    before, after = named(problem.layout, plain), named(problem.layout, decayed)
    for name in before:
        same = np.array_equal(before[name], after[name])
        assert same == ("bias" in name or name.startswith("crf.")), name

"""Large embeddings: updates go to the rows of tokens that occur, and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helpers.engines import Engine, engine_of, named
from helpers.network_problems import NetworkProblem, random_network_problem
from reference.network import Network
from reference.optimizers import OPTIMIZERS
from reference.optimizers.clipping import clip
from reference.optimizers.lazy import lazy_step
from reference.training import arena, views

TABLE = "embedding.weight"
SPARSE_FROM = 2**18  # floats of a table
SIZE = 64
LARGE, SMALL = SPARSE_FROM // SIZE, SPARSE_FROM // SIZE - 1  # tokens


def a_problem(tokens: int, **options: Any) -> NetworkProblem:
    options = {"lengths": (5, 9, 1, 7)} | options
    return random_network_problem(
        np.random.default_rng(0),
        Network("gru", 1, False, None),
        input_size=tokens,
        embedding_size=SIZE,
        hidden_size=5,
        output_size=3,
        loss="cross_entropy",
        **options,
    )


def read(engine: Engine, problem: NetworkProblem, tokens: np.ndarray[Any, Any]) -> None:
    """Other tokens for the same sequences, in the engine and in the twin."""
    engine.values[...] = tokens
    problem.batch = np.split(tokens, engine.offsets[1:-1])


@pytest.mark.parametrize("tokens", [SMALL, LARGE])
def test_the_gradient_is_whole_and_the_twin_s(tokens: int) -> None:
    """Zeros where no token is, among them rows at both ends, equal tokens and neighbours."""
    problem = a_problem(tokens)
    engine = engine_of(problem)
    last = tokens - 1
    read(engine, problem, np.array([0, 1, 1, last, last - 1, 7, 0, 9, 10, 11, 5] * 2))
    # What other tokens left in the engine's memory is not to be seen.
    engine.run_epoch(0)
    problem.parameters = {
        name: array.astype(np.float64)
        for name, array in named(engine.model, engine.parameters).items()
    }
    expected = problem.solve()
    loss, gradients = engine.gradient()
    assert loss == pytest.approx(expected.loss, rel=2e-5)
    scale = max(np.abs(g).max() for g in expected.gradients.values())
    for name, gradient in expected.gradients.items():
        np.testing.assert_allclose(gradients[name], gradient, rtol=0, atol=2e-5 * scale)
    np.testing.assert_array_equal(gradients[TABLE][expected.gradients[TABLE] == 0], 0)
    norm = np.sqrt(sum((g**2).sum() for g in expected.gradients.values()))
    summary = engine_of(problem, batch_size=4).run_epoch(0)
    assert summary["gradient_norm"] == pytest.approx(norm, rel=1e-5)


@pytest.mark.parametrize("clip_norm", [0.0, 0.05])
@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_updates_are_lazy(solver: str, clip_norm: float) -> None:
    """Twelve updates, each of other tokens: as the twin, in which the others keep their state."""
    problem = a_problem(LARGE)
    engine = engine_of(problem, solver=solver, learning_rate=0.01, clip_norm=clip_norm)
    optimizer = OPTIMIZERS[solver]()
    rng = np.random.default_rng(1)
    for epoch in range(12):
        read(engine, problem, rng.choice([0, 1, 2, 3, 40, 41, LARGE - 1], 22))
        gradients = problem.solve().gradients
        touched = {name: np.ones(array.shape, bool) for name, array in problem.parameters.items()}
        touched[TABLE][:] = np.isin(np.arange(LARGE), engine.values)[:, None]
        gradient = arena({name: gradients[name] for name in problem.parameters})
        if clip_norm:
            gradient, _ = clip(gradient, clip_norm)
        flat = lazy_step(
            optimizer, arena(problem.parameters), gradient, 0.01, arena(touched).astype(bool)
        )
        problem.parameters = views(flat, problem.parameters)
        before = named(engine.model, engine.parameters.copy())[TABLE]
        assert engine.run_epoch(epoch)["updates"] == 1
        after = named(engine.model, engine.parameters)[TABLE]
        np.testing.assert_array_equal(after[~touched[TABLE]], before[~touched[TABLE]])
    for name, value in named(engine.model, engine.parameters).items():
        np.testing.assert_allclose(value, problem.parameters[name], rtol=0, atol=2e-4, err_msg=name)


@pytest.mark.parametrize("tokens", [SMALL, LARGE])
def test_the_size_of_the_table_decides_alone(tokens: int) -> None:
    """Adam moves a row of a small table on, in an update without its token; a large one's not."""
    problem = a_problem(tokens)
    engine = engine_of(problem, learning_rate=0.01)
    read(engine, problem, np.full(22, 17))
    engine.run_epoch(0)
    before = engine.parameters.copy()
    state = engine.trainer.optimizer_state
    read(engine, problem, np.full(22, 18))
    engine.run_epoch(1)
    row = slice(17 * SIZE, 18 * SIZE)  # the table is the first of the parameters
    moved = not np.array_equal(engine.parameters[row], before[row])
    decayed = not np.array_equal(engine.trainer.optimizer_state[:, row], state[:, row])
    assert moved == decayed == (tokens == SMALL)


def test_tied_tables_are_never_sparse() -> None:
    """The head writes to every row."""
    problem = random_network_problem(
        np.random.default_rng(0),
        Network("gru", 1, False, None, tie_weights=True),
        input_size=LARGE,
        hidden_size=SIZE,
        loss="cross_entropy",
    )
    engine = engine_of(problem)
    before = engine.parameters.copy()
    engine.run_epoch(0)
    assert (engine.parameters != before).mean() > 0.99


@pytest.mark.parametrize("tied", [False, True])
def test_any_number_of_threads(tied: bool) -> None:
    """Few rows, or a table and outputs of so many floats that all threads have work."""

    def fitted(n_jobs: int) -> np.ndarray[Any, Any]:
        problem = random_network_problem(
            np.random.default_rng(2),
            Network("gru", 1, False, None, tie_weights=tied),
            lengths=np.random.default_rng(2).integers(1, 30, 20).tolist(),
            input_size=LARGE,
            embedding_size=SIZE,
            hidden_size=SIZE,
            loss="cross_entropy",
        )
        engine = engine_of(problem, batch_size=10, clip_norm=0.1)
        for epoch in range(2):
            engine.run_epoch(epoch, n_jobs=n_jobs)
        return engine.parameters

    one = fitted(1)
    for n_jobs in (2, 3):
        np.testing.assert_array_equal(fitted(n_jobs), one)

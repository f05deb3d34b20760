"""Training: updates against the twins, and independence of threads, cuts and memory."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from helpers.engines import Engine, engine_of, named
from helpers.network_problems import NetworkProblem, random_network_problem
from reference.losses import LOSSES, weighted_mean, weighted_mean_gradient
from reference.network import Network
from reference.optimizers import OPTIMIZERS, schedules
from reference.training import training_step
from skrnn import _core

LENGTHS = (5, 9, 1, 7, 9, 3, 2)


def a_problem(pooling: str | None = "last", seed: int = 0, **options: Any) -> NetworkProblem:
    options = {"lengths": LENGTHS, "input_size": 3, "hidden_size": 6, "output_size": 2} | options
    network = Network(options.pop("cell", "lstm"), 2, options.pop("bidirectional", True), pooling)
    return random_network_problem(np.random.default_rng(seed), network, **options)


def test_every_loss_and_solver_has_a_twin() -> None:
    assert {name for name, _ in _core.losses()} == LOSSES.keys()
    assert set(_core.solvers()) == OPTIMIZERS.keys()


@pytest.mark.parametrize("clip_norm", [0.0, 0.05])
@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_updates_are_the_twins(solver: str, clip_norm: float) -> None:
    """Twenty updates on one minibatch of all sequences."""
    problem = a_problem()
    engine = engine_of(
        problem, solver=solver, learning_rate=0.01, clip_norm=clip_norm, batch_size=len(LENGTHS)
    )
    optimizer = OPTIMIZERS[solver]()
    for epoch in range(20):
        solution = problem.solve()
        summary = engine.run_epoch(epoch)
        assert summary["updates"] == 1
        assert summary["loss"] == pytest.approx(solution.loss, rel=1e-4)
        problem.parameters = training_step(
            problem.parameters, solution, optimizer, 0.01, clip_norm or None
        )
    for name, value in named(engine.model, engine.parameters).items():
        np.testing.assert_allclose(value, problem.parameters[name], rtol=0, atol=2e-4, err_msg=name)


@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_weight_decay_spares_biases(solver: str) -> None:
    """With a gradient of zero, decay alone changes weights, and biases do not change."""
    problem = a_problem()
    engine = engine_of(problem, solver=solver, weight_decay=0.1, learning_rate=0.01)
    problem_weights = engine.weights
    assert problem_weights is not None
    # one row with a weight, whose loss has a gradient of zero
    outputs = engine.predict()
    engine.targets[...] = outputs
    before = engine.parameters.copy()
    engine.run_epoch(0)
    for name, value in named(engine.model, engine.parameters).items():
        old = named(engine.model, before)[name]
        if "bias" in name:
            np.testing.assert_allclose(value, old, rtol=0, atol=1e-4)
        else:
            assert np.linalg.norm(value) < np.linalg.norm(old)


@pytest.mark.parametrize("loss", LOSSES)
def test_losses(loss: str) -> None:
    """Each loss and its gradient, by the gradients of a linear head."""
    rng = np.random.default_rng(3)
    twin = LOSSES[loss]
    options = {"quantiles": [0.1, 0.5, 0.9]} if loss == "quantile" else {}
    targets_count, outputs_count = 2, _core.outputs_for(loss, 2, options) or 4
    problem = a_problem(output_size=outputs_count)
    problem.loss = twin
    rows = len(LENGTHS)
    targets = {
        "cross_entropy": rng.integers(0, outputs_count, rows),
        "binary_cross_entropy": rng.integers(0, 2, (rows, targets_count)).astype(float),
        "poisson": rng.integers(0, 5, (rows, targets_count)).astype(float),
    }.get(loss, rng.standard_normal((rows, targets_count)))
    problem.targets = targets
    engine = engine_of(problem, loss_options=options)
    outputs = engine.predict().astype(float)
    expected = weighted_mean(twin.loss(outputs, problem.targets), problem.weights)
    value, gradients = engine.gradient()
    assert value == pytest.approx(expected, rel=1e-5)
    slope = weighted_mean_gradient(twin.gradient(outputs, problem.targets), problem.weights)
    np.testing.assert_allclose(gradients["head.bias"], slope.sum(axis=0), rtol=1e-4, atol=1e-6)
    columns = engine.targets.shape[1]
    model = _core.Model(
        engine.model, engine.parameters, loss=loss, targets=columns, loss_options=options
    )
    answers = model.predict(engine.values, engine.offsets)
    np.testing.assert_allclose(answers, twin.link(outputs), rtol=2e-6, atol=1e-7)


def fitted(engine: Engine, n_jobs: int, epochs: int = 3) -> np.ndarray:
    for epoch in range(epochs):
        engine.run_epoch(epoch, n_jobs=n_jobs)
    return engine.parameters


@pytest.mark.parametrize("options", [{}, {"dropout": 0.3, "recurrent_dropout": 0.2}], ids=str)
@pytest.mark.parametrize("pooling", ["last", "attention", None])
def test_any_number_of_threads(pooling: str | None, options: dict[str, float]) -> None:
    rng = np.random.default_rng(5)
    lengths = tuple(rng.integers(1, 40, 50))

    def engine() -> Engine:
        problem = a_problem(pooling, lengths=lengths, input_size=9, hidden_size=33)
        return engine_of(problem, batch_size=16, clip_norm=1.0, seed=7, **options)

    one = fitted(engine(), 1)
    assert np.isfinite(one).all()
    for n_jobs in (2, 3, 5):
        np.testing.assert_array_equal(fitted(engine(), n_jobs), one)


def test_epochs_and_seeds_differ() -> None:
    def after(epoch: int, **options: Any) -> np.ndarray:
        engine = engine_of(a_problem(), batch_size=2, **options)
        engine.run_epoch(epoch)
        return engine.parameters

    np.testing.assert_array_equal(after(0, seed=1), after(0, seed=1))
    assert not np.array_equal(after(0, seed=1), after(1, seed=1))
    assert not np.array_equal(after(0, seed=1), after(0, seed=2))


def test_the_state_of_an_optimizer_continues_where_it_stopped() -> None:
    problem = a_problem()
    engine = engine_of(problem, batch_size=3, solver="adam")
    whole = fitted(engine, 1, epochs=4)
    first = engine_of(a_problem(), batch_size=3, solver="adam")
    fitted(first, 1, epochs=2)
    second = engine_of(a_problem(), batch_size=3, solver="adam")
    second.parameters[...] = first.parameters
    second.trainer.optimizer_state = first.trainer.optimizer_state
    second.trainer.updates = first.trainer.updates
    for epoch in (2, 3):
        second.run_epoch(epoch)
    np.testing.assert_array_equal(second.parameters, whole)


@pytest.mark.parametrize("pooling", ["last", None])
def test_cuts_as_long_as_the_sequences_change_nothing(pooling: str | None) -> None:
    def after(tbptt: int) -> np.ndarray:
        engine = engine_of(a_problem(pooling, bidirectional=False), batch_size=4, tbptt=tbptt)
        return fitted(engine, 1)

    np.testing.assert_array_equal(after(max(LENGTHS)), after(0))
    assert not np.array_equal(after(2), after(0))


def test_cuts_carry_the_state() -> None:
    """With a tiny learning rate, the loss of an epoch is that of whole sequences."""
    engine = engine_of(
        a_problem(None, bidirectional=False), batch_size=4, tbptt=2, learning_rate=1e-30
    )
    expected, _ = engine.gradient()
    assert engine.run_epoch(0)["loss"] == pytest.approx(expected, rel=1e-6)


def test_rows_of_zero_weight_do_not_count() -> None:
    engine = engine_of(a_problem(None))
    assert engine.weights is not None
    engine.weights[::2] = 0
    loss, gradients = engine.gradient()
    engine.targets[::2] = np.inf
    other, same = engine.gradient()
    assert other == loss
    for name in gradients:
        np.testing.assert_array_equal(same[name], gradients[name])


@pytest.mark.parametrize("pooling", ["last", None])
def test_small_weights_stay_small_in_minibatches_of_one(pooling: str | None) -> None:
    """In an epoch of minibatches of one, only the heavy sequence determines the updates."""
    engine = engine_of(a_problem(pooling), solver="sgd", learning_rate=1e-3, batch_size=1)
    assert engine.weights is not None
    engine.weights[:] = 1e-12
    engine.weights[0] = 1
    _, gradients = engine.gradient()
    before = engine.parameters.copy()
    engine.run_epoch(0)
    moved = (before - engine.parameters).astype(np.float64)
    wanted = np.concatenate([gradients[name].ravel() for name, *_ in engine.model.parameters])
    cosine = moved @ wanted / np.linalg.norm(moved) / np.linalg.norm(wanted)
    assert cosine == pytest.approx(1, abs=1e-3)


def test_long_sequences_are_predicted_in_cuts() -> None:
    rng = np.random.default_rng(0)
    lengths = (40_000, 3, 17_000)
    for pooling in ("last", None):
        problem = a_problem(pooling, lengths=lengths, bidirectional=False, hidden_size=3)
        engine = engine_of(problem)
        together = engine.predict()
        rows = np.cumsum([0, *lengths]) if pooling is None else np.arange(4)
        for i in rng.permutation(3):
            alone = engine.model.predict(
                engine.parameters,
                engine.values[engine.offsets[i] : engine.offsets[i + 1]],
                np.array([0, lengths[i]]),
            )
            np.testing.assert_array_equal(alone, together[rows[i] : rows[i + 1]])


def test_a_loss_that_is_not_finite_changes_no_parameter() -> None:
    engine = engine_of(a_problem())
    engine.targets[3] = np.inf
    summary = engine.run_epoch(0)
    assert summary["diverged"]
    assert np.isfinite(engine.parameters).all()


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle"])
def test_schedules_are_the_twins(schedule: str) -> None:
    problem = a_problem()
    total = 12
    engine = engine_of(
        problem,
        solver="rmsprop",
        learning_rate=0.01,
        schedule=schedule,
        total_updates=total,
        batch_size=len(LENGTHS),
    )
    optimizer = OPTIMIZERS["rmsprop"]()
    for epoch in range(total):
        engine.run_epoch(epoch)
        rate = 0.01 * getattr(schedules, schedule)(epoch, total)
        problem.parameters = training_step(
            problem.parameters, problem.solve(), optimizer, rate, None
        )
    for name, value in named(engine.model, engine.parameters).items():
        np.testing.assert_allclose(value, problem.parameters[name], rtol=0, atol=2e-4, err_msg=name)


LONG_SERIES = """
import resource
import numpy as np
from skrnn import _core

steps = 400_000
model = _core.NetworkLayout(
    cell="lstm", input_size=1, hidden_size=8, pooling="every_step", output_size=1
)
trainer = _core.Trainer(model, loss="squared_error", tbptt=200)
rng = np.random.default_rng(0)
x = rng.standard_normal((steps, 1)).astype(np.float32)
parameters = (0.1 * rng.standard_normal(model.num_parameters)).astype(np.float32)
offsets = np.array([0, steps])

def pass_over(n):
    return trainer.run_epoch(parameters, x[:n], np.array([0, n]), x[:n], epoch=0, n_jobs=1)

pass_over(1000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert pass_over(steps)["updates"] == steps // 200
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")
def test_one_long_series_trains_in_bounded_memory() -> None:
    """As a whole, its gates alone would take 50 MB; in cuts of 200 steps far less."""
    run = subprocess.run(
        [sys.executable, "-c", LONG_SERIES], capture_output=True, text=True, check=True
    )
    assert int(run.stdout) < 8 * 1024


WIDE_HEAD = """
from pathlib import Path
import numpy as np
from skrnn import _core

model = _core.NetworkLayout(
    cell="rnn", input_size=1, hidden_size=1600, pooling="every_step", output_size=2100
)
trainer = _core.Trainer(model, loss="cross_entropy")
parameters = np.zeros(model.num_parameters, np.float32)
ones, steps = np.ones((1000, 1), np.float32), np.arange(0, 1001, 100)
largest = []
for n_jobs in (1, 16):
    trainer.gradient(parameters, ones, steps, ones, n_jobs=n_jobs)
    lines = Path("/proc/self/status").read_text().splitlines()
    largest += [int(line.split()[1]) for line in lines if line.startswith("VmPeak:")]
print(largest[1] - largest[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_threads_share_the_memory_of_a_wide_head() -> None:
    """The sums between parts of a product take 8 MB, of which each thread has its share."""
    run = subprocess.run(
        [sys.executable, "-c", WIDE_HEAD],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_STACKSIZE": "1M"},
    )
    assert int(run.stdout) < 64 * 1024


@pytest.mark.parametrize(
    "sizes",
    [
        {"hidden_size": 2**31 - 1},
        {"hidden_size": 2**62},
        {"input_size": 2**62},
        {"embedding_size": 2**62},
        {"output_size": 2**62},
        {"num_layers": 2**40},
        {"hidden_size": 2**20, "num_layers": 10**6},
    ],
    ids=str,
)
def test_models_too_large_for_any_machine(sizes: dict[str, int]) -> None:
    settings = {"cell": "lstm", "input_size": 2, "hidden_size": 3, "output_size": 1}
    with pytest.raises(ValueError, match=r"too large|num_layers must be at most"):
        _core.NetworkLayout(**(settings | sizes))

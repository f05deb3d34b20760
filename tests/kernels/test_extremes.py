"""Empty batches, single units, saturation, denormals, infinities and NaN."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

import reference
from helpers.problems import Problem, of_states, random_problem
from helpers.support import assert_agrees, assert_same_bits, layer_of, packed_state, predict, solve

every_cell = pytest.mark.parametrize("cell", reference.CELLS)
both_directions = pytest.mark.parametrize("reverse", [False, True])


@pytest.mark.parametrize("states", [False, True])
@pytest.mark.parametrize(("n_steps", "batch"), [(0, 4), (3, 0), (0, 0)])
@every_cell
def test_no_steps_or_no_sequences(cell: str, n_steps: int, batch: int, states: bool) -> None:
    """States and their gradients are unchanged, and the gradients of weights are zero."""
    problem = random_problem(
        np.random.default_rng(40), cell, n_steps=n_steps, batch=batch, states=states
    )
    solution = solve(problem)
    assert_same_bits(predict(problem)["y"], solution["y"])
    for name, array in problem.solve().items():
        assert_same_bits(solution[name], array, name)


@every_cell
def test_no_lengths_of_no_sequences(cell: str) -> None:
    problem = random_problem(np.random.default_rng(41), cell, batch=0)
    assert_same_bits(solve(replace(problem, lengths=np.empty(0, np.int64))), solve(problem))


@every_cell
def test_a_step_of_no_sequences(cell: str) -> None:
    problem = random_problem(np.random.default_rng(42), cell, batch=0)
    state = layer_of(problem).step(problem.x[0])
    assert all(s.shape == (0, 5) for s in (state if isinstance(state, tuple) else (state,)))


@both_directions
@every_cell
def test_nan_stays_in_its_sequence(cell: str, reverse: bool) -> None:
    problem = random_problem(
        np.random.default_rng(43), cell, batch=15, hidden_size=19, ragged=False, reverse=reverse
    )
    x = problem.x.copy()
    x[2, 7, 1] = np.nan
    clean, spoilt = solve(problem), solve(replace(problem, x=x))

    others = np.arange(15) != 7
    for name in ("y", "dx"):
        assert_same_bits(spoilt[name][:, others], clean[name][:, others], name)
    for name in of_states(clean):
        assert_same_bits(spoilt[name][others], clean[name][others], name)

    before, after = slice(0, 2), slice(2, None)
    if reverse:
        before, after = slice(3, None), slice(0, 3)
    assert_same_bits(spoilt["y"][before, 7], clean["y"][before, 7])
    assert np.all(np.isnan(spoilt["y"][after, 7]))
    assert np.all(np.isnan(spoilt["h_n"][7]))


@every_cell
def test_nan_in_a_state_reaches_every_unit(cell: str) -> None:
    problem = random_problem(np.random.default_rng(44), cell, hidden_size=19)
    problem.state[0][1, 3] = np.nan
    y = predict(problem)["y"]
    assert np.all(np.isnan(y[: problem.lengths[1], 1]))
    assert np.all(np.isfinite(np.delete(y, 1, axis=1)))


@every_cell
def test_nan_among_the_weights_is_not_hidden(cell: str) -> None:
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        problem = random_problem(np.random.default_rng(45), cell, ragged=False)
        problem.weights[name][2] = np.nan  # unit 2 of the first gate
        assert np.all(np.isnan(predict(problem)["h_n"][:, 2])), name


@pytest.mark.parametrize("value", [np.inf, -np.inf, 3e38, -3e38])
@every_cell
def test_infinite_input(cell: str, value: float) -> None:
    """One step only; a second one may correctly give NaN from two infinities."""
    problem = random_problem(np.random.default_rng(46), cell, n_steps=1, ragged=False)
    problem.x[0, 2, 0] = value
    with np.errstate(invalid="ignore"):  # in the twin's gradients, 0 inf
        expected = problem.solve()
    y = predict(problem)["y"]
    np.testing.assert_allclose(y, expected["y"], rtol=1e-6, atol=1e-6)


# Sums of integers times powers of two are exact in any order, so a gate is either saturated or
# exactly one half, as in the twin.
@pytest.mark.parametrize("scale", [2.0**14, 2.0**100])
@every_cell
def test_huge_weights(cell: str, scale: float) -> None:
    rng = np.random.default_rng(47)
    problem = random_problem(rng, cell, n_steps=1, batch=9, hidden_size=21, ragged=False)

    def integers(array: np.ndarray) -> np.ndarray:
        return rng.integers(-2, 3, array.shape).astype(np.float32)

    problem = replace(
        problem,
        weights={
            name: integers(array) * np.float32(scale) for name, array in problem.weights.items()
        },
        x=integers(problem.x),
        state=tuple(map(integers, problem.state)),
    )
    # Gradients of the larger scale may overflow: two weights multiply in the reset gate's.
    solution = solve(problem) if scale < 1e30 else predict(problem)
    expected = problem.solve()
    for name in solution:
        array = expected[name]
        bound = 1e-6 * np.max(np.abs(array), initial=1)
        np.testing.assert_allclose(solution[name], array, rtol=1e-6, atol=bound, err_msg=name)


@pytest.mark.parametrize("cell", [cell for cell in reference.CELLS if cell != "rnn_relu"])
def test_saturation_over_many_steps(cell: str) -> None:
    problem = random_problem(np.random.default_rng(48), cell, n_steps=30, hidden_size=21)
    problem.weights.update({name: w * 1e4 for name, w in problem.weights.items()})
    problem.state[0].clip(-1, 1, out=problem.state[0])
    solution = solve(problem)
    assert np.all(np.abs(solution["y"]) <= 1 + 1e-6)
    assert np.all(np.isfinite(solution["dx"]))


def test_an_lstm_remembers_exactly_through_saturated_gates() -> None:
    """f = 1 and i = 0 leave c unchanged, bit for bit, over any steps; f = 0 and i = 0 clear it."""
    problem = random_problem(
        np.random.default_rng(49), "lstm", n_steps=50, ragged=False, biases=("bias_ih",)
    )
    i, f = slice(0, 5), slice(5, 10)
    bias = problem.weights["bias_ih"]
    bias[i], bias[f] = -200, 200
    assert_same_bits(predict(problem)["c_n"], problem.state[1])
    bias[f] = -200
    assert_same_bits(np.abs(predict(problem)["c_n"]), np.zeros((4, 5)))


def test_a_gru_remembers_exactly_through_a_saturated_gate() -> None:
    for cell in ("gru", "gru_reset_before"):
        problem = random_problem(
            np.random.default_rng(50), cell, n_steps=50, ragged=False, biases=("bias_ih",)
        )
        problem.weights["bias_ih"][5:10] = 200  # z = 1
        assert_same_bits(predict(problem)["h_n"], problem.state[0])


@every_cell
def test_denormal_numbers(cell: str) -> None:
    problem = random_problem(np.random.default_rng(51), cell, hidden_size=19)
    tiny = np.float32(1e-40)
    small = replace(
        problem,
        x=problem.x * tiny,
        state=tuple(s * tiny for s in problem.state),
        dy=problem.dy * tiny,
    )
    assert np.any(small.x != 0)
    assert_agrees(solve(small), small)
    if cell != "rnn_relu":  # its slope jumps at zero, the result of a flushed sum
        dust = replace(problem, weights={name: w * tiny for name, w in problem.weights.items()})
        assert_agrees(solve(dust), dust)


def denormals_work() -> bool:
    """Whether this thread computes with denormals, in scalar and in vector instructions."""
    denormals = np.full(67, 1e-40, np.float32)
    return bool(np.all(denormals * np.float32(0.5) > 0) and denormals[0] + denormals[0] > 0)


@every_cell
def test_the_callers_floating_point_environment_is_unchanged(cell: str) -> None:
    problem: Problem = random_problem(np.random.default_rng(52), cell, batch=33, hidden_size=33)

    def use() -> bool:
        layer = layer_of(problem)
        layer.step(problem.x[0], packed_state(problem.state))
        after_step = denormals_work()
        predict(problem, layer)
        after_forward = denormals_work()
        solve(problem, layer, n_jobs=2)
        return after_step and after_forward and denormals_work()

    assert denormals_work()
    assert use()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(use).result()
        assert pool.submit(denormals_work).result()


@cache
def two_steps_of_many(cell: str, batch: int, hidden_size: int) -> tuple[Problem, dict[str, Any]]:
    """A problem and its solution by the twin, for all instruction sets."""
    problem = random_problem(
        np.random.default_rng(47), cell, n_steps=2, batch=batch, hidden_size=hidden_size
    )
    return problem, problem.solve()


@pytest.mark.parametrize("hidden_size", [1, 5, 8])
@pytest.mark.parametrize("batch", [409, 817, 1633, 2500])
@every_cell
def test_batches_larger_than_a_chunk_of_rows(cell: str, batch: int, hidden_size: int) -> None:
    """The backward pass works on chunks of some hundred rows; one step alone may have more."""
    problem, expected = two_steps_of_many(cell, batch, hidden_size)
    assert_agrees(solve(problem), problem, expected)


@pytest.mark.parametrize("hidden_size", [1, 5, 11, 16])
@pytest.mark.parametrize("cell", [cell for cell in reference.CELLS if cell != "rnn_relu"])
def test_an_infinite_input_saturates_and_spoils_no_gradient(cell: str, hidden_size: int) -> None:
    """Nor do the empty lanes of a register, beyond the layer's units."""
    problem = random_problem(
        np.random.default_rng(48), cell, n_steps=3, batch=2, hidden_size=hidden_size, ragged=False
    )
    x = problem.x.copy()
    x[1, 0, 0] = np.inf
    solution = solve(replace(problem, x=x))
    for name in ("y", "dx", "dh0", "dweight_hh"):
        assert np.all(np.isfinite(solution[name])), name

"""Results have the same bits for any threads, batches, repetitions and addresses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from helpers.problems import Problem, of_states, random_problem
from helpers.support import assert_same_bits, layer_of, packed_state, predict, solve, unpacked_state

every_cell = pytest.mark.parametrize("cell", reference.CELLS)
both_directions = pytest.mark.parametrize("reverse", [False, True])

# From one sequence to more than every tile, and from a layer that fits a register to one that
# overflows a core's second-level cache. With few sequences and many units, threads share the units
# of a sequence.
SIZES = [  # T, B, I, H
    (7, 23, 5, 19),
    (60, 5, 1, 64),
    (9, 33, 64, 65),
    (40, 3, 128, 128),
    (3, 21, 30, 256),
    (30, 1, 3, 260),
    (25, 2, 70, 200),
]
every_size = pytest.mark.parametrize("sizes", SIZES, ids=str)


def problem_of(cell: str, sizes: tuple[int, int, int, int], **options: bool) -> Problem:
    n_steps, batch, input_size, hidden_size = sizes
    return random_problem(
        np.random.default_rng(20),
        cell,
        n_steps=n_steps,
        batch=batch,
        input_size=input_size,
        hidden_size=hidden_size,
        **options,
    )


def assert_sequences_equal(
    part: dict[str, np.ndarray], whole: dict[str, np.ndarray], sequences: list[int]
) -> None:
    """Assert equal results of each sequence in both batches; sums over a batch are left out."""
    n_steps = len(part["y"])
    for name in part.keys() & {"y", "dx"}:
        assert_same_bits(part[name], whole[name][:n_steps, sequences], name)
    for name in of_states(part):
        assert_same_bits(part[name], whole[name][sequences], name)


@pytest.mark.parametrize("ragged", [False, True])
@every_size
@every_cell
def test_any_number_of_threads(cell: str, sizes: tuple[int, int, int, int], ragged: bool) -> None:
    problem = problem_of(cell, sizes, ragged=ragged)
    layer = layer_of(problem)
    one, predicted = solve(problem, layer, n_jobs=1), predict(problem, layer, n_jobs=1)
    for n_jobs in (2, 3, 8, None):
        assert_same_bits(solve(problem, layer, n_jobs=n_jobs), one)
        assert_same_bits(predict(problem, layer, n_jobs=n_jobs), predicted)


@both_directions
@pytest.mark.parametrize("ragged", [False, True])
@every_size
@every_cell
def test_a_sequence_alone_or_in_a_batch(
    cell: str, sizes: tuple[int, int, int, int], ragged: bool, reverse: bool
) -> None:
    problem = problem_of(cell, sizes, ragged=ragged, reverse=reverse)
    layer = layer_of(problem)
    trained, predicted = solve(problem, layer), predict(problem, layer)
    # The first sequences fill two tiles and more, the last are in one that is not full.
    batch = len(problem.steps_of)
    for b in sorted({*range(min(13, batch)), *range(max(0, batch - 4), batch)}):
        alone = problem.take([b])
        assert_sequences_equal(solve(alone, layer), trained, [b])
        assert_sequences_equal(predict(alone, layer), predicted, [b])


@every_cell
@given(data=st.data())
def test_any_batch_of_the_same_sequences(cell: str, data: st.DataObject) -> None:
    problem = random_problem(
        np.random.default_rng(data.draw(st.integers(0, 2**32 - 1))),
        cell,
        n_steps=data.draw(st.integers(1, 8)),
        batch=data.draw(st.integers(1, 30)),
        input_size=data.draw(st.integers(1, 20)),
        hidden_size=data.draw(st.integers(1, 40)),
        reverse=data.draw(st.booleans()),
        ragged=data.draw(st.booleans()),
    )
    layer = layer_of(problem)
    some = data.draw(st.lists(st.integers(0, problem.sizes[1] - 1), min_size=1, max_size=40))
    part = problem.take(some)
    assert_sequences_equal(solve(part, layer), solve(problem, layer), some)
    assert_sequences_equal(predict(part, layer), predict(problem, layer), some)


@both_directions
@every_size
@every_cell
def test_with_and_without_a_cache(
    cell: str, sizes: tuple[int, int, int, int], reverse: bool
) -> None:
    problem = problem_of(cell, sizes, reverse=reverse)
    predicted, trained = predict(problem), solve(problem)
    assert_same_bits(predicted, {name: trained[name] for name in predicted})


@every_size
@every_cell
def test_steps_are_a_forward_pass(cell: str, sizes: tuple[int, int, int, int]) -> None:
    problem = problem_of(cell, sizes, ragged=False)
    layer = layer_of(problem)
    expected = predict(problem, layer)
    state = packed_state(problem.state)
    for t, x_t in enumerate(problem.x):
        state = layer.step(x_t, state)
        assert_same_bits(unpacked_state(state)[0], expected["y"][t], f"y[{t}]")
    assert_same_bits(
        unpacked_state(state), tuple(expected[f"{name}_n"] for name in reference.CELLS[cell].states)
    )


@both_directions
@every_size
@every_cell
def test_two_halves_with_carried_state(
    cell: str, sizes: tuple[int, int, int, int], reverse: bool
) -> None:
    problem = problem_of(cell, sizes, ragged=False, reverse=reverse)
    layer = layer_of(problem)
    whole = predict(problem, layer)
    for cut in {1, len(problem.x) // 2, len(problem.x) - 1}:
        halves = [slice(None, cut), slice(cut, None)]
        state = problem.state
        for half in reversed(halves) if reverse else halves:
            y, last = layer.forward(problem.x[half], packed_state(state))
            state = unpacked_state(last)
            assert_same_bits(y, whole["y"][half])
        assert_same_bits(state, tuple(whole[f"{name}_n"] for name in reference.CELLS[cell].states))


@every_cell
def test_backward_again_on_one_cache(cell: str) -> None:
    problem = problem_of(cell, SIZES[0])
    layer = layer_of(problem)
    *_, cache = layer.forward(
        problem.x, packed_state(problem.state), lengths=problem.lengths, train=True
    )
    dstate = packed_state(problem.dstate)
    first = layer.backward(cache, problem.dy, dstate)
    other = layer.backward(cache, 2 * problem.dy, None)
    assert not np.array_equal(first["x"], other["x"])
    assert_same_bits(layer.backward(cache, problem.dy, dstate, n_jobs=3), first)


@every_cell
def test_arrays_at_any_address(cell: str) -> None:
    """Vector loads must not need more alignment than a float."""
    problem = problem_of(cell, SIZES[2])

    def shifted(array: np.ndarray) -> np.ndarray:
        copy = np.empty(array.size + 1, np.float32)[1:].reshape(array.shape)
        copy[...] = array
        return copy

    moved = replace(
        problem,
        weights={name: shifted(array) for name, array in problem.weights.items()},
        x=shifted(problem.x),
        state=tuple(map(shifted, problem.state)),
        dy=shifted(problem.dy),
        dstate=tuple(map(shifted, problem.dstate)),
    )
    assert_same_bits(solve(moved), solve(problem))


@every_cell
def test_a_layer_keeps_its_instruction_set_and_its_weights(cell: str) -> None:
    from skrnn import _core

    problem = problem_of(cell, SIZES[0])
    layer = layer_of(problem)
    expected = solve(problem, layer)
    active = _core.active_isa()
    for name in _core.available_isas():
        _core.select_isa(name)
        assert_same_bits(solve(problem, layer), expected)
    _core.select_isa(active)
    for array in problem.weights.values():
        array.fill(np.nan)
    assert_same_bits(solve(problem, layer), expected)

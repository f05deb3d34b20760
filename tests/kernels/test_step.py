"""One step: output arrays, overlapping memory and allocations."""

from __future__ import annotations

import sys
import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import reference
from helpers.problems import Problem, random_problem
from helpers.support import assert_same_bits, layer_of, packed_state, unpacked_state

every_cell = pytest.mark.parametrize("cell", reference.CELLS)


def problem_of(cell: str, *, batch: int = 3, size: int = 20) -> Problem:
    """I equals H, so that inputs and states fit in each other's memory."""
    return random_problem(
        np.random.default_rng(60), cell, batch=batch, input_size=size, hidden_size=size
    )


def like(state: Any) -> Any:
    """Arrays like those of a state, filled with NaN."""
    return packed_state([np.full_like(s, np.nan) for s in unpacked_state(state)])


@every_cell
def test_out_is_filled_and_returned(cell: str) -> None:
    problem = problem_of(cell)
    layer, x_t, state = layer_of(problem), problem.x[0], packed_state(problem.state)
    out = like(state)
    assert layer.step(x_t, state, out) is out
    assert_same_bits(out, layer.step(x_t, state))
    assert layer.step(x_t, state, out=out) is out


@every_cell
def test_a_missing_state_is_zeros(cell: str) -> None:
    problem = problem_of(cell)
    layer, x_t = layer_of(problem), problem.x[0]
    zeros = packed_state([np.zeros_like(s) for s in problem.state])
    expected = layer.step(x_t, zeros)
    assert_same_bits(layer.step(x_t), expected)
    assert_same_bits(layer.step(x_t, None, like(zeros)), expected)
    if isinstance(zeros, tuple):
        for k in range(len(zeros)):
            one_missing = tuple(None if i == k else array for i, array in enumerate(zeros))
            assert_same_bits(layer.step(x_t, one_missing), expected)


@pytest.mark.parametrize("batch", [1, 2, 7, 40])
@every_cell
def test_in_place(cell: str, batch: int) -> None:
    problem = problem_of(cell, batch=batch, size=33)
    layer, x_t, state = layer_of(problem), problem.x[0], packed_state(problem.state)
    expected = layer.step(x_t, state)
    assert layer.step(x_t, state, out=state) is state
    assert_same_bits(state, expected)


def overlapping(cell: str) -> list[tuple[str, Any]]:
    """Overlaps of the arrays of a step, as (case, function of their memory)."""
    n = 3 * 20

    def block(flat: np.ndarray, start: int) -> np.ndarray:
        return flat[start : start + n].reshape(3, 20)

    # (x_t, h, c, out h, out c) as offsets into one array
    cases = {
        "out is x_t": (0, n, 2 * n, 0, 3 * n),
        "out h begins within x_t": (0, 2 * n, 3 * n, n - 7, 4 * n),
        "out h begins a row below h": (3 * n, 0, 4 * n, 20, 2 * n),
        "out h begins a row above h": (3 * n, 20, 4 * n, 0, 5 * n),
    }
    if len(reference.CELLS[cell].states) == 2:
        cases |= {
            "out is the state swapped": (0, n, 2 * n, 2 * n, n),
            "out c begins within c": (0, n, 2 * n, 4 * n, 2 * n + 5),
            "out c begins within h": (0, n, 4 * n, 2 * n + 20, n + 20),
            "out c is x_t": (0, n, 2 * n, 3 * n, 0),
        }

    def arrays(offsets: tuple[int, ...]) -> Any:
        x_t, h, c, out_h, out_c = offsets

        def of(flat: np.ndarray) -> tuple[Any, Any, Any]:
            pair = len(reference.CELLS[cell].states) == 2
            state = packed_state([block(flat, h)] + [block(flat, c)] * pair)
            out = packed_state([block(flat, out_h)] + [block(flat, out_c)] * pair)
            return block(flat, x_t), state, out

        return of

    return [(case, arrays(offsets)) for case, offsets in cases.items()]


@every_cell
def test_out_may_overlap_what_is_read(cell: str) -> None:
    layer = layer_of(problem_of(cell))
    for case, arrays in overlapping(cell):
        flat = np.random.default_rng(61).standard_normal(6 * 3 * 20).astype(np.float32)
        x_t, state, out = arrays(flat)
        expected = layer.step(x_t.copy(), packed_state([s.copy() for s in unpacked_state(state)]))
        layer.step(x_t, state, out=out)
        assert_same_bits(out, expected, case)


@every_cell
def test_nothing_beside_out_is_written(cell: str) -> None:
    problem = problem_of(cell)
    layer, state = layer_of(problem), packed_state(problem.state)
    inputs = [problem.x[0], *problem.state]
    before = [array.copy() for array in inputs]
    fence = np.full((5, 20), 7, np.float32)
    others = [like(fence[:3]) for _ in problem.state[1:]]
    layer.step(problem.x[0], state, packed_state([fence[1:4], *others]))
    assert np.all(fence[[0, 4]] == 7)
    assert_same_bits(tuple(inputs), tuple(before))


@every_cell
def test_no_allocation_with_out(cell: str) -> None:
    problem = problem_of(cell, batch=2)
    layer, x_t, state = layer_of(problem), problem.x[0], packed_state(problem.state)
    for _ in range(3):
        layer.step(x_t, state, state)

    def steps() -> None:
        for _ in range(200):
            layer.step(x_t, state, state)
            layer.step(x_t, state, out=state)

    before = sys.getallocatedblocks()
    steps()
    assert sys.getallocatedblocks() - before < 20  # objects of the loop itself

    tracemalloc.start()
    try:
        steps()
        start, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        steps()
        end, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert end <= start + 64
    assert peak - start < 512  # less than the smallest state and its array object


@every_cell
def test_results_are_new_arrays_without_out(cell: str) -> None:
    problem = problem_of(cell)
    layer, x_t, state = layer_of(problem), problem.x[0], packed_state(problem.state)
    one, other = layer.step(x_t, state), layer.step(x_t, state)
    for array in unpacked_state(one):
        assert array.flags.owndata
        assert array.flags.writeable
        assert array.dtype == np.float32
        others = [*unpacked_state(other), *problem.state, x_t]
        assert not any(np.shares_memory(array, o) for o in others)


@every_cell
def test_a_step_reads_forwards_even_in_a_reversed_layer(cell: str) -> None:
    problem = problem_of(cell)
    reverse = replace(problem, reverse=True)
    state = packed_state(problem.state)
    assert_same_bits(
        layer_of(reverse).step(problem.x[0], state), layer_of(problem).step(problem.x[0], state)
    )

"""Sequences of different lengths: padding is never read, and always written as zeros."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import reference
from helpers.problems import Problem, random_problem
from helpers.support import assert_agrees, assert_same_bits, layer_of, predict, solve

every_cell = pytest.mark.parametrize("cell", reference.CELLS)
both_directions = pytest.mark.parametrize("reverse", [False, True])

LENGTHS = np.array([3, 9, 1, 9, 4, 2, 7, 1, 5])  # in no order, with ties


def ragged_problem(cell: str, *, reverse: bool = False) -> Problem:
    problem = random_problem(
        np.random.default_rng(30), cell, n_steps=9, batch=9, hidden_size=21, reverse=reverse
    )
    return replace(problem, lengths=LENGTHS)


def is_padding(problem: Problem) -> np.ndarray:
    """Whether each step (T, B) is past the end of its sequence."""
    return np.arange(len(problem.x))[:, None] >= problem.steps_of


@both_directions
@every_cell
def test_padding_is_never_read(cell: str, reverse: bool) -> None:
    problem = ragged_problem(cell, reverse=reverse)
    expected = solve(problem)
    assert_agrees(expected, problem)
    padding = is_padding(problem)
    for filling in (np.nan, np.inf, -1e38, 0):
        x, dy = problem.x.copy(), problem.dy.copy()
        x[padding] = filling
        dy[padding] = filling
        assert_same_bits(solve(replace(problem, x=x, dy=dy)), expected)
        assert_same_bits(predict(replace(problem, x=x))["y"], expected["y"])


@both_directions
@every_cell
def test_y_and_dx_are_zero_past_each_end(cell: str, reverse: bool) -> None:
    problem = ragged_problem(cell, reverse=reverse)
    padding = is_padding(problem)
    solution = solve(problem)
    for name in ("y", "dx"):
        assert_same_bits(solution[name][padding], np.zeros_like(solution[name][padding]), name)
        assert np.all(np.any(solution[name][~padding] != 0, axis=-1))


@every_cell
def test_steps_that_no_sequence_has(cell: str) -> None:
    """T may exceed every length."""
    problem = ragged_problem(cell)
    room = replace(
        problem,
        x=np.pad(problem.x, ((0, 3), (0, 0), (0, 0)), constant_values=np.nan),
        dy=np.pad(problem.dy, ((0, 3), (0, 0), (0, 0)), constant_values=np.nan),
    )
    expected, actual = solve(problem), solve(room)
    for name, array in expected.items():
        if name in ("y", "dx"):
            assert_same_bits(actual[name][9:], np.zeros_like(array[:3]), name)
            assert_same_bits(actual[name][:9], array, name)
        else:
            assert_same_bits(actual[name], array, name)


@both_directions
@every_cell
def test_the_last_state_is_that_of_the_step_read_last(cell: str, reverse: bool) -> None:
    problem = ragged_problem(cell, reverse=reverse)
    solution = predict(problem)
    for b, length in enumerate(LENGTHS):
        last = 0 if reverse else length - 1
        assert_same_bits(solution["h_n"][b], solution["y"][last, b])


@pytest.mark.parametrize("kind", [list, tuple, np.uint8, np.int16, np.int32, np.uint64, ">i4"])
def test_lengths_are_integers_of_any_kind(kind: type | str) -> None:
    problem = ragged_problem("lstm")
    if kind in (list, tuple):
        lengths = kind(LENGTHS.tolist())
    else:
        lengths = np.repeat(LENGTHS.astype(kind), 2)[::2]  # strided
    y, _ = layer_of(problem).forward(problem.x, problem.state, lengths=lengths)
    assert_same_bits(y, predict(problem)["y"])


def test_full_lengths_are_no_lengths() -> None:
    problem = replace(ragged_problem("lstm"), lengths=None)
    full = replace(problem, lengths=np.full(9, 9))
    assert_same_bits(solve(full), solve(problem))

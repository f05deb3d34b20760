"""Forward and backward against the float64 twins, on every cell, size and option."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from helpers.problems import Problem, random_problem
from helpers.support import assert_agrees, layer_of, solve

BIASES = [(), ("bias_ih",), ("bias_hh",), ("bias_ih", "bias_hh")]


@st.composite
def problems(draw: st.DrawFn, cell: str) -> Problem:
    problem = random_problem(
        np.random.default_rng(draw(st.integers(0, 2**32 - 1))),
        cell,
        n_steps=draw(st.integers(1, 10)),
        batch=draw(st.integers(1, 9)),
        input_size=draw(st.integers(1, 40)),
        hidden_size=draw(st.integers(1, 40)),
        biases=draw(st.sampled_from(BIASES)),
        vectors=draw(st.booleans()),
        states=draw(st.booleans()),
        ragged=draw(st.booleans()),
        reverse=draw(st.booleans()),
    )
    return replace(problem, dstate=draw(st.sampled_from([problem.dstate, None])))


@pytest.mark.parametrize("cell", reference.CELLS)
@given(data=st.data())
def test_random_problems(cell: str, data: st.DataObject) -> None:
    problem = data.draw(problems(cell))
    assert_agrees(solve(problem), problem)


# Sizes around multiples of blocks and tiles, and the ends of the range.
SIZES = [  # T, B, I, H
    (1, 1, 1, 1),
    (3, 7, 3, 1),
    (2, 1, 300, 1),
    (4, 33, 1, 15),
    (4, 5, 17, 16),
    (3, 6, 16, 17),
    (12, 3, 31, 33),
    (5, 16, 1, 64),
    (3, 13, 64, 100),
    (2, 40, 300, 128),
    (2, 9, 128, 256),
    (40, 2, 3, 5),
]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("cell", reference.CELLS)
def test_fixed_sizes(cell: str, sizes: tuple[int, int, int, int]) -> None:
    n_steps, batch, input_size, hidden_size = sizes
    problem = random_problem(
        np.random.default_rng(7),
        cell,
        n_steps=n_steps,
        batch=batch,
        input_size=input_size,
        hidden_size=hidden_size,
    )
    assert_agrees(solve(problem), problem)


@pytest.mark.parametrize("missing", [0, 1])
def test_either_array_of_an_lstm_state_may_be_missing(missing: int) -> None:
    problem = random_problem(np.random.default_rng(8), "lstm")

    def without(state: tuple, replacement: object) -> tuple:
        return tuple(replacement if i == missing else s for i, s in enumerate(state))

    zeros = np.zeros_like(problem.state[0])
    explicit = replace(
        problem, state=without(problem.state, zeros), dstate=without(problem.dstate, zeros)
    )
    implicit = replace(
        problem, state=without(problem.state, None), dstate=without(problem.dstate, None)
    )
    assert_agrees(solve(implicit), explicit)


@pytest.mark.parametrize("cell", reference.CELLS)
def test_the_gradient_of_the_last_state_alone(cell: str) -> None:
    problem = replace(random_problem(np.random.default_rng(9), cell), dy=None)
    assert_agrees(solve(problem), problem)


@pytest.mark.parametrize("cell", reference.CELLS)
def test_reverse_of_a_call_overrides_that_of_the_layer(cell: str) -> None:
    """reverse= of a forward call also determines backward."""
    problem = random_problem(np.random.default_rng(10), cell, reverse=True)
    forwards = replace(problem, reverse=False)
    assert_agrees(solve(problem, layer_of(forwards), reverse=True), problem)
    assert_agrees(solve(problem, layer_of(problem), reverse=False), forwards)

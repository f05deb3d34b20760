"""The kernels and PyTorch's float32 modules agree on a ragged packed batch."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.problems import random_problem
from helpers.support import assert_agrees, solve

pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

from helpers.peers import MODULES, solve_in_pytorch


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("cell", MODULES)
def test_a_packed_sequence(cell: str, reverse: bool) -> None:
    """Both are within float32 rounding of the twin, and so of each other."""
    problem = random_problem(
        np.random.default_rng(95),
        cell,
        n_steps=12,
        batch=9,
        input_size=10,
        hidden_size=33,
        reverse=reverse,
    )
    ours, theirs = solve(problem), solve_in_pytorch(problem)
    assert_agrees(theirs, problem)
    for name, array in theirs.items():
        np.testing.assert_allclose(ours[name], array, rtol=1e-4, atol=1e-5, err_msg=name)

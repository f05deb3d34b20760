"""Problems run on the kernels, and comparisons of results."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from helpers.problems import Problem, label
from skrnn import _core, kernels

# The layer of each cell of skrnn.cells(): PyTorch's class, or `Layer` with the cell's name.
LAYERS: dict[str, Callable[..., Any]] = {
    **{cell: partial(kernels.Layer, cell) for cell in _core.cells()},
    "rnn": partial(kernels.RNN, nonlinearity="tanh"),
    "rnn_relu": partial(kernels.RNN, nonlinearity="relu"),
    "lstm": kernels.LSTM,
    "gru": partial(kernels.GRU, reset_after=True),
    "gru_reset_before": partial(kernels.GRU, reset_after=False),
}

EPS = 2.0**-24  # relative error of one float32 rounding


def layer_of(problem: Problem) -> Any:
    return LAYERS[problem.cell](**problem.weights, reverse=problem.reverse)


def packed_state(arrays: Sequence[Any] | None) -> Any:
    """A state for the kernels: a tuple for two arrays, the array itself for one."""
    if arrays is None:
        return None
    return tuple(arrays) if len(arrays) > 1 else arrays[0]


def unpacked_state(state: Any) -> tuple[Any, ...]:
    return state if isinstance(state, tuple) else (state,)


def solve(
    problem: Problem, layer: Any = None, *, n_jobs: int | None = None, **options: Any
) -> dict[str, Any]:
    """The kernels' results, under the names of ``Problem.solve``; options are forward's."""
    layer = layer_of(problem) if layer is None else layer
    y, state_n, cache = layer.forward(
        problem.x,
        packed_state(problem.state),
        lengths=problem.lengths,
        train=True,
        n_jobs=n_jobs,
        **options,
    )
    gradients = layer.backward(cache, problem.dy, packed_state(problem.dstate), n_jobs=n_jobs)
    return label(problem.cell, y, unpacked_state(state_n), gradients)


def predict(problem: Problem, layer: Any = None, **options: Any) -> dict[str, Any]:
    """y, h_n and c_n without a cache; options are forward's."""
    layer = layer_of(problem) if layer is None else layer
    y, state_n = layer.forward(
        problem.x, packed_state(problem.state), lengths=problem.lengths, **options
    )
    return label(problem.cell, y, unpacked_state(state_n), {})


def assert_agrees(
    actual: Mapping[str, Any], problem: Problem, expected: Mapping[str, Any] | None = None
) -> None:
    """Assert that the kernels agree with the float64 twin, up to float32 rounding.

    The twin's solution may be given, for tests of several instruction sets.

    All quantities of a ``Problem`` are of order one. A sum of k products, each of order 1/sqrt(k),
    then rounds k partial sums of order one, by EPS and in random directions: sqrt(k) EPS in all.
    That is the error of a pre-activation, of k = I + H products, and of a state's gradient, of
    k = G H products; the recurrence damps it rather than adding it up. A weight's gradient sums
    one product per step: n errors of that size add to sqrt(n k) EPS, and rounding n partial sums
    that grow up to sqrt(n) adds n EPS.

    Over hundreds of random problems plain float32 NumPy stays within 2.4 times these figures and
    the kernels within 4.5; 6 covers any order of summation, and still fails for a y that is off by
    4e-6 at k = 100.
    """
    expected = problem.solve() if expected is None else expected
    assert actual.keys() == expected.keys()
    *_, input_size, hidden_size = problem.sizes
    n = max(1, int(problem.steps_of.sum()))
    k_forward = input_size + hidden_size
    k_backward = max(k_forward, len(problem.weights["weight_hh"]))
    for name, array in expected.items():
        assert actual[name].dtype == np.float32, name
        if name.startswith("d") and name[1:] in problem.weights:
            rounding = np.sqrt(n * k_backward) + n
        else:
            rounding = np.sqrt(k_backward if name.startswith("d") else k_forward)
        np.testing.assert_allclose(
            actual[name],
            array,
            rtol=0,
            atol=6 * EPS * rounding,
            err_msg=f"{name} of {problem.cell}",
        )


def assert_same_bits(actual: Any, expected: Any, name: str = "") -> None:
    """Assert equal bits of arrays, or tuples or dicts of them. NaN equals itself, 0 is not -0."""
    if isinstance(expected, Mapping):
        assert actual.keys() == expected.keys()
        for key in expected:
            assert_same_bits(actual[key], expected[key], key)
    elif isinstance(expected, tuple):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected, strict=True):
            assert_same_bits(one, other, name)
    else:
        np.testing.assert_array_equal(
            np.ascontiguousarray(actual, np.float32).view(np.uint32),
            np.ascontiguousarray(expected, np.float32).view(np.uint32),
            err_msg=name,
        )


def says(*parts: str) -> str:
    """A pattern for ``pytest.raises(match=)``: the message has every part, in any order."""
    return "(?s)^" + "".join(f"(?=.*{re.escape(part)})" for part in parts)

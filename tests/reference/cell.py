"""The interface of a cell's twin: one step forward and one step backward, of one sequence."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
State = tuple[Array, ...]  # (h,) or (h, c), each of shape (H,)


class Weights(SimpleNamespace):
    """The parameters of a layer, or their gradients, by name; see `parameter_shapes`."""

    def zeros(self) -> Weights:
        """Return zeros of the same shapes, to add gradients to."""
        return Weights(**{name: np.zeros_like(array) for name, array in vars(self).items()})


class Cell(Protocol):
    """The equations of a cell, without batch, time or lengths."""

    gates: int  # G
    states: tuple[str, ...]  # names, h first
    vectors: tuple[str, ...]  # parameters with one number per unit, besides the biases

    def step_forward(self, w: Weights, x: Array, state: State) -> tuple[State, Any]:
        """Return the state after reading ``x`` (I,), and values for ``step_backward``."""

    def step_backward(
        self, w: Weights, saved: Any, dstate: State, dw: Weights
    ) -> tuple[Array, State]:
        """Return dL/dx and dL/d(state before), given dL/d(state after); add dL/dw to ``dw``."""


def parameter_shapes(cell: Cell, input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
    """Return every parameter's shape, in their order; gates are stacked in PyTorch's order."""
    rows = cell.gates * hidden_size
    return {
        "weight_ih": (rows, input_size),
        "weight_hh": (rows, hidden_size),
        "bias_ih": (rows,),
        "bias_hh": (rows,),
        **dict.fromkeys(cell.vectors, (hidden_size,)),
    }


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a)), exact to float64 rounding in both tails and silent on overflow."""
    return np.exp(-np.logaddexp(0.0, -a))

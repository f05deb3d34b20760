"""What a twin of a cell is: one step forward and one step backward, of one sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
State = tuple[Array, ...]  # (h,) or (h, c), each of shape (H,)


@dataclass
class Weights:
    """The weights of a layer, or their gradients; gates are stacked in PyTorch's order."""

    weight_ih: Array  # (G * H, I)
    weight_hh: Array  # (G * H, H)
    bias_ih: Array  # (G * H,)
    bias_hh: Array  # (G * H,)

    def zeros(self) -> Weights:
        """Return zeros of the same shapes, to add gradients to."""
        return Weights(*(np.zeros_like(array) for array in vars(self).values()))


class Cell(Protocol):
    """The equations of a cell, without batch, time or lengths."""

    gates: int  # G
    states: int  # 1 for h alone, 2 for h and c

    def step_forward(self, w: Weights, x: Array, state: State) -> tuple[State, Any]:
        """Return the state after reading ``x`` (I,), and what ``step_backward`` needs."""

    def step_backward(
        self, w: Weights, saved: Any, dstate: State, dw: Weights
    ) -> tuple[Array, State]:
        """Return dL/dx and dL/d(state before), given dL/d(state after); add dL/dw to ``dw``."""


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a)), exact to float64 rounding in both tails and silent on overflow."""
    return np.exp(-np.logaddexp(0.0, -a))

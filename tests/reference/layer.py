"""A layer of any cell over a batch: one sequence after another, one step after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from reference.cell import Array, Cell, State, Weights, parameter_shapes


@dataclass
class Tape:
    """Values of a forward pass for ``Layer.backward``."""

    x_shape: tuple[int, int, int]  # (T, B, I)
    steps: list[list[tuple[int, Any]]]  # of each sequence, in reading order: (t, saved)


class Layer:
    """A layer with the arguments, shapes and keys of ``skrnn.kernels``; states are tuples."""

    def __init__(
        self,
        cell: Cell,
        *,
        reverse: bool = False,
        **parameters: ArrayLike,  # of parameter_shapes; missing biases and vectors are zeros
    ) -> None:
        self.cell = cell
        self.hidden_size = np.shape(parameters["weight_hh"])[1]
        self.reverse = reverse
        shapes = parameter_shapes(cell, np.shape(parameters["weight_ih"])[1], self.hidden_size)
        self.absent = shapes.keys() - parameters.keys()
        assert all(len(shapes[name]) == 1 for name in self.absent)
        zeros = {name: np.zeros(shapes[name]) for name in self.absent}
        given = {name: np.asarray(array, np.float64) for name, array in parameters.items()}
        self.weights = Weights(**{name: (given | zeros)[name] for name in shapes})

    def forward(
        self,
        x: ArrayLike,  # (T, B, I)
        state: Sequence[ArrayLike | None] | None = None,  # of (B, H)
        *,
        lengths: Sequence[int] | None = None,  # (B,)
    ) -> tuple[Array, State, Tape]:
        """Return y (T, B, H), zero past each end, the last state of each sequence, and a tape."""
        x = np.asarray(x, np.float64)
        n_steps, batch, _ = x.shape
        y = np.zeros((n_steps, batch, self.hidden_size))
        state_0, state_n = self._states(state, batch), self._states(None, batch)
        tape = Tape(x.shape, [[] for _ in range(batch)])
        for b in range(batch):
            times = range(n_steps if lengths is None else lengths[b])
            current = tuple(s[b] for s in state_0)
            for t in reversed(times) if self.reverse else times:
                current, saved = self.cell.step_forward(self.weights, x[t, b], current)
                tape.steps[b].append((t, saved))
                y[t, b] = current[0]
            for s, last in zip(state_n, current, strict=True):
                s[b] = last
        return y, state_n, tape

    def backward(
        self,
        tape: Tape,
        dy: ArrayLike | None = None,  # (T, B, H)
        dstate: Sequence[ArrayLike | None] | None = None,  # of (B, H)
    ) -> dict[str, Array]:
        """Return dL/d(everything), given dL/dy and dL/d(last state)."""
        n_steps, batch, _ = tape.x_shape
        dy = np.zeros((n_steps, batch, self.hidden_size)) if dy is None else np.asarray(dy, float)
        dx = np.zeros(tape.x_shape)
        dstates = self._states(dstate, batch)
        dw = self.weights.zeros()
        for b in range(batch):
            current = tuple(s[b] for s in dstates)
            for t, saved in reversed(tape.steps[b]):
                dh, *rest = current
                dx[t, b], current = self.cell.step_backward(
                    self.weights, saved, (dh + dy[t, b], *rest), dw
                )
            for s, first in zip(dstates, current, strict=True):
                s[b] = first
        first = dict(zip((f"{name}0" for name in self.cell.states), dstates, strict=True))
        gradients = {"x": dx, **first, **vars(dw)}
        return {name: array for name, array in gradients.items() if name not in self.absent}

    def _states(self, given: Sequence[ArrayLike | None] | None, batch: int) -> State:
        """Copies of the given states, zeros for the missing ones."""
        given = [None] * len(self.cell.states) if given is None else given
        zeros = np.zeros((batch, self.hidden_size))
        return tuple(zeros.copy() if s is None else np.array(s, np.float64) for s in given)

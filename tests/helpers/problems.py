"""Random layers with a batch, and the twin's solution."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import reference
from reference.cell import Array, parameter_shapes

Floats = NDArray[np.floating[Any]]


@dataclass
class Problem:
    """A layer, a batch and the gradients of its results.

    Every number is of order one, also sums of K products: weights are uniform in ±1/sqrt(K).
    """

    cell: str
    weights: dict[str, Floats]  # the parameters, by name
    x: Floats  # (T, B, I)
    state: tuple[Floats, ...] | None  # of (B, H): h0, or h0 and c0
    lengths: NDArray[np.int64] | None  # (B,)
    reverse: bool
    dy: Floats | None  # (T, B, H)
    dstate: tuple[Floats, ...] | None  # as the state

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """T, B, I, H."""
        return *self.x.shape, self.weights["weight_hh"].shape[1]

    @property
    def steps_of(self) -> NDArray[np.int64]:
        """The length of each sequence; T if not given."""
        n_steps, batch, *_ = self.sizes
        return np.full(batch, n_steps) if self.lengths is None else self.lengths

    def take(self, sequences: Sequence[int]) -> Problem:
        """The same layer on some of the sequences, padded to the longest of them."""
        lengths = self.steps_of[sequences]
        n_steps = lengths.max()

        def columns(array: Floats | None) -> Floats | None:
            return None if array is None else np.ascontiguousarray(array[:n_steps, sequences])

        def rows(state: tuple[Floats, ...] | None) -> tuple[Floats, ...] | None:
            return None if state is None else tuple(s[sequences] for s in state)

        return replace(
            self,
            x=columns(self.x),
            state=rows(self.state),
            lengths=None if np.all(lengths == n_steps) else lengths,
            dy=columns(self.dy),
            dstate=rows(self.dstate),
        )

    def solve(self) -> dict[str, Array]:
        """The twin's y, h_n and c_n, and the gradient of each input as d + its name."""
        twin = reference.Layer(reference.CELLS[self.cell], **self.weights, reverse=self.reverse)
        y, state_n, tape = twin.forward(self.x, self.state, lengths=self.lengths)
        gradients = twin.backward(tape, self.dy, self.dstate)
        return label(self.cell, y, state_n, gradients)


def label(cell: str, y: Any, state_n: tuple[Any, ...], gradients: dict[str, Any]) -> dict[str, Any]:
    """One flat dict of all results of a layer: y, h_n, c_n, dx, dh0, dweight_ih, ..."""
    names = [f"{name}_n" for name in reference.CELLS[cell].states]
    return {
        "y": y,
        **dict(zip(names, state_n, strict=True)),
        **{f"d{name}": array for name, array in gradients.items()},
    }


def of_states(results: dict[str, Any]) -> set[str]:
    """Names of the results (B, H) that belong to a state: h_n, c_n, dh0, dc0."""
    return {name for name in results if re.fullmatch("[a-z]_n|d[a-z]0", name)}


def random_problem(
    rng: np.random.Generator,
    cell: str,
    *,
    n_steps: int = 5,
    batch: int = 4,
    input_size: int = 3,
    hidden_size: int = 5,
    biases: tuple[str, ...] = ("bias_ih", "bias_hh"),
    vectors: bool = True,
    states: bool = True,
    ragged: bool = True,
    reverse: bool = False,
    dtype: type[np.floating[Any]] = np.float32,
) -> Problem:
    """Draw a problem; if ``ragged``, lengths are in no order and the longest is T."""
    twin = reference.CELLS[cell]
    bound = 1 / np.sqrt(input_size + hidden_size)
    shapes = parameter_shapes(twin, input_size, hidden_size)
    absent = {"bias_ih", "bias_hh"} - set(biases) | (set() if vectors else set(twin.vectors))

    def normal(*shape: int) -> Floats:
        return rng.standard_normal(shape).astype(dtype)

    def state() -> tuple[Floats, ...] | None:
        return tuple(normal(batch, hidden_size) for _ in twin.states) if states else None

    lengths = None
    if ragged and batch and n_steps:
        lengths = rng.integers(1, n_steps, batch, endpoint=True)
        lengths[rng.integers(batch)] = n_steps
    return Problem(
        cell=cell,
        weights={
            name: rng.uniform(-bound, bound, shape).astype(dtype)
            for name, shape in shapes.items()
            if name not in absent
        },
        x=normal(n_steps, batch, input_size),
        state=state(),
        lengths=lengths,
        reverse=reverse,
        dy=normal(n_steps, batch, hidden_size),
        dstate=state(),
    )

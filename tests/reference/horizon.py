"""Steps after the end of a sequence, all at once: one step of the stack for each of them from its
last states, reading a learned vector of the step. With covariates c of the steps to come

  x_m = v_m + W c_m + b
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reference.cell import Array
from reference.dropout import Masks
from reference.stack import Stack, StackTape, States


@dataclass(frozen=True)
class Covered:
    """A sequence of channels with the covariates of its steps to come."""

    sequence: Array  # (T, C)
    future: Array  # (M, K)

    def __len__(self) -> int:
        return len(self.sequence)


def forward(
    stack: Stack, parameters: Mapping[str, Array], vectors: Array, last: States
) -> tuple[Array, list[StackTape]]:
    """Return h (M, H) after each of the steps, given their vectors (M, I), and tapes."""
    runs = [stack.forward(parameters, vector[None], Masks(), last) for vector in vectors]
    return np.concatenate([h for h, _ in runs]), [tape for _, tape in runs]


def backward(
    stack: Stack, tapes: list[StackTape], dh: Array
) -> tuple[Array, dict[str, Array], States]:
    """Return the gradients by the vectors, the stack's parameters, and the last states."""
    runs = [
        stack.backward_with_states(tape, d[None], None) for tape, d in zip(tapes, dh, strict=True)
    ]
    gradients = {name: sum(g[name] for _, g, _ in runs) for name in runs[0][1]}
    dlast = {
        place: tuple(sum(states) for states in zip(*(d[place] for _, _, d in runs), strict=True))
        for place in runs[0][2]
    }
    return np.concatenate([dx for dx, _, _ in runs]), gradients, dlast

"""The interface of an optimiser's twin: one update rule for a flat array of all parameters."""

from __future__ import annotations

from typing import Protocol

from reference.cell import Array


class Optimizer(Protocol):
    """An optimiser with initial state zero; ``alpha`` is the weight decay of all parameters."""

    alpha: float

    def step(self, theta: Array, gradient: Array, learning_rate: float) -> Array:
        """Return the next parameters, and update the state."""

"""What a twin of an optimiser is: one rule over one flat array, in which all parameters stand."""

from __future__ import annotations

from typing import Protocol

from reference.cell import Array


class Optimizer(Protocol):
    """Its state starts at zero; ``alpha`` is the weight decay, of every parameter alike."""

    alpha: float

    def step(self, theta: Array, gradient: Array, learning_rate: float) -> Array:
        """Return the next parameters, and remember what the step after needs."""

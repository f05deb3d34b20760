"""One step of training: loss and gradient of a minibatch, clipping, then the optimiser."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reference.cell import Array
from reference.network import Solution
from reference.optimizers import Optimizer
from reference.optimizers.clipping import clip


def training_step(
    parameters: Mapping[str, Array],
    solution: Solution,  # of the minibatch
    optimizer: Optimizer,
    learning_rate: float,  # of this step: the initial one times the schedule
    clip_norm: float | None = 1.0,
) -> dict[str, Array]:
    """Return the next parameters."""
    gradient = arena({name: solution.gradients[name] for name in parameters})
    if clip_norm is not None:
        gradient, _ = clip(gradient, clip_norm)
    return views(optimizer.step(arena(parameters), gradient, learning_rate), parameters)


def arena(arrays: Mapping[str, Array]) -> Array:
    """Return all arrays as one flat array, in order."""
    return np.concatenate([array.ravel() for array in arrays.values()])


def views(flat: Array, like: Mapping[str, Array]) -> dict[str, Array]:
    """Return the named parts of an arena."""
    ends = np.cumsum([array.size for array in like.values()])[:-1]
    parts = np.split(flat, ends)
    return {
        name: part.reshape(array.shape)
        for (name, array), part in zip(like.items(), parts, strict=True)
    }

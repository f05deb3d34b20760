"""Lazy updates, where entries without a gradient keep their value and their state.

PyTorch's SparseAdam is Adam so: moments of rows that no token asked for do not decay, and the
number of the step in the bias corrections counts all updates.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.cell import Array
from reference.optimizers.optimizer import Optimizer


def lazy_step(
    optimizer: Optimizer,
    theta: Array,
    gradient: Array,
    learning_rate: float,
    touched: NDArray[np.bool_],  # of theta's shape
) -> Array:
    """Return the next parameters; the state of entries that are not touched is put back."""
    before = deepcopy(optimizer)
    stepped = optimizer.step(theta, gradient, learning_rate)
    _put_back(optimizer, before, touched)
    return np.where(touched, stepped, theta)


def _put_back(optimizer: Any, before: Any, touched: NDArray[np.bool_]) -> None:
    for name, value in vars(optimizer).items():
        old = getattr(before, name)
        if isinstance(value, np.ndarray):
            setattr(optimizer, name, np.where(touched, value, old))
        elif hasattr(value, "step"):  # AdamW has an Adam
            _put_back(value, old, touched)

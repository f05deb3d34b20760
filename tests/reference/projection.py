"""A dense layer and a ReLU before the stack: y = max(0, x W^T + b), for each step."""

from __future__ import annotations

import numpy as np

from reference import dense
from reference.cell import Array


def forward(weight: Array, bias: Array, x: Array) -> Array:
    """Return (T, P), given weight (P, C), bias (P,) and x (T, C)."""
    return np.maximum(dense.forward(weight, bias, x), 0)


def backward(weight: Array, x: Array, y: Array, dy: Array) -> dict[str, Array]:
    """Return the gradients of weight and bias."""
    _, gradients = dense.backward(weight, x, np.where(y > 0, dy, 0))
    return gradients

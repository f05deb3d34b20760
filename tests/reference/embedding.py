"""Embedding: token v is row v of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.cell import Array

Tokens = NDArray[np.integer[Any]]


def forward(weight: Array, tokens: Tokens) -> Array:
    """Return (T, E), given the table (V, E) and tokens (T,) in 0..V-1."""
    return weight[tokens]


def backward(weight: Array, tokens: Tokens, dembedded: Array) -> dict[str, Array]:
    """Return the gradient of the table; repeated tokens add up."""
    dweight = np.zeros_like(weight)
    np.add.at(dweight, tokens, dembedded)
    return {"weight": dweight}

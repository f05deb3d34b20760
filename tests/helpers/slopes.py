"""Gradients by central finite differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reference.cell import Array

EPS = 1e-5  # its square and the rounding error over it both stay near 1e-10


def slopes(function: Callable[[], float], array: Array) -> Array:
    """d(function)/d(array): the function reads ``array``, which is changed and restored."""
    result = np.empty_like(array)
    for index in np.ndindex(array.shape):
        value = array[index]
        array[index] = value + EPS
        above = function()
        array[index] = value - EPS
        below = function()
        array[index] = value
        result[index] = (above - below) / (2 * EPS)
    return result

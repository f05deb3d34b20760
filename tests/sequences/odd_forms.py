"""Rare forms of sequences."""

from __future__ import annotations

from typing import Any

import numpy as np


def objects(items: list[Any]) -> np.ndarray:
    """A 1-D array of objects, for any shapes of the items."""
    array = np.empty(len(items), object)
    for i, item in enumerate(items):
        array[i] = item
    return array


class OnlyArray:
    """An object with only `__array__`."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.asarray(self.array, dtype)

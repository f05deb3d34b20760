"""Ragged arrays: rows of steps, end to end, and the sequences that they belong to; NumPy only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def offsets_of(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each sequence begins if they lie end to end, and the last one ends, (n + 1,)."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def steps_of(offsets: NDArray[np.int64], sequences: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows of the steps of some sequences, one sequence after the other.

    Examples
    --------
    >>> steps_of(np.array([0, 2, 5]), np.array([1, 0]))
    array([2, 3, 4, 0, 1])
    """
    lengths = np.diff(offsets)[sequences]
    own = offsets_of(lengths)
    return np.asarray(np.arange(own[-1]) + np.repeat(offsets[sequences] - own[:-1], lengths))


def by_sequence(rows: NDArray[Any], offsets: NDArray[np.int64]) -> NDArray[Any]:
    """Return the rows of each sequence, as an object array of n arrays of shape (T_i, ...).

    Such an array, unlike a list, is what scikit-learn's `cross_val_predict` can join.

    Examples
    --------
    >>> by_sequence(np.array([1, 2, 3]), np.array([0, 2, 3]))
    array([array([1, 2]), array([3])], dtype=object)
    """
    result = np.empty(len(offsets) - 1, dtype=object)
    for i, (begin, end) in enumerate(zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)):
        result[i] = rows[begin:end]
    return result

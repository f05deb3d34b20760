"""Weights of the steps that are scored."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._targets.sample_weight import check_sample_weight
from skrnn.metrics._symbols import items


def weights_of_steps(sample_weight: Any, lengths: list[int]) -> NDArray[np.float64] | None:
    """Return a weight for each of the S steps, or None for ones.

    Parameters
    ----------
    sample_weight : array-like of shape (n,), n sequences of T_i weights, or None
        A weight of shape (n,) is that of every step of a sequence.
    lengths : list of n int
        T_i.

    Raises
    ------
    ValueError
        For other lengths than those of the sequences, for weights that are no numbers, negative or
        not finite, and if all are zero.

    Examples
    --------
    >>> weights_of_steps([1.0, 0.5], [1, 2])
    array([1. , 0.5, 0.5])
    >>> weights_of_steps([[1.0], [0.5, 0.0]], [1, 2])
    array([1. , 0.5, 0. ])
    """
    n = len(lengths)
    rows = [items(row) for row in items(sample_weight) or []]
    if all(row is None for row in rows):
        weights = check_sample_weight(sample_weight, n)
        return None if weights is None else np.repeat(weights, lengths)
    found = [-1 if row is None else len(row) for row in rows]
    if len(found) != n:
        raise ValueError(
            f"sample_weight has {len(found)} sequences of weights for {n} sequences; expected a "
            "weight, or a sequence of T_i weights, for each"
        )
    for index, (length, expected) in enumerate(zip(found, lengths, strict=True)):
        if length != expected:
            what = "one number" if length < 0 else f"{length} weights"
            raise ValueError(
                f"Sequence {index} of sample_weight has {what} and y_true has {expected} labels "
                "there; expected a weight for each step"
            )
    steps = [weight for row in rows if row is not None for weight in row]
    return check_sample_weight(steps, sum(lengths), "sample_weight of all steps")

"""Checks of sample weights, and their conversion for the engine."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_array

from skrnn._sequences import refuse


def check_sample_weight(
    sample_weight: Any, n: int, name: str = "sample_weight"
) -> NDArray[np.float64] | None:
    """Return weights, float64 of shape (n,), or None for ones.

    Parameters
    ----------
    sample_weight : array-like of shape (n,), number or None
    n : int
        The number of sequences.
    name : str, default="sample_weight"
        The name of the weights in messages.

    Returns
    -------
    weights : array of shape (n,), float64, or None

    Raises
    ------
    ValueError
        For another shape; for weights that are no numbers, masked, negative or not finite; and if
        all are zero.

    Examples
    --------
    >>> check_sample_weight([1, 2, 0], 3)
    array([1., 2., 0.])
    """
    if sample_weight is None:
        return None
    _refuse_what_converts(sample_weight, name)
    try:
        if isinstance(sample_weight, Real):
            sample_weight = np.full(n, float(sample_weight))
        weights = check_array(
            sample_weight,
            ensure_2d=False,
            allow_nd=True,
            ensure_min_samples=0,
            dtype=np.float64,
            input_name=name,
        )
    except OverflowError:
        refuse.huge_item(np.atleast_1d(sample_weight), name)
        raise
    if weights.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar: {name} has shape {weights.shape}; "
            f"expected ({n},), a weight for each sequence"
        )
    if len(weights) != n:
        raise ValueError(
            f"{name}.shape == {weights.shape}, expected ({n},), a weight for each sequence"
        )
    if (weights < 0).any():
        index = int(np.argmax(weights < 0))
        raise ValueError(
            f"Negative values in data passed to `{name}`: {weights[index]:g} at index "
            f"{index}; expected 0 or more"
        )
    if not weights.any():
        raise ValueError(
            f"Sample weights must contain at least one non-zero number: all of {name} is zero, so "
            "nothing counts"
        )
    return np.asarray(weights)


def _refuse_what_converts(sample_weight: Any, name: str) -> None:
    """Refuse what NumPy would make numbers of, and say nothing, or would refuse without a name."""
    if np.ma.is_masked(sample_weight):
        raise ValueError(
            f"{name} has masked values; fill them, with .filled(0) where sequences do not count"
        )
    values = np.asarray(sample_weight)
    if values.dtype.kind == "c":
        raise ValueError(f"{name} is complex, dtype {values.dtype}; expected real numbers")
    if values.dtype.kind not in "USOT":
        return
    text = next((value for value in values.flat if isinstance(value, (str, bytes))), None)
    if text is not None:
        raise ValueError(
            f"{name} holds strings, such as {str(text)!r}; convert numbers with .astype(float)"
        )


def in_units_of_the_largest(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights of which the largest lies in [0.5, 1).

    They are scaled by a power of two, which is exact. Their products and sums then do not overflow.

    Examples
    --------
    >>> in_units_of_the_largest(np.array([2.0**900, 3 * 2.0**900]))
    array([0.25, 0.75])
    """
    return np.asarray(np.ldexp(weights, -np.frexp(weights.max())[1]))


def as_ratios(weights: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return weights for the engine, float32 of shape (n,), to which only their ratios matter.

    The largest result lies in [0.5, 1), so that large weights do not overflow in float32.

    Raises
    ------
    ValueError
        If all are zero.

    Examples
    --------
    >>> as_ratios(np.array([2.0**900, 3 * 2.0**900]))
    array([0.25, 0.75], dtype=float32)
    """
    if not weights.max() > 0:
        raise ValueError(
            "class_weight is zero for every class in y, so there is nothing to learn from; give "
            "one of them a positive weight"
        )
    return in_units_of_the_largest(weights).astype(np.float32)

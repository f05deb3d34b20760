"""A value, or a row of values, for every step: y and weights of estimators that answer there."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.checks import is_missing
from skrnn._sequences.container import Sequences
from skrnn._sequences.refuse import shown


def step_values(given: Any, lengths: NDArray[np.int64], name: str) -> NDArray[Any]:
    """Return the values of all steps, end to end.

    Parameters
    ----------
    given : list, tuple, array or `Sequences` of n items
        Item i holds a value, or a row of K values, for each step of sequence i. Items are lists,
        arrays or series.
    lengths : array of shape (n,), int64
        The steps of each sequence.
    name : str
        The name of the values in messages.

    Returns
    -------
    values : array of shape (S,) or (S, K)
        S is the sum of the lengths.

    Raises
    ------
    TypeError
        For an object that holds no items in an order.
    ValueError
        For another number of items than sequences, of values than steps, or of columns than in the
        first item, and for masked values. The message names the sequence.

    Examples
    --------
    >>> step_values([["a", "b"], ["a"]], np.array([2, 1]), "y")
    array(['a', 'b', 'a'], dtype='<U1')
    """
    if isinstance(given, Sequences):
        given = given.to_list()
    if isinstance(given, (str, bytes, Mapping, Set)) or not hasattr(given, "__len__"):
        raise TypeError(
            f"{name} is a {type(given).__name__}; expected a list with an array of shape (T_i,) "
            "for each sequence: a value for each of its steps"
        )
    items = list(given.to_numpy() if hasattr(given, "to_numpy") else given)
    if len(items) != len(lengths):
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"{'X_val' if name.endswith('_val') else 'X'} has {len(lengths)} sequences, and {name} "
            f"has {len(items)} items; expected an item for each sequence"
        )
    arrays = [_values_of(item, i, int(lengths[i]), name) for i, item in enumerate(items)]
    columns = arrays[0].shape[1:]
    for i, array in enumerate(arrays):
        if array.shape[1:] != columns:
            raise ValueError(
                f"{name} of sequence {i} has shape {array.shape}, but that of sequence 0 has "
                f"{arrays[0].shape}; expected the same number of columns"
            )
        if (array.dtype.kind in "US") != (arrays[0].dtype.kind in "US"):
            raise ValueError(
                f"{name} of sequence {i} holds {shown(array.flat[0])}, and that of sequence 0 "
                f"{shown(arrays[0].flat[0])}; make strings of all labels, or of none"
            )
    return np.concatenate(arrays)


def _values_of(item: Any, i: int, length: int, name: str) -> NDArray[Any]:
    """Return the values of sequence i, of shape (T,) or (T, K)."""
    if isinstance(item, (str, bytes, Mapping, Set)) or not hasattr(item, "__len__"):
        raise ValueError(
            f"{name} of sequence {i} is {shown(item)}, a {type(item).__name__}; expected a value "
            f"for each of its {length} steps: a list or an array of shape ({length},)"
        )
    if np.ma.is_masked(item):
        raise ValueError(
            f"{name} of sequence {i} has masked values, which are missing; fill them, with "
            ".filled(), and give those steps a sample_weight of 0"
        )
    values = np.asarray(_alike(item, i, name))
    if values.ndim not in (1, 2) or 0 in values.shape[1:]:
        raise ValueError(
            f"{name} of sequence {i} has shape {values.shape}; expected ({length},) or "
            f"({length}, K)"
        )
    if len(values) != length:
        fix = "expected one for each step"
        if len(values) == 0 and length == 1:
            fix += ". If the sequence is empty, it is read as one unknown token; leave it out"
        raise ValueError(
            f"{name} of sequence {i} has {len(values)} values, but the sequence has {length} "
            f"steps; {fix}"
        )
    return values


def _alike(item: Any, i: int, name: str) -> Any:
    """Return an item, whose values are all strings or all something else.

    NumPy would make the label "nan" of NaN, and "1" of 1.
    """
    if isinstance(item, np.ndarray) and item.dtype != object:
        return item
    values = list(item)
    kinds = [isinstance(value, str) for value in values]
    if any(kinds) and not all(kinds):
        step = kinds.index(False)
        fix = "make strings of all, or of none"
        if is_missing(values[step]):
            fix = (
                "for a missing label write any other and give the step a sample_weight of 0, or "
                "leave the sequence out"
            )
        raise ValueError(
            f"{name} of sequence {i} mixes strings with {shown(values[step])} at step {step}; {fix}"
        )
    try:
        np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"{name} of sequence {i} is ragged itself; expected a value, or a row of K values, for "
            "each step"
        ) from error
    return values

"""Collections of series in the formats of aeon and sktime: channels first, or data frames."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.columns import channel_of, keys_of
from skrnn._sequences.flatten import as_floats, flatten, has_levels, nested_columns
from skrnn._sequences.frames import Gathered, gather
from skrnn._sequences.names import names_of, names_of_sequences


def flatten_panel(X: Any) -> Gathered:
    """Return values, offsets, names and keys, as `Sequences.from_aeon` documents them."""
    if hasattr(X, "columns"):
        if has_levels(X):
            return _of_levels(X)
        if nested_columns(X):
            names = names_of(X.columns)
            return Gathered(*flatten(_of_cells(X), "X", tokens=False), names)
        return Gathered(*flatten(X, "X", tokens=False))
    if isinstance(X, (str, bytes, Mapping, Set)) or not np.iterable(X):
        raise TypeError(
            f"X is a {type(X).__name__}, which holds no series in an order; pass what aeon and "
            "sktime have: an array of shape (n, C, T), a list of (C, T_i) arrays, or a data frame"
        )
    if isinstance(X, np.ndarray) and X.dtype != object:
        if X.ndim not in (2, 3):
            raise ValueError(f"X has shape {X.shape}; expected (n, C, T) or (n, T)")
        turned = as_floats(X if X.ndim == 2 else X.swapaxes(1, 2))
        return Gathered(*flatten(turned, "X", tokens=False))
    # Data frames have their steps in rows, in aeon and sktime, too.
    items = [x if hasattr(x, "columns") else np.asarray(x).T for x in X]
    for index, x in enumerate(items):
        if len(x.shape) != 2:
            raise ValueError(f"Sequence {index} of X has shape {x.shape}; expected (C, T_i)")
    return Gathered(*flatten(items, "X", tokens=False), names_of_sequences(items))


def _of_levels(df: Any) -> Gathered:
    """Gather a frame with one row a step, whose index tells sequences and times apart."""
    if len(df) == 0:
        raise ValueError("X has no rows: found 0 sample(s) while a minimum of 1 is required.")
    levels = [
        keys_of(df.index.get_level_values(i), f"level {i}", "the index")
        for i in range(df.index.nlevels)
    ]
    columns = list(df.columns)
    channels = [channel_of(df[name], name) for name in columns]
    return gather(levels[:-1], levels[-1:], channels)[0]


def _of_cells(df: Any) -> list[NDArray[Any]]:
    """Return (T_i, C) arrays of a frame with one row a sequence, whose cells are series."""
    columns = [[np.asarray(cell) for cell in df[name]] for name in df.columns]
    sequences = []
    for index, cells in enumerate(zip(*columns, strict=True)):
        lengths = {cell.shape for cell in cells}
        if len(lengths) > 1 or cells[0].ndim != 1:
            raise ValueError(
                f"Row {index} of X has cells of shapes {[cell.shape for cell in cells]}; expected "
                "a series of shape (T_i,) in each, of one length for all channels"
            )
        sequences.append(np.stack(cells, axis=1))
    return sequences

"""Long data frames, one row for each step, to sequences and back; pandas and polars."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.columns import Channel, channel_of, keys_of, order_of
from skrnn._sequences.flatten import as_floats, float_dtype
from skrnn._sequences.names import Names, names_of
from skrnn._warnings import warn

# Constructors of frames from an array. pandas would copy to column-major order, in which sums are
# computed in another order and differ in the last bit; hence copy=False.
_FRAMES: dict[str, Any] = {
    "pandas": lambda pd, values, names: pd.DataFrame(values, columns=names, copy=False),
    "polars": lambda pl, values, names: pl.DataFrame(values, schema=names),
}


class Gathered(NamedTuple):
    """Flat sequences with the names of their channels and the keys of the sequences."""

    values: NDArray[Any]  # (S, C), or (S,) for tokens
    offsets: NDArray[np.int64]  # (n + 1,)
    names: Names = None
    keys: NDArray[Any] | None = None  # (n,)


def flatten_frame(
    df: Any,
    by: str | list[str],
    columns: str | list[str] | None,
    sort_by: str | list[str] | None,
) -> Gathered:
    """Return the data of `Sequences.from_frame`, which documents the arguments."""
    if not (hasattr(df, "to_numpy") and hasattr(df, "columns")):
        lazy = "; collect() a lazy frame first" if hasattr(df, "collect") else ""
        raise TypeError(f"df is a {type(df).__name__}, not a pandas or polars DataFrame{lazy}")
    keys, order = _names(by), _names(sort_by)
    if not keys:
        raise ValueError("by names no column; name those that tell sequences apart")
    if columns is None:
        chosen = [name for name in df.columns if name not in (*keys, *order)]
    else:
        chosen = _names(columns)
    unknown = [name for name in (*keys, *order, *chosen) if name not in list(df.columns)]
    if unknown:
        levels = list(getattr(getattr(df, "index", None), "names", []))
        fix = "; df.reset_index() makes columns of the index" if unknown[0] in levels else ""
        raise ValueError(f"df has no column {unknown[0]!r}, only {list(df.columns)}{fix}")
    if not chosen:
        raise ValueError("no column is left for the channels; name them in columns")
    if len(df) == 0:
        raise ValueError("df has no rows: found 0 sample(s) while a minimum of 1 is required.")

    groups = [keys_of(df[name], name, "by") for name in keys]
    steps = [order_of(df[name], name) for name in order]
    channels = [channel_of(df[name], name) for name in chosen]
    alone = columns is not None and not _are_several(columns)
    gathered, rows = gather(groups, steps, channels, tokens=alone)
    if columns is None:
        _warn_of_labels(channels, rows, gathered.offsets)
    return gathered


def gather(
    groups: list[NDArray[Any]],
    steps: list[NDArray[Any]],
    channels: list[Channel],
    *,
    tokens: bool = False,
) -> tuple[Gathered, NDArray[np.int64]]:
    """Bring the rows of every group together.

    Parameters
    ----------
    groups : list of arrays of shape (S,)
        Rows that agree in all of these are one sequence.
    steps : list of arrays of shape (S,)
        Order the rows of each sequence.
    channels : list of Channel
    tokens : bool, default=False
        Whether to make a channel of integers or categories tokens.

    Returns
    -------
    gathered : Gathered
    rows : array of shape (S,), int64
        The row of each step.
    """
    codes, first = _codes(groups)
    rows = np.arange(len(codes))
    for step in reversed(steps):  # stable sorts, so the first column decides
        rows = rows[np.argsort(step[rows], kind="stable")]
    rows = rows[np.argsort(codes[rows], kind="stable")]
    offsets = np.concatenate(([0], np.cumsum(np.bincount(codes))))

    names: Names = None
    if tokens and channels[0].can_be_tokens:
        values = channels[0].tokens()[rows]
    else:
        blocks = [channel.block() for channel in channels]
        dtype = float_dtype(*(block.dtype for block in blocks))
        values = np.concatenate([as_floats(block, dtype) for block in blocks], axis=1)[rows]
        if values.shape[1] == 0:
            raise ValueError(f"column {channels[0].name!r} has no categories, and so no channels")
        if names_of(channel.name for channel in channels) is not None:
            names = names_of(name for channel in channels for name in channel.names())
            _check_unique(names or ())
    return Gathered(values, offsets, names, _keys(groups, first)), rows


def frame_of(
    values: NDArray[Any],
    offsets: NDArray[np.int64],
    columns: list[str] | None,
    names: Names = None,
) -> Any:
    """Return the frame that `Sequences.to_frame` documents."""
    pandas: Any = importlib.import_module("pandas")
    table = values if values.ndim == 2 else values[:, None]
    if columns is None and names is not None:
        columns = list(names)
    if columns is None:
        columns = ["token"] if values.ndim == 1 else [f"x{c}" for c in range(table.shape[1])]
    if len(columns) != table.shape[1]:
        raise ValueError(f"columns has {len(columns)} names for {table.shape[1]} channels")
    lengths = np.diff(offsets)
    data = {
        "sequence": np.repeat(np.arange(len(lengths)), lengths),
        "step": np.arange(len(table)) - np.repeat(offsets[:-1], lengths),
    }
    taken = [name for name in columns if name in data]
    if taken or len(set(columns)) < len(columns):
        raise ValueError(f"columns repeats a name: {[*data, *columns]}")
    return pandas.DataFrame({**data, **{name: table[:, c] for c, name in enumerate(columns)}})


def as_frame(values: NDArray[Any], names: Names) -> Any:
    """Return values of shape (S, C) with names, in a frame of pandas, or else of polars.

    If neither is installed, the values are returned unchanged.
    """
    assert names is not None
    for library, make in _FRAMES.items():
        with suppress(ImportError):
            return make(importlib.import_module(library), values, list(names))
    return values


def _are_several(names: Any) -> bool:
    # A name may be any hashable object, as in pandas; several come in a list or an Index.
    return hasattr(names, "__iter__") and not isinstance(names, (str, tuple))


def _names(names: str | list[str] | None) -> list[Any]:
    if names is None:
        return []
    return list(names) if _are_several(names) else [names]


def _codes(columns: list[NDArray[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the group number of every row, by first appearance, and the first row of each."""
    lists = [column.tolist() for column in columns]
    keys = lists[0] if len(lists) == 1 else zip(*lists, strict=True)
    seen: dict[Any, int] = {}
    codes = np.fromiter(
        (seen.setdefault(key, len(seen)) for key in keys), np.int64, len(columns[0])
    )
    return codes, np.unique(codes, return_index=True)[1]


def _keys(groups: list[NDArray[Any]], first: NDArray[np.int64]) -> NDArray[Any]:
    """Return the key of every group; tuples for several columns."""
    if len(groups) == 1:
        return groups[0][first]
    keys = np.empty(len(first), object)
    # Dates are kept: tolist would convert dates in nanoseconds to integers.
    parts = [list(g[first]) if g.dtype.kind in "mM" else g[first].tolist() for g in groups]
    keys[:] = list(zip(*parts, strict=True))
    return keys


def _check_unique(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(
                f"two channels would be called {name!r}: a column, and a category of another one; "
                "rename one of them"
            )
        seen.add(name)


def _warn_of_labels(
    channels: list[Channel], rows: NDArray[np.int64], offsets: NDArray[np.int64]
) -> None:
    """Warn of unnamed columns that look like targets: one value for each sequence."""
    lengths = np.diff(offsets)
    starts = offsets[:-1][lengths > 1]
    inside = np.ones(len(rows), bool)  # whether the step before is of the same sequence
    inside[offsets[:-1][lengths > 0]] = False
    suspects = []
    for channel in channels:
        values = channel.comparable[rows]
        before = np.roll(values, 1)
        same = (values == before) | ((values != values) & (before != before))  # NaN is NaN
        if inside.any() and same[inside].all() and len(np.unique(values[starts])) > 1:
            suspects.append(channel.name)
    if suspects:
        others = [c.name for c in channels if c.name not in suspects]
        warn(
            f"columns=None makes channels of {suspects}, which never change within a sequence but "
            "differ between sequences, as targets do. A network that reads its target has "
            f"nothing to learn; name the channels, as columns={others}, or these among them if "
            "they are no targets",
            UserWarning,
        )

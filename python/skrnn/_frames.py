"""Long data frames, one row a step, to sequences and back; pandas and polars alike."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._flatten import as_floats, float_dtype


def flatten_frame(
    df: Any,
    by: str | list[str],
    columns: str | list[str] | None,
    sort_by: str | list[str] | None,
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return values and offsets, as `Sequences.from_frame` documents them."""
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
        raise ValueError(f"df has no column {unknown[0]!r}, only {list(df.columns)}")
    if not chosen:
        raise ValueError("no column is left for the channels; name them in columns")
    if len(df) == 0:
        raise ValueError("df has no rows: found 0 sample(s) while a minimum of 1 is required.")

    codes = _codes([_column(df, name, "by") for name in keys])
    rows = np.arange(len(codes))
    for name in reversed(order):  # the last sort decides, and none forgets the one before
        rows = rows[np.argsort(_column(df, name, "sort_by")[rows], kind="stable")]
    rows = rows[np.argsort(codes[rows], kind="stable")]

    channels = [_numbers(df, name) for name in chosen]
    if isinstance(columns, str) and channels[0].dtype.kind in "iu":
        values = channels[0][rows]
    else:
        dtype = float_dtype(*(channel.dtype for channel in channels))
        values = np.empty((len(rows), len(chosen)), dtype)
        for c, channel in enumerate(channels):
            values[:, c] = as_floats(channel, dtype)[rows]
    offsets = np.concatenate(([0], np.cumsum(np.bincount(codes))))
    return values, offsets


def frame_of(values: NDArray[Any], offsets: NDArray[np.int64], columns: list[str] | None) -> Any:
    """Return the frame that `Sequences.to_frame` documents."""
    pandas: Any = importlib.import_module("pandas")
    table = values if values.ndim == 2 else values[:, None]
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


def _names(names: str | list[str] | None) -> list[Any]:
    if names is None:
        return []
    # A name may be anything hashable, as pandas has it; several come in a list or an Index.
    several = hasattr(names, "__iter__") and not isinstance(names, (str, tuple))
    return list(names) if several else [names]


def _column(df: Any, name: str, role: str) -> NDArray[Any]:
    """Return what tells sequences or steps apart, where nothing may be missing."""
    series = df[name]
    missing = np.asarray(series.isna() if hasattr(series, "isna") else series.is_null())
    if missing.ndim != 1:
        raise ValueError(f"df has several columns {name!r}; give each a name of its own")
    array = np.asarray(series.to_numpy())
    if array.dtype.kind == "f":
        missing = missing | np.isnan(array)  # to polars NaN is no null
    if missing.any():
        raise ValueError(
            f"column {name!r} of {role} has a missing value in row {int(np.argmax(missing))}; fill "
            "it, or drop the row"
        )
    return array


def _codes(columns: list[NDArray[Any]]) -> NDArray[np.int64]:
    """Return the number of the group of every row; groups count by first appearance."""
    lists = [column.tolist() for column in columns]
    keys = lists[0] if len(lists) == 1 else zip(*lists, strict=True)
    seen: dict[Any, int] = {}
    return np.fromiter((seen.setdefault(key, len(seen)) for key in keys), np.int64, len(columns[0]))


def _numbers(df: Any, name: str) -> NDArray[Any]:
    series = df[name]
    if getattr(series, "ndim", 1) != 1:
        raise ValueError(f"df has several columns {name!r}; give each a name of its own")
    array = np.asarray(series.to_numpy())
    if array.dtype == object and hasattr(series, "iloc"):  # pandas' nullable columns, among others
        try:
            return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
        except (TypeError, ValueError):
            pass
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"column {name!r} has dtype {series.dtype}, which is not made of numbers; convert it, "
            "or name the channels in columns"
        )
    return array

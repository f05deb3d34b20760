"""Series as users pass them to scores of forecasts: checked, and as a list of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.refuse import shown
from skrnn._series.numbers import as_floats

Values = NDArray[np.float64]  # (T,), or (T, Q) with Q numbers for each step


def observed(y_true: Any) -> list[Values]:
    """Return the n series of `y_true`, float64 of shape (T_i,); NaN is no observation.

    Raises
    ------
    TypeError, ValueError
        As `series_of`; also for a series without an observation.
    """
    series = series_of(y_true, "y_true", missing=True)
    for index, values in enumerate(series):
        if np.isnan(values).all():
            raise ValueError(
                f"Series {index} of y_true has no observation, only NaN; leave it out of all "
                "arguments"
            )
    return series


def beside(
    y_true: Any, y: Any, name: str, *, columns: int = 0, infinite: bool = False
) -> list[Values]:
    """Return the series of `y`, which belong to those of `y_true`, step by step.

    With `columns` each step has so many numbers; with `infinite` they may be infinite.
    """
    true = series_of(y_true, "y_true", missing=True)
    series = series_of([y] if _is_one(y_true) else y, name, columns=columns, infinite=infinite)
    check_same_number(true, series, name)
    for index, (a, b) in enumerate(zip(true, series, strict=True)):
        if len(a) != len(b):
            raise ValueError(
                f"Series {index} has {len(a)} steps in y_true and {len(b)} in {name}; expected as "
                "many"
            )
    return series


def check_same_number(true: list[Values], other: list[Values], name: str) -> None:
    """Raise ValueError unless there are as many series."""
    if len(true) != len(other):
        raise ValueError(
            f"y_true has {len(true)} series and {name} has {len(other)}; expected the same series "
            "in both, in their order"
        )


def series_of(
    y: Any, name: str, *, columns: int = 0, missing: bool = False, infinite: bool = False
) -> list[Values]:
    """Return n series as float64 arrays of shape (T_i,), or (T_i, columns).

    Parameters
    ----------
    y : array-like of shape (T,) or (n, T), or n series of shape (T_i,) in a list or tuple
        A flat array-like is one series. With `columns` n series of shape (T_i, columns).
    name : str
        Of the argument, for messages.
    columns : int, default=0
        The numbers of a step, or 0 for a number that is no array.
    missing, infinite : bool, default=False
        Whether NaN is allowed, and infinity.

    Raises
    ------
    TypeError
        For what holds no numbers.
    ValueError
        For no series, for one without steps or of another shape, and for numbers that are not
        allowed.
    """
    ordered = hasattr(y, "__len__") and hasattr(y, "__getitem__") and getattr(y, "shape", [1]) != ()
    if isinstance(y, (str, bytes, Mapping)) or not ordered:
        raise TypeError(
            f"{name} is {shown(y)}, a {type(y).__name__}; expected a series of numbers, or a list "
            "of series"
        )
    if len(y) == 0:
        raise ValueError(f"{name} is empty; expected a series of numbers, or a list of series")
    one = not columns and _is_one(y)
    rows = [y] if one else list(np.asanyarray(y) if hasattr(y, "__array__") else y)
    found = []
    for index, row in enumerate(rows):
        place = name if one else f"Series {index} of {name}"
        values = _numbers(row, place, columns)
        wrong = np.isnan(values) & (not missing) | np.isinf(values) & (not infinite)
        if wrong.any():
            step = int(np.argwhere(wrong)[0, 0])
            raise ValueError(
                f"{place} is {values[step]} at step {step}; expected finite numbers"
                + (", or NaN where nothing was observed" if missing else "")
            )
        found.append(values)
    return found


def _is_one(y: Any) -> bool:
    """Whether the elements of `y` are numbers and no series."""
    if hasattr(y, "__array__"):
        y = np.asarray(y)
    return not hasattr(y[0], "__len__")


def _numbers(row: Any, place: str, columns: int) -> Values:
    if np.ma.is_masked(row):
        raise ValueError(
            f"{place} has masked values; fill them, with .filled(np.nan) where nothing was observed"
        )
    values = as_floats(row, place)
    expected = ("T", columns) if columns else ("T",)
    if values.ndim != len(expected) or values.shape[1:] != expected[1:] or len(values) == 0:
        raise ValueError(
            f"{place} has shape {values.shape}; expected "
            + (f"(T, {columns})" if columns else "(T,)")
            + ", with a step at least"
        )
    return values

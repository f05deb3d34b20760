"""Long data frames, a row for each step, and series with an index of times; pandas and polars."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.columns import channel_of, keys_of
from skrnn._series.clocks import Clock, find_step, read_times
from skrnn._series.dates import Step, positions, shown_time
from skrnn._series.forms import Form, Given, check_numbers, read_arrays
from skrnn._series.panel import Values


def is_frame(given: Any) -> bool:
    """Whether an object is a data frame."""
    return hasattr(given, "columns") and hasattr(given, "to_numpy")


def has_index_of_times(given: Any) -> bool:
    """Whether an object is a pandas Series whose index has times."""
    index = getattr(given, "index", None)
    return hasattr(given, "iloc") and type(index).__name__ in ("DatetimeIndex", "PeriodIndex")


def library_of(df: Any) -> str:
    """Return the library that a frame is of."""
    return type(df).__module__.partition(".")[0]


def read_frame(
    df: Any, columns: tuple[str, str, str], *, missing: bool, name: str = "series"
) -> Given:
    """Return the series of a long frame, each in the order of its times.

    Without a column of keys all rows are one series.

    Raises
    ------
    ValueError
        For a column that is missing, or one too many; for times that are double, or irregular, or
        have gaps unless `missing`; for numbers as `read_arrays`.
    """
    id_name, time_name, target = columns
    names = list(df.columns)
    for wanted in (time_name, target):
        if wanted not in names:
            raise ValueError(
                f"{name} has no column {wanted!r}, only {names}; expected a long data frame, with "
                "a row for each step of each series. Name the columns of keys, times and numbers "
                "with the parameter columns; reset_index() makes a column of an index of times, "
                "and melt() a long frame of one with a column for each series"
            )
    has_keys = id_name in names
    others = [c for c in names if c not in columns]
    if others:
        known = [id_name] * has_keys + [time_name]
        raise ValueError(
            f"{name} has further columns, {others}; pass what is known beside the numbers as "
            f"exog={name}[{[*known, *others]}], and drop the rest"
        )
    if len(df) == 0:
        raise ValueError(f"{name} has no rows")
    times, clock = times_of(df, time_name)
    numbers = channel_of(df[target], target)
    if numbers.categories is not None:
        raise ValueError(f"column {target!r} of {name} holds categories; expected numbers")
    values = np.asarray(numbers.comparable, np.float64)
    keys = keys_of(df[id_name], id_name, name) if has_keys else np.zeros(len(df), np.int64)
    found, rows = rows_by_key(keys, times)
    series, sorted_times = [], []
    for key, own in zip(found, rows, strict=True):
        place = f"series {key!r} of {name}" if has_keys else name
        at = times[own]
        if (at[1:] == at[:-1]).any():
            double = shown_time(at[1:][at[1:] == at[:-1]][0])
            raise ValueError(f"{place} has two rows of the time {double}; expected one for each")
        x = values[own]
        check_numbers(x, place, missing, _REMEDY)
        series.append(x)
        sorted_times.append(at)
    sorted_times, step, clock = find_step(sorted_times, clock)
    for i, (key, at) in enumerate(zip(found, sorted_times, strict=True)):
        place = f"series {key!r} of {name}" if has_keys else name
        series[i], sorted_times[i] = _regular(series[i], at, step, place, missing)
    form = Form(
        "frame",
        columns,
        keys=_different(keys, rows) if has_keys else None,
        last=np.array([at[-1] for at in sorted_times]),
        step=step,
        clock=clock,
    )
    return Given(form, series, sorted_times)


def read_indexed(series: Any, *, missing: bool, name: str = "series") -> Given:
    """Return one series, a pandas Series with an index of times.

    Raises
    ------
    ValueError
        As `read_frame`.
    """
    times, clock = times_of_index(series)
    given = read_arrays(series.to_numpy(), missing=missing, name=name)
    order = np.argsort(times, kind="stable")
    times, values = times[order], given.values[0][order]
    if (times[1:] == times[:-1]).any():
        double = shown_time(times[1:][times[1:] == times[:-1]][0])
        raise ValueError(f"{name} has two numbers of the time {double}; expected one for each")
    [times], step, clock = find_step([times], clock)
    values, times = _regular(values, times, step, name, missing)
    form = Form("index", last=times[-1:].copy(), step=step, clock=clock, name=series.name)
    return Given(form, [values], [times])


def times_of(df: Any, name: str) -> tuple[NDArray[Any], Clock]:
    """Return the times in a column of a frame, and their clock, as `read_times`."""
    return read_times(df[name], name, library_of(df))


def times_of_index(indexed: Any) -> tuple[NDArray[Any], Clock]:
    """Return the times of what has an index of times, and their clock, as `read_times`."""
    return read_times(indexed.index.to_series(), "the index", "pandas")


def rows_by_key(
    keys: NDArray[Any], times: NDArray[Any]
) -> tuple[list[Hashable], list[NDArray[np.int64]]]:
    """Return the different keys as they appear first, and the rows of each in order of time."""
    codes: dict[Hashable, int] = {}
    numbers = np.array([codes.setdefault(key, len(codes)) for key in keys.tolist()])
    order = np.lexsort((times, numbers))
    cuts = np.flatnonzero(np.diff(numbers[order])) + 1
    return list(codes), np.split(order, cuts)


def _different(keys: NDArray[Any], rows: list[NDArray[np.int64]]) -> NDArray[Any]:
    """Return the key of each series, (n,), in the dtype of its column, or strings of NumPy."""
    found = keys[[own[0] for own in rows]]
    return found.astype(str) if all(isinstance(key, str) for key in found) else found


_REMEDY = (
    'expected finite numbers; with missing="fill" NaN is a step that nobody observed, and steps '
    "may be left out"
)


def _regular(
    values: Values, times: NDArray[Any], step: Step | None, place: str, missing: bool
) -> tuple[Values, NDArray[Any]]:
    """Return a series without gaps: NaN where a step is left out."""
    if len(times) == 1:
        return values, times
    at = None if step is None else positions(times, step)
    if step is None or at is None:
        raise ValueError(
            f"{place} has irregular times, from {shown_time(times[0])} to {shown_time(times[-1])}; "
            "expected equal steps, such as days, months or business days. Aggregate or interpolate "
            "it first"
        )
    if at[-1] == len(at) - 1:
        return values, times
    gap = int(np.flatnonzero(np.diff(at) > 1)[0])
    if not missing:
        raise ValueError(
            f"{place} has no row between {shown_time(times[gap])} and "
            f"{shown_time(times[gap + 1])}, where others are {step} apart; fill the gap, or use "
            'missing="fill"'
        )
    filled = np.full(int(at[-1]) + 1, np.nan)
    filled[at] = values
    return filled, np.concatenate([times[:1], step.after(times[0], int(at[-1]))])

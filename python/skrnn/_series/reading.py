"""Series in any of the forms that users pass."""

from __future__ import annotations

from typing import Any

from skrnn._series.forms import Given, read_arrays
from skrnn._series.long_frames import has_index_of_times, is_frame, read_frame, read_indexed


def read_series(
    series: Any, columns: tuple[str, str, str], *, missing: bool, name: str = "series"
) -> Given:
    """Return series as arrays, with the form in which they were given.

    Parameters
    ----------
    series : array-like, list, pandas Series, or data frame of pandas or polars
    columns : tuple of three str
        The names of the columns of a frame: of keys, times and numbers.
    missing : bool
        Whether NaN, or a step that is left out, is one that nobody observed.
    name : str, default="series"
        Of the argument, for messages.

    Raises
    ------
    TypeError, ValueError
        For anything else; the message says which series, step and value, and the fix.
    """
    if is_frame(series):
        return read_frame(series, columns, missing=missing, name=name)
    if has_index_of_times(series):
        return read_indexed(series, missing=missing, name=name)
    return read_arrays(series, missing=missing, name=name)

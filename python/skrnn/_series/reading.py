"""Series in any of the forms that users pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from skrnn._series.forms import Given, read_arrays
from skrnn._series.long_frames import has_index_of_times, is_frame, read_frame, read_indexed


def read_series(
    series: Any,
    columns: tuple[str, str, str],
    *,
    missing: bool,
    name: str = "series",
    unobserved: bool = False,
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
    unobserved : bool, default=False
        Whether a series may have no observation at all.

    Raises
    ------
    TypeError, ValueError
        For anything else; the message says which series, step and value, and the fix.
    """
    if is_frame(series):
        given = read_frame(series, columns, missing=missing, name=name)
    elif has_index_of_times(series):
        given = read_indexed(series, missing=missing, name=name)
    else:
        given = read_arrays(series, missing=missing, name=name)
    for i, x in enumerate(given.values):
        if not unobserved and np.isnan(x).all():
            raise ValueError(
                f"{given.form.called(i)} has no observation, only NaN; leave it out of {name}"
            )
    return given

"""What came after the series of a fit: each number beside the step it belongs to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._series.dates import positions, shown_time
from skrnn._series.forms import Form, Given
from skrnn._series.panel import Values


def following(form: Form, given: Given) -> list[Values]:
    """Return the numbers at the steps that follow each series, (h_i,) for each of n.

    Series of frames are found by their keys, and steps by their times: NaN where a time is left
    out, and no step where a series does not go on. Without times both are taken in their order.

    Parameters
    ----------
    form : Form
        Of the series that are followed.
    given : Given
        What follows. A frame may hold further series.

    Raises
    ------
    ValueError
        For series in another form, and times that do not follow those of fit.
    """
    if (form.keys is None) != (given.form.keys is None):
        which = "those of fit" if form.keys is None else "those that follow"
        raise ValueError(
            f"series have keys in a column {form.columns[0]!r}, and {which} have none; expected "
            "both in the same form"
        )
    if form.last is None or given.times is None:
        return given.values
    clock = given.form.clock
    all_times = [clock.as_of(form.clock, at) for at in given.times]
    if form.keys is None or given.form.keys is None:
        return [_placed(form, 0, given.values[0], all_times[0], "series")]
    rows = {key: row for row, key in enumerate(given.form.keys.tolist())}
    found = []
    for i, key in enumerate(form.keys.tolist()):
        if key not in rows:
            found.append(np.empty(0))
            continue
        values, times = given.values[rows[key]], all_times[rows[key]]
        found.append(_placed(form, i, values, times, f"series {key!r}"))
    return found


def _placed(form: Form, i: int, values: Values, times: NDArray[Any], place: str) -> Values:
    """Return the numbers of one series from the first step after its last on."""
    assert form.last is not None
    observed = ~np.isnan(values)
    after = np.concatenate([form.last[i : i + 1], times[observed]])
    increasing = bool((after[1:] > after[:-1]).all())
    at = positions(after, form.step) if increasing and form.step is not None else None
    if at is None:
        raise ValueError(
            f"{place} has the times {shown_time(times[0])} to {shown_time(times[-1])}, which are "
            f"no steps after {shown_time(form.last[i])}, the last of fit; expected those that "
            "follow it"
        )
    numbers = np.full(int(at[-1]), np.nan)
    numbers[at[1:] - 1] = values[observed]
    return numbers

"""What is known beside the numbers of series: exog and the calendar, for each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.columns import channel_of, keys_of
from skrnn._sequences.refuse import shown
from skrnn._series.dates import calendar_covariates, shown_time
from skrnn._series.forms import Form, Given, check_numbers
from skrnn._series.long_frames import (
    has_index_of_times,
    is_frame,
    rows_by_key,
    times_of,
    times_of_index,
)
from skrnn._series.numbers import as_floats
from skrnn._series.panel import Panel, Values


@dataclass(frozen=True)
class Covariates:
    """The covariates that fit has learned of: their number, names and units."""

    calendar: tuple[str, ...] = ()
    exog: int = 0  # columns of exog; 0: none
    names: tuple[str, ...] | None = None  # of them, in a frame
    static: bool = False  # whether a series has one row for all of its steps
    mean: tuple[float, ...] = ()  # of each column of exog
    deviation: tuple[float, ...] = ()

    @property
    def count(self) -> int:
        """K, covariates of a step."""
        return 2 * len(self.calendar) + self.exog

    @classmethod
    def learn(cls, given: Given, exog: Any, calendar: tuple[str, ...]) -> Covariates:
        """Return what there is beside the series of fit.

        Raises
        ------
        TypeError, ValueError
            For an exog that does not belong to the series, and for a calendar without times.
        """
        if calendar and (given.times is None or given.times[0].dtype.kind != "M"):
            raise ValueError(
                f"calendar={calendar} needs the times of steps: pass a long data frame, or a "
                "pandas Series with an index of times"
            )
        if exog is None:
            return cls(calendar)
        rows, names, static = _rows_of_exog(exog, given, None)
        every = np.concatenate(rows)
        # Each row of fit counts. A deviation that is rounding of a large mean is none.
        deviation, size = every.std(axis=0), np.abs(every).max(axis=0)
        size[size == 0] = 1.0
        deviation = np.where(deviation > 1e-12 * size, deviation, size)
        mean = every.mean(axis=0)
        return cls(
            calendar,
            every.shape[1],
            names,
            static,
            tuple(mean.tolist()),
            tuple(deviation.tolist()),
        )

    def beside(self, given: Given, exog: Any, *, future: int = 0) -> list[Values]:
        """Return the covariates of each series, (T_i or more, K), and of `future` steps to come.

        Raises
        ------
        TypeError, ValueError
            For an exog unlike that of fit, or with too few rows.
        """
        if (exog is None) != (self.exog == 0):
            raise ValueError(
                "exog is given, but fit has seen none"
                if self.exog == 0
                else f"exog is None, but fit has seen {self.exog} columns; pass those of the steps "
                "of series and of those to come"
            )
        parts = []
        rows = None
        if self.exog:
            rows = _rows_of_exog(exog, given, self)[0]
        for i, x in enumerate(given.values):
            count = len(x) + future
            columns = []
            if rows is not None:
                own = rows[i]
                if self.static:
                    own = np.repeat(own, count, axis=0)
                if len(own) < count:
                    raise ValueError(
                        f"exog has {len(own)} rows for {given.form.called(i)}, which has {len(x)} "
                        "steps"
                        + (f" and {future} to come" if future else "")
                        + f"; expected {count}"
                    )
                count = len(own)
                columns.append(self._in_units(own))
            if self.calendar:
                assert given.times is not None
                times = given.times[i]
                if count > len(times):
                    assert given.form.step is not None
                    more = given.form.step.after(times[-1], count - len(times))
                    times = np.concatenate([times, more])
                columns.insert(0, calendar_covariates(given.form.clock.local(times), self.calendar))
            parts.append(np.concatenate(columns, axis=1) if columns else np.empty((count, 0)))
        return parts

    def ahead(self, form: Form, panel: Panel, exog: Any, horizons: NDArray[np.int64]) -> Panel:
        """Return histories with the covariates of steps to come behind them, (n,) counts of them.

        `exog` has rows of those steps only; None where fit has seen them already.

        Raises
        ------
        TypeError, ValueError
            For an exog unlike that of fit, or with too few rows.
        """
        if self.count == 0:
            if exog is not None:
                raise ValueError("exog is given, but fit has seen none")
            return panel
        n = len(panel)
        times = None
        if form.last is not None:
            most = form.times(int(horizons.max()))
            times = [at[:count] for at, count in zip(most, horizons, strict=True)]
        coming = Given(form, [np.zeros(0)] * n, times)
        known = [beside[len(x) :] for x, beside in zip(panel.values, panel.covariates, strict=True)]
        covariates = []
        rows = None
        if self.exog and exog is not None and not self.static:
            rows = [self._in_units(own) for own in _rows_of_exog(exog, coming, self)[0]]
        elif self.exog and self.static and exog is not None:
            raise ValueError(
                "exog of fit has one row a series, which is known; leave it out, or pass it with "
                "series"
            )
        for i, horizon in enumerate(horizons.tolist()):
            columns = []
            if self.calendar:
                assert times is not None
                columns.append(calendar_covariates(form.clock.local(times[i]), self.calendar))
            if self.exog:
                first = 2 * len(self.calendar)
                if self.static:
                    own = np.repeat(panel.covariates[i][-1:, first:], horizon, axis=0)
                else:
                    own = known[i][:, first:] if rows is None else rows[i]
                if len(own) < horizon:
                    raise ValueError(
                        f"exog has {len(own)} rows for the steps to come of {form.called(i)}; "
                        f"expected {horizon}, one for each. Pass the rows that fit has not seen"
                    )
                columns.append(own[:horizon])
            past = panel.covariates[i][: len(panel.values[i])]
            covariates.append(np.concatenate([past, np.concatenate(columns, axis=1)]))
        return Panel(panel.values, covariates)

    def _in_units(self, rows: Values) -> Values:
        return np.asarray((rows - np.array(self.mean)) / np.array(self.deviation))


def _rows_of_exog(
    exog: Any, given: Given, learned: Covariates | None
) -> tuple[list[Values], tuple[str, ...] | None, bool]:
    """Return the rows of exog of each series, (rows, K), names, and whether they are static."""
    if has_index_of_times(exog) and not is_frame(exog):
        exog = exog.to_frame("exog")
    if is_frame(exog):
        return _rows_of_frame(exog, given, learned)
    if given.form.kind in ("frame", "index") and given.form.keys is not None:
        raise TypeError(
            f"series are a data frame, and exog is a {type(exog).__name__}; pass a data frame with "
            f"the columns {list(given.form.columns[:2])} and those of what is known"
        )
    n = len(given.values)
    items = [exog] if given.form.is_one else exog
    if not hasattr(items, "__len__") or len(items) != n:
        raise ValueError(f"exog is {shown(exog)}; expected the rows of each of {n} series")
    # An array (n, K) has one row a series.
    static = not given.form.is_one and getattr(exog, "ndim", 0) == 2
    if learned is not None and static != learned.static:
        raise ValueError(_unlike(learned))
    rows = []
    for i, x in enumerate(items):
        place = "exog" if given.form.is_one else f"exog of series {i}"
        own = as_floats(x, place)
        own = own[None, :] if static else own[:, None] if own.ndim == 1 else own
        if own.ndim != 2 or len(own) == 0 or own.shape[1] == 0:
            raise ValueError(f"{place} has shape {own.shape}; expected (T, K)")
        check_numbers(own, place, False, "expected finite numbers")
        rows.append(own)
    widths = sorted({own.shape[1] for own in rows})
    wanted = widths[0] if learned is None else learned.exog
    if widths != [wanted]:
        raise ValueError(f"exog has {widths} columns; expected {wanted} for each series")
    return rows, None, static


def _rows_of_frame(
    df: Any, given: Given, learned: Covariates | None
) -> tuple[list[Values], tuple[str, ...] | None, bool]:
    id_name, time_name, target = given.form.columns
    names = [name for name in df.columns if name not in (id_name, time_name)]
    static = time_name not in list(df.columns)
    if target in names or not names:
        raise ValueError(
            f"exog has the columns {list(df.columns)}; expected those of what is known, beside "
            f"{id_name!r} and {time_name!r}, and without {target!r}"
        )
    if static and given.form.is_one:
        return _rows_in_order(df, names, given, learned)
    if given.times is None:
        raise TypeError(
            "series are no data frame, and exog is one; pass a list of arrays of shape (T, K)"
        )
    if (id_name in list(df.columns)) != (given.form.keys is not None):
        raise ValueError(
            f"exog {'has' if given.form.keys is None else 'lacks'} the column {id_name!r}, unlike "
            "the series; expected the same series in both"
        )
    table, columns = _table_of(df, names, static, learned)
    keyed = given.form.keys is not None
    keys = keys_of(df[id_name], id_name, "exog") if keyed else np.zeros(len(df), np.int64)
    times = np.arange(len(df))
    if not static:
        times, clock = times_of(df, time_name)
        times = clock.as_of(given.form.clock, times)
    found, rows = rows_by_key(keys, times)
    of_key = dict(zip(found, rows, strict=True))
    wanted = given.form.keys.tolist() if given.form.keys is not None else [0]
    result = []
    for i, key in enumerate(wanted):
        if key not in of_key:
            raise ValueError(f"exog has no row of series {key!r}")
        own = of_key[key]
        if static:
            if len(own) != 1:
                raise ValueError(
                    f"exog has {len(own)} rows of series {key!r} and no column {time_name!r}; "
                    "expected one row, or the times"
                )
            result.append(table[own])
            continue
        result.append(table[own][_from_time(times[own], given, i)])
    return result, columns, static


def _rows_in_order(
    df: Any, names: list[Any], given: Given, learned: Covariates | None
) -> tuple[list[Values], tuple[str, ...], bool]:
    """Rows of a frame beside one series: by their index of times if both have one."""
    table, columns = _table_of(df, names, False, learned)
    if given.times is not None and has_index_of_times(df):
        times, clock = times_of_index(df)
        times = clock.as_of(given.form.clock, times)
        order = np.argsort(times, kind="stable")
        table = table[order][_from_time(times[order], given, 0)]
    return [table], columns, False


def _table_of(
    df: Any, names: list[Any], static: bool, learned: Covariates | None
) -> tuple[Values, tuple[str, ...]]:
    """Return some columns of a frame as numbers, (rows, K), and their names."""
    blocks = [channel_of(df[name], name) for name in names]
    columns = tuple(str(name) for block in blocks for name in block.names())
    table = np.concatenate([np.asarray(b.block(), np.float64) for b in blocks], axis=1)
    check_numbers(table, "exog", False, "expected finite numbers in each row")
    _check_like(columns, static, learned)
    return table, columns


def _from_time(times: NDArray[Any], given: Given, i: int) -> NDArray[np.int64]:
    """Return the rows, from the first step of the series on, without a gap."""
    assert given.times is not None
    wanted = given.times[i]
    found, at = np.zeros(len(wanted), bool), np.zeros(len(wanted), np.int64)
    if times.dtype.kind == wanted.dtype.kind:  # dates are not compared with integers
        at = np.searchsorted(times, wanted)
        inside = at < len(times)
        found[inside] = times[at[inside]] == wanted[inside]
    if not found.all():
        raise ValueError(
            f"exog has no row of {given.form.called(i)} at {shown_time(wanted[~found][0])}; "
            "expected one for each step"
        )
    step = given.form.step
    last = int(at[-1])
    after = times[last + 1 :]
    if step is not None and len(after):
        expected = step.after(wanted[-1], len(after))
        count = int(np.argmin(np.append(after == expected, False)))
        return np.concatenate([at, np.arange(last + 1, last + 1 + count)])
    return np.asarray(at)


def _check_like(columns: tuple[str, ...], static: bool, learned: Covariates | None) -> None:
    if learned is None:
        return
    if learned.names is not None and columns != learned.names:
        raise ValueError(
            f"exog has the columns {list(columns)}, and had {list(learned.names)} in fit; expected "
            "the same in this order"
        )
    if learned.static != static:
        raise ValueError(_unlike(learned))


def _unlike(learned: Covariates) -> str:
    what = "one row a series" if learned.static else "a row for each step"
    return f"exog of fit had {what}; expected the same"

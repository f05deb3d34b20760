"""Times of regular steps: what lies between them, how they go on, and their calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Times = NDArray[Any]  # (T,), datetime64[ns] or int64

# A gap has so many steps at most, where gaps are not multiples of the smallest.
_LEAST_STEPS = 10
_DAY = 86_400 * 10**9  # nanoseconds
_ONE_DAY, _ONE_MONTH = np.timedelta64(1, "D"), np.timedelta64(1, "M")
_HOUR = _DAY // 24
_UNITS = {
    "days": _DAY,
    "hours": _HOUR,
    "minutes": _HOUR // 60,
    "seconds": 10**9,
    "milliseconds": 10**6,
    "microseconds": 10**3,
    "nanoseconds": 1,
}


KINDS = ("integers", "nanoseconds", "months", "month ends", "business days")


@dataclass(frozen=True)
class Step:
    """The step from one time to the next: its `kind`, of `KINDS`, and how many it has."""

    kind: str
    size: int

    def after(self, last: Any, count: int) -> Times:
        """Return the `count` times that follow a last one."""
        return self._moved(last, np.arange(1, count + 1) * self.size)

    def until(self, last: Any, count: int) -> Times:
        """Return the `count` times of which a last one is the last."""
        return self._moved(last, np.arange(1 - count, 1) * self.size)

    def _moved(self, last: Any, ahead: NDArray[np.int64]) -> Times:
        if self.kind == "integers":
            return np.asarray(int(last) + ahead)
        last = np.datetime64(last, "ns")
        if self.kind == "nanoseconds":
            return np.asarray(last + ahead.astype("timedelta64[ns]"))
        if self.kind == "business days":
            day = last.astype("datetime64[D]")
            days = np.busday_offset(day, ahead, roll="forward")
            return np.asarray(days.astype("datetime64[ns]") + (last - day))
        day = last.astype("datetime64[D]")
        month = last.astype("datetime64[M]")
        months = month + ahead.astype("timedelta64[M]")
        first = months.astype("datetime64[D]")
        behind = (months + _ONE_MONTH).astype("datetime64[D]") - first - _ONE_DAY  # its last day
        if self.kind == "months":  # in a month without that day on its last one
            behind = np.minimum(behind, day - month.astype("datetime64[D]"))
        return np.asarray((first + behind).astype("datetime64[ns]") + (last - day))

    def __str__(self) -> str:
        """In words: "2 hours"."""
        unit, size = self.kind, self.size
        if unit == "integers":
            return str(size)
        if unit == "nanoseconds":
            unit, of_unit = next(pair for pair in _UNITS.items() if size % pair[1] == 0)
            size //= of_unit
        unit = "months" if unit == "month ends" else unit
        return f"{size} {unit.removesuffix('s') if size == 1 else unit}"

    @property
    def of_days(self) -> bool:
        """Whether it has whole days."""
        short = self.kind == "integers" or (self.kind == "nanoseconds" and self.size % _DAY != 0)
        return not short

    @property
    def seasons(self) -> tuple[int, ...]:
        """The seasons that the calendar suggests: a day, a week, a year."""
        if self.kind == "business days":
            return (5,)
        if self.kind in ("months", "month ends"):
            return (12 // self.size,) if self.size < 12 and 12 % self.size == 0 else ()
        if self.kind == "integers":
            return ()
        if self.size == 7 * _DAY:
            return (52,)
        of_cycles = (_DAY, 7 * _DAY) if self.size < _DAY else (7 * _DAY, 365 * _DAY)
        return tuple(c // self.size for c in of_cycles if c % self.size == 0 and c > self.size)


def step_of(times: Times) -> Step | None:
    """Return the step of sorted times, or None if there is no regular one.

    Missing steps are allowed: the step is the smallest that leads from time to time.
    """
    if len(times) < 2:
        return None
    if times.dtype.kind in "iu":
        gaps = np.diff(times)
        return Step("integers", int(np.gcd.reduce(gaps))) if (gaps > 0).all() else None
    gaps = np.diff(times).astype(np.int64)
    if (gaps <= 0).any():
        return None
    for kind in ("month ends", "months"):
        step = _months(times, kind)
        if step is not None:
            return step
    smallest = int(gaps.min())
    if (gaps % smallest != 0).any():
        smallest = int(np.gcd.reduce(gaps))
        return Step("nanoseconds", smallest) if smallest * _LEAST_STEPS >= gaps.min() else None
    days = times.astype("datetime64[D]")
    of_weeks = np.busday_count(days[0], days[-1]) < (days[-1] - days[0]).astype(np.int64)
    if smallest == _DAY and of_weeks and np.is_busday(days).all():
        return Step("business days", 1)
    return Step("nanoseconds", smallest)


def _months(times: Times, kind: str) -> Step | None:
    """Return the step in months, if all times are of one day of the month, or of its last."""
    months = times.astype("datetime64[M]")
    inside = times - months.astype("datetime64[ns]")
    if kind == "month ends":
        inside = (months + _ONE_MONTH).astype("datetime64[ns]") - times
        if inside[0].astype(np.int64) > _DAY:
            return None
    gaps = np.diff(months).astype(np.int64)
    if (inside != inside[0]).any() or (gaps <= 0).any():
        return None
    return Step(kind, int(np.gcd.reduce(gaps)))


def common_step(times: Sequence[Times]) -> Step | None:
    """Return the smallest step of any series that leads from time to time in all of them.

    If none does it is the smallest, and None if no series has two steps.
    """
    found = {step for step in map(step_of, times) if step is not None}
    ordered = sorted(found, key=lambda step: (step.kind, step.size))
    return next((s for s in ordered if leads_through(s, times)), ordered[0] if ordered else None)


def leads_through(step: Step, times: Sequence[Times]) -> bool:
    """Whether a step leads from time to time in all of several series."""
    return all(len(at) < 2 or positions(at, step) is not None for at in times)


def positions(times: Times, step: Step) -> NDArray[np.int64] | None:
    """Return how many steps after the first each time is, (T,), or None if it is between two."""
    first, last = times[0], times[-1]
    if step.kind in ("integers", "nanoseconds"):
        gaps = (times - first).astype(np.int64)
        return gaps // step.size if (gaps % step.size == 0).all() else None
    if step.kind == "business days":
        days = times.astype("datetime64[D]")
        count = int(np.busday_count(days[0], days[-1]))
    else:
        months = (last.astype("datetime64[M]") - first.astype("datetime64[M]")).astype(np.int64)
        count = int(months) // step.size
    grid = np.concatenate([times[:1], step.after(first, count)])
    at = np.searchsorted(grid, times)
    inside = at < len(grid)
    if not inside.all() or (grid[at] != times).any():
        return None
    return at


def shown_time(time: Any) -> str:
    """Return a time as messages show it, without what is zero at its end.

    Examples
    --------
    >>> shown_time(np.datetime64("2024-02-29T00:00:00.000000000"))
    '2024-02-29'
    >>> shown_time(np.datetime64("2024-02-29T06:30:00.000000000")), shown_time(np.int64(7))
    ('2024-02-29T06:30:00', '7')
    """
    return str(time).removesuffix(".000000000").removesuffix("T00:00:00")


# ---- The calendar ----


def _hours(times: Times) -> NDArray[np.int64]:
    return np.asarray((times.astype(np.int64) // _HOUR) % 24)


def _weekdays(times: Times) -> NDArray[np.int64]:
    return np.asarray((times.astype("datetime64[D]").astype(np.int64) + 3) % 7)


def _months_of_year(times: Times) -> NDArray[np.int64]:
    return np.asarray(times.astype("datetime64[M]").astype(np.int64) % 12)


def _days_of_month(times: Times) -> NDArray[np.int64]:
    months = times.astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray((times.astype("datetime64[D]") - months).astype(np.int64))


def _days_of_year(times: Times) -> NDArray[np.int64]:
    years = times.astype("datetime64[Y]").astype("datetime64[D]")
    return np.asarray((times.astype("datetime64[D]") - years).astype(np.int64))


CALENDAR = {
    "hour": (_hours, 24),
    "weekday": (_weekdays, 7),
    "day": (_days_of_month, 31),
    "dayofyear": (_days_of_year, 366),
    "month": (_months_of_year, 12),
}


def calendar_covariates(times: Times, names: Sequence[str]) -> NDArray[np.float64]:
    """Return the place in each cycle as sine and cosine, (T, 2 * len(names)).

    Parameters
    ----------
    times : array of shape (T,), datetime64
    names : sequence of str
        Of `CALENDAR`.

    Examples
    --------
    >>> noon = np.array(["2024-01-01T12"], "datetime64[ns]")
    >>> calendar_covariates(noon, ["hour"]).round(6) + 0.0
    array([[ 0., -1.]])
    """
    columns = []
    for name in names:
        place, cycle = CALENDAR[name]
        angle = 2 * np.pi * place(times) / cycle
        columns += [np.sin(angle), np.cos(angle)]
    return np.column_stack(columns) if columns else np.empty((len(times), 0))

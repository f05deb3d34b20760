"""Time zones, units and periods in which users write times; here they are datetime64[ns] or int64.

In a time zone, days and months are those of its clocks: a day may have 23 hours. Shorter steps are
as long as any other, and so their times are in UTC here.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skrnn._sequences.columns import keys_of
from skrnn._series.dates import Step, Times, common_step, leads_through


@dataclass(frozen=True)
class Clock:
    """How times were written."""

    library: str = ""  # "pandas" or "polars"; "" without times
    unit: str = "ns"  # of dates and times, also "us", "ms", "s", and "D" for dates of polars
    period: str | None = None  # the frequency of pandas' periods, such as "M"
    zone: str | None = None
    is_local: bool = False  # whether times are here as the clocks in the zone show them, not in UTC

    def local(self, times: Times) -> Times:
        """Return times, of any shape, as the clocks in their zone show them."""
        if self.zone is None or self.is_local:
            return times
        return self._in_zone(times.reshape(-1))[1].reshape(times.shape)

    def as_of(self, other: Clock, times: Times) -> Times:
        """Return times of this clock as those of another are here.

        Raises
        ------
        ValueError
            If only one of them has a time zone.
        """
        if (self.zone is None) != (other.zone is None):
            zones = f"{self.zone or 'none'}, and those of the series {other.zone or 'none'}"
            raise ValueError(f"times have the time zone {zones}; expected both with one, or none")
        if other.is_local == self.is_local:
            return times
        return self.local(times) if other.is_local else self._in_zone(times)[2]

    def written(self, times: Times) -> Any:
        """Return times as they were written."""
        if self.zone is not None:
            return self._in_zone(times)[0]
        if self.period is not None:
            pandas: Any = importlib.import_module("pandas")
            return pandas.PeriodIndex(pandas.DatetimeIndex(times), freq=self.period)
        return times.astype(f"datetime64[{self.unit}]") if times.dtype.kind == "M" else times

    def _in_zone(self, times: Times) -> tuple[Any, Times, Times]:
        """Return times as written, as clocks in the zone show them, and in UTC, (T,) each."""
        library: Any = importlib.import_module(self.library)
        try:
            if self.library == "polars":
                return self._of_polars(library, times)
            index = library.DatetimeIndex(times)
            if self.is_local:
                # Clocks that go back show a time twice; clocks that go on leave times out.
                later = np.zeros(len(times), bool)
                index = index.tz_localize(self.zone, ambiguous=later, nonexistent="shift_forward")
            else:
                index = index.tz_localize("UTC").tz_convert(self.zone)
        except (KeyError, OSError):
            raise ValueError(
                f"the time zone of the series, {self.zone!r}, is unknown here; install tzdata"
            ) from None
        utc = index.tz_convert("UTC").tz_localize(None)
        return index.as_unit(self.unit), index.tz_localize(None).to_numpy(), utc.to_numpy()

    def _of_polars(self, polars: Any, times: Times) -> tuple[Any, Times, Times]:
        series = polars.Series(times)
        if self.is_local:
            series = series.dt.replace_time_zone(self.zone, ambiguous="latest")
        else:
            series = series.dt.replace_time_zone("UTC").dt.convert_time_zone(self.zone)
        shown = series.dt.replace_time_zone(None).to_numpy()
        utc = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None).to_numpy()
        return series.cast(polars.Datetime(self.unit, self.zone)), shown, utc


NO_CLOCK = Clock()  # of series without times


def read_times(column: Any, name: str, library: str) -> tuple[Times, Clock]:
    """Return times as datetime64[ns], in UTC if they have a zone, or int64; and their clock.

    Raises
    ------
    ValueError
        For missing times, and for anything but dates, times and integers.
    """
    dtype = column.dtype
    zone = period = None
    if getattr(dtype, "tz", None) is not None:
        zone = str(dtype.tz)
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    elif getattr(dtype, "time_zone", None) is not None:
        zone = str(dtype.time_zone)
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    elif type(dtype).__name__ == "PeriodDtype":
        period = str(dtype).removeprefix("period[").removesuffix("]")
        column = column.dt.to_timestamp()
    times = keys_of(column, name, "times")
    if times.dtype.kind == "M":
        unit = np.datetime_data(times.dtype)[0]
        return times.astype("datetime64[ns]"), Clock(library, unit, period, zone)
    if times.dtype.kind in "iu":
        return times.astype(np.int64), Clock(library)
    raise ValueError(
        f"column {name!r} has dtype {dtype}; expected dates, times or integers: convert strings "
        "with pandas.to_datetime, or with str.to_datetime of polars"
    )


def find_step(times: Sequence[Times], clock: Clock) -> tuple[list[Times], Step | None, Clock]:
    """Return times of several series, the step between them, and their clock.

    Parameters
    ----------
    times : sequence of n arrays of shape (T_i,)
        Sorted; in UTC if they have a zone.
    clock : Clock

    Returns
    -------
    times : list of n arrays of shape (T_i,)
        As the clocks in the zone show them, if that is where steps are days or months.
    step : Step or None
        None if no series has two steps.
    clock : Clock
    """
    if clock.zone is not None:
        local = [clock.local(at) for at in times]
        step = common_step(local)
        if step is not None and step.of_days and leads_through(step, local):
            return local, step, Clock(clock.library, clock.unit, None, clock.zone, True)
    return list(times), common_step(times), clock

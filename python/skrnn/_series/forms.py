"""What users pass as series, and forecasts in the form that was passed."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.refuse import shown
from skrnn._series.clocks import NO_CLOCK, Clock
from skrnn._series.dates import Step
from skrnn._series.numbers import as_floats
from skrnn._series.panel import Values
from skrnn._warnings import warn

_FEW = 10  # steps of a series; more series than ten times that are likely to be steps
MEANING = (
    "expected one series (a 1-D array or pandas Series), a list of series, an (n, T) array, or a "
    "long data frame with a row for each step"
)

_LARGEST = 1e150


@dataclass(frozen=True)
class Form:
    """The form in which series were given, and in which forecasts are returned."""

    kind: str  # "one", "several", "array", "index" (one, with its times) or "frame"
    columns: tuple[str, str, str] = ("unique_id", "ds", "y")
    keys: NDArray[Any] | None = None  # (n,) of a frame with several series
    last: NDArray[Any] | None = None  # (n,) times of the last steps
    step: Step | None = None
    clock: Clock = NO_CLOCK  # of times
    name: str | None = None  # of one series

    @property
    def is_one(self) -> bool:
        """Whether one series was given by itself."""
        return self.kind in ("one", "index")

    def called(self, i: int) -> str:
        """Return what a series is called in messages."""
        if self.keys is not None:
            return f"series {self.keys.tolist()[i]!r}"
        return "the series" if self.is_one else f"series {i}"

    def take(self, indices: NDArray[np.int64]) -> Form:
        """Return the form of some of the series."""
        keys = None if self.keys is None else self.keys[indices]
        return replace(self, keys=keys, last=None if self.last is None else self.last[indices])

    def times(self, count: int) -> list[NDArray[Any]]:
        """Return the times of the steps to come, of each series."""
        assert self.last is not None
        if self.step is None:
            raise ValueError(
                "the times of the steps to come are unknown: each series has one step only; pass "
                "series with two steps at least"
            )
        return [self.step.after(last, count) for last in self.last]


@dataclass(frozen=True)
class Given:
    """Series as arrays, with their form."""

    form: Form
    values: list[Values]  # (T_i,), NaN where missing
    times: list[NDArray[Any]] | None = None  # (T_i,)


def read_arrays(series: Any, *, missing: bool, name: str = "series") -> Given:
    """Return series from arrays and lists.

    Raises
    ------
    TypeError
        For what holds no numbers.
    ValueError
        For no series, an empty one, other shapes, infinite numbers, and NaN unless `missing`.
    """
    ordered = hasattr(series, "__len__") and getattr(series, "shape", [1]) != ()
    if isinstance(series, (str, bytes, dict, set)) or not ordered:
        raise TypeError(f"{name} is {shown(series)}, a {type(series).__name__}; {MEANING}")
    if len(series) == 0:
        raise ValueError(f"{name} is empty; {MEANING}")
    _refuse_masked(series, name)
    if hasattr(series, "__array__") and np.asarray(series).dtype != object:
        array = np.asarray(series)
        if array.ndim not in (1, 2):
            raise ValueError(f"{name} has shape {array.shape}; {MEANING}")
        if array.ndim == 2:
            _check_rows(len(array), array.shape[1], name)
        kind = "one" if array.ndim == 1 else "array"
        rows: list[Any] = [array] if array.ndim == 1 else list(array)
    elif all(np.ndim(x) == 0 for x in series):
        kind, rows = "one", [series]
    else:
        kind, rows = "several", list(series)
    places = [name] if kind == "one" else [f"Series {i} of {name}" for i in range(len(rows))]
    values = [_numbers(x, place, missing) for x, place in zip(rows, places, strict=True)]
    return Given(Form(kind), values)


def check_numbers(values: Values, place: str, missing: bool, remedy: str) -> None:
    """Raise ValueError for a number that is not finite."""
    wrong = ~(np.abs(values) <= _LARGEST) & ~(np.isnan(values) & missing)
    if not wrong.any():
        return
    at = int(np.argmax(wrong.reshape(len(values), -1).any(axis=1)))
    number = values.reshape(len(values), -1)[at]
    number = number[~(np.abs(number) <= _LARGEST)][0]
    if np.isfinite(number):
        remedy = f"numbers above {_LARGEST:g} are too large for their squares; scale the series"
    raise ValueError(f"{place} is {number} at step {at}; {remedy}")


def _check_rows(n: int, steps: int, name: str) -> None:
    """Refuse, or warn of, what is likely to have series in its columns."""
    what = f"{name} has shape {(n, steps)}, which are {n} series of {steps} steps"
    if steps == 1 and n > 1:
        raise ValueError(f"{what}; if its rows are steps, pass {name}[:, 0], or {name}.T")
    if 0 < steps < _FEW and n > 10 * steps:
        warn(f"{what}; if its rows are steps, pass {name}.T", UserWarning)


def _refuse_masked(x: Any, place: str) -> None:
    if np.ma.is_masked(x):
        raise ValueError(
            f"{place} has masked values; fill them, with .filled(np.nan) where nothing was observed"
        )


def _numbers(x: Any, place: str, missing: bool) -> Values:
    _refuse_masked(x, place)
    values = as_floats(x, place)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(
            f"{place} has shape {values.shape}; expected (T,) with a step at least. A forecaster "
            "learns from series of one number a step: pass channels as several series, or what is "
            "known beside the numbers as exog"
        )
    remedy = "expected finite numbers"
    if not missing and np.isnan(values).any():
        remedy += '; with missing="fill" NaN is a step that nobody observed'
    check_numbers(values, place, missing, remedy)
    return values


def give(form: Form, values: Values, names: list[str]) -> Any:
    """Return forecasts in the form of the series.

    Parameters
    ----------
    form : Form
    values : array of shape (n, h) or (n, h, k)
    names : list of str
        Of the k columns of a frame; one for shape (n, h).
    """
    if form.kind == "frame" or (form.kind == "index" and values.ndim == 3):
        return _frame(form, values.reshape(*values.shape[:2], -1), names)
    if form.kind == "index":
        return _indexed(form, values[0])
    if form.kind == "one":
        return values[0]
    return values if form.kind == "array" else list(values)


def _indexed(form: Form, values: Values) -> Any:
    pandas: Any = importlib.import_module("pandas")
    times = form.clock.written(form.times(len(values))[0])
    return pandas.Series(values, index=pandas.Index(times), name=form.name)


def _frame(form: Form, values: Values, names: list[str]) -> Any:
    count = values.shape[1]
    id_name, time_name, _ = form.columns
    data: dict[str, Any] = {}
    if form.keys is not None:
        data[id_name] = np.repeat(form.keys, count)
    data[time_name] = form.clock.written(np.concatenate(form.times(count)))
    for k, name in enumerate(names):
        data[name] = values[:, :, k].reshape(-1)
    library: Any = importlib.import_module(form.clock.library)
    if form.kind == "index":
        columns = {name: data[name] for name in names}
        return library.DataFrame(columns, index=library.Index(data[time_name]))
    return library.DataFrame(data)

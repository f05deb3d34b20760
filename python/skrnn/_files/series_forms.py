"""The forms in which series were given to a forecaster, to JSON and back; NumPy only."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._files.fields import Fields
from skrnn._files.values import decode, decode_array, encode, encode_array, shorten
from skrnn._series.clocks import Clock
from skrnn._series.dates import KINDS, Step
from skrnn._series.forms import Form

_MOST_OF_STEP = {"months": 1200, "month ends": 1200, "business days": 1000}  # of other kinds 2**62
_DATES = ("datetime64[ns]", "datetime64[us]", "datetime64[ms]", "datetime64[s]", "datetime64[D]")
_ZONE = re.compile(r"(?!dateutil)[A-Za-z][A-Za-z0-9_+:-]*(/[A-Za-z0-9_+-]+)*")
_LONGEST_ZONE = 100
_PERIOD = re.compile(r"[0-9]{0,9}[A-Za-z]{1,4}(-[A-Z]{3})?")  # of pandas


def form_section(form: Form) -> dict[str, Any]:
    """Return a form as JSON.

    Raises
    ------
    ValueError
        For keys or a name of series that JSON cannot hold.
    """
    try:
        name = encode(form.name, "the name of the series")
    except ValueError as error:
        raise ValueError(f"{error}; rename the series with text before fit") from error
    step = form.step
    return {
        "kind": form.kind,
        "columns": encode(list(form.columns), "columns"),
        "keys": None if form.keys is None else _keys_section(form.keys),
        "last": None if form.last is None else _times_section(form.last),
        "step": None if step is None else {"kind": step.kind, "size": int(step.size)},
        **_clock_members(form.clock),
        "name": name,
    }


def _clock_members(clock: Clock) -> dict[str, Any]:
    return {
        "library": clock.library,
        "unit": clock.unit,
        "period": None if clock.period is None else encode(clock.period, "the period"),
        "zone": None if clock.zone is None else encode(clock.zone, "the time zone"),
        "is_local": bool(clock.is_local),
    }


def _keys_section(keys: NDArray[Any]) -> dict[str, Any]:
    if keys.dtype.kind == "M":
        return _times_section(keys)
    try:
        return encode_array(keys, "keys of series")
    except ValueError as error:
        raise ValueError(f"{error}; convert the keys to text or integers before fit") from error


def _times_section(times: NDArray[Any]) -> dict[str, Any]:
    """Return dates and times as JSON: integers in their unit."""
    return {"dtype": times.dtype.name, "array": times.astype(np.int64).tolist()}


# ---- Back ----


def form_of(section: Fields, n: int) -> Form:
    """Return the form of n series.

    Raises
    ------
    ValueError
        For anything that `form_section` does not write.
    """
    kind = section.of_type("kind", str)
    libraries = {"frame": ("pandas", "polars"), "index": ("pandas",)}
    if kind not in ("one", "several", "array", *libraries):
        raise ValueError(f"{section.path}.kind is unknown: {shorten(kind)}")
    columns = section.strings("columns")
    if len(columns) != 3 or len(set(columns)) != 3:
        raise ValueError(f"{section.path}.columns has to be three names")
    keys = None if section.get("keys") is None else _keys(section, n)
    last = None
    if section.get("last") is not None:
        last = _times(section.get("last"), f"{section.path}.last", ("int64", "datetime64[ns]"), n)
    keyed, timed = keys is not None, last is not None
    if timed != (kind in libraries) or (keyed and kind != "frame"):
        raise ValueError(f"{section.path}.kind {kind!r} does not suit its keys and times")
    if n != 1 and not (keyed or kind in ("several", "array")):
        raise ValueError(f"{section.path}.kind {kind!r} is for one series, and there are {n}")
    name = decode(section.get("name"))
    hash(name)  # build() refuses what cannot be hashed
    first, second, third = columns
    return Form(
        kind,
        (first, second, third),
        keys,
        last,
        _step(section, last),
        _clock(section, libraries.get(kind, ("",)), last),
        name,
    )


def _keys(section: Fields, n: int) -> NDArray[Any]:
    value, path = section.get("keys"), f"{section.path}.keys"
    if isinstance(value, dict) and value.get("dtype") in _DATES:
        keys = _times(value, path, _DATES, n)
    else:
        keys = decode_array(value, path)
    if len(keys) != n or len(set(keys.tolist())) != n:
        raise ValueError(f"{path} has to be a different key for each of {n} series")
    return keys


def _times(value: Any, path: str, dtypes: tuple[str, ...], n: int) -> NDArray[Any]:
    """Return n times that `_times_section` has written."""
    if not isinstance(value, dict) or value.get("dtype") not in dtypes:
        raise ValueError(f"{path} is no array of times: {shorten(value)}")
    integers = decode_array({**value, "dtype": "int64"}, path)
    times = integers.astype(value["dtype"])
    if len(times) != n or np.isnat(times.astype("datetime64[ns]")).any():
        raise ValueError(f"{path} has to be a time for each of {n} series")
    return times


def _step(section: Fields, last: NDArray[Any] | None) -> Step | None:
    if section.get("step") is None:
        return None
    step = section.fields("step")
    kind = step.of_type("kind", str)
    if kind not in KINDS or last is None or (kind == "integers") != (last.dtype.kind == "i"):
        raise ValueError(f"{step.path}.kind does not suit its times: {shorten(kind)}")
    return Step(kind, step.integer("size", 1, _MOST_OF_STEP.get(kind, 2**62)))


def _clock(section: Fields, libraries: tuple[str, ...], last: NDArray[Any] | None) -> Clock:
    library, unit = section.of_type("library", str), section.of_type("unit", str)
    if library not in libraries:
        raise ValueError(f"{section.path}.library is unknown: {shorten(library)}")
    if f"datetime64[{unit}]" not in _DATES:
        raise ValueError(f"{section.path}.unit is unknown: {shorten(unit)}")
    period, zone = (
        None if section.get(name) is None else str(section.of_type(name, str))
        for name in ("period", "zone")
    )
    dated = last is not None and last.dtype.kind == "M"
    if period is not None and not (dated and _PERIOD.fullmatch(period)):
        raise ValueError(f"{section.path}.period is no frequency: {shorten(period)}")
    # Names that zoneinfo knows, and offsets; none of a file.
    known = zone is None or (len(zone) <= _LONGEST_ZONE and _ZONE.fullmatch(zone))
    if not known or (zone is not None and not dated):
        raise ValueError(f"{section.path}.zone is no time zone: {shorten(zone)}")
    is_local = section.of_type("is_local", bool)
    if (is_local and zone is None) or (period is not None and zone is not None):
        raise ValueError(f"{section.path}.zone does not suit its period and times")
    return Clock(library, unit, period, zone, is_local)

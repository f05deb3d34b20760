"""Refusals of arrays of another dtype, shape or layout, for every array argument.

The message begins with the argument, and names the given and the expected array and the conversion.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from helpers.calls import TARGETS, Target
from helpers.support import says

WRONG_DTYPES = [
    "float64",
    "float16",
    "int32",
    "int64",
    "uint8",
    "bool",
    "complex64",
    ">f4",
    "object",
]
every_wrong_dtype = pytest.mark.parametrize("dtype", WRONG_DTYPES)


def as_dtype(array: np.ndarray, dtype: str) -> np.ndarray:
    return array.astype(bool) if dtype == "bool" else array.astype(dtype)


def every_other(array: np.ndarray) -> np.ndarray:
    """The same numbers with a stride of two."""
    return np.repeat(array, 2, axis=-1)[..., ::2]


def array_arguments() -> list[Any]:
    """(target, argument, item or None) of every float array of every call, also in tuples."""
    found = []
    for target in TARGETS:
        _, good = target()
        for name, value in good.items():
            if isinstance(value, tuple):
                found += [(target, name, i) for i in range(len(value))]
            elif isinstance(value, np.ndarray) and name != "lengths":
                found.append((target, name, None))
    return [
        pytest.param(*row, id=f"{row[0].__name__}-{row[1]}{'' if row[2] is None else row[2]}")
        for row in found
    ]


every_array = pytest.mark.parametrize(("target", "name", "item"), array_arguments())


class Slot:
    """One array argument of a call, or one array of a tuple among its arguments."""

    def __init__(self, target: Target, name: str, item: int | None) -> None:
        self.function, self.good = target()
        self.name, self.item = name, item
        self.text = name if item is None else f"{name}[{item}]"  # its name in messages
        self.array = self.good[name] if item is None else self.good[name][item]

    def fix(self, conversion: str) -> str:
        """The advice: to convert; for an output, whose copy would lose the result, another."""
        return "to write into" if self.name == "out" else conversion

    def call(self, value: Any) -> None:
        if self.item is not None:
            items = list(self.good[self.name])
            items[self.item] = value
            value = tuple(items)
        self.function(**{**self.good, self.name: value})

    def refuses(self, value: Any, error: type[Exception], *parts: str) -> None:
        """The message begins with the argument, and has these parts."""
        with pytest.raises(error, match=says(*parts) + re.escape(self.text)):
            self.call(value)


@every_array
def test_good_arguments_are_accepted(target: Target, name: str, item: int | None) -> None:
    slot = Slot(target, name, item)
    slot.call(slot.array)


@every_wrong_dtype
@every_array
def test_wrong_dtype(target: Target, name: str, item: int | None, dtype: str) -> None:
    slot = Slot(target, name, item)
    fix = slot.fix("dtype=np.float32")
    slot.refuses(as_dtype(slot.array, dtype), ValueError, "float32", dtype, fix)


@every_array
def test_wrong_rank(target: Target, name: str, item: int | None) -> None:
    slot = Slot(target, name, item)
    for wrong in (slot.array[None], slot.array[0], np.float32(1).reshape(())):
        slot.refuses(wrong, ValueError, "shape", str(wrong.shape))


@every_array
def test_wrong_size(target: Target, name: str, item: int | None) -> None:
    """One too many along each axis of fixed size."""
    slot = Slot(target, name, item)
    # x sets T and B, and weight_ih sets H and I: the message then names the other arrays.
    free = {"x": 2, "x_t": 1, "weight_ih": 2}.get(name, 0)
    for axis in range(free, slot.array.ndim):
        wrong = np.concatenate([slot.array, slot.array.take([0], axis)], axis)
        slot.refuses(wrong, ValueError, "shape", str(wrong.shape))


@every_array
def test_not_contiguous(target: Target, name: str, item: int | None) -> None:
    slot = Slot(target, name, item)
    gaps = every_other(slot.array)
    assert gaps.shape == slot.array.shape
    slot.refuses(gaps, ValueError, "C-contiguous", slot.fix("np.ascontiguousarray("))
    if slot.array.ndim > 1:
        slot.refuses(np.asfortranarray(slot.array), ValueError, "C-contiguous")


@every_array
def test_not_aligned(target: Target, name: str, item: int | None) -> None:
    slot = Slot(target, name, item)
    raw = np.zeros(slot.array.nbytes + 1, np.uint8)[1:]
    slot.refuses(raw.view(np.float32).reshape(slot.array.shape), ValueError, "aligned")


@every_array
def test_not_an_array(target: Target, name: str, item: int | None) -> None:
    slot = Slot(target, name, item)
    for wrong in ("text", 1.0, {"a": 1}, object()):
        slot.refuses(wrong, TypeError, "array", type(wrong).__name__)
    slot.refuses(slot.array.tolist(), TypeError, "array", "list", slot.fix("np.asarray("))

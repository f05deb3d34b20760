"""Objects of the JSON in a file, whose members are checked as they are read; NumPy only."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skrnn._files.values import decode, decode_array, shorten


class Fields:
    """An object of the JSON; access raises ValueError for a missing member or another type."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise ValueError(f"{path} has to be an object, and is {shorten(value)}")
        self.value = value
        self.path = path

    def get(self, name: str) -> Any:
        """Return a member of any type."""
        if name not in self.value:
            raise ValueError(f"{self.path} has no {name!r}")
        return self.value[name]

    def of_type(self, name: str, kind: type) -> Any:
        """Return a member of one of JSON's types."""
        value = self.get(name)
        if type(value) is not kind:
            raise ValueError(
                f"{self.path}.{name} has to be of type {kind.__name__}, and is {shorten(value)}"
            )
        return value

    def integer(self, name: str, least: int, most: int = 2**63 - 1) -> int:
        """Return an integer in a range."""
        value = self.of_type(name, int)
        if not least <= value <= most:
            raise ValueError(
                f"{self.path}.{name} has to be in {least}..{most}, and is {shorten(value)}"
            )
        return int(value)

    def number(self, name: str, least: float, most: float = math.inf) -> float:
        """Return a number in a range."""
        value = self.get(name)
        if type(value) not in (int, float) or not least <= value <= most:
            raise ValueError(
                f"{self.path}.{name} has to be in {least:g}..{most:g}, and is {shorten(value)}"
            )
        return float(value)

    def integers(self, name: str, least: int, most: int) -> list[int]:
        """Return a list of integers in a range."""
        values = self.of_type(name, list)
        if not all(type(value) is int and least <= value <= most for value in values):
            raise ValueError(f"{self.path}.{name} has to be a list of integers in {least}..{most}")
        return list(values)

    def decoded(self, name: str) -> dict[str, Any]:
        """Return a member that is an object of encoded values."""
        return {key: decode(value) for key, value in self.of_type(name, dict).items()}

    def strings(self, name: str) -> list[str]:
        """Return a list of strings."""
        values = self.of_type(name, list)
        if not all(isinstance(value, str) for value in values):
            raise ValueError(f"{self.path}.{name} has to be a list of strings")
        return list(values)

    def numbers(self, name: str) -> list[float]:
        """Return a list of numbers; NaN and infinities are stored as strings."""
        return [self._number(value, name) for value in self.of_type(name, list)]

    def _number(self, value: Any, name: str) -> float:
        if type(value) in (int, float) or value in ("nan", "inf", "-inf"):
            return float(value)
        raise ValueError(f"{self.path}.{name} has to be a list of numbers")

    def fields(self, name: str) -> Fields:
        """Return a member that is an object."""
        return Fields(self.get(name), f"{self.path}.{name}")

    def items(self, name: str) -> list[Fields]:
        """Return a member that is a list of objects."""
        values = self.of_type(name, list)
        return [Fields(value, f"{self.path}.{name}[{i}]") for i, value in enumerate(values)]

    def array(self, name: str, size: int) -> Any:
        """Return a 1-D array of `size` numbers, or None if the member is null."""
        if self.get(name) is None:
            return None
        array = decode_array(self.get(name), f"{self.path}.{name}")
        if array.shape != (size,) or not np.issubdtype(array.dtype, np.number):
            raise ValueError(f"{self.path}.{name} has shape {array.shape}; expected ({size},)")
        return array

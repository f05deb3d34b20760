"""The names of parameters inside modules: ``rnn.weight_ih_l0`` is ``weight_ih_l0`` of ``rnn``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from reference.cell import Array

_T = TypeVar("_T")


def part_of(module: str, parameters: Mapping[str, Array]) -> dict[str, Array]:
    """Return the parameters of one part, by their names in it."""
    prefix = f"{module}."
    return {
        name.removeprefix(prefix): array
        for name, array in parameters.items()
        if name.startswith(prefix)
    }


def named(module: str, items: Mapping[str, _T]) -> dict[str, _T]:
    """Return what a part has, parameters, gradients or shapes, by their names in the whole."""
    return {f"{module}.{name}": item for name, item in items.items()}

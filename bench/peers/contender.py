"""A contender: one implementation doing one timed task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from _problems import Array


def nothing() -> None:
    """Nothing to prepare."""


@dataclass(frozen=True)
class Contender:
    """``run(n)`` does the work n times; ``result()`` returns its result, arrays by name.

    ``prepare()`` is called, untimed, before every timed block: settings that belong to the whole
    process (a library's thread count) go there.
    """

    who: str
    variant: str
    run: Callable[[int], object]
    result: Callable[[], dict[str, Array]]
    prepare: Callable[[], None] = nothing


def repeated(work: Callable[[], object]) -> Callable[[int], None]:
    """``run`` for work that is the same each time."""

    def run(n: int) -> None:
        for _ in range(n):
            work()

    return run

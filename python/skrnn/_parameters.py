"""What the parameters of estimators may be, and what is said of those that may not."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Rule:
    """A test of a value, and the words for what passes it."""

    holds: Callable[[Any], bool]
    expected: str


def integer(least: int, *, none: bool = False) -> Rule:
    """Take an integer of at least `least`, or None where `none`."""
    return _or_none(
        lambda v: _is_a(Integral, v) and bool(v >= least),
        f"an integer of {least} or more",
        none,
    )


def real(low: float, high: float, bounds: str, *, none: bool = False) -> Rule:
    """Take a number between two bounds, written as in "[0, 1)"."""

    def holds(value: Any) -> bool:
        if not _is_a(Real, value):
            return False
        above = low <= value if bounds[0] == "[" else low < value
        below = value <= high if bounds[1] == "]" else value < high
        return bool(above and below)

    return _or_none(holds, f"a number in {bounds[0]}{low:g}, {high:g}{bounds[1]}", none)


def boolean() -> Rule:
    """Take True or False."""
    return Rule(lambda v: isinstance(v, (bool, np.bool_)), "True or False")


def one_of(choices: Collection[str]) -> Rule:
    """Take one of some names."""
    return Rule(
        lambda v: isinstance(v, str) and v in choices,
        "one of " + ", ".join(repr(choice) for choice in choices),
    )


def anything() -> Rule:
    """Take what others check."""
    return Rule(lambda _: True, "")


def _is_a(kind: type, value: Any) -> bool:
    """Whether a value is of a kind of numbers, as True and False are not meant to be."""
    return isinstance(value, kind) and not isinstance(value, (bool, np.bool_))


def _or_none(holds: Callable[[Any], bool], expected: str, none: bool) -> Rule:
    if not none:
        return Rule(holds, expected)
    return Rule(lambda v: v is None or holds(v), expected + ", or None")


def check_parameters(estimator: Any, rules: Mapping[str, Rule]) -> None:
    """Raise ValueError for the first parameter that breaks its rule.

    Parameters
    ----------
    estimator : estimator
    rules : mapping of str to Rule
        A rule for each parameter.

    Raises
    ------
    ValueError
        Names the estimator, the parameter, its value, and what is expected.
    """
    for name, value in estimator.get_params(deep=False).items():
        rule = rules[name]
        if rule.holds(value):
            continue
        message = (
            f"{type(estimator).__name__} got {name}={value!r}; expected {name} to be "
            f"{rule.expected}"
        )
        if isinstance(value, str):
            near = difflib.get_close_matches(value, rule.expected.split("'")[1::2], n=1)
            message += f". Did you mean {near[0]!r}?" if near else ""
        raise ValueError(message)

"""Rules for the parameters of estimators, and messages for values that break them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer_names

# The engine counts in 64 bits, but no network that fits in memory has more units.
_MOST = 2**31 - 1
_MOST_SEEDS = 2**32 - 1  # the limit of np.random.RandomState


@dataclass(frozen=True)
class Rule:
    """A test of a value, its description for messages, and names to suggest for a misspelt one."""

    holds: Callable[[Any], bool]
    expected: str
    names: Collection[str] = ()


def integer(least: int, *, none: bool = False) -> Rule:
    """Take an integer of at least `least`, or None if `none`."""
    return _or_none(
        lambda v: _is_a(Integral, v) and bool(least <= v <= _MOST),
        f"an integer of {least} or more, less than 2**31",
        none,
    )


def integer_or(name: str, least: int, *, none: bool = True) -> Rule:
    """Take an integer of at least `least`, a name, or None if `none`."""
    rule = integer(least, none=none)
    return Rule(
        lambda v: rule.holds(v) or (isinstance(v, str) and v == name),
        f"{rule.expected}, or {name!r}",
        [name],
    )


def real(low: float, high: float, bounds: str, *, none: bool = False) -> Rule:
    """Take a number between two bounds, written as in "[0, 1)"."""

    def holds(value: Any) -> bool:
        if not is_number(value):
            return False
        above = low <= value if bounds[0] == "[" else low < value
        below = value <= high if bounds[1] == "]" else value < high
        return bool(above and below)

    return _or_none(holds, f"a number in {bounds[0]}{low:g}, {high:g}{bounds[1]}", none)


def boolean() -> Rule:
    """Take True or False."""
    return Rule(lambda v: isinstance(v, (bool, np.bool_)), "True or False")


def boolean_or(name: str) -> Rule:
    """Take True, False, or a name."""
    return Rule(
        lambda v: isinstance(v, (bool, np.bool_)) or (isinstance(v, str) and v == name),
        f"True, False or {name!r}",
        [name],
    )


def one_of(choices: Collection[str], *, none: bool = False) -> Rule:
    """Take one of some names, or None if `none`."""
    rule = _or_none(
        lambda v: isinstance(v, str) and v in choices,
        "one of " + ", ".join(repr(choice) for choice in choices),
        none,
    )
    return Rule(rule.holds, rule.expected, choices)


def one_of_or_none(choices: Collection[str]) -> Rule:
    """Take one of some names, or None."""
    rule = _or_none(one_of(choices).holds, one_of(choices).expected, True)
    return Rule(rule.holds, rule.expected, choices)


def real_or(name: str, low: float, high: float, bounds: str) -> Rule:
    """Take a number between two bounds, or a name."""
    rule = real(low, high, bounds)
    return Rule(
        lambda v: rule.holds(v) or (isinstance(v, str) and v == name),
        f"{rule.expected}, or {name!r}",
        [name],
    )


def seed() -> Rule:
    """Take a random_state as scikit-learn defines it."""

    def holds(value: Any) -> bool:
        if _is_a(Integral, value):
            return bool(0 <= value <= _MOST_SEEDS)
        return value is None or value is np.random or isinstance(value, np.random.RandomState)

    return Rule(holds, "an integer of 0 or more, less than 2**32, a RandomState instance, or None")


def threads() -> Rule:
    """Take a count of threads."""
    return Rule(
        lambda v: v is None or (_is_a(Integral, v) and v != 0),
        "a positive integer, a negative one (-1 for all threads), or None",
    )


def loudness() -> Rule:
    """Take True, False or a level."""
    return Rule(
        lambda v: isinstance(v, (bool, np.bool_)) or (_is_a(Integral, v) and bool(v >= 0)),
        "True, False or an integer of 0 or more",
    )


def scorer() -> Rule:
    """Take a scorer: a name, a callable (estimator, X, y), or None."""
    names = frozenset(get_scorer_names())
    return Rule(
        lambda v: v is None or (v in names if isinstance(v, str) else callable(v)),
        "one of sklearn.metrics.get_scorer_names(), a callable (estimator, X, y), or None",
        names,
    )


def class_weights() -> Rule:
    """Take weights of classes."""

    def holds(value: Any) -> bool:
        if isinstance(value, Mapping):
            return all(is_number(w) and bool(0 <= w < np.inf) for w in value.values())
        return value is None or (isinstance(value, str) and value == "balanced")

    return Rule(
        holds, "a dict of a number in [0, inf) for a class, 'balanced', or None", ["balanced"]
    )


def _is_a(kind: type, value: Any) -> bool:
    """Whether a value is a number of a kind, other than True and False."""
    return isinstance(value, kind) and not isinstance(value, (bool, np.bool_))


def is_number(value: Any) -> bool:
    """Whether a value is a number that float64 can hold; very large integers are not."""
    if not _is_a(Real, value):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def _shown(value: Any) -> str:
    """Return a value for a message; Python refuses to convert very long integers to text."""
    if _is_a(Integral, value) and abs(int(value)) >= 10**40:
        return "an integer of more than 40 digits"
    return repr(value)


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
        The message names the estimator, the parameter, its value, and the expected values.
    """
    for name, value in estimator.get_params(deep=False).items():
        rule = rules[name]
        if rule.holds(value):
            continue
        message = (
            f"{type(estimator).__name__} got {name}={_shown(value)}; expected {name} to be "
            f"{rule.expected}"
        )
        if isinstance(value, str):
            near = difflib.get_close_matches(value.lower(), rule.names, n=1)
            message += f". Did you mean {near[0]!r}?" if near else ""
        raise ValueError(message)
    _check_together(estimator)


def _check_together(estimator: Any) -> None:
    """Raise ValueError for valid parameters that do not fit one another."""
    _check_cuts(estimator)
    _check_labels(estimator)
    if getattr(estimator, "characters", False) and estimator.embedding_size is None:
        raise ValueError(
            "characters=True reads the letters of words, but embedding_size=None makes the input "
            'channels; use embedding_size="auto", or characters=False'
        )


def _check_labels(estimator: Any) -> None:
    """Raise ValueError for parameters that do not fit a CRF, or need one."""
    crf, scheme = getattr(estimator, "crf", False), getattr(estimator, "scheme", None)
    if scheme is not None and not crf:
        raise ValueError(
            f"scheme={scheme!r} excludes transitions of a CRF, but crf=False has none; use "
            "crf=True, or scheme=None"
        )
    if not crf:
        return
    if estimator.tbptt is not None:
        raise ValueError(
            f"tbptt={estimator.tbptt} cuts sequences, but with crf=True their labels are learned "
            "as a whole; use tbptt=None or crf=False"
        )
    if estimator.class_weight is not None:
        raise ValueError(
            f"class_weight={estimator.class_weight!r} weighs the labels of steps, but with "
            "crf=True the labels of a sequence are learned as a whole; use class_weight=None, "
            "with a sample_weight for each sequence if some count more, or crf=False"
        )


def _check_cuts(estimator: Any) -> None:
    """Raise ValueError for parameters that do not fit truncated backpropagation."""
    tbptt = getattr(estimator, "tbptt", None)
    if tbptt is None:
        return
    if getattr(estimator, "bidirectional", False):
        raise ValueError(
            f"tbptt={tbptt} cuts sequences, but with bidirectional=True they are read from their "
            "ends as well; set one of them back"
        )
    pooling = getattr(estimator, "pooling", "last")
    if pooling != "last":
        raise ValueError(
            f"tbptt={tbptt} cuts sequences, but pooling={pooling!r} looks at all of their steps; "
            "use pooling='last' or tbptt=None"
        )

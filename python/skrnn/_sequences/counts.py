"""Counts and seeds that methods take: checked; NumPy only."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from skrnn._sequences.refuse import shown

_MOST = 2**31 - 1  # no network that fits in memory writes or returns more
_MOST_SEEDS = 2**32 - 1  # the limit of np.random.RandomState


def check_count(name: str, value: Any, least: int, most: int = _MOST, *, what: str = "") -> int:
    """Return a count as an int.

    Parameters
    ----------
    name : str
        Of the argument, for messages.
    value : int
    least, most : int
        The range, both included.
    what : str, default=""
        What is counted, for messages.

    Raises
    ------
    TypeError
        For anything but an integer.
    ValueError
        For an integer out of range.

    Examples
    --------
    >>> check_count("n_steps", 3, 0)
    3
    """
    means = f": {what}" if what else ""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral):
        raise TypeError(
            f"{name}={shown(value)} is a {type(value).__name__}; expected an integer{means}"
        )
    if not least <= int(value) <= most:
        given = shown(value) if abs(int(value)) < 10**40 else "an integer of more than 40 digits"
        raise ValueError(f"{name}={given}; expected an integer in {least}..{most}{means}")
    return int(value)


def seed_of(random_state: Any) -> int:
    """Return the number that a random_state stands for, 0..2**32 - 1.

    Parameters
    ----------
    random_state : int, RandomState instance, Generator instance or None
        As scikit-learn defines it, and NumPy's Generator.

    Raises
    ------
    TypeError, ValueError
        For anything else, and for an integer out of range.
    """
    if random_state is None or random_state is np.random:
        return int(np.random.randint(_MOST_SEEDS, dtype=np.uint32))  # noqa: NPY002 (as there)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(_MOST_SEEDS, dtype=np.uint32))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(_MOST_SEEDS, dtype=np.uint32))
    what = "a seed, or a RandomState, a Generator or None"
    return check_count("random_state", random_state, 0, _MOST_SEEDS, what=what)


def check_share(name: str, value: Any) -> float:
    """Return a number between 0 and 1, without the ends, as a float.

    Raises
    ------
    ValueError
        For anything else.

    Examples
    --------
    >>> check_share("coverage", 0.9)
    0.9
    """
    number = np.asarray(value)
    if number.ndim != 0 or number.dtype.kind not in "iuf" or not 0 < float(number) < 1:
        raise ValueError(f"{name} is {shown(value)}; expected a number between 0 and 1")
    return float(number)


def check_shares(name: str, values: Any) -> list[float]:
    """Return one or several numbers between 0 and 1, without the ends.

    Raises
    ------
    ValueError
        For anything else.

    Examples
    --------
    >>> check_shares("coverage", 0.9), check_shares("coverage", (0.5, 0.8))
    ([0.9], [0.5, 0.8])
    """
    return [check_share(name, value) for value in np.ravel(np.asarray(values)).tolist()]

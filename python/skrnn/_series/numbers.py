"""Numbers as users pass them, as float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.refuse import shown


def read_floats(y: Any) -> NDArray[np.float64]:
    """Return numbers as float64, of any shape.

    Raises
    ------
    TypeError, ValueError
        For anything else, which NumPy might read as numbers: strings, dates, complex numbers.
    OverflowError
        For an integer too large.
    """
    array = np.asarray(y)
    strings = array.dtype.kind == "O" and any(isinstance(a, (str, bytes)) for a in array.flat)
    if array.dtype.kind not in "biufO" or strings:
        raise TypeError
    return np.asarray(y, np.float64)


def as_floats(y: Any, place: str) -> NDArray[np.float64]:
    """Return numbers as float64; errors call them `place`.

    Raises
    ------
    TypeError
        For what holds no numbers.
    ValueError
        For an integer too large for float64.
    """
    try:
        return read_floats(y)
    except OverflowError:
        raise ValueError(f"{place} has a number too large for float64; scale the series") from None
    except (TypeError, ValueError):
        raise TypeError(f"{place} is {shown(y)}; expected numbers") from None

"""Which of several series is drawn."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from skrnn._sequences.counts import check_count


def place_of(index: Any, keys: NDArray[Any] | None, count: int) -> int:
    """Return the number of the series that is meant.

    Parameters
    ----------
    index : int or str
        Its number, or its key.
    keys : array of shape (n,) or None
        Of the series of a data frame.
    count : int
        n.

    Raises
    ------
    TypeError, ValueError
        For an index that no series has.
    """
    if not isinstance(index, str):
        return check_count("index", index, 0, count - 1, what="the number of a series")
    known = [] if keys is None else keys.tolist()
    if index not in known:
        raise ValueError(f"index={index!r} is the key of no series; the first are {known[:5]}")
    return known.index(index)

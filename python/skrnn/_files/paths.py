"""Check of a path argument."""

from __future__ import annotations

import os
from typing import Any


def checked_path(path: Any) -> str | os.PathLike[str]:
    """Return a path as it is.

    Raises
    ------
    TypeError
        For an object that is not a path.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path is {path!r}; expected a str or a path-like object")
    return path

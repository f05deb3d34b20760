"""Warnings that point to the line of the user's code."""

from __future__ import annotations

import sys
import warnings

# Packages whose frames are skipped to find the user's line.
BETWEEN = {"skrnn", "sklearn", "joblib"}


def warn(message: str, category: type[Warning]) -> None:
    """Warn at the line that called scikit-rnn, through scikit-learn or not.

    Parameters
    ----------
    message : str
    category : type of Warning
    """
    level = 1
    frame = sys._getframe()
    while frame.f_back is not None and _package(frame.f_globals) in BETWEEN:
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)


def _package(names: dict[str, object]) -> str:
    """Return the top package of a module with these global names."""
    return str(names.get("__name__", "")).partition(".")[0]

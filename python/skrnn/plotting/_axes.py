"""Axes for the displays."""

from __future__ import annotations

from typing import Any


def axes_or_new(ax: Any) -> Any:
    """Return `ax`, or the axes of a new figure.

    Raises
    ------
    ImportError
        If matplotlib is not installed; the message says how to install it.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "skrnn.plotting needs matplotlib; install it with: pip install 'scikit-rnn[plot]'"
        ) from error
    return plt.subplots(layout="constrained")[1] if ax is None else ax

"""Axes for the displays."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray


def axes_or_new(ax: Any, columns: int = 1) -> Any:
    """Return `ax`, or the axes of a new figure, so many side by side.

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
    if ax is not None:
        return ax
    width, height = plt.rcParams["figure.figsize"]
    size = (columns * width, height)
    return plt.subplots(ncols=columns, figsize=size, layout="constrained")[1]


def label_times(ax: Any, times: NDArray[Any]) -> None:
    """Label an axis of dates so that they can be read, and one of numbers as steps.

    Parameters
    ----------
    ax : matplotlib Axes
    times : array
        Along x: datetime64, or numbers of steps.
    """
    if np.asarray(times).dtype.kind != "M":
        ax.set_xlabel("step, the last observed is 0" if times[0] <= 0 else "step")
        return
    dates: Any = importlib.import_module("matplotlib.dates")
    locator = dates.AutoDateLocator(maxticks=9)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))

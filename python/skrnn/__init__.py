"""Recurrent neural networks for sequences, on any CPU.

`skrnn.kernels` holds the layers themselves: RNN, LSTM and GRU with forward, backward and step.
"""

from __future__ import annotations

from skrnn import kernels
from skrnn._core import __version__, cells

__all__ = ["__version__", "cells", "kernels", "show_versions"]


def show_versions() -> None:
    """Print versions, instruction sets and threads, as a bug report should contain them.

    Examples
    --------
    >>> import skrnn
    >>> skrnn.show_versions()  # doctest: +ELLIPSIS
    scikit-rnn ...
    """
    from skrnn import _versions  # loads many modules that `import skrnn` does without

    print(_versions.report())

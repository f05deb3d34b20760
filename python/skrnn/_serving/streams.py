"""Streams of a model in the core; NumPy only."""

from __future__ import annotations

import numpy as np

from skrnn import _core
from skrnn._targets.decoding import Meaning


def open_stream(model: _core.Model, meaning: Meaning, batch_size: int, method: str) -> _core.Stream:
    """Return a stream that answers as `method` does.

    Parameters
    ----------
    model : _core.Model
    meaning : Meaning
        What the answers of `model` are.
    batch_size : int
        B, sequences side by side.
    method : str
        "predict", or "predict_proba" of classifiers.

    Raises
    ------
    TypeError
        For a `batch_size` that is no integer.
    ValueError
        For another method, a `batch_size` below 1, and a model that has no answer while a sequence
        goes on.
    """
    if method not in [*meaning.streams]:
        raise ValueError(
            f"method={method!r} cannot be streamed; choose one of {[*meaning.streams]}"
        )
    if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)):
        raise TypeError(
            f"batch_size={batch_size!r} is a {type(batch_size).__name__}; expected an int"
        )
    if not 1 <= batch_size < 2**31:
        raise ValueError(f"batch_size={batch_size}; expected 1..{2**31 - 1}")
    return _core.Stream(model, int(batch_size), **meaning.streams[method])

"""Streams of a model in the core; NumPy only."""

from __future__ import annotations

import numpy as np

from skrnn import _core
from skrnn._sequences.lexicon import Lexicon
from skrnn._serving.token_stream import TokenStream
from skrnn._targets.decoding import Meaning, NextTokens


def open_stream(
    model: _core.Model,
    meaning: Meaning,
    batch_size: int,
    method: str,
    lexicon: Lexicon | None = None,
) -> _core.Stream:
    """Return a stream whose answers are those of `method`.

    Parameters
    ----------
    model : _core.Model
    meaning : Meaning
        The meaning of the answers of `model`.
    batch_size : int
        B, sequences side by side.
    method : str
        "predict", or "predict_proba" of classifiers.
    lexicon : Lexicon, optional
        With it the stream reads strings and maps them to the model's numbers.

    Raises
    ------
    TypeError
        For a `batch_size` that is not an integer.
    ValueError
        For another method, a `batch_size` below 1, and a model that has no answer while a sequence
        goes on.
    """
    if not meaning.streams:
        raise ValueError(
            "crf=True decides on the labels of a sequence together, when it has ended, so it "
            "cannot be streamed; fit with crf=False and bidirectional=False"
        )
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
    answers = meaning.streams[method]
    if isinstance(meaning, NextTokens):
        answers = {**answers, "boundary": meaning.language.boundary}
    if lexicon is not None:
        return TokenStream(lexicon, model, int(batch_size), **answers)
    return _core.Stream(model, int(batch_size), **answers)

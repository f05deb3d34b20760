"""Streams that read strings, for models fitted on strings; NumPy only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._sequences.lexicon import Lexicon
from skrnn._sequences.refuse import shown


class TokenStream(_core.Stream):
    """A stream that reads tokens as strings, and maps them to their numbers.

    Parameters
    ----------
    lexicon : Lexicon
        Numbers of the known tokens, and of their letters if the model reads them.
    model, batch_size, **answers
        As in `Stream`.
    """

    def __init__(
        self, lexicon: Lexicon, model: _core.Model, batch_size: int, **answers: Any
    ) -> None:
        super().__init__(model, batch_size, **answers)
        self._lexicon = lexicon

    def step(self, x_t: Any, *, context: Any = None) -> NDArray[Any]:
        """Read one token of every sequence, and predict as if the sequences ended here.

        Parameters
        ----------
        x_t : str, or array-like of B str
            As in `vocabulary_`: texts are not split, and case is kept.
        context : array of shape (B, K), optional
            As `Stream.step` takes it.

        Returns
        -------
        answer : array of shape (B,) or (B, ...)
            As `Stream.step` returns it.

        Raises
        ------
        TypeError
            For tokens that are not strings.
        ValueError
            For another shape, and for a context as `Stream.step`. The stream is then unchanged.
        RuntimeError
            If another thread is using this stream.
        """
        if isinstance(x_t, str):  # the usual case
            return super().step(self._lexicon.step_of(x_t), context=context)
        return super().step(self._numbers(x_t, "x_t", rank=1), context=context)

    def process(self, block: Any, *, context: Any = None) -> NDArray[Any]:
        """Read many tokens of every sequence.

        Parameters
        ----------
        block : array-like of (T, B) str
            (T,) is accepted for one sequence.
        context : array of shape (T, B, K) or (B, K), optional
            As `Stream.process` takes it.

        Returns
        -------
        answers : array of shape (T, B) or (T, B, ...)
            The results of `step` for each step, the same bits.

        Raises
        ------
        TypeError, ValueError, RuntimeError
            As `step`. The stream is then unchanged.
        """
        if isinstance(block, (str, bytes)):
            raise TypeError(f"block is one text, {block[:20]!r}; pass a list of its tokens")
        return super().process(self._numbers(block, "block", rank=2), context=context)

    def _numbers(self, tokens: Any, name: str, *, rank: int) -> Any:
        """Return tokens as the core reads them: numbers, or nested lists of (number, letters)."""
        array = np.asarray(tokens, dtype=object)
        for token in array.flat:
            if not isinstance(token, str):
                raise TypeError(
                    f"{name}: expected strings, as fit saw them, and not {shown(token)}, a "
                    f"{type(token).__name__}"
                )
        one = self.batch_size == 1 and array.ndim == rank - 1
        shape = (*array.shape, 1) if one else array.shape
        if len(shape) != rank or shape[-1] != self.batch_size:
            expected = "(B,)" if rank == 1 else "(T, B)"
            raise ValueError(
                f"{name} has shape {array.shape}; expected {expected} strings, where B is "
                f"{self.batch_size}"
            )
        steps = [self._lexicon.step_of(token) for token in array.flat]
        if self._lexicon.letters is None:
            return np.array(steps, np.int64).reshape(shape)
        if rank == 1:
            return steps
        return [steps[i : i + self.batch_size] for i in range(0, len(steps), self.batch_size)]

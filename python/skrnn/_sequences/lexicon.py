"""The strings that a fitted model knows: tokens, and where it reads them, letters; NumPy only."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.checks import as_sequences
from skrnn._sequences.container import Sequences
from skrnn._sequences.spelling import spelled, spelling_of
from skrnn._sequences.vocabulary import (
    Numbered,
    Vocabulary,
    holds_strings,
    numbered,
    strings_of,
)


@dataclass(frozen=True)
class Lexicon:
    """The numbers of known tokens and letters, from 1 on; 0 is an unknown one."""

    tokens: Vocabulary
    letters: Vocabulary | None = None  # of a network that reads the letters of tokens, too

    def number(self, documents: Sequence[Sequence[Hashable]]) -> Sequences:
        """Return lists of tokens as sequences of numbers."""
        if self.letters is None:
            return numbered(documents, self.tokens)
        return spelled(documents, self.tokens, self.letters)

    def step_of(self, token: str) -> int | tuple[int, NDArray[np.int32]]:
        """Return a token as a stream of the core reads it: its number, or that and its letters."""
        number = self.tokens.get(token, 0)
        return number if self.letters is None else (number, spelling_of(token, self.letters))


def token_sequences(X: Any, lexicon: Lexicon | None, owner: str, name: str = "X") -> Sequences:
    """Return sequences of numbers, for a model that was fitted on strings or on integers.

    Parameters
    ----------
    X : sequences
        In the form that fit saw: texts or lists of strings if there is a lexicon, else integers.
    lexicon : Lexicon or None
        Of the fitted model.
    owner : str
        The estimator.
    name : str, default="X"
        The name of X in messages.

    Raises
    ------
    TypeError, ValueError
        As `strings_of` and `as_sequences`, and for the other kind of tokens than fit has seen.
    """
    if isinstance(X, Numbered):
        return X
    strings = holds_strings(X, name)
    if lexicon is None:
        if strings:
            raise ValueError(
                f"{name} holds strings, but {owner} was fitted on integers: pass the numbers that "
                "stand for them, or fit a new estimator on strings"
            )
        return as_sequences(X, tokens=True, name=name)
    if strings is False:
        as_sequences(X, tokens=True, name=name)  # raises for values that are not tokens
        raise ValueError(
            f"{name} holds integers, but {owner} was fitted on strings, which it numbers by its "
            "vocabulary_: pass strings, or fit a new estimator on integers"
        )
    return lexicon.number(strings_of(X, name))

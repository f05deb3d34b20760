"""The tokens that a fit learns: their number, and for strings the vocabulary and the letters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from skrnn._sequences.checks import as_sequences
from skrnn._sequences.container import Sequences
from skrnn._sequences.lexicon import Lexicon
from skrnn._sequences.vocabulary import (
    holds_strings,
    learn_vocabulary,
    strings_of,
)
from skrnn._targets.sample_weight import check_sample_weight


@dataclass(frozen=True)
class LearnedTokens:
    """Sequences of tokens as numbers, with their lexicon and size."""

    sequences: Sequences
    lexicon: Lexicon | None  # of strings
    size: int  # numbers are in 0..size - 1


def learn_tokens(
    X: Any, sample_weight: Any, min_frequency: int, name: str, *, characters: bool = False
) -> LearnedTokens:
    """Learn the tokens of the sequences of positive weight.

    Parameters
    ----------
    X : sequences
        Texts, lists of strings, or integers, as `fit` takes them.
    sample_weight : array-like of shape (n,), number or None
        How much each sequence counts.
    min_frequency : int
        How often a string has to occur; rarer ones are the unknown token.
    name : str
        The name of X in messages.
    characters : bool, default=False
        Whether the letters of strings are learned, too.

    Raises
    ------
    TypeError, ValueError
        For input that holds no tokens, and for invalid weights.
    """
    if not holds_strings(X, name):
        sequences = as_sequences(X, tokens=True, name=name)
        if characters:
            refuse_without_letters(name)
        counted = sequences[_counted(sample_weight, len(sequences))]
        return LearnedTokens(sequences, None, int(counted.values.max()) + 1)
    documents = strings_of(X, name)
    counted = [documents[i] for i in _counted(sample_weight, len(documents))]
    vocabulary = learn_vocabulary(counted, min_frequency=min_frequency, name=name)
    letters = None
    if characters:
        words = (word for document in counted for word in document)
        letters = learn_vocabulary(words, min_frequency=min_frequency, name=f"the words of {name}")
    lexicon = Lexicon(vocabulary, letters)
    return LearnedTokens(lexicon.number(documents), lexicon, len(vocabulary) + 1)


def refuse_without_letters(name: str) -> NoReturn:
    """Refuse input that has no letters, for a network that reads them."""
    raise ValueError(
        f"characters=True reads the letters of words, and {name} holds no strings; pass lists of "
        "words, or texts, or set characters=False"
    )


def _counted(sample_weight: Any, n: int) -> Any:
    """Return the indices of the sequences of positive weight."""
    weights = check_sample_weight(sample_weight, n)
    return np.arange(n) if weights is None else np.flatnonzero(weights)

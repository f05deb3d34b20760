"""The tokens that a fit learns: their number, and for strings the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skrnn._sequences.checks import as_sequences
from skrnn._sequences.container import Sequences
from skrnn._sequences.vocabulary import (
    Vocabulary,
    holds_strings,
    learn_vocabulary,
    numbered,
    strings_of,
)
from skrnn._targets.sample_weight import check_sample_weight


@dataclass(frozen=True)
class LearnedTokens:
    """Sequences of tokens as numbers, with their vocabulary and size."""

    sequences: Sequences
    vocabulary: Vocabulary | None  # of strings
    size: int  # numbers are in 0..size - 1


def learn_tokens(X: Any, sample_weight: Any, min_frequency: int, name: str) -> LearnedTokens:
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

    Raises
    ------
    TypeError, ValueError
        For input that holds no tokens, and for invalid weights.
    """
    if not holds_strings(X, name):
        sequences = as_sequences(X, tokens=True, name=name)
        counted = sequences[_counted(sample_weight, len(sequences))]
        return LearnedTokens(sequences, None, int(counted.values.max()) + 1)
    documents = strings_of(X, name)
    vocabulary = learn_vocabulary(
        [documents[i] for i in _counted(sample_weight, len(documents))],
        min_frequency=min_frequency,
        name=name,
    )
    return LearnedTokens(numbered(documents, vocabulary), vocabulary, len(vocabulary) + 1)


def _counted(sample_weight: Any, n: int) -> Any:
    """Return the indices of the sequences of positive weight."""
    weights = check_sample_weight(sample_weight, n)
    return np.arange(n) if weights is None else np.flatnonzero(weights)

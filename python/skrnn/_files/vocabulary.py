"""The vocabulary of an encoder or an estimator, to JSON and back; NumPy only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from skrnn._files.fields import Fields
from skrnn._files.values import encode
from skrnn._sequences.vocabulary import Vocabulary

_NAMES = {str: "strings", int: "integers"}


def vocabulary_section(vocabulary: Mapping[Any, int], what: str) -> list[Any]:
    """Return the tokens in the order of their numbers; `what` has them, in messages.

    Raises
    ------
    ValueError
        For tokens of other types than text and integers, and for numbers that are not 1, 2, and so
        on.
    """
    tokens = [_token(token, what) for token in vocabulary]
    if list(vocabulary.values()) != list(range(1, len(tokens) + 1)):
        raise ValueError(f"{what} has a vocabulary_ that is not numbered from 1 on; fit it again")
    return tokens


def _token(token: Any, what: str) -> Any:
    if isinstance(token, np.generic):
        token = token.item()
    if type(token) not in _NAMES:
        raise ValueError(
            f"{what} knows the token {token!r}, a {type(token).__name__}; a file can hold tokens "
            "that are strings or integers"
        )
    return encode(token, what)


def vocabulary_of(holder: Fields, *kinds: type, name: str = "vocabulary") -> Vocabulary:
    """Return the vocabulary that `holder` describes by `name`, of tokens of these kinds.

    Raises
    ------
    ValueError
        For tokens of other kinds, an empty vocabulary, and a repeated token.
    """
    tokens = holder.of_type(name, list)
    if not all(type(token) in kinds for token in tokens):
        expected = " and ".join(_NAMES[kind] for kind in kinds)
        raise ValueError(f"{holder.path}.{name} holds something else than {expected}")
    vocabulary: Vocabulary = {token: number for number, token in enumerate(tokens, start=1)}
    if not vocabulary or len(vocabulary) < len(tokens):
        raise ValueError(f"{holder.path}.{name} is empty, or has a token twice")
    return vocabulary

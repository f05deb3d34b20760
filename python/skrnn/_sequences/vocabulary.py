"""Tokens to numbers: learning and use of a vocabulary; NumPy only.

`TokenEncoder`, estimators that are given strings, and `skrnn.runtime` share it. Known tokens are
numbered from 1 on; 0 is the unknown one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from skrnn._sequences.checks import is_missing
from skrnn._sequences.container import Sequences
from skrnn._sequences.ragged import offsets_of
from skrnn._sequences.refuse import shown
from skrnn._sequences.tokens import WORDS, documents_of

Vocabulary = dict[Any, int]


class Numbered(Sequences):
    """`Sequences` whose strings an estimator has numbered by its own vocabulary.

    Scorers and callbacks receive these during a fit, and pass them to predict.
    """

    __slots__ = ()


def learn_vocabulary(
    documents: Iterable[Iterable[Hashable]],
    *,
    min_frequency: int = 1,
    max_tokens: int | None = None,
    name: str = "X",
) -> Vocabulary:
    """Return numbers of tokens from 1 on, by descending frequency, then alphabetically.

    Parameters
    ----------
    documents : iterable of n iterables of tokens
    min_frequency : int, default=1
        Smallest count of a token, in all documents together.
    max_tokens : int, optional
        Largest number of tokens to keep.
    name : str, default="X"
        The name of the documents in messages.

    Returns
    -------
    vocabulary : dict of token to int
        In the order of the numbers.

    Raises
    ------
    ValueError
        If no token is found or kept.

    Examples
    --------
    >>> learn_vocabulary([["the", "cat", "sat"], ["the", "dog"]])
    {'the': 1, 'cat': 2, 'dog': 3, 'sat': 4}
    """
    counts = Counter(token for document in documents for token in document)
    return ranked(counts, min_frequency=min_frequency, max_tokens=max_tokens, name=name)


def ranked(
    counts: Mapping[Any, int],
    *,
    min_frequency: int = 1,
    max_tokens: int | None = None,
    name: str = "X",
) -> Vocabulary:
    """Return numbers of counted tokens, as `learn_vocabulary` does.

    Raises
    ------
    ValueError
        If no token is counted or kept.

    Examples
    --------
    >>> ranked({"a": 1, "b": 2, "c": 2}, min_frequency=2)
    {'b': 1, 'c': 2}
    """
    if not counts:
        raise ValueError(
            f"no token was found in {name}: all texts are empty, or nothing in them is a word; "
            "skrnn.preprocessing.TokenEncoder has an analyzer and a token_pattern for other tokens"
        )
    order = sorted(counts, key=lambda token: (-counts[token], str(token)))
    kept = [token for token in order if counts[token] >= min_frequency]
    if not kept:
        raise ValueError(
            f"no token of {name} is found {min_frequency} times, the most frequent, "
            f"{shown(order[0])}, {counts[order[0]]}; lower min_frequency"
        )
    return {token: number for number, token in enumerate(kept[:max_tokens], start=1)}


def numbered(documents: Sequence[Sequence[Hashable]], vocabulary: Mapping[Any, int]) -> Sequences:
    """Return the numbers of tokens, int32, with 0 for those that are unknown or missing.

    A document without any token becomes one unknown token: a network cannot read an empty sequence.
    """
    number = vocabulary.get
    flat = [number(token, 0) for document in documents for token in document or (None,)]
    lengths = np.array([len(document) or 1 for document in documents], np.int64)
    return Numbered.from_flat(np.array(flat, np.int32), offsets_of(lengths))


def holds_strings(X: Any, name: str = "X") -> bool | None:
    """Whether X holds texts or sequences of strings; None if it has no tokens.

    The first sequence tells that has a token, and of it the first one that is not missing.

    Raises
    ------
    ValueError
        For strings after sequences of something else. `strings_of` refuses tokens that are not
        strings.

    Examples
    --------
    >>> holds_strings(["a good film", "bad"]), holds_strings([["a", "good"], []])
    (True, True)
    >>> holds_strings([[4, 2], [7]])
    False
    >>> holds_strings([[], []]) is None
    True
    """
    if _is_string(X):
        return True
    if isinstance(X, np.ndarray) and X.dtype != object:
        return X.ndim > 0 and X.dtype.kind in "UST"
    if hasattr(X, "columns"):
        cells = np.asarray(X)
        return cells.dtype.kind in "UST" or (
            cells.dtype == object and any(map(_is_string, cells.flat))
        )
    if isinstance(X, Sequences) or not (isinstance(X, Sequence) or _is_array(X)):
        return False
    kinds = [
        _begins_with_string(item) for item in (X if isinstance(X, Sequence) else np.asarray(X))
    ]
    telling = [index for index, kind in enumerate(kinds) if kind is not None]
    if not telling:
        return None
    first = telling[0]
    if not kinds[first] and True in kinds:
        index = kinds.index(True)
        raise ValueError(
            f"Sequence {index} of {name} holds strings, {_shown_item(X, index)}, and sequence "
            f"{first} does not, {_shown_item(X, first)}; make strings of all, or integers"
        )
    return kinds[first]


def strings_of(X: Any, name: str = "X") -> list[list[str]]:
    """Return the words of every text, in lower case, and the tokens of lists as they are.

    Parameters
    ----------
    X : iterable of n str, or of n lists of str
    name : str, default="X"
        The name of X in messages.

    Raises
    ------
    TypeError
        For one text in place of several, and for what is neither text nor a list of tokens.
    ValueError
        For no text at all, texts in an array of two dimensions, and tokens that are no strings.
    """
    documents = documents_of(X, WORDS.build(), name=name)
    return [as_strings(document, index, name) for index, document in enumerate(documents)]


def _is_string(value: Any) -> bool:
    return isinstance(value, (str, bytes))


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__") and np.asarray(value).ndim > 0


def _begins_with_string(item: Any) -> bool | None:
    """Whether a sequence is a text, or begins with a string or a list of strings.

    None where it is empty or missing, or all in it is.
    """
    if _is_string(item):
        return True
    if isinstance(item, np.ndarray) and item.dtype != object and item.ndim:
        return item.dtype.kind in "UST" if len(item) else None
    if hasattr(item, "columns"):  # a frame of channels, of which iteration gives the names
        return False
    if isinstance(item, Sequence) or _is_array(item):
        token = next((token for token in item if not is_missing(token)), None)
        if isinstance(token, (list, tuple)):  # no token, which `strings_of` says of strings
            return any(map(_is_string, token))
        return None if token is None else _is_string(token)
    return None if is_missing(item) else False


def _shown_item(X: Any, index: int) -> str:
    return shown(next(islice(iter(X), index, None)))


def as_strings(document: list[Hashable], index: int, name: str) -> list[str]:
    """Return the tokens of sequence `index`, or raise ValueError for one that is no string."""
    for step, token in enumerate(document):
        if isinstance(token, str):
            continue
        if isinstance(token, bytes):
            fix = f"decode it with {shown(token)}.decode()"
        elif is_missing(token):
            fix = "leave it out, or write a word for what is missing, such as '<missing>'"
        else:
            fix = f"write {shown(str(token))}"
        raise ValueError(
            f"Sequence {index} of {name} holds {shown(token)} at step {step}, a "
            f"{type(token).__name__}, but here tokens are strings; {fix}"
        )
    return [str(token) for token in document]  # NumPy's strings to Python's

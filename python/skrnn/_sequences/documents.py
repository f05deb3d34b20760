"""The forms in which a language model's texts come; NumPy only.

One text is a string, or a flat list or array of tokens. Several are a list of strings, of lists of
strings, or of integer arrays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences import refuse
from skrnn._sequences.characters import BLOCK
from skrnn._sequences.checks import as_sequences, is_missing
from skrnn._sequences.container import Sequences
from skrnn._sequences.tokens import WORDS as WORD_ANALYZER
from skrnn._sequences.vocabulary import as_strings

CHARACTERS: Final = "char"
WORDS: Final = "word"
STRINGS: Final = "tokens"
INTEGERS: Final = "integers"
KINDS = (CHARACTERS, WORDS, STRINGS, INTEGERS)

_NOT_WORD = re.compile(r"\W")
_NONE: NDArray[Any] = np.empty(0, np.int32)


@dataclass(frozen=True, eq=False)
class Documents:
    """Texts in a form that does not depend on how they were given.

    Characters are left in the strings, which are much shorter than lists of them.
    """

    kind: str | None  # of KINDS; None where no text has a token that would tell
    one_text: bool
    lengths: NDArray[np.int64]  # (n,), in tokens
    texts: list[str] = field(default_factory=list)  # of characters
    values: NDArray[Any] = field(default_factory=lambda: _NONE)  # (S,): integers, or places in
    strings: list[str] = field(default_factory=list)  # the distinct strings


def documents_in(X: Any, analyzer: str | None, name: str = "X") -> Documents:
    """Return the texts that X holds.

    Parameters
    ----------
    X : texts
    analyzer : {"char", "word"} or None
        How strings are split; with None a flat list of strings is one text.
    name : str, default="X"
        The name of X in messages.

    Raises
    ------
    TypeError, ValueError
        For anything that holds no texts.

    Examples
    --------
    >>> documents_in(["ab", "c"], "char").lengths
    array([2, 1])
    >>> documents_in([[4, 2], [7]], "char").values
    array([4, 2, 7], dtype=int32)
    """
    if isinstance(X, (str, bytes)):
        if analyzer is None:
            raise TypeError(
                f"{name} is one text, {refuse.shown(X[:20])}, but analyzer=None takes lists of "
                "tokens; split the text, or use analyzer='char' or analyzer='word'"
            )
        return _of_texts([X], analyzer, True, name)
    if isinstance(X, Sequences):
        return _of_integers(X, name)
    if _has_no_order(X) or hasattr(X, "columns") or not hasattr(X, "__iter__"):
        raise TypeError(
            f"{name} is {refuse.shown(X)}, a {type(X).__name__}; pass a text, a list of texts or "
            "of lists of tokens, or integers"
        )
    if isinstance(X, np.ndarray) and X.dtype.kind in "iubfc":
        return _of_integers(X[None] if X.ndim == 1 and len(X) else X, name, one_text=X.ndim == 1)
    items = list(X)
    if not items:
        refuse.zero_samples(name, (0,))
    first = next((item for item in items if not is_missing(item)), None)
    if isinstance(first, (str, bytes)):
        if analyzer is None:
            return _of_strings([as_strings(items, 0, name)], True)
        return _of_texts(items, analyzer, False, name)
    if first is None or isinstance(first, (int, float, np.generic)):
        return _of_integers([items], name, one_text=True)
    return _of_lists(items, name)


def _has_no_order(X: Any) -> bool:
    """Whether this is a collection without an order, or an array of no dimension."""
    return isinstance(X, (Mapping, Set)) or getattr(X, "ndim", 1) == 0


def _of_texts(items: Iterable[Any], analyzer: str, one_text: bool, name: str) -> Documents:
    texts = [_decoded(item, f"Text {i} of {name}") for i, item in enumerate(items)]
    if analyzer == CHARACTERS:
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        return Documents(CHARACTERS, one_text, lengths, texts)
    analyze: Any = WORD_ANALYZER.build()
    if one_text:
        return _of_strings(map(analyze, _pieces(texts[0])), True, WORDS)
    return _of_strings(map(analyze, texts), False, WORDS)


def _decoded(item: Any, what: str) -> str:
    if isinstance(item, bytes):
        try:
            return item.decode()
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{what} is bytes that are no UTF-8: {error}. Decode texts of another encoding "
                "with .decode(encoding)"
            ) from error
    if not isinstance(item, str):
        raise TypeError(
            f"{what} is {refuse.shown(item)}, a {type(item).__name__}, and others are strings; for "
            "a missing text write ''"
        )
    return str(item)


def _pieces(text: str) -> Iterator[str]:
    """Cut a text into pieces of about `BLOCK` characters, outside of words."""
    begin = 0
    while begin < len(text):
        cut = _NOT_WORD.search(text, begin + BLOCK)
        end = cut.start() if cut else len(text)
        yield text[begin:end]
        begin = end


class _Places(dict[str, int]):
    """The place of each string in the order of their first occurrence."""

    def __missing__(self, token: str) -> int:
        place = self[token] = len(self)
        return place


def _of_strings(
    lists: Iterable[list[str]], one_text: bool, kind: str | None = STRINGS
) -> Documents:
    places = _Places()
    arrays = [np.fromiter(map(places.__getitem__, x), np.int32, len(x)) for x in lists]
    lengths = np.fromiter(map(len, arrays), np.int64, len(arrays))
    if one_text:
        lengths = lengths.sum(keepdims=True)
    values = np.concatenate(arrays) if arrays else _NONE
    return Documents(kind, one_text, lengths, values=values, strings=list(places))


def _of_lists(items: list[Any], name: str) -> Documents:
    for i, item in enumerate(items):
        if isinstance(item, (str, bytes)) or _has_no_order(item) or not hasattr(item, "__len__"):
            raise TypeError(
                f"Sequence {i} of {name} is {refuse.shown(item)}, a {type(item).__name__}; "
                "expected a list of tokens, as for all sequences"
            )
    lengths = np.fromiter(map(len, items), np.int64, len(items))
    some = [item for item in items if len(item)]
    if not some:
        return Documents(None, False, lengths)
    first = next(iter(some[0]))
    if isinstance(first, (str, bytes)):
        lists = [as_strings(list(item), i, name) for i, item in enumerate(items)]
        return _of_strings(lists, False)
    found = _of_integers(some, name)
    return Documents(INTEGERS, False, lengths, values=found.values)


def _of_integers(X: Any, name: str, *, one_text: bool = False) -> Documents:
    try:
        sequences = as_sequences(X, tokens=True, name=name)
    except ValueError:
        _refuse_strings(X, name)
        raise
    return Documents(INTEGERS, one_text, sequences.lengths, values=sequences.values)


def _refuse_strings(X: Any, name: str) -> None:
    """Refuse strings among integers, naming the first."""
    for i, item in enumerate(X if isinstance(X, list) else ()):
        for step, token in enumerate(item):
            if isinstance(token, (str, bytes)):
                raise ValueError(
                    f"Sequence {i} of {name} holds {refuse.shown(token)} at step {step}, and the "
                    "first token is an integer; make integers of all tokens, or strings"
                )

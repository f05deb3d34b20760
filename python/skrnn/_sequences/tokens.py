"""Texts to numbers of tokens: what `TokenEncoder` and `skrnn.runtime` share; NumPy only."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from skrnn._sequences import refuse
from skrnn._sequences.container import Sequences

ANALYZERS = ("word", "char")


@dataclass(frozen=True)
class Analyzer:
    """What a token of a text is, as `CountVectorizer` has it but for white space."""

    name: str  # of ANALYZERS
    lowercase: bool
    token_pattern: str

    def __post_init__(self) -> None:
        if self.name not in ANALYZERS:
            raise ValueError(f"analyzer is {self.name!r}; expected 'word', 'char' or a callable")

    def build(self) -> Callable[[Any], list[Hashable]]:
        """Return the function that finds the tokens of a text.

        Raises
        ------
        re.error, ValueError
            For a `token_pattern` that is none, or has several groups.
        """
        find = _each_character if self.name == "char" else _finder(self.token_pattern)

        def analyze(document: Any) -> list[Hashable]:
            text = decoded(document)
            return find(text.lower() if self.lowercase else text)

        return analyze


def decoded(text: Any) -> Any:
    """Return bytes as the text in UTF-8 that they are, and everything else as it is."""
    return text.decode() if isinstance(text, bytes) else text


def _each_character(text: str) -> list[Hashable]:
    # White space as it is: without the ends of lines verses would be prose.
    return list(text)


def _finder(pattern: str) -> Callable[[str], list[Hashable]]:
    compiled = re.compile(pattern)
    if compiled.groups > 1:
        raise ValueError(
            f"token_pattern {pattern!r} has {compiled.groups} groups, and a token is one of them; "
            "write the others as (?:...)"
        )
    return compiled.findall


def documents_of(
    X: Any, analyze: Callable[[Any], Iterable[Hashable]], *, always: bool = False
) -> list[list[Hashable]]:
    """Return the tokens of every text.

    Parameters
    ----------
    X : iterable of n str, or of n lists of tokens
    analyze : callable
        Finds the tokens of a text.
    always : bool, default=False
        Whether lists are analysed as well.

    Raises
    ------
    TypeError
        For one text in place of several, and for what is neither text nor a list of tokens.
    ValueError
        For no text at all, and for texts in an array of two dimensions.
    """
    if _is_text(X):
        raise TypeError(f"X is one text, {X[:20]!r}; pass a list of texts, as [X]")
    if isinstance(X, (Mapping, Set)) or hasattr(X, "columns") or not hasattr(X, "__iter__"):
        raise TypeError(
            f"X is a {type(X).__name__}; pass a list of texts or of lists of tokens, and of a "
            "data frame one column"
        )
    if getattr(X, "ndim", 1) == 2 and X.shape[1] == 1 and any(_is_text(row[0]) for row in X):
        raise ValueError(
            f"X has shape {X.shape} and holds texts; texts come in one dimension: pass X.ravel(), "
            "and name the column of a ColumnTransformer as 'text', not ['text']. For lists of one "
            "token each pass X.tolist()"
        )
    documents = [_tokens(document, index, analyze, always) for index, document in enumerate(X)]
    if not documents:
        refuse.zero_samples("X", (0,))
    return documents


def numbered(documents: list[list[Hashable]], vocabulary: Mapping[Any, int]) -> Sequences:
    """Return the numbers of tokens, int32, with 0 for those that are unknown or missing."""
    number = vocabulary.get
    flat = [number(token, 0) for document in documents for token in document or (None,)]
    lengths = [len(document) or 1 for document in documents]
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    return Sequences.from_flat(np.array(flat, np.int32), offsets)


def _is_text(document: Any) -> bool:
    return isinstance(document, (str, bytes))


def _tokens(
    document: Any, index: int, analyze: Callable[[Any], Iterable[Hashable]], always: bool
) -> list[Hashable]:
    """Return the tokens of one text, or of one list of tokens unless it is always analysed."""
    if always or _is_text(document):
        return list(analyze(document))
    if isinstance(document, (list, tuple)):
        tokens = list(document)
    elif isinstance(document, np.ndarray) or hasattr(document, "tolist"):
        tokens = np.asarray(document).tolist()  # Python's own types, equal to those of a list
    else:
        tokens = None
    if not isinstance(tokens, list):
        raise TypeError(
            f"Text {index} of X is {document!r}, a {type(document).__name__}; expected a string or "
            "a list of tokens. For a missing text write ''"
        )
    for token in tokens:
        if token.__hash__ is None:
            raise TypeError(
                f"Text {index} of X holds {token!r}, a {type(token).__name__}, which is no token; "
                "expected strings or numbers"
            )
    return tokens

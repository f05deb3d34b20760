"""Texts to tokens, for `TokenEncoder`, estimators and `skrnn.runtime`; NumPy only."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from skrnn._sequences import refuse

ANALYZERS = ("word", "char")
# Unlike CountVectorizer's it keeps words of one letter.
WORD_PATTERN = r"(?u)\b\w+\b"


@dataclass(frozen=True)
class Analyzer:
    """The definition of a token, as in `CountVectorizer` except for white space."""

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
            For a `token_pattern` that is not a regular expression, or has several groups.
        """
        find = _each_character if self.name == "char" else _finder(self.token_pattern)

        def analyze(document: Any) -> list[Hashable]:
            text = decoded(document)
            return find(text.lower() if self.lowercase else text)

        return analyze


# The analyzer of estimators, and the default of `TokenEncoder`.
WORDS = Analyzer("word", lowercase=True, token_pattern=WORD_PATTERN)


def decoded(text: Any) -> Any:
    """Decode bytes as UTF-8; return anything else unchanged."""
    return text.decode() if isinstance(text, bytes) else text


def _each_character(text: str) -> list[Hashable]:
    # White space is kept, because line ends carry information, as in verse.
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
    X: Any,
    analyze: Callable[[Any], Iterable[Hashable]],
    *,
    always: bool = False,
    name: str = "X",
) -> list[list[Hashable]]:
    """Return the tokens of every text.

    Parameters
    ----------
    X : iterable of n str, or of n lists of tokens
    analyze : callable
        Finds the tokens of a text.
    always : bool, default=False
        Whether lists are analysed as well.
    name : str, default="X"
        The name of X in messages.

    Raises
    ------
    TypeError
        For one text in place of several, and for what is neither text nor a list of tokens.
    ValueError
        For no text at all, and for texts in an array of two dimensions.
    """
    if _is_text(X):
        raise TypeError(f"{name} is one text, {X[:20]!r}; pass a list of texts, as [{name}]")
    if isinstance(X, (Mapping, Set)) or hasattr(X, "columns") or not hasattr(X, "__iter__"):
        raise TypeError(
            f"{name} is a {type(X).__name__}; pass a list of texts or of lists of tokens, and of a "
            "data frame one column"
        )
    if getattr(X, "ndim", 1) == 2 and X.shape[1] == 1 and any(_is_text(row[0]) for row in X):
        raise ValueError(
            f"{name} has shape {X.shape} and holds texts; texts come in one dimension: pass "
            f"{name}.ravel(), and name the column of a ColumnTransformer as 'text', not ['text']. "
            f"For lists of one token each pass {name}.tolist()"
        )
    documents = [
        _tokens(document, f"Text {index} of {name}", analyze, always)
        for index, document in enumerate(X)
    ]
    if not documents:
        refuse.zero_samples(name, (0,))
    return documents


def _is_text(document: Any) -> bool:
    return isinstance(document, (str, bytes))


def _tokens(
    document: Any, what: str, analyze: Callable[[Any], Iterable[Hashable]], always: bool
) -> list[Hashable]:
    """Return the tokens of one text, or of one list of tokens unless it is always analysed."""
    if always or _is_text(document):
        try:
            return list(analyze(document))
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{what} is bytes that are no UTF-8: {error}. Decode texts of another encoding "
                "with .decode(encoding)"
            ) from error
    if isinstance(document, (list, tuple)):
        tokens = list(document)
    elif hasattr(document, "__array__") or hasattr(document, "tolist"):
        tokens = np.asarray(document).tolist()  # scalars of Python, as in a list
    else:
        tokens = None
    if not isinstance(tokens, list):
        raise TypeError(
            f"{what} is {refuse.shown(document)}, a {type(document).__name__}; expected a string "
            "or a list of tokens. For a missing text write ''"
        )
    for token in tokens:
        if token.__hash__ is None:
            raise TypeError(
                f"{what} holds {refuse.shown(token)}, a {type(token).__name__}, which is no token; "
                "expected strings or numbers"
            )
    return tokens

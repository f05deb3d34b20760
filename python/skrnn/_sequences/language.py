"""The tokens of a language model: texts to numbers, and numbers back to texts; NumPy only.

Strings are numbered as in `vocabulary`: 0 is the unknown token, and known ones follow from 1 on.
Integers are their own numbers. The last number is the boundary: every text begins with it, so that
the first token has something to be predicted from, and texts of which a model reads many end with
it, so that it learns where they end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.characters import count_characters, number_characters
from skrnn._sequences.documents import (
    CHARACTERS,
    INTEGERS,
    STRINGS,
    WORDS,
    Documents,
    documents_in,
)
from skrnn._sequences.ragged import offsets_of
from skrnn._sequences.vocabulary import Numbered, Vocabulary, ranked

UNKNOWN, END = "<unknown>", "<end>"


class Texts(Numbered):
    """Texts that are numbered, with their boundaries, as a language model reads them."""

    __slots__ = ()


@dataclass(frozen=True)
class Language:
    """What a language model's tokens are, and how texts are made of them."""

    kind: str  # of documents.KINDS
    one_text: bool  # whether fit saw one long text, which has no end, or many
    size: int  # tokens, with the unknown one and the boundary
    vocabulary: Vocabulary | None  # of strings

    @property
    def boundary(self) -> int:
        """The number of the token before every text, and after those that end."""
        return self.size - 1

    @property
    def never_written(self) -> list[int]:
        """The numbers of tokens that a generated text cannot hold."""
        unknown = [] if self.vocabulary is None else [0]
        return [*unknown, self.boundary] if self.one_text else unknown

    @property
    def classes(self) -> NDArray[Any]:
        """The tokens in the order of their numbers, (size,)."""
        if self.vocabulary is None:
            return np.append(np.arange(self.size - 1), -1)
        classes = np.empty(self.size, object)
        classes[:] = [UNKNOWN, *self.vocabulary, END]
        return classes

    @property
    def dtype(self) -> Any:
        """The narrowest type of integers that holds all numbers, of those that the engine reads."""
        return next(
            (kind for kind in (np.uint8, np.uint16) if self.size - 1 <= np.iinfo(kind).max),
            np.int32,
        )

    # ---- Texts to numbers ----

    def read(self, X: Any, name: str = "X") -> Texts:
        """Return texts as numbers, with their boundaries.

        Parameters
        ----------
        X : texts
            One or several, of the kind that fit saw.
        name : str, default="X"
            The name of X in messages.

        Raises
        ------
        TypeError, ValueError
            For what holds no texts, and for texts of another kind.
        """
        if isinstance(X, Texts):
            return X
        documents = documents_in(X, self._analyzer, name)
        self._check_kind(documents.kind, name)
        return self._number(documents, name)

    def read_prefixes(self, given: Any, name: str = "prefix") -> tuple[list[NDArray[Any]], bool]:
        """Return the numbers of each beginning of a text, and whether several were given.

        Nothing, an empty text and an empty list are the beginning of every text.

        Raises
        ------
        TypeError, ValueError
            As `read`.
        """
        sized = hasattr(given, "__len__") and getattr(given, "ndim", 1) > 0
        if given is None or (sized and len(given) == 0):
            return [np.array([self.boundary])], False
        documents = documents_in(given, self._analyzer, name)
        self._check_kind(documents.kind, name)
        texts = self._number(documents, name)
        stops = texts.offsets[:-1] + 1 + self.lengths(texts)
        spans = zip(texts.offsets[:-1].tolist(), stops.tolist(), strict=True)
        prefixes = [texts.values[begin:end].astype(np.int64) for begin, end in spans]
        return prefixes, not documents.one_text

    def lengths(self, texts: Texts) -> NDArray[np.int64]:
        """Return how many tokens each text has, without its boundaries."""
        return texts.lengths - self._boundaries

    @property
    def _boundaries(self) -> int:
        """How many boundaries a text has: the one before it, and one where it ends."""
        return 1 if self.one_text else 2

    @property
    def _analyzer(self) -> str | None:
        return self.kind if self.kind in (CHARACTERS, WORDS) else None

    def _check_kind(self, kind: str | None, name: str) -> None:
        if kind in (self.kind, None):
            return
        raise ValueError(
            f"{name} holds {_MEANT[kind]}, but fit saw {_MEANT[self.kind]}; pass what fit saw, or "
            "fit a new estimator"
        )

    def _number(self, documents: Documents, name: str) -> Texts:
        """Return documents as numbers, with boundaries."""
        lengths = documents.lengths
        offsets = offsets_of(lengths + self._boundaries)
        values = np.full(int(offsets[-1]), self.boundary, self.dtype)
        if len(lengths) == 1:  # it may be long: filled in place
            self._fill(values[1 : 1 + int(lengths[0])], documents, name)
        else:
            inside = np.ones(len(values), bool)
            inside[offsets[:-1]] = False
            if not self.one_text:
                inside[offsets[1:] - 1] = False
            flat = np.empty(int(lengths.sum()), self.dtype)
            self._fill(flat, documents, name)
            values[inside] = flat
        return Texts._of(values, offsets)  # type: ignore[return-value]

    def _fill(self, out: NDArray[Any], documents: Documents, name: str) -> None:
        """Write the numbers of all tokens to `out`, (S,)."""
        vocabulary = self.vocabulary
        if vocabulary is None:
            largest = int(documents.values.max(initial=0))
            if largest >= self.boundary:
                raise ValueError(
                    f"{name} holds token {largest}, but the tokens seen in fit were "
                    f"0..{self.boundary - 1}; leave it out, or fit on data that has all tokens"
                )
            out[...] = documents.values
        elif documents.kind == CHARACTERS:
            number_characters(documents.texts, vocabulary, out, name)
        else:
            numbers = [vocabulary.get(string, 0) for string in documents.strings]
            out[...] = np.array(numbers, self.dtype)[documents.values]

    # ---- Numbers to texts ----

    def write(self, tokens: list[int], *, begins: bool = True) -> Any:
        """Return a text of generated tokens in the form that fit saw.

        Parameters
        ----------
        tokens : list of int
            Numbers other than the boundary's.
        begins : bool, default=True
            Whether the text begins here; else words are set off from those before.
        """
        if self.vocabulary is None:
            return np.array(tokens, np.int64)
        strings = [self._strings[token] for token in tokens]
        if self.kind == CHARACTERS:
            return "".join(strings)
        if self.kind == WORDS:
            return ("" if begins or not strings else " ") + " ".join(strings)
        return strings

    @cached_property
    def _strings(self) -> list[str]:
        return [UNKNOWN, *(self.vocabulary or {}), END]


_MEANT = {
    CHARACTERS: "texts of characters",
    WORDS: "texts of words",
    STRINGS: "lists of strings",
    INTEGERS: "integers",
}


def learn_language(
    X: Any, analyzer: str | None, min_frequency: int, name: str = "X"
) -> tuple[Language, Texts]:
    """Return the language of texts, and the texts as its numbers.

    Parameters
    ----------
    X : texts
        As `fit` takes them.
    analyzer : {"char", "word"} or None
        How strings are split into tokens; None takes lists of tokens.
    min_frequency : int
        How often a string has to occur; rarer ones are the unknown token.
    name : str, default="X"
        The name of X in messages.

    Raises
    ------
    TypeError, ValueError
        For what holds no texts, or no token.
    """
    documents = documents_in(X, analyzer, name)
    if documents.kind is None:
        raise ValueError(f"no token was found in {name}: all of its sequences are empty")
    vocabulary: Vocabulary | None = None
    if documents.kind == INTEGERS:
        size = int(documents.values.max()) + 2
    else:
        vocabulary = ranked(_counts(documents, name), min_frequency=min_frequency, name=name)
        size = len(vocabulary) + 2
    language = Language(documents.kind, documents.one_text, size, vocabulary)
    return language, language._number(documents, name)


def _counts(documents: Documents, name: str) -> dict[str, int]:
    if documents.kind == CHARACTERS:
        return count_characters(documents.texts, name)
    counts = np.bincount(documents.values, minlength=len(documents.strings)).tolist()
    return dict(zip(documents.strings, counts, strict=True))

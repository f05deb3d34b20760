"""Words with their letters, for networks that read both; NumPy only."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.container import Sequences
from skrnn._sequences.ragged import offsets_of
from skrnn._sequences.vocabulary import Numbered

# words (rows,), word_offsets (W + 1,), letters, as the engine takes them
Spellings = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]


class Steps(NamedTuple):
    """The steps of all sequences, as the engine takes them."""

    values: NDArray[Any]  # (S, C) channels, or (S,) tokens
    offsets: NDArray[np.int64]  # (n + 1,)
    spellings: Spellings | None  # of a network that reads letters


@dataclass(frozen=True, eq=False)
class Words:
    """W distinct words: the token that each is, and its letters, end to end."""

    tokens: NDArray[np.int64]  # (W,)
    offsets: NDArray[np.int64]  # (W + 1,)
    letters: NDArray[np.int32]  # (offsets[-1],)


class Spelled(Numbered):
    """Sequences of words, whose letters are kept: values are places in `words`."""

    __slots__ = ("words",)

    words: Words

    @classmethod
    def of(cls, values: NDArray[Any], offsets: NDArray[np.int64], words: Words) -> Spelled:
        """Return sequences of these places in `words`."""
        made = cls.from_flat(values, offsets)
        assert isinstance(made, Spelled)
        made.words = words
        return made

    def _block(self, start: int, stop: int) -> Sequences:
        return self._of_my_words(super()._block(start, stop))

    def _take(self, at: NDArray[np.int64]) -> Sequences:
        return self._of_my_words(super()._take(at))

    def _of_my_words(self, part: Sequences) -> Sequences:
        assert isinstance(part, Spelled)
        part.words = self.words
        return part

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).of, (self.values, self.offsets, self.words)

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """The arrays that the sequences consist of."""
        words = self.words
        return *super().arrays, words.tokens, words.offsets, words.letters


def spelled(
    documents: Sequence[Sequence[Hashable]],
    vocabulary: Mapping[Any, int],
    letters: Mapping[Any, int],
) -> Spelled:
    """Return words as `vocabulary` numbers them, with their letters.

    Unknown words and letters have the number 0. A document without any word becomes one unknown
    word, and a word without letters has one unknown letter: a network can read nothing empty.

    Examples
    --------
    >>> X = spelled([["ab", "b"], ["ab", "ca"]], {"ab": 1}, {"a": 1, "b": 2})
    >>> tokens_of(X)
    array([1, 0, 1, 0])
    >>> X.values, X.words.offsets, X.words.letters
    (array([0, 1, 0, 2]), array([0, 2, 3, 5]), array([1, 2, 2, 0, 1], dtype=int32))
    """
    flat = [word for document in documents for word in document or ("",)]
    lengths = np.array([len(document) or 1 for document in documents], np.int64)
    places = {word: place for place, word in enumerate(dict.fromkeys(flat))}
    spellings = [spelling_of(str(word), letters) for word in places]
    words = Words(
        np.array([vocabulary.get(word, 0) for word in places], np.int64),
        offsets_of(np.array([len(spelling) for spelling in spellings], np.int64)),
        np.concatenate(spellings),
    )
    values = np.array([places[word] for word in flat], np.int64)
    return Spelled.of(values, offsets_of(lengths), words)


def spelling_of(word: str, letters: Mapping[Any, int]) -> NDArray[np.int32]:
    """Return the numbers of a word's letters, at least one."""
    return np.array([letters.get(letter, 0) for letter in word or ("",)], np.int32)


def tokens_of(X: Sequences) -> NDArray[np.int64]:
    """Return the tokens of all steps, (S,)."""
    tokens = X.words.tokens[X.values] if isinstance(X, Spelled) else X.values
    return tokens.astype(np.int64)


def spellings_of(X: Sequences) -> Spellings | None:
    """Return the letters of all steps as the engine takes them, if these are words."""
    if not isinstance(X, Spelled):
        return None
    return X.values.astype(np.int64), X.words.offsets, X.words.letters

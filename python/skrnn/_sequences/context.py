"""What is known beside the tokens of texts: vectors that a language model reads; NumPy only.

A text has one vector, or one for each token: what is known when that token is to be predicted. The
step that predicts the end of a text has the last one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.container import Sequences
from skrnn._sequences.flatten import is_sparse
from skrnn._sequences.language import Language, Texts
from skrnn._sequences.ragged import offsets_of
from skrnn._sequences.refuse import shown, sparse

# values (rows, K), offsets (n + 1,), as the engine takes side channels
Side = tuple[NDArray[np.float32], NDArray[np.int64]]


class TextsInContext(Texts):
    """Texts with their context, of which there is a sequence of vectors for each."""

    __slots__ = ("context",)

    context: Sequences

    @classmethod
    def of(cls, texts: Sequences, context: Sequences) -> TextsInContext:
        """Return texts with a context."""
        made = cls._of(texts.values, texts.offsets)
        assert isinstance(made, TextsInContext)
        made.context = context
        return made

    def _block(self, start: int, stop: int) -> Sequences:
        return self.of(super()._block(start, stop), self.context[start:stop])

    def _take(self, at: NDArray[np.int64]) -> Sequences:
        return self.of(super()._take(at), self.context[at])

    def __reduce__(self) -> tuple[Any, ...]:
        texts = Texts._of(self.values, self.offsets)
        return type(self).of, (texts, self.context)


def in_context(
    texts: Texts, given: Any, language: Language, size: int | None, name: str = "context"
) -> Texts:
    """Return texts with their context, if there is one.

    Parameters
    ----------
    texts : Texts
        Where they have a context already, it is kept.
    given : array-like or None
        What a user passed.
    language : Language
        The language of the texts.
    size : int or None
        K, the numbers of a vector that fit saw; None while it learns them.
    name : str, default="context"
        The name of `given` in messages.

    Raises
    ------
    TypeError, ValueError
        As `read_context`.
    """
    if isinstance(texts, TextsInContext):
        return texts
    context = read_context(given, language.lengths(texts), size, name)
    return texts if context is None else TextsInContext.of(texts, context)


def read_context(
    given: Any,
    counts: NDArray[np.int64],
    size: int | None,
    name: str = "context",
    *,
    ahead: bool = False,
) -> Sequences | None:
    """Return the vectors of each text, one or as many as it has tokens; None where there are none.

    Parameters
    ----------
    given : array-like or None
        (n, K), or n arrays of shape (K,) or (T_i, K). Of one text its own array, too.
    counts : array of shape (n,), int64
        T_i, the tokens of each text.
    size : int or None
        K, the numbers of a vector that fit saw; None while it learns them.
    name : str, default="context"
        The name of `given` in messages.
    ahead : bool, default=False
        Whether the texts are still to be written, so that there may be vectors for more tokens.

    Raises
    ------
    TypeError
        For what holds no numbers.
    ValueError
        For numbers that are not finite, for another number of texts, of vectors or of numbers in a
        vector, for a context that the model does not read, and where it reads one and none is
        given.
    """
    if given is None:
        if size:
            raise ValueError(
                f"{name} is missing: the model was fitted with a vector of {size} numbers beside "
                f"the tokens; pass {name}, such a vector for each text, or for each token"
            )
        return None
    if size == 0:
        raise ValueError(
            f"{name} is given, but the model was fitted without one; leave it out, or fit with "
            "a context"
        )
    arrays = [_vectors(item, i, name) for i, item in enumerate(_items(given, len(counts), name))]
    if size is None and len(arrays) == len(arrays[0]) == 1 and np.ndim(given) == 1:
        _check_one(arrays[0].shape[1], int(counts[0]), name)
    for i, (vectors, count) in enumerate(zip(arrays, counts.tolist(), strict=True)):
        _check_rows(vectors, i, count, name, ahead)
    expected = size or arrays[0].shape[1]
    for i, vectors in enumerate(arrays):
        if vectors.shape[1] == expected and expected > 0:
            continue
        seen = f"{expected}, as fit saw" if size else f"{expected}, as text 0 has"
        raise ValueError(
            f"{name} of text {i} has vectors of {vectors.shape[1]} numbers; expected "
            + (seen if expected else "1 or more")
        )
    return Sequences._of(
        np.concatenate(arrays), offsets_of(np.array([len(vectors) for vectors in arrays]))
    )


def context_of(texts: Sequences) -> Sequences | None:
    """Return the context of texts, if they have one."""
    return texts.context if isinstance(texts, TextsInContext) else None


def as_side(context: Sequences | None) -> Side | None:
    """Return the context of texts, if there is one, as the engine takes it."""
    return None if context is None else (context.values, context.offsets)


def _items(given: Any, n: int, name: str) -> list[Any]:
    """Return what is given of each text."""
    _check_values(given, name)
    if _is_scalar(given) or isinstance(given, (str, bytes, dict, set, memoryview)):
        raise TypeError(
            f"{name} is {shown(given)}, a {type(given).__name__}; expected numbers: an array of "
            f"shape (n, K), or a list of {n} arrays of shape (T_i, K)"
        )
    items = list(np.asarray(given)) if hasattr(given, "columns") else list(given)
    if n == 1 and (len(items) != 1 or _is_scalar(items[0])):
        return [given]  # the text's own array
    if len(items) != n:
        raise ValueError(f"{name} is for {len(items)} texts, and there are {n}; pass one for each")
    return items


def _vectors(item: Any, i: int, name: str) -> NDArray[np.float32]:
    """Return what is given of one text as float32 of shape (rows, K)."""
    for each in (item, *(item if isinstance(item, (list, tuple)) else ())):
        _check_values(each, f"{name} of text {i}")
    try:
        array = np.asarray(item)
    except ValueError as error:
        raise ValueError(f"{name} of text {i} is no array: {error}") from error
    if array.dtype.kind not in "fiub":
        remedy = "; convert them with .astype(float)" if array.dtype == object else ""
        raise TypeError(
            f"{name} of text {i} has dtype {array.dtype}; expected numbers{remedy}, and categories "
            "as one-hot vectors"
        )
    if array.ndim == 0:
        raise ValueError(
            f"{name} of text {i} is a number, {array}; expected a vector, which of one number is "
            f"[{array}]: for an array, {name}[:, None]"
        )
    if array.ndim > 2:
        raise ValueError(
            f"{name} of text {i} has shape {array.shape}; expected (K,), a vector for the text, or "
            "(T, K), one for each token"
        )
    with np.errstate(over="ignore"):
        vectors = np.atleast_2d(array).astype(np.float32, order="C")  # frames are not
    wrong = np.argwhere(~np.isfinite(vectors))
    if len(wrong):
        row, channel = wrong[0].tolist()
        value = np.atleast_2d(array)[row, channel]
        what = f"{value!s}, which is too large for float32" if np.isfinite(value) else str(value)
        raise ValueError(
            f"{name} of text {i}, vector {row}, number {channel} is {what}; expected finite numbers"
        )
    return vectors


def _is_scalar(value: Any) -> bool:
    return not hasattr(value, "__len__") or getattr(value, "ndim", 1) == 0


def _check_values(given: Any, what: str) -> None:
    """Refuse what NumPy would make an object, or unmask."""
    if is_sparse(given):
        sparse(given, what)
    if np.ma.is_masked(given):
        raise ValueError(f"{what} has masked values, which are missing; fill them, with .filled()")


def _check_one(numbers: int, count: int, name: str) -> None:
    """Refuse numbers of one text of which nobody can tell if they are one vector."""
    if numbers == count > 1:
        raise ValueError(
            f"{name} holds {numbers} numbers, and the text {count} tokens; for a number beside "
            f"each token pass {name}[:, None], and for one vector [{name}]"
        )


def _check_rows(vectors: NDArray[np.float32], i: int, count: int, name: str, ahead: bool) -> None:
    """Raise ValueError unless a text of `count` tokens has one vector, or one for each token."""
    rows = len(vectors)
    if rows == 1 or (0 < count == rows) or (ahead and rows > count):
        return
    tokens = f"{count} tokens" if count != 1 else "1 token"
    if ahead:
        raise ValueError(
            f"{name} of text {i} has {rows} vectors for {tokens}, those of the prefix and those "
            "to be predicted; pass one vector for the text, or one for each token"
        )
    raise ValueError(
        f"{name} of text {i} has {rows} vectors, and the text {tokens}; pass one vector for the "
        "text, or one for each token"
    )

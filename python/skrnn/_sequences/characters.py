"""The characters of long texts as arrays of numbers, block by block; NumPy only.

A text of hundreds of megabytes never becomes as many Python objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

BLOCK = 2**20  # characters
_CODES = 0x110000  # of Unicode
_SURROGATES = 0xD800, 0xDFFF


def code_points(text: str, name: str = "X") -> NDArray[np.uint32]:
    """Return the code points of a text, one for each character.

    Raises
    ------
    ValueError
        For a lone surrogate, which is no character.

    Examples
    --------
    >>> code_points("aé")
    array([ 97, 233], dtype=uint32)
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    low, high = _SURROGATES
    wrong = (codes >= low) & (codes <= high)
    if wrong.any():
        raise ValueError(
            f"{name} holds {chr(codes[wrong.argmax()])!r}, a lone surrogate, which is no "
            "character; decode the bytes that it stands for as what they are, or replace it: "
            'text.encode("utf-8", "replace").decode()'
        )
    return codes.astype(np.uint32, copy=False)


def blocks_of(texts: Iterable[str]) -> Iterator[str]:
    """Yield all texts, one after the other, in blocks of about `BLOCK` characters.

    Examples
    --------
    >>> list(blocks_of(["ab", "", "c"]))
    ['abc']
    """
    held: list[str] = []
    size = 0
    for text in texts:
        for begin in range(0, len(text), BLOCK):
            piece = text[begin : begin + BLOCK]
            held.append(piece)
            size += len(piece)
            if size >= BLOCK:
                yield "".join(held)
                held, size = [], 0
    if held:
        yield "".join(held)


def count_characters(texts: Iterable[str], name: str = "X") -> dict[str, int]:
    """Return how often each character occurs in all texts together.

    Examples
    --------
    >>> count_characters(["abba", "a"])
    {'a': 3, 'b': 2}
    """
    counts = np.zeros(_CODES, np.int64)
    for block in blocks_of(texts):
        of_block = np.bincount(code_points(block, name))
        counts[: len(of_block)] += of_block
    return {chr(code): int(counts[code]) for code in np.flatnonzero(counts).tolist()}


def number_characters(
    texts: Iterable[str], vocabulary: Mapping[str, int], out: NDArray[np.integer], name: str = "X"
) -> None:
    """Write the number of every character of all texts to `out`, (S,), and 0 for unknown ones."""
    numbers = np.zeros(_CODES, out.dtype)
    for character, number in vocabulary.items():
        numbers[ord(character)] = number
    begin = 0
    for block in blocks_of(texts):
        codes = code_points(block, name)
        np.take(numbers, codes, out=out[begin : begin + len(codes)])
        begin += len(codes)

"""The symbol error rate: how many edits make the true sequences of predicted ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn.metrics._symbols import codes, pairs

Codes = NDArray[np.int32]  # a sequence of T_i symbols

# Distances that are computed side by side: they, and what comes between, fit into a cache.
_BLOCK = 2**15


def symbol_error_rate(y_true: Any, y_pred: Any) -> float:
    """Edits that make the true sequences of predicted ones, divided by the true symbols.

    An edit inserts, deletes or replaces a symbol; their smallest number is the Levenshtein
    distance. With characters as symbols this is the character error rate, with words the word
    error rate, and with phonemes that of phonemes.

    Parameters
    ----------
    y_true, y_pred : list, tuple, 1-D object array or Sequences
        n sequences of symbols: strings, whose symbols are characters, or lists, tuples or 1-D
        arrays of strings or of whole numbers. Sequence i may have different lengths in the two.

    Returns
    -------
    rate : float
        The sum of the n distances, divided by the number of symbols in `y_true`; 0 for equal
        sequences. Where much is inserted, it is greater than 1.

    Raises
    ------
    TypeError
        For an object that holds no sequences, a single string among them.
    ValueError
        For other numbers of sequences in `y_true` than in `y_pred`, for no symbols in `y_true`,
        and for symbols that are missing, neither strings nor whole numbers, or some of each.

    References
    ----------
    Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", 1966;
    Wagner and Fischer, "The String-to-String Correction Problem", 1974, for the algorithm.

    Examples
    --------
    >>> from skrnn.metrics import symbol_error_rate
    >>> symbol_error_rate(["sitting", "law"], ["kitten", "law"])  # 3 edits, 10 characters
    0.3
    >>> symbol_error_rate([["the", "cat", "sat", "down"]], [["the", "hat", "sat"]])
    0.5
    """
    true, predicted = pairs(y_true, y_pred, texts=True)
    _, (true_codes, predicted_codes) = codes(true, predicted)
    edits = sum(
        int(_distances([true_codes[i] for i in block], [predicted_codes[i] for i in block]).sum())
        for block in _blocks(true_codes, predicted_codes)
    )
    return edits / sum(map(len, true))


def _blocks(true: list[Codes], predicted: list[Codes]) -> Iterator[list[int]]:
    """Yield the indices of pairs of like lengths, by descending length of the true sequence."""
    lengths = np.array([[len(a), len(b)] for a, b in zip(true, predicted, strict=True)])
    longest = lengths.max(axis=1)
    ahead = np.argsort(-longest, kind="stable")
    while len(ahead):
        count = max(1, _BLOCK // (int(longest[ahead[0]]) + 1))
        block, ahead = ahead[:count], ahead[count:]
        yield block[np.argsort(-lengths[block, 0], kind="stable")].tolist()


def _distances(true: list[Codes], predicted: list[Codes]) -> NDArray[np.int32]:
    """Return the Levenshtein distances of B pairs, by descending length of the true sequence.

    Row t of Wagner and Fischer's table holds the distances of the first t true symbols to the
    first j predicted ones, for all j. What stands behind the end of a predicted sequence has no
    influence on what stands before.
    """
    columns = np.arange(max(map(len, predicted)) + 1, dtype=np.int32)
    row = np.tile(columns, (len(true), 1))  # (B, J): no true symbol, and j insertions
    lengths = np.array([len(sequence) for sequence in true])
    symbols, answers = _padded(true), _padded(predicted)
    for t in range(lengths[0]):
        running = np.count_nonzero(lengths > t)
        before = row[:running]
        replaced = before[:, :-1] + (answers[:running] != symbols[:running, t, None])
        best = before + 1
        np.minimum(best[:, 1:], replaced, out=best[:, 1:])
        # Insertions: row[j] = min(best[j], row[j - 1] + 1), the least best[k] + (j - k) of k <= j.
        best -= columns
        np.minimum.accumulate(best, axis=1, out=best)
        np.add(best, columns, out=before)
    return row[np.arange(len(true)), [len(sequence) for sequence in predicted]]


def _padded(sequences: list[Codes]) -> NDArray[np.int32]:
    """Return sequences side by side, of shape (B, max T_i)."""
    padded = np.full((len(sequences), max(map(len, sequences))), -1, np.int32)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    return padded

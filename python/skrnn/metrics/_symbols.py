"""Labels and other symbols of sequences, as users pass them: checked, and in lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.container import Sequences
from skrnn._sequences.refuse import shown

Symbols = list[list[Any]]  # n sequences of T_i symbols


def labels_of_steps(y_true: Any, y_pred: Any) -> tuple[Symbols, Symbols]:
    """Return true and predicted labels in lists, which have the same lengths.

    Raises
    ------
    TypeError
        For an object that holds no sequences, and for text in place of a sequence of labels.
    ValueError
        For other numbers of sequences or steps in `y_true` than in `y_pred`, for no steps at all,
        and for labels that are missing, neither strings nor whole numbers, or some of each.
    """
    true, predicted = pairs(y_true, y_pred)
    for index, (labels, answers) in enumerate(zip(true, predicted, strict=True)):
        if len(labels) != len(answers):
            raise ValueError(
                f"Sequence {index} has {len(labels)} labels in y_true and {len(answers)} in "
                "y_pred; expected a label for each of its steps in both"
            )
    return true, predicted


def pairs(y_true: Any, y_pred: Any, *, texts: bool = False) -> tuple[Symbols, Symbols]:
    """Return true and predicted symbols in lists, which may have different lengths.

    With `texts`, a string is a sequence of its characters. What is raised is that of
    `labels_of_steps`.
    """
    true, predicted = _in_lists(y_true, "y_true", texts), _in_lists(y_pred, "y_pred", texts)
    if len(true) != len(predicted):
        raise ValueError(
            f"y_true has {len(true)} sequences and y_pred has {len(predicted)}; expected "
            "predictions of the same sequences, in their order"
        )
    if not any(true):
        raise ValueError(
            f"y_true has {len(true)} sequences of no steps, so there is nothing to score; pass at "
            "least one step"
        )
    for name, sequences in (("y_true", true), ("y_pred", predicted)):
        for index, step, symbol in where(sequences, is_no_symbol):
            raise ValueError(
                f"Sequence {index} of {name} holds {shown(symbol)} at step {step}, and labels are "
                "strings or whole numbers. Leave a step without a label out of y_true and y_pred, "
                "and make labels of probabilities"
            )
    first = next(chain.from_iterable(true))
    for name, sequences in (("y_true", true), ("y_pred", predicted)):
        for index, step, symbol in where(sequences, lambda one: _is_text(one) != _is_text(first)):
            raise ValueError(
                f"Sequence {index} of {name} holds {shown(symbol)} at step {step}, and y_true "
                f"holds {shown(first)}; convert them, so that all are strings or all are numbers"
            )
    return true, predicted


def _in_lists(y: Any, name: str, texts: bool) -> Symbols:
    """Return n sequences as lists; the symbols in them are not checked."""
    sequences = None if isinstance(y, (str, bytes)) else items(y)
    if sequences is None:
        raise TypeError(
            f"{name} is {shown(y)}, a {type(y).__name__}; expected a list of n sequences of labels,"
            " such as [['A', 'B'], ['A']]"
        )
    found: Symbols = []
    for index, sequence in enumerate(sequences):
        symbols = list(sequence) if texts and isinstance(sequence, str) else items(sequence)
        if symbols is None:
            raise TypeError(
                f"Sequence {index} of {name} is {shown(sequence)}, a {type(sequence).__name__}; "
                f"expected a list or 1-D array of labels. If {name} is a single sequence, pass "
                f"[{name}]; if each character has a label, pass list(text)"
            )
        if isinstance(sequence, np.ndarray) and sequence.ndim > 1:
            raise ValueError(
                f"Sequence {index} of {name} has shape {sequence.shape}; expected (T_i,), a label "
                "for each step"
            )
        found.append(symbols)
    return found


def items(value: Any) -> list[Any] | None:
    """Return what a list, tuple, array, series or `Sequences` holds, or None for another object.

    An array of two or more dimensions holds arrays.
    """
    if isinstance(value, (list, tuple, Sequences)):
        return list(value)
    array = value.to_numpy() if hasattr(value, "to_numpy") else value
    if not isinstance(array, np.ndarray) or array.ndim == 0:
        return None
    return array.tolist() if array.ndim == 1 else list(array)


def where(sequences: Symbols, is_wrong: Callable[[Any], bool]) -> Iterator[tuple[int, int, Any]]:
    """Yield (sequence, step, symbol) of what is wrong; each distinct symbol is looked at once."""
    try:
        wrong = {symbol for symbol in set().union(*sequences) if is_wrong(symbol)}
    except TypeError:  # lists, dicts and arrays have no hash
        wrong = None
    if wrong is not None and not wrong:
        return
    for index, sequence in enumerate(sequences):
        for step, symbol in enumerate(sequence):
            if is_wrong(symbol):
                yield index, step, symbol


def _is_text(symbol: Any) -> bool:
    return isinstance(symbol, str)


def is_no_symbol(symbol: Any) -> bool:
    """Return whether an object is neither a string nor a whole number."""
    if isinstance(symbol, (str, np.bool_, Integral)):
        return False
    return not (isinstance(symbol, Real) and float(symbol).is_integer())


def codes(*groups: Symbols) -> tuple[dict[Any, int], list[list[NDArray[np.int32]]]]:
    """Return the distinct symbols with their codes, in sorted order, and sequences of codes.

    Examples
    --------
    >>> known, ((first,), _) = codes([["b", "a"]], [["b"]])
    >>> known, first
    ({'a': 0, 'b': 1}, array([1, 0], dtype=int32))
    """
    symbols = sorted(set().union(*chain.from_iterable(groups)))
    known = {symbol: code for code, symbol in enumerate(symbols)}
    encoded = [
        [np.array([known[symbol] for symbol in sequence], np.int32) for sequence in sequences]
        for sequences in groups
    ]
    return known, encoded

"""Edits are those of the recursion that defines them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.support import says
from skrnn import Sequences
from skrnn.metrics import _symbol_error_rate, symbol_error_rate


def edits(a: Any, b: Any) -> int:
    """The Levenshtein distance by its definition."""

    @cache
    def of_the_first(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        return min(
            of_the_first(i - 1, j) + 1,
            of_the_first(i, j - 1) + 1,
            of_the_first(i - 1, j - 1) + (a[i - 1] != b[j - 1]),
        )

    return of_the_first(len(a), len(b))


def texts(least: int = 0) -> Any:
    return st.text("abc", min_size=least, max_size=9)


@given(st.lists(st.tuples(texts(), texts()), min_size=1, max_size=6), texts(1), st.integers(1, 64))
def test_edits_of_pairs(pairs: Any, last: str, block: int) -> None:
    y_true, y_pred = [a for a, _ in pairs] + [last], [b for _, b in pairs] + [""]
    expected = sum(map(edits, y_true, y_pred)) / sum(map(len, y_true))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_symbol_error_rate, "_BLOCK", block)  # pairs in one block, or in many
        assert symbol_error_rate(y_true, y_pred) == expected


@pytest.mark.parametrize(
    ("true", "predicted", "distance"),
    [
        ("sitting", "kitten", 3),
        ("sunday", "saturday", 3),
        ("execution", "intention", 5),  # Jurafsky & Martin, with a cost of 1 for a replacement
        ("abc", "abc", 0),
        ("abc", "", 3),
        ("a", "bbbb", 4),
    ],
)
def test_known_distances(true: str, predicted: str, distance: int) -> None:
    assert symbol_error_rate([true], [predicted]) == distance / len(true)
    assert symbol_error_rate([list(true)], [tuple(predicted)]) == distance / len(true)


def test_long_sequences() -> None:
    """A deleted block costs its length, wherever it stood, and so does one that is inserted."""
    symbols = np.arange(5000)
    assert symbol_error_rate([symbols], [np.delete(symbols, slice(1000, 1300))]) == 300 / 5000
    assert symbol_error_rate([symbols[300:]], [symbols]) == 300 / 4700


@given(texts(1), texts(1), texts(1))
def test_distances_are_a_metric(a: str, b: str, c: str) -> None:
    def distance(one: str, other: str) -> float:
        return round(symbol_error_rate([one], [other]) * len(one))

    assert distance(a, b) == distance(b, a)
    assert distance(a, c) <= distance(a, b) + distance(b, c)
    assert (distance(a, b) == 0) == (a == b)


def test_words_and_numbers() -> None:
    assert symbol_error_rate([["a", "b"]], [["b"]]) == 0.5
    assert symbol_error_rate(Sequences([[1, 2, 3, 4]]), [np.array([1, 3, 4])]) == 0.25


def test_texts_without_symbols() -> None:
    assert symbol_error_rate(["", "ab"], ["a", "ab"]) == 0.5
    assert symbol_error_rate(["ab"], [""]) == 1.0
    with pytest.raises(ValueError, match=says("y_true has 1 sequences of no steps")):
        symbol_error_rate([""], ["a"])


def test_one_text_is_no_list_of_texts() -> None:
    with pytest.raises(TypeError, match=says("y_true is 'abc'", "list of n sequences")):
        symbol_error_rate("abc", "abc")

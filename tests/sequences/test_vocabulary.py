"""Detection of strings, and their numbers in a vocabulary."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from helpers.support import says
from skrnn import Sequences
from skrnn._sequences.lexicon import Lexicon, token_sequences
from skrnn._sequences.vocabulary import holds_strings, learn_vocabulary, strings_of

TEXTS = ["A good film", "bad", ""]
WORDS = [["a", "good", "film"], ["bad"], []]

OF_TEXTS = {
    "list": list(TEXTS),
    "tuple": tuple(TEXTS),
    "array": np.array(TEXTS),
    "object array": np.array(TEXTS, dtype=object),
    "strings of NumPy": [np.str_(text) for text in TEXTS],
    "bytes": [text.encode() for text in TEXTS],
    "array of bytes": np.array([text.encode() for text in TEXTS]),
    "pandas": pd.Series(TEXTS),
    "pandas, other labels": pd.Series(TEXTS, index=[7, 8, 9]),
    "pandas, objects": pd.Series(TEXTS, dtype=object),
    "pandas, categories": pd.Series(TEXTS, dtype="category"),
    "polars": pl.Series(TEXTS),
}
OF_LISTS = {
    "lists": WORDS,
    "tuples": [tuple(words) for words in WORDS],
    "arrays": [np.array(words, dtype="U4") for words in WORDS],
    "arrays of objects": [np.array(words, dtype=object) for words in WORDS],
    "strings of NumPy": [[np.str_(word) for word in words] for words in WORDS],
    "pandas": pd.Series(WORDS),
    "polars": pl.Series(WORDS),
}


@pytest.mark.parametrize("X", [*OF_TEXTS.values(), *OF_LISTS.values()], ids=[*OF_TEXTS, *OF_LISTS])
def test_strings_in_any_container(X: Any) -> None:
    assert holds_strings(X) is True
    found = strings_of(X)
    assert found == WORDS
    assert {type(token) for tokens in found for token in tokens} == {str}


def test_rows_of_an_array_are_sequences_of_one_length() -> None:
    assert strings_of(np.array([["a", "b"], ["c", "d"]])) == [["a", "b"], ["c", "d"]]


def test_only_texts_are_turned_to_lower_case() -> None:
    assert strings_of(["The Cat", ["The", "Cat"]]) == [["the", "cat"], ["The", "Cat"]]


@pytest.mark.parametrize(
    "X",
    [
        [[1, 2], [3]],
        [[], [1]],
        [np.array([1]), np.array([2, 3])],
        np.ones((2, 3), int),
        pd.DataFrame({"a": [1]}),
        [pd.DataFrame({"a": [1]})],
        pd.Series([1, 2]),
        Sequences([[1, 2], [3]]),
        np.array("text"),
        {"a": 1},
        None,
        3,
    ],
    ids=lambda X: repr(X)[:20],
)
def test_input_without_strings(X: Any) -> None:
    assert holds_strings(X) is False


@pytest.mark.parametrize("X", [[], [[], []], [None, np.nan, pd.NA], [np.array([])]], ids=repr)
def test_undecided_input(X: Any) -> None:
    assert holds_strings(X) is None


def test_the_first_decided_item_determines_the_kind() -> None:
    assert holds_strings([None, [], "a", 3]) is True
    with pytest.raises(ValueError, match=says("Sequence 2 of y holds strings, 'a'", "sequence 1")):
        holds_strings([[], [3], "a"], "y")


def test_a_vocabulary_is_ranked() -> None:
    """By frequency, and equal ones alphabetically, for any order of the input."""
    documents = [["b", "a", "c"], ["c", "d"], ["c", "a"]]
    assert learn_vocabulary(documents) == {"c": 1, "a": 2, "b": 3, "d": 4}
    assert learn_vocabulary(documents, min_frequency=2) == {"c": 1, "a": 2}
    assert learn_vocabulary(documents, max_tokens=1) == {"c": 1}


def test_numbers_of_known_unknown_and_missing_tokens() -> None:
    lexicon = Lexicon({"good": 1, "bad": 2})
    X = token_sequences(["Good, BAD or indifferent", "!", ["bad", "Bad"]], lexicon, "it")
    assert [x.tolist() for x in X] == [[1, 2, 0, 0], [0], [2, 0]]
    assert X.values.dtype == np.int32


def test_with_a_vocabulary_empty_lists_are_texts_without_tokens() -> None:
    assert token_sequences([[], []], Lexicon({"a": 1}), "it").values.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("X", "error", "parts"),
    [
        ("one text", TypeError, ("Y is one text", "[Y]")),
        (b"one text", TypeError, ("Y is one text", "[Y]")),
        (["a", None], TypeError, ("Text 1 of Y is None", "''")),
        (["a", np.nan], TypeError, ("Text 1 of Y is nan", "''")),
        (["a", pd.NA], TypeError, ("Text 1 of Y is <NA>", "''")),
        ([None], TypeError, ("Text 0 of Y is None", "''")),
        (["a", 3], TypeError, ("Text 1 of Y is 3", "string")),
        (["a", b"\xff"], ValueError, ("Text 1 of Y", "UTF-8", ".decode(encoding)")),
        ([["a"], ["b", 3]], ValueError, ("Sequence 1 of Y holds 3 at step 1", "write '3'")),
        ([["a"], [3]], ValueError, ("Sequence 1 of Y holds 3 at step 0", "write '3'")),
        ([["a", None]], ValueError, ("Sequence 0 of Y holds None at step 1", "<missing>")),
        ([["a", np.nan]], ValueError, ("Sequence 0 of Y holds nan at step 1", "<missing>")),
        ([["a", b"b"]], ValueError, ("Sequence 0 of Y holds b'b' at step 1", "b'b'.decode()")),
        ([["a", ["b"]]], TypeError, ("Text 0 of Y holds ['b']", "no token")),
        ([[["a"], ["b"]]], TypeError, ("Text 0 of Y holds ['a']", "no token")),
        ([deque(["a"])], TypeError, ("Text 0 of Y is deque(['a'])", "a list of tokens")),
        ([[None, "a"]], ValueError, ("Sequence 0 of Y holds None at step 0", "<missing>")),
        ([[np.nan], ["a"]], ValueError, ("Sequence 0 of Y holds nan at step 0", "<missing>")),
        ([[1, 2]], ValueError, ("Y holds integers", "It was fitted on strings", "vocabulary_")),
        (Sequences([[1]]), ValueError, ("Y holds integers", "fitted on strings")),
        ([[0.5]], ValueError, ("Y", "float64", "integer")),
        (np.array([["a b"], ["c"]]), ValueError, ("Y has shape (2, 1)", "Y.ravel()")),
        (pd.DataFrame({"t": ["a"]}), TypeError, ("Y is a DataFrame", "one column")),
        (pd.DataFrame({"t": [None, "a"]}), TypeError, ("Y is a DataFrame", "one column")),
        ({"a"}, TypeError, ("Y is a set",)),
        ([], ValueError, ("Y", "0 sample")),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_refusals_of_other_input(X: Any, error: type, parts: tuple[str, ...]) -> None:
    with pytest.raises(error, match=says(*parts)):
        token_sequences(X, Lexicon({"a": 1}), "It", "Y")


def test_strings_without_a_vocabulary() -> None:
    for X in (["a"], [["a"]], np.array(["a"])):
        with pytest.raises(ValueError, match=says("Y holds strings", "It was fitted on integers")):
            token_sequences(X, None, "It", "Y")


LONG = 10**6


@pytest.mark.parametrize(
    "X",
    [
        ["a", dict.fromkeys(range(LONG))],
        [["a", list(range(LONG))]],
        [["a", b"x" * LONG]],
        [["b"], "b" * LONG, [1]],
    ],
    ids=["no text", "no token", "bytes", "text"],
)
def test_messages_stay_short(X: Any) -> None:
    with pytest.raises((TypeError, ValueError)) as error:
        token_sequences(X, Lexicon({"a": 1}), "It")
    assert len(str(error.value)) < 400


def test_a_long_token_is_shown_in_part() -> None:
    with pytest.raises(ValueError, match="lower min_frequency") as error:
        learn_vocabulary([["a" * LONG]], min_frequency=2)
    assert len(str(error.value)) < 400

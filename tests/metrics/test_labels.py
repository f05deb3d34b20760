"""Scores of labels are those of scikit-learn on the labels end to end."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import accuracy_score, f1_score

from helpers.support import says
from skrnn import Sequences
from skrnn.metrics import (
    entity_f1,
    entity_scores,
    f1_macro,
    f1_micro,
    symbol_error_rate,
    token_accuracy,
)

OF_STEPS = [token_accuracy, f1_macro, f1_micro, entity_f1, entity_scores]
WORDS, NUMBERS = st.sampled_from(["A", "B", "C", "é"]), st.integers(-2, 3)


def pairs_of(labels: Any) -> Any:
    step = st.tuples(labels, labels, st.integers(1, 5))
    return st.lists(st.lists(step, max_size=6), min_size=1, max_size=5).filter(any)


@given(st.one_of(pairs_of(WORDS), pairs_of(NUMBERS)), st.booleans())
def test_as_scikit_learn(pairs: Any, weighted: bool) -> None:
    y_true, y_pred, weights = ([[step[i] for step in row] for row in pairs] for i in range(3))
    true, predicted, flat = (list(chain(*rows)) for rows in (y_true, y_pred, weights))
    ours = {"sample_weight": weights} if weighted else {}
    theirs = {"sample_weight": flat} if weighted else {}
    assert token_accuracy(y_true, y_pred, **ours) == accuracy_score(true, predicted, **theirs)
    for score, average in ((f1_macro, "macro"), (f1_micro, "micro")):
        expected = f1_score(true, predicted, average=average, **theirs)
        assert score(y_true, y_pred, **ours) == expected
        labels = [true[0], predicted[-1]]
        if labels[0] != labels[1]:
            expected = f1_score(true, predicted, average=average, labels=labels, **theirs)
            assert score(y_true, y_pred, labels=labels, **ours) == expected


def object_array(rows: Any) -> Any:
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


@pytest.mark.parametrize(
    "form",
    [
        tuple,
        object_array,
        lambda y: [tuple(row) for row in y],
        lambda y: [np.array(row) for row in y],
        lambda y: object_array([np.array(row, object) for row in y]),
        lambda y: Sequences([np.array(row) for row in y]),
    ],
)
def test_forms_of_y(form: Any) -> None:
    y_true, y_pred = [[1, 2, 2], [1]], [[1, 1, 2], [2]]
    assert token_accuracy(form(y_true), y_pred) == token_accuracy(y_true, form(y_pred)) == 0.5


def test_series_of_lists() -> None:
    pd = pytest.importorskip("pandas")
    y = pd.Series([["A", "B"], ["A"]], index=[7, 3])
    assert token_accuracy(y, [["A", "B"], ["B"]]) == pytest.approx(2 / 3)


def test_sequences_of_the_same_length_may_be_one_array() -> None:
    y = np.array([["A", "B"], ["B", "B"]])
    assert token_accuracy(y, [["A", "B"], ["B", "A"]]) == 0.75


def test_types_of_numbers_that_are_equal_are_one_label() -> None:
    assert token_accuracy([[1, 0, 2]], [np.array([1.0, 0.0, 2.0])]) == 1.0
    assert token_accuracy([[True, False]], [np.array([1, 0])]) == 1.0


def test_empty_sequences_have_no_weight() -> None:
    assert token_accuracy([[], ["A"]], [[], ["A"]], sample_weight=[3, 1]) == 1.0


def test_weights_of_sequences_are_those_of_their_steps() -> None:
    y_true, y_pred = [["A", "A"], ["B"]], [["A", "B"], ["A"]]
    for score in (token_accuracy, f1_macro, f1_micro):
        expected = score(y_true, y_pred, sample_weight=[[2, 2], [0.5]])
        assert score(y_true, y_pred, sample_weight=[2, 0.5]) == expected
        assert score(y_true, y_pred, sample_weight=np.array([2, 0.5])) == expected
    assert token_accuracy(y_true, y_pred, sample_weight=[2, 0.5]) == 2 / 4.5


def test_a_label_that_is_nowhere() -> None:
    with pytest.warns(UndefinedMetricWarning):
        assert f1_macro([["A"]], [["A"]], labels=["A", "B"]) == 0.5


@pytest.mark.parametrize("labels", ["A", [], 1, [["A"]], [None]])
def test_labels_that_are_no_list(labels: Any) -> None:
    with pytest.raises(ValueError, match=says(f"labels={labels!r}", "list of the labels")):
        f1_macro([["A"]], [["A"]], labels=labels)


@pytest.mark.parametrize("score", [*OF_STEPS, symbol_error_rate])
@pytest.mark.parametrize("y", [None, "B-A", b"O", 3, {"O": ["O"]}, {"O"}, np.array("O"), iter([])])
def test_what_holds_no_sequences(score: Any, y: Any) -> None:
    with pytest.raises(TypeError, match=says("y_true is", type(y).__name__, "list of n sequences")):
        score(y, [["O"]])
    with pytest.raises(TypeError, match="y_pred is"):
        score([["O"]], y)


@pytest.mark.parametrize("score", OF_STEPS)
@pytest.mark.parametrize("y", [["O", "O"], np.array(["O", "O"]), [["O"], None], [["O"], 3]])
def test_what_is_no_sequence(score: Any, y: Any) -> None:
    with pytest.raises(TypeError, match=says("of y_true is", "list or 1-D array", "[y_true]")):
        score(y, [["O"], ["O"]])


@pytest.mark.parametrize("score", [*OF_STEPS, symbol_error_rate])
@pytest.mark.parametrize(
    "label", [None, float("nan"), np.nan, 0.5, float("inf"), ["O"], ("O",), {}, b"O", 1j]
)
def test_what_is_no_label(score: Any, label: Any) -> None:
    found = says("Sequence 1 of y_true", repr(label), "step 1", "strings or whole numbers")
    with pytest.raises(ValueError, match=found):
        score([["O"], ["O", label]], [["O"], ["O", "O"]])
    with pytest.raises(ValueError, match="Sequence 0 of y_pred"):
        score([["O"]], [[label]])


@pytest.mark.parametrize("score", [*OF_STEPS, symbol_error_rate])
def test_steps_of_several_values(score: Any) -> None:
    for y in (np.zeros((1, 1, 2)), [np.zeros((1, 2))]):
        with pytest.raises(
            ValueError, match=says("Sequence 0 of y_pred", "shape (1, 2)", "(T_i,)")
        ):
            score([[1]], y)


@pytest.mark.parametrize("score", [*OF_STEPS, symbol_error_rate])
def test_strings_and_numbers(score: Any) -> None:
    with pytest.raises(ValueError, match=says("Sequence 0 of y_pred", "holds 1 at", "holds 'O'")):
        score([["O"]], [[1]])
    with pytest.raises(ValueError, match=says("Sequence 1 of y_true", "'1' at step 0", "holds 2")):
        score([[2], ["1"]], [[2], [1]])


def test_masked_labels() -> None:
    y = np.ma.array(["A", "B"], mask=[False, True])
    with pytest.raises(ValueError, match=says("Sequence 0 of y_true", "None at step 1")):
        token_accuracy([y], [["A", "B"]])


@pytest.mark.parametrize("score", [*OF_STEPS, symbol_error_rate])
def test_other_numbers_of_sequences(score: Any) -> None:
    with pytest.raises(ValueError, match=says("y_true has 1", "y_pred has 2", "same sequences")):
        score([["O"]], [["O"], ["O"]])


@pytest.mark.parametrize("score", OF_STEPS)
def test_other_lengths(score: Any) -> None:
    with pytest.raises(ValueError, match=says("Sequence 1", "2 labels in y_true", "1 in y_pred")):
        score([["O"], ["O", "O"]], [["O"], ["O"]])


@pytest.mark.parametrize("score", [*OF_STEPS, symbol_error_rate])
@pytest.mark.parametrize("y", [[], [[], []], np.empty(0, object)])
def test_nothing_to_score(score: Any, y: Any) -> None:
    with pytest.raises(ValueError, match=says("y_true has", "no steps")):
        score(y, y)


@pytest.mark.parametrize(
    ("weights", "parts"),
    [
        ([1.0], ["sample_weight", "(2,)"]),
        ([[1, 1], [1], [1]], ["sample_weight has 3", "2 sequences"]),
        ([[1, 1], [1, 2]], ["Sequence 1 of sample_weight has 2 weights", "1 labels"]),
        ([[1, 1], 2], ["Sequence 1 of sample_weight has one number"]),
        ([[1, -1], [1]], ["sample_weight of all steps", "-1 at index 1"]),
        ([[1, np.nan], [1]], ["sample_weight of all steps", "NaN"]),
        ([1, -1], ["sample_weight", "-1 at index 1"]),
        ([0, 0], ["sample_weight is zero"]),
        ([[1, None], [1]], ["sample_weight of all steps"]),
        ("ab", ["sample_weight"]),
    ],
)
@pytest.mark.parametrize("score", [token_accuracy, f1_macro, f1_micro])
def test_weights_that_do_not_fit(score: Any, weights: Any, parts: list[str]) -> None:
    with pytest.raises(ValueError, match=says(*parts)):
        score([["A", "B"], ["A"]], [["A", "B"], ["A"]], sample_weight=weights)

"""Estimators that answer at every step: forms of targets and weights, and what they mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score

from cases import CASES, Case, assert_same_bits, on, ragged
from skrnn import RNNRegressor, RNNStepRegressor, RNNTagger, Sequences

EVERY_STEP = [case for case in CASES if case.kind in (RNNTagger, RNNStepRegressor)]
QUICK: dict[str, Any] = {"hidden_size": 5, "max_iter": 3, "random_state": 0}


@on(EVERY_STEP)
def test_an_answer_for_each_step(case: Case) -> None:
    X, y = case.data()
    predicted = case.fitted().predict(X)
    assert predicted.dtype == object
    assert [len(rows) for rows in predicted] == [len(x) for x in X]
    if case.kind is RNNTagger:
        assert {rows.dtype for rows in predicted} == {y[0].dtype}


@on(EVERY_STEP)
def test_forms_of_targets_of_steps(case: Case) -> None:
    X, y = case.data()
    expected = case.make().fit(X, y).params_
    forms = [list(y), tuple(rows.tolist() for rows in y), ragged(rows.tolist() for rows in y)]
    if y[0].dtype.kind == "f":
        forms.append(Sequences([rows.reshape(len(rows), -1) for rows in y]))
    for form in forms[: 3 if y[0].ndim == 1 else 4]:
        assert_same_bits(case.make().fit(X, form).params_, expected)


@on(EVERY_STEP)
def test_a_weight_of_a_sequence_is_that_of_its_steps(case: Case) -> None:
    X, y = case.data()
    weight = np.arange(len(X)) % 3 + 1.0
    steps = [np.full(len(x), w) for x, w in zip(X, weight, strict=True)]
    one = case.make().fit(X, y, sample_weight=weight)
    other = case.make().fit(X, y, sample_weight=steps)
    assert_same_bits(one.params_, other.params_)
    assert one.score(X, y, sample_weight=weight) == one.score(X, y, sample_weight=steps)


@on([case for case in EVERY_STEP if case.kind is RNNStepRegressor])
def test_a_target_that_is_missing_weighs_nothing(case: Case) -> None:
    X, y = case.data()
    rng = np.random.default_rng(0)
    gaps = [rng.random(len(x)) < 0.3 for x in X]
    weight = [1.0 - gap for gap in gaps]
    holes = ragged(rows.astype(float) for rows in y)
    for rows, gap in zip(holes, gaps, strict=True):
        rows[gap] = np.nan
    plain = case.make().fit(X, y, sample_weight=weight)
    model = case.make().fit(X, holes)
    assert_same_bits(model.params_, plain.params_)
    expected = plain.score(X, y, sample_weight=weight)
    assert model.score(X, holes) == pytest.approx(expected, abs=1e-6)


def test_one_of_several_targets_can_be_missing() -> None:
    """The other one is learned as if the missing one were right already."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(t, 1)) for t in rng.integers(2, 9, 40)]
    y = [np.column_stack([x[:, 0], 5 + x[:, 0].cumsum()]) for x in X]
    holes = [rows.copy() for rows in y]
    for rows in holes[:20]:
        rows[:, 1] = np.nan
    model = RNNStepRegressor(hidden_size=16, random_state=0, max_iter=60).fit(X, holes)
    assert model.score(X, y) > 0.9


def test_missing_targets_are_for_steps_only() -> None:
    X = [np.zeros((3, 1)), np.ones((2, 1))]
    with pytest.raises(ValueError, match="NaN"):
        RNNRegressor(**QUICK).fit(X, [np.nan, 1.0])
    for loss in ("squared_error", "poisson", "binary_cross_entropy"):
        with pytest.raises(ValueError, match=r"all targets in column 1 of y are NaN"):
            RNNStepRegressor(loss=loss, **QUICK).fit(
                X, [np.full((len(x), 2), [1.0, np.nan]) for x in X]
            )


@pytest.mark.parametrize("loss", ["squared_error", "quantile", "gaussian_nll", "poisson"])
def test_scores_of_columns_that_are_missing(loss: str) -> None:
    """A column without any target is left out: the score is that of the other one."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(5, 2)) for _ in range(6)]
    y = [np.abs(x) for x in X]
    model = RNNStepRegressor(loss=loss, **QUICK).fit(X, y)
    first, holes = [rows.copy() for rows in y], [rows.copy() for rows in y]
    for one, both in zip(first, holes, strict=True):
        one[:, 1] = both[:, 1] = np.nan
        both[0, 0] = np.nan
    weight = np.ones((6, 5))
    weight[:, 0] = 0
    assert model.score(X, first, sample_weight=weight) == pytest.approx(model.score(X, holes))
    with pytest.raises(ValueError, match="nothing to score"):
        model.score(X, holes, sample_weight=1 - weight)
    for wrong in ([rows[:, 0] for rows in holes], [np.ones((5, 3))] * 6):
        with pytest.raises(ValueError, match=r"y has . columns, but the first fit saw 2"):
            model.score(X, wrong)


@pytest.mark.parametrize(
    ("dtype", "says"),
    [("M8[s]", "y holds dates, dtype datetime64"), ("c8", "Complex data.* y has dtype")],
)
def test_numbers_of_steps_are_real(dtype: str, says: str) -> None:
    X = [np.zeros((3, 1)), np.ones((2, 1))]
    with pytest.raises(ValueError, match=says):
        RNNStepRegressor(**QUICK).fit(X, [np.zeros(len(x), dtype) for x in X])


def test_an_empty_sentence_is_one_unknown_token() -> None:
    with pytest.raises(ValueError, match=r"0 values, but .* 1 steps; .*is empty, .* leave it out"):
        RNNTagger(**QUICK).fit([["a"], []], [["A"], []])


def test_probabilities_of_events_and_their_likelihood() -> None:
    """At every step the event of the same step, which has probability 1 or 0."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(t, 2)) for t in rng.integers(3, 9, 60)]
    y = [(x > 0).astype(int) for x in X]
    model = RNNStepRegressor(loss="binary_cross_entropy", hidden_size=16, random_state=0).fit(X, y)
    predicted = model.predict(X)
    assert np.concatenate(predicted).min() >= 0
    assert np.concatenate(predicted).max() <= 1
    p, true = np.concatenate(predicted), np.concatenate(y)
    likelihood = np.where(true == 1, np.log(p), np.log1p(-p)).sum(axis=1).mean()
    assert model.score(X, y) == pytest.approx(likelihood, rel=1e-4)
    assert likelihood > -0.3
    one = RNNStepRegressor(loss="binary_cross_entropy", **QUICK).fit(X, [e[:, 0] for e in y])
    flat, column = [e[:, 0] for e in y], [e[:, :1] for e in y]
    assert one.score(X, column) == one.score(X, flat)
    with pytest.raises(ValueError, match=r"y has 2 columns"):
        one.score(X, y)
    with pytest.raises(ValueError, match=r"y has the value 2"):
        model.fit(X, [rows * 2 for rows in y])


def test_a_tagger_in_searches_and_cross_validation() -> None:
    case = EVERY_STEP[0]
    X, y = case.data()
    model = case.make()
    scores = cross_val_score(model, X, list(y), cv=3)
    assert scores.shape == (3,)
    predicted = cross_val_predict(model, X, y, cv=3)
    assert [len(rows) for rows in predicted] == [len(x) for x in X]
    search = GridSearchCV(model, {"hidden_size": [2, 6]}, cv=2).fit(X, y)
    assert 0 < search.best_score_ <= 1


def test_a_tagger_learns_words_as_they_are() -> None:
    X = [["the", "dog", "barks"], ["A", "cat", "sleeps", "here"]] * 10
    y = [["DET", "NOUN", "VERB"], ["DET", "NOUN", "VERB", "ADV"]] * 10
    model = RNNTagger(hidden_size=8, random_state=0).fit(X, y)
    assert model.score(X, y) == 1
    assert "A" in model.vocabulary_
    assert model.params_["embedding.weight"].shape == (8, 64)
    assert model.predict([["A", "dog", "sleeps", "unheard"]])[0][:3].tolist() == y[0]


def test_a_stream_labels_each_step() -> None:
    case = EVERY_STEP[0]
    X, _ = case.data()
    model = case.fitted()
    labels, stream = model.predict(X), model.stream()
    for x, expected in zip(X, labels, strict=True):
        stream.reset()
        assert [stream.step(x_t)[0] for x_t in x] == expected.tolist()


@pytest.mark.parametrize(
    ("y", "says"),
    [
        ([["a"] * 3], "2 sequences, and y has 1 items"),
        ([["a"] * 3, ["b"]], "y of sequence 1 has 1 values, but the sequence has 2 steps"),
        (["aaa", "bb"], "y of sequence 0 is 'aaa', a str"),
        ([1, 2], "y of sequence 0 is 1, a int"),
        ([["a", "b", 1], ["a", "b"]], "mixes strings with 1 at step 2"),
        ([["a", "b", None], ["a", "b"]], "mixes strings with None at step 2"),
        ([["a", "b", "c"], [1, 2]], "make strings of all labels"),
        ([np.ma.masked_equal([1, 2, 3], 3), [1, 2]], "y of sequence 0 has masked values"),
        ([[1, 2, np.nan], [1, 2]], "NaN"),
        ([[0.5, 1.5, 2.5], [1, 2]], "continuous"),
        ([[[1], [1, 2], [3]], [1, 2]], "y of sequence 0 is ragged itself"),
        ([np.ones((3, 2)), np.ones((2, 2))], "one label for each step"),
        ([np.ones((3, 2, 1)), np.ones((2, 2, 1))], r"has shape \(3, 2, 1\)"),
        ("labels", "y is a str"),
        ({0: [1]}, "y is a dict"),
        (7, "y is a int"),
        ([{"a", "b", "c"}, ["a", "b"]], "y of sequence 0 is .*, a set"),
        ([["a"] * 3, {"a": 1, "b": 2}], "y of sequence 1 is .*, a dict"),
    ],
)
def test_labels_that_are_refused(y: Any, says: str) -> None:
    X = [np.zeros((3, 1)), np.ones((2, 1))]
    with pytest.raises((ValueError, TypeError), match=says):
        RNNTagger(**QUICK).fit(X, y)


@pytest.mark.parametrize(
    ("weight", "says"),
    [
        ([[1, 1, 1]], "sample_weight has 1 items"),
        ([[1, 1], [1, 1]], "sample_weight of sequence 0 has 2 values"),
        ([[1, 1, -1], [1, 1]], "Negative values"),
        ([[1, 1, np.nan], [1, 1]], "NaN"),
        ([np.ma.masked_equal([1, 1, 2], 2), [1, 1]], "of sequence 0 has masked values"),
        ([[1, None, 1], [1, 1]], "sample_weight contains NaN"),
        ([["a", 1, 1], [1, 1]], "mixes strings with 1 at step 1"),
        ([[0, 0, 0], [0, 0]], "all of sample_weight is zero"),
        ([1.0], "sample_weight.shape"),
        ([np.ones((3, 1)), np.ones((2, 1))], "several columns"),
    ],
)
def test_weights_that_are_refused(weight: Any, says: str) -> None:
    X = [np.zeros((3, 1)), np.ones((2, 1))]
    with pytest.raises(ValueError, match=says):
        RNNTagger(**QUICK).fit(X, [["a"] * 3, ["b"] * 2], sample_weight=weight)

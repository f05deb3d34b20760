"""Refusals of data by estimators: the message names the place, the value and the remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from cases import CASES, KINDS, N_TOKENS, SUPERVISED, Case, assert_same_bits, on, outcomes
from helpers.support import says
from skrnn import RNNClassifier, RNNRegressor, Sequences


def with_(X: list[Any], at: int, x: Any) -> list[Any]:
    return [*X[:at], x, *X[at + 1 :]]


def spoiled(X: list[np.ndarray], at: int, value: float) -> list[np.ndarray]:
    x = X[at].copy()
    x[-1, -1] = value
    return with_(X, at, x)


# ---- One sequence, or tokens, in place of sequences of numbers ----


@on(KINDS)
@pytest.mark.parametrize("channels", [1, 2])
def test_one_sequence_is_not_several(case: Case, channels: int) -> None:
    """(T, C) would be T univariate series of C steps, with T predictions."""
    X, y = case.data()
    X = [x[:, :channels] for x in X]
    model = case.make().fit(X, y)
    parts = ("[X]", f"(4, {channels})", f"(4, 1, {channels})", type(model).__name__)
    for form in (X[3], X[3].tolist(), X[3].astype(object)):
        with pytest.raises(ValueError, match=says(*parts)):
            model.predict(form)
        with pytest.raises(ValueError, match=says(*parts)):
            model.score(form, y[:4])
    with pytest.raises(ValueError, match=says("X_val", "[X_val]")):
        case.make().fit(X, y, X_val=X[3], y_val=y[:4])
    assert len(model.predict([X[3]])) == 1
    assert len(model.predict(X[3][:, None])) == 4
    if channels == 1:
        assert len(model.predict(X[0])) == 1  # with one step both readings are the same


@on(KINDS)
def test_one_sequence_in_a_frame_is_not_several(case: Case) -> None:
    pd = pytest.importorskip("pandas")
    X, y = case.data()
    named = [pd.DataFrame({"speed": x[:, 0]}) for x in X]
    with pytest.raises(ValueError, match=says("[X]", "(4, 1)")):
        case.make().fit(named, y).predict(named[3])


@on(KINDS)
def test_a_table_of_one_column_is_accepted_after_fit_on_one(case: Case) -> None:
    X, y = case.data()
    table = np.array([x[0, :1] for x in X])
    assert len(case.make().fit(table, y).predict(table)) == len(table)


@on(KINDS)
def test_tokens_are_not_numbers(case: Case) -> None:
    X = [[3, 0, 2], [1], [2, 2]] * 8
    _, y = case.data()
    parts = ("X", "tokens", type(case.make()).__name__, "embedding_size=16", "astype(float)")
    with pytest.warns(UserWarning, match=says(*parts)):
        warned = case.make().fit(Sequences(X), y)
    counts = [np.array(x, float) for x in X]
    model = case.make().fit(X, y)  # a list of counts is a univariate series
    assert_same_bits(outcomes(model, counts), outcomes(warned, counts))
    for made in ([x.astype(float) for x in Sequences(X)], Sequences(counts)):
        case.make().fit(made, y)
    case.make(embedding_size=2).fit(Sequences(X), y)


@on(KINDS)
def test_a_number_beyond_float64_is_named(case: Case) -> None:
    _, y = case.data()
    for X in ([[1.0, 2.0]] * 23 + [[1.0, 10**400]], [[1.0]] * 23 + [[1.0, 10**400]]):
        with pytest.raises(ValueError, match=says("sequence 23, step 1", "1e400")):
            case.make().fit(X, y)


@on([case for case in CASES if case.kind is RNNRegressor])
@pytest.mark.parametrize("value", [10**400, -(10**5000)], ids=["1e400", "-1e5000"])
def test_a_target_or_weight_beyond_float64_is_named(case: Case, value: Any) -> None:
    X, y = case.data()
    shown = "-1e5000" if value < 0 else "1e400"
    targets, weights = y.tolist(), [1.0] * len(X)
    targets[7] = [value] * y.shape[1] if y.ndim > 1 else value
    weights[7] = value
    with pytest.raises(ValueError, match=says("Input y", shown, "index 7")):
        case.make().fit(X, targets)
    with pytest.raises(ValueError, match=says("Input sample_weight", shown, "index 7")):
        case.make().fit(X, y, sample_weight=weights)


# A text without words is an unknown word, and for a language model one that ends at once.
@on([case for case in SUPERVISED if not case.words])
def test_no_step_at_all(case: Case) -> None:
    _, y = case.data()
    # Without an embedding nested lists of one length are a table.
    for X in ([[]] * 24, Sequences([[]] * 24))[not case.reads_tokens :]:
        with pytest.raises(ValueError, match=says("Sequence 0 of X is empty")):
            case.make().fit(X, y)
        with pytest.raises(ValueError, match=says("Sequence 0 of X is empty")):
            case.fitted().predict(X)


# ---- X ----

BAD_X: dict[str, tuple[Any, tuple[str, ...]]] = {
    "NaN": (lambda X: spoiled(X, 9, np.nan), ("X", "NaN", "sequence 9, step 2, channel 1")),
    "infinity": (lambda X: spoiled(X, 9, -np.inf), ("X", "-inf", "sequence 9, step 2")),
    "NaN in Sequences": (lambda X: Sequences(spoiled(X, 9, np.nan)), ("NaN", "sequence 9")),
    "empty": (lambda X: with_(X, 3, X[3][:0]), ("Sequence 3 of X is empty",)),
    "an empty list": (lambda X: with_(X, 3, []), ("Sequence 3 of X is empty",)),
    "no sequence": (lambda _: [], ("0 sample", "minimum of 1")),
    "other channels": (lambda X: with_(X, 5, np.ones((4, 3))), ("Sequence 5", "3 channels")),
    "another rank": (lambda X: with_(X, 5, np.ones(4)), ("Sequence 5", "(4,)")),
    "three dimensions": (lambda X: with_(X, 5, np.ones((2, 2, 2))), ("Sequence 5", "(2, 2, 2)")),
    "ragged steps": (lambda X: with_(X, 5, [[1.0], [1.0, 2.0]]), ("Sequence 5", "ragged")),
    "a number": (lambda X: with_(X, 5, 1.5), ("Sequence 5", "1.5")),
    "numbers": (lambda _: [1.0, 2.0, 3.0], ("one-dimensional", "Reshape")),
    "one dimension": (lambda _: np.ones(24), ("one-dimensional", "(24,)")),
    "four dimensions": (lambda _: np.ones((24, 2, 2, 2)), ("(24, 2, 2, 2)",)),
    "no channels": (lambda _: np.ones((24, 3, 0)), ("0 feature",)),
    "strings": (lambda X: with_(X, 5, np.array([["a", "b"]])), ("Sequence 5", "strings")),
    "complex": (lambda X: with_(X, 5, X[5] + 1j), ("Sequence 5", "omplex")),
    "dates": (lambda X: with_(X, 5, np.zeros((2, 2), "M8[s]")), ("Sequence 5", "dates")),
    "None inside": (lambda X: with_(X, 5, [[1.0, None]]), ("NaN", "sequence 5, step 0")),
    "None": (lambda _: None, ("X", "NoneType")),
    "text": (lambda _: "some words", ("X", "str")),
    "a dict": (lambda X: dict(enumerate(X)), ("X", "dict")),
    "a sparse matrix": (lambda _: sparse.csr_matrix(np.eye(24)), ("parse", ".toarray()")),
    "sparse sequences": (lambda X: with_(X, 5, sparse.csr_matrix(np.eye(2))), ("parse", "5")),
    "too large": (
        lambda X: spoiled([x.astype(np.float64) for x in X], 9, 1e300),
        ("1e+300", "sequence 9, step 2, channel 1"),
    ),
}


@pytest.mark.parametrize("what", BAD_X)
@on(KINDS)
def test_bad_sequences(case: Case, what: str) -> None:
    X, y = case.data()
    make, parts = BAD_X[what]
    with pytest.raises((ValueError, TypeError), match=says(*parts)):
        case.make().fit(make(X), y)
    model = case.make().fit(X, y)
    before = outcomes(model, X)
    with pytest.raises((ValueError, TypeError), match=says(*parts)):
        model.predict(make(X))
    assert_same_bits(outcomes(model, X), before)


@on(KINDS)
def test_other_channels_than_in_fit(case: Case) -> None:
    model = case.fitted()
    for X in ([np.ones((4, 3))], np.ones((2, 4, 3)), np.ones((2, 4)), Sequences([[1.5, 2.5]])):
        wrong = 3 if np.ndim(X[0]) == 2 and np.shape(X[0])[1] == 3 else 1
        parts = (f"X has {wrong} features", f"{type(model).__name__} is expecting 2 features")
        with pytest.raises(ValueError, match=says(*parts)):
            model.predict(X)
    X, y = case.data()
    with pytest.raises(ValueError, match=says("X_val", "3 features", "expecting 2")):
        case.make().fit(X, y, X_val=[np.ones((4, 3))], y_val=y[:1])


@on([case for case in CASES if case.tokens])
def test_bad_tokens(case: Case) -> None:
    X, y = case.data()
    for x, parts in [
        (np.array([0, -1]), ("Sequence 2", "-1", "step 1")),
        (np.array([0.5, 1.0]), ("Sequence 2", "integer")),
        (np.array([[0, 1]]), ("Sequence 2", "(1, 2)")),
        (["a", "b"], ("Sequence 2",)),
        (np.array([1, 2**40]), ("Sequence 2", str(2**40))),
        (np.array([], int), ("Sequence 2 of X is empty",)),
    ][: 6 if case.supervised else 5]:  # the empty text is a text
        with pytest.raises((ValueError, TypeError), match=says(*parts)):
            case.make().fit(with_(X, 2, x), y)
    model = case.make().fit(X, y)
    remedy = "TokenEncoder" if case.supervised else "leave it out"
    with pytest.raises(ValueError, match=says(str(N_TOKENS), f"0..{N_TOKENS - 1}", remedy)):
        model.predict([[0, 1], [2, N_TOKENS]])
    if not case.supervised:
        with pytest.raises(
            ValueError, match=says("X_val", str(N_TOKENS + 3), f"0..{N_TOKENS - 1}")
        ):
            model.fit(X, X_val=[np.array([0, N_TOKENS + 3])])
        return
    # Tokens that only the validation data has are known afterwards.
    more = [np.array([0, N_TOKENS + 3]), np.array([1])]
    y_val = y[:2] if y.dtype != object else case.targets(more)
    model.fit(X, y, X_val=more, y_val=y_val)
    assert len(model.predict([[N_TOKENS + 3, N_TOKENS]])) == 1


# ---- y ----


@on(SUPERVISED)
def test_targets_that_are_missing_or_too_few(case: Case) -> None:
    X, y = case.data()
    with pytest.raises(ValueError, match=says("requires y", "None", type(case.make()).__name__)):
        case.make().fit(X, None)
    with pytest.raises(TypeError):
        case.make().fit(X)
    for other in (y[:-1], np.concatenate([y, y]), y[:1], y[:0]):
        with pytest.raises(ValueError, match=f"inconsistent|{len(other)}|minimum of 1"):
            case.make().fit(X, other)


@pytest.mark.parametrize(
    ("y", "parts"),
    [
        ([0.0, 1.0, np.nan] * 8, ("y", "NaN")),
        ([0.0, 1.0, np.inf] * 8, ("y", "infinity")),
        (np.ma.masked_equal([0, 1, 2] * 8, 2), ("y has masked values", "leave sequences")),
        ([0.5, 1.5, 2.5] * 8, ("continuous",)),
        (["a", "b", None] * 8, ("y", "None", "index 2")),
        (np.array(["a", "b", np.nan] * 8, object), ("y", "NaN")),
        (["a", 1, "b"] * 8, ("y mixes", "1 at index 1")),
        (["a", "b", np.nan] * 8, ("y mixes", "nan at index 2")),
        (np.tile([[0, 1, 2]], (24, 1)), ("y", "(24, 3)")),
        (np.tile([[-1, 1, 1]], (24, 1)), ("y", "-1", "0 and 1")),
        (np.tile([[2, 1, 1]], (24, 1)), ("y", "2", "0 and 1")),
        ([[0], [0, 1]] * 12, ("y is ragged",)),
        (np.zeros((24, 2, 2), int), ("y", "(24, 2, 2)")),
        (1, ("y",)),
        ("labels", ("y",)),
        ({"a": 1}, ("y",)),
    ],
)
def test_targets_that_are_not_classes(y: Any, parts: tuple[str, ...]) -> None:
    X, _ = KINDS[0].data()
    with pytest.raises((ValueError, TypeError), match=says(*parts)):
        KINDS[0].make().fit(X, y)


@pytest.mark.parametrize(
    ("y", "parts"),
    [
        ([0.0, 1.0, np.nan] * 8, ("y", "NaN")),
        ([0.0, 1.0, -np.inf] * 8, ("y", "infinity")),
        (np.ma.masked_equal([0.0, 1.0, 2.0] * 8, 2), ("y has masked values",)),
        ([1.0, None, 2.0] * 8, ("y", "None", "index 1")),
        (["a", "b", "c"] * 8, ("y", "'a'")),
        (["1.5", "2", "3"] * 8, ("y", "string")),
        (np.ones(24) + 1j, ("omplex",)),
        ([[0.0], [0.0, 1.0]] * 12, ("y is ragged",)),
        (np.zeros((24, 2, 2)), ("y", "(24, 2, 2)")),
        (np.zeros((24, 0)), ("y", "(24, 0)")),
        (1.5, ("y",)),
        ("numbers", ("y",)),
        (sparse.csr_matrix(np.eye(24)), ("parse",)),
    ],
)
def test_targets_that_are_not_numbers(y: Any, parts: tuple[str, ...]) -> None:
    X, _ = KINDS[1].data()
    with pytest.raises((ValueError, TypeError), match=says(*parts)):
        KINDS[1].make().fit(X, y)


def test_counts_are_not_negative() -> None:
    X, _ = KINDS[1].data()
    with pytest.raises(ValueError, match=says("poisson", "negative", "-3")):
        KINDS[1].make(loss="poisson").fit(X, np.where(np.arange(24) == 3, -3, 1))


def test_a_loss_that_does_not_fit_the_targets() -> None:
    X, y = KINDS[0].data()
    with pytest.raises(
        ValueError, match=says("binary_cross_entropy", "cross_entropy", "one class")
    ):
        RNNClassifier(loss="binary_cross_entropy").fit(X, y)
    several = np.tile([[0, 1, 1]], (24, 1))
    with pytest.raises(ValueError, match=says("cross_entropy", "several labels")):
        RNNClassifier(loss="cross_entropy").fit(X, several)


def test_standard_deviations_of_a_loss_without_them() -> None:
    model = KINDS[1].fitted()
    with pytest.raises(ValueError, match=says("return_std", "gaussian_nll", "'auto'")):
        model.predict(KINDS[1].data()[0], return_std=True)


# ---- Weights and validation data ----


@pytest.mark.parametrize(
    ("weight", "parts"),
    [
        (lambda n: np.ones(n - 1), ("sample_weight", "23")),
        (lambda n: np.ones((n, 1)), ("ample", "1D")),
        (lambda n: np.where(np.arange(n) == 3, -1.0, 1.0), ("sample_weight", "egative")),
        (lambda n: np.where(np.arange(n) == 3, np.nan, 1.0), ("sample_weight", "NaN")),
        (lambda n: np.where(np.arange(n) == 3, np.inf, 1.0), ("sample_weight", "infinity")),
        (lambda n: np.zeros(n), ("sample_weight", "zero")),
        (lambda n: ["1"] * n, ("sample_weight holds strings, such as '1'", ".astype(float)")),
        (lambda n: np.array(["1"] * n, object), ("sample_weight holds strings", "'1'")),
        (lambda _: "balanced", ("sample_weight holds strings", "'balanced'")),
        (lambda n: np.full(n, 1j), ("sample_weight is complex", "real")),
        (lambda n: np.ma.masked_less(np.arange(n), 3), ("sample_weight has masked", "filled(0)")),
        (lambda n: ["heavy"] * n, ("heavy",)),
    ],
)
@on(KINDS)
def test_bad_weights(case: Case, weight: Any, parts: tuple[str, ...]) -> None:
    X, y = case.data()
    with pytest.raises(ValueError, match=says(*parts)):
        case.make().fit(X, y, sample_weight=weight(len(X)))
    with pytest.raises(ValueError, match=says(*parts)):
        case.make().partial_fit(X, y, sample_weight=weight(len(X)))


@on(KINDS)
def test_bad_weights_of_validation_data(case: Case) -> None:
    X, y = case.data()
    with pytest.raises(ValueError, match=says("sample_weight_val", "X_val", "None")):
        case.make(early_stopping=True).fit(X, y, sample_weight_val=np.ones(24))
    for weight, parts in [
        (np.ones(23), ("sample_weight_val", "23", "(24,)")),
        (-np.ones(24), ("sample_weight_val", "egative")),
        (np.full(24, np.nan), ("sample_weight_val", "NaN")),
        (np.zeros(24), ("sample_weight_val", "zero")),
    ]:
        with pytest.raises(ValueError, match=says(*parts)):
            case.make().fit(X, y, X_val=X, y_val=y, sample_weight_val=weight)


@on(SUPERVISED)
def test_validation_data_without_its_other_half(case: Case) -> None:
    X, y = case.data()
    with pytest.raises(ValueError, match=says("X_val", "y_val", "None")):
        case.make().fit(X, y, X_val=X)
    with pytest.raises(ValueError, match=says("X_val", "y_val", "None")):
        case.make().fit(X, y, y_val=y)
    with pytest.raises(ValueError, match=says("X_val", "y_val", "24", "23")):
        case.make().fit(X, y, X_val=X, y_val=y[:-1])


@on(KINDS)
def test_messages_name_validation_data(case: Case) -> None:
    X, y = case.data()
    with pytest.raises(ValueError, match=says("X_val", "NaN", "sequence 9")):
        case.make().fit(X, y, X_val=spoiled(X, 9, np.nan), y_val=y)
    with pytest.raises(ValueError, match=says("Sequence 3 of X_val is empty")):
        case.make().fit(X, y, X_val=with_(X, 3, X[3][:0]), y_val=y)


def test_validation_targets_that_the_estimator_cannot_predict() -> None:
    X, y = KINDS[0].data()
    with pytest.raises(ValueError, match=says("y_val", "'middle'", "'high', 'low'")):
        KINDS[0].make().fit(X, y, X_val=X, y_val=["middle", "high"] * 12)
    X, y = KINDS[1].data()
    with pytest.raises(ValueError, match=says("y_val", "2 columns")):
        KINDS[1].make().fit(X, y, X_val=X, y_val=np.ones((24, 2)))


@on(KINDS)
def test_too_little_data_to_hold_out_a_part(case: Case) -> None:
    X, y = case.data(n=2)
    with pytest.raises(ValueError, match=says("early_stopping", "validation_fraction", "X_val")):
        case.make(early_stopping=True).fit(X[:1], y[:1])
    with pytest.raises(ValueError, match=says("validation_fraction=0.99", "X_val")):
        case.make(early_stopping=True, validation_fraction=0.99).fit(X, y)


def test_one_held_out_number_has_no_score() -> None:
    # R^2 compares with the mean: for one number it is undefined, and does not stop the fit.
    X, y = KINDS[1].data(n=10)
    with pytest.raises(
        ValueError, match=says("early_stopping", "validation_fraction=0.1", "X_val")
    ):
        RNNRegressor(early_stopping=True).fit(X, y)

"""RNNClassifier: labels of all kinds, probabilities, weights of classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from cases import CASES, KINDS, SMALL, Case, assert_same_bits, labels, on, sides, thirds
from helpers.numpy_versions import HAS_STRING_DTYPE
from helpers.support import says
from skrnn import RNNClassifier

CLASSIFIERS = [case for case in CASES if case.kind is RNNClassifier]
X, _ = KINDS[0].data(n=30)
ROUNDINGS = 5e-7  # the engine's exponentials are float32, of 6e-8 each


def model(**settings: Any) -> RNNClassifier:
    return RNNClassifier(**{**SMALL, **settings})


@pytest.mark.parametrize(
    "classes",
    [
        ["a", "b"],
        np.array(["a", "b"], object),
        [False, True],
        [7, 3],
        [-1, 1],
        [0.0, 1.0],
        np.array([3, 200], np.uint8),
        ["x", "y", "a longer one"],
        [10**12, 0, -(10**12)],
    ],
    ids=str,
)
def test_labels_keep_type_and_value(classes: Any) -> None:
    classes = np.asarray(classes)
    y = classes[thirds(X) % len(classes)]
    fitted = model(max_iter=150).fit(X, y)
    np.testing.assert_array_equal(fitted.classes_, np.unique(classes))
    predicted = fitted.predict(X)
    assert predicted.dtype == fitted.classes_.dtype == y.dtype
    assert np.mean(predicted == y) > 0.9
    # The names of the classes do not matter.
    codes = np.searchsorted(fitted.classes_, y)
    assert_same_bits(model(max_iter=150).fit(X, codes).params_, fitted.params_)


def test_labels_in_frames() -> None:
    pd = pytest.importorskip("pandas")
    y = sides(X)
    expected = model().fit(X, y)
    for form in (pd.Series(y), pd.Series(y, index=range(60, 90)), pd.Series(y, dtype="category")):
        fitted = model().fit(X, form)
        assert_same_bits(fitted.params_, expected.params_)
        assert fitted.predict(X).tolist() == expected.predict(X).tolist()
    codes = thirds(X)
    fitted = model().fit(X, pd.Series(codes, dtype="Int64"))
    assert_same_bits(fitted.params_, model().fit(X, codes).params_)


@on(CLASSIFIERS)
def test_probabilities(case: Case) -> None:
    X, y = case.data()
    fitted = case.fitted()
    p = fitted.predict_proba(X)
    assert p.shape == (len(X), len(fitted.classes_))
    assert p.dtype == np.float64
    assert ((p >= 0) & (p <= 1)).all()
    log_p = fitted.predict_log_proba(X)
    assert log_p.dtype == np.float64
    np.testing.assert_allclose(np.exp(log_p), p, rtol=ROUNDINGS)
    if y.ndim == 2:
        np.testing.assert_array_equal(fitted.predict(X), p >= 0.5)
    else:
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=0, atol=1e-15)
        np.testing.assert_array_equal(fitted.predict(X), fitted.classes_[p.argmax(axis=1)])


def test_logarithms_of_tiny_probabilities() -> None:
    fitted = model().fit(X, thirds(X))
    fitted.params_["head.bias"][:] = [0, 300, -300]
    log_p = fitted.predict_log_proba(X)
    assert np.isfinite(log_p).all()
    np.testing.assert_allclose(log_p[:, 2] - log_p[:, 1], -600, rtol=0.01)
    fitted.params_["head.bias"][:] = [0, 3000, -3000]
    assert (fitted.predict_proba(X)[:, 2] == 0).all()
    np.testing.assert_allclose(fitted.predict_log_proba(X)[:, 2], -6000, rtol=0.01)
    several = model().fit(X, labels(X))
    several.params_["head.bias"][:] = [-3000, 3000, 0]
    np.testing.assert_allclose(several.predict_log_proba(X)[:, 0], -3000, rtol=0.01)
    np.testing.assert_array_equal(several.predict_log_proba(X)[:, 1], np.zeros(len(X)))


@pytest.mark.parametrize("settings", [{}, {"standardize": True}], ids=["raw", "standardised"])
@pytest.mark.parametrize("given", ["sequences", "frames", "table", "large float64", "texts"])
def test_log_probabilities_accept_the_same_input(given: str, settings: Any) -> None:
    """Names, tables, standardisation and texts are handled as for probabilities."""
    rng = np.random.default_rng(0)
    data = {
        "sequences": [100 + 30 * x for x in X],
        "frames": [pd.DataFrame(100 + 30 * x, columns=["a", "b"]) for x in X],
        "table": pd.DataFrame(rng.normal(3, 9, (len(X), 4)), columns=[*"abcd"]),
        "large float64": [1e9 + x.astype(np.float64) for x in X],
        "texts": ["some words", "other Words", "words", ""] * 7 + ["some"] * 2,
    }[given]
    if given == "texts":
        settings = settings | {"embedding_size": 3}
    fitted = model(**settings).fit(data, thirds(X))
    p, log_p = fitted.predict_proba(data), fitted.predict_log_proba(data)
    np.testing.assert_allclose(np.exp(log_p), p, rtol=ROUNDINGS)
    piped = make_pipeline("passthrough", fitted)
    assert_same_bits(piped.predict_log_proba(data), log_p)


def test_the_first_of_equal_probabilities() -> None:
    fitted = model().fit(X, thirds(X))
    fitted.params_["head.weight"][:] = 0
    fitted.params_["head.bias"][:] = [-1, 0, 0]
    assert (fitted.predict(X) == 1).all()
    several = model().fit(X, labels(X))
    several.params_["head.weight"][:] = 0
    several.params_["head.bias"][:] = 0
    assert (several.predict(X) == 1).all()


def test_one_class_only() -> None:
    fitted = model().fit(X, ["only"] * len(X))
    assert fitted.predict(X).tolist() == ["only"] * len(X)
    np.testing.assert_array_equal(fitted.predict_proba(X), np.ones((len(X), 1)))
    np.testing.assert_array_equal(fitted.predict_log_proba(X), np.zeros((len(X), 1)))
    assert fitted.score(X, ["only"] * len(X)) == 1


def test_labels_of_several_kinds_of_indicators() -> None:
    indicator = labels(X)
    expected = model().fit(X, indicator)
    sparse = pytest.importorskip("scipy.sparse")
    for form in (indicator.astype(bool), indicator.astype(float), sparse.csr_matrix(indicator)):
        fitted = model().fit(X, form)
        assert_same_bits(fitted.params_, expected.params_)
        assert_same_bits(fitted.predict(X), expected.predict(X))
    assert expected.predict(X).shape == indicator.shape
    assert expected.classes_.tolist() == [0, 1, 2]
    never = model().fit(X, np.zeros_like(indicator))
    assert never.predict_proba(X).shape == indicator.shape


def test_each_label_is_learned() -> None:
    indicator = labels(X)
    fitted = model(max_iter=200, hidden_size=16).fit(X, indicator)
    assert ((fitted.predict(X) == indicator).mean(axis=0) > 0.85).all()


# ---- Weights of classes ----


def test_weights_of_classes_are_weights_of_their_sequences() -> None:
    y = sides(X)
    weights = {"low": 3.0, "high": 0.5}
    by_class = model(class_weight=weights).fit(X, y)
    by_sequence = model().fit(X, y, sample_weight=[weights[label] for label in y])
    assert_same_bits(by_class.params_, by_sequence.params_)
    twice = model(class_weight=weights).fit(X, y, sample_weight=np.full(len(y), 2.0))
    assert_same_bits(twice.params_, by_class.params_)
    # A class that is not named has weight one; the weight of an absent class does not matter.
    fewer = model(class_weight={"low": 3.0}).fit(X, y)
    assert_same_bits(fewer.params_, model(class_weight={"low": 3.0, "high": 1}).fit(X, y).params_)
    more = model(class_weight={**weights, "never": 9.0}).fit(X, y)
    assert_same_bits(more.params_, by_class.params_)
    with pytest.raises(ValueError, match=says("class_weight", "'hihg'", "'high', 'low'")):
        model(class_weight={"hihg": 2.0, "low": 1.0}).fit(X, y)


def test_balanced_classes_have_the_same_weight() -> None:
    y = np.where(np.arange(len(X)) < 6, "rare", "common")
    balanced = model(class_weight="balanced").fit(X, y)
    share = {"rare": 30 / (2 * 6), "common": 30 / (2 * 24)}
    assert_same_bits(balanced.params_, model(class_weight=share).fit(X, y).params_)
    # Sequences count by their weights.
    weight = np.where(y == "rare", 2.0, 1.0)
    weighted = model(class_weight="balanced").fit(X, y, sample_weight=weight)
    repeated = {"rare": 36 / (2 * 12), "common": 36 / (2 * 24)}
    expected = model(class_weight=repeated).fit(X, y, sample_weight=weight)
    for name, array in weighted.params_.items():
        np.testing.assert_allclose(array, expected.params_[name], rtol=1e-5, atol=1e-6)


def test_rare_classes_are_found_when_balanced() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(200) % 20 == 0
    noisy = [rng.normal(size=(5, 1)) + (1.0 if rare else 0.0) for rare in y]
    settings = {"max_iter": 60, "batch_size": 200, "learning_rate_init": 0.03}
    plain = model(**settings).fit(noisy, y).predict(noisy)
    balanced = model(**settings, class_weight="balanced").fit(noisy, y).predict(noisy)
    assert balanced[y].mean() > plain[y].mean()
    assert balanced.sum() > plain.sum()


def test_weights_of_classes_in_partial_fit() -> None:
    y = sides(X)
    low = [x for x, label in zip(X, y, strict=True) if label == "low"]
    fitted = model(class_weight={"high": 2.0}).partial_fit(X, y, classes=["high", "low"])
    fitted.partial_fit(low, ["low"] * len(low))
    with pytest.raises(ValueError, match=says("class_weight='balanced'", "partial_fit")):
        model(class_weight="balanced").partial_fit(X, y)


def test_weights_of_classes_are_not_for_labels() -> None:
    with pytest.raises(ValueError, match=says("class_weight", "several labels")):
        model(class_weight="balanced").fit(X, labels(X))


def test_classes_that_all_have_weight_zero() -> None:
    with pytest.raises(ValueError, match=says("class_weight", "zero")):
        model(class_weight={"high": 0, "low": 0}).fit(X, sides(X))


@pytest.mark.skipif(not HAS_STRING_DTYPE, reason="NumPy 2 has this dtype")
def test_labels_of_any_length() -> None:
    """The message names NumPy's strings of variable width, which scikit-learn cannot compare."""
    y = np.array(["low", "very high"], dtype=np.dtypes.StringDType())
    with pytest.raises(ValueError, match=r"StringDType.*astype\(str\)"):
        RNNClassifier().fit([[[0.0]], [[1.0]]], y)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("batch_size", [1, 4, 16])
@pytest.mark.parametrize("balanced_by", ["class_weight", "sample_weight"])
def test_balanced_classes_are_even_in_batches_of_any_size(
    batch_size: int, solver: str, balanced_by: str
) -> None:
    """For equal sequences; a batch without the rare class, or clipping, does not change this."""
    X, y = [np.ones((2, 1))] * 200, np.repeat([0, 1], [190, 10])
    model = RNNClassifier(
        hidden_size=4, batch_size=batch_size, solver=solver, max_iter=12, random_state=0
    )
    if balanced_by == "class_weight":
        model.set_params(class_weight="balanced").fit(X, y)
    else:
        model.fit(X, y, sample_weight=np.where(y == 1, 19, 1))
    np.testing.assert_allclose(model.predict_proba(X[:1]), 0.5, atol=0.05)


@pytest.mark.parametrize(
    ("class_weight", "weight"),
    [("balanced", 1e308), ({0: 1e300}, 1e300), ({0: 1e-200, 1: 2e-200}, 1e-200)],
)
def test_only_ratios_of_weights_matter(class_weight: Any, weight: float) -> None:
    """Also of very large or small weights, and of their products."""
    X, y = [np.full((2, 1), i % 7) for i in range(40)], np.arange(40) % 2
    model = RNNClassifier(hidden_size=4, max_iter=2, class_weight=class_weight, random_state=0)
    one = model.fit(X, y, sample_weight=np.full(40, weight)).predict_proba(X)
    assert np.array_equal(model.fit(X, y).predict_proba(X), one)

"""PerStep: the steps of all sequences as samples of a transformer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    PolynomialFeatures,
    StandardScaler,
    TargetEncoder,
)

from helpers.support import says
from skrnn import Sequences
from skrnn._sequences.checks import as_sequences
from skrnn.preprocessing import PerStep
from steps import LENGTHS, STACKED, X, Y, assert_steps, sequences

# ---- Results ----


@pytest.mark.parametrize(
    "transformer",
    [
        StandardScaler(),
        MinMaxScaler(),
        PCA(2),
        PolynomialFeatures(2),
        FunctionTransformer(np.log1p),
        KBinsDiscretizer(3, strategy="uniform"),
        KMeans(2, random_state=0, n_init=1),
        make_pipeline(StandardScaler(), PCA(1)),
        ColumnTransformer([("scaled", StandardScaler(), [0]), ("rest", "passthrough", [2])]),
    ],
    ids=lambda t: type(t).__name__,
)
def test_the_transformer_gets_all_steps_as_samples(transformer: Any) -> None:
    expected = clone(transformer).fit_transform(STACKED)
    if hasattr(expected, "toarray"):
        expected = expected.toarray()
    assert_steps(PerStep(transformer).fit(X).transform(X), expected)
    assert_steps(PerStep(transformer).fit_transform(X), expected)


@given(st.lists(st.integers(1, 6), min_size=2, max_size=6), st.integers(1, 4))
def test_standardised_steps_have_mean_zero_and_deviation_one(
    lengths: list[int], channels: int
) -> None:
    values = PerStep(StandardScaler()).fit_transform(sequences(*lengths, channels=channels)).values
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(values.std(axis=0), 1, rtol=1e-12)


def test_steps_are_transformed_independently() -> None:
    scaler = PerStep(StandardScaler()).fit(X)
    whole = scaler.transform(X)
    for x, transformed in zip(X, whole, strict=True):
        for t in range(len(x)):
            alone = scaler.transform([x[t : t + 1]])
            np.testing.assert_allclose(alone.values[0], transformed[t], rtol=1e-12)


def test_rows_of_an_array_are_univariate_series_of_one_scale() -> None:
    block = np.random.default_rng(1).normal(size=(5, 8))
    expected = (block - block.mean()) / block.std()
    for form in (block, block.tolist(), list(block), block[:, :, None]):
        made = PerStep(StandardScaler()).fit_transform(form)
        assert_steps(made, expected.reshape(-1, 1), [8] * 5)


def test_float64_is_scaled_before_it_is_rounded() -> None:
    """Between 2**30 and 2**30 + 3 there is no float32."""
    big = [np.array([[2.0**30], [2.0**30 + 1]]), np.array([[2.0**30 + 3]])]
    assert len(np.unique(as_sequences(big).values)) == 1
    scaled = as_sequences(PerStep(MinMaxScaler()).fit_transform(big))
    np.testing.assert_allclose(scaled.values.ravel(), [0, 1 / 3, 1], rtol=1e-6)


def test_float32_stays_float32_if_the_transformer_keeps_it() -> None:
    single = [x.astype(np.float32) for x in X]
    assert PerStep(StandardScaler()).fit_transform(single).dtype == np.float32


def test_inverse() -> None:
    scaler = PerStep(StandardScaler()).fit(X)
    assert_steps(scaler.inverse_transform(scaler.transform(X)), STACKED)
    pca = PerStep(PCA(2)).fit(X)  # back from another number of channels
    back = pca.inverse_transform(pca.transform(X))
    assert_steps(back, pca.transformer_.inverse_transform(pca.transformer_.transform(STACKED)))
    assert not hasattr(PerStep(PolynomialFeatures()), "inverse_transform")
    assert not hasattr(PerStep(PolynomialFeatures()).fit(X), "inverse_transform")


def test_names_of_channels() -> None:
    poly = PerStep(PolynomialFeatures(2, include_bias=False)).fit(sequences(3, 2, channels=2))
    assert poly.get_feature_names_out(["a", "b"]).tolist() == ["a", "b", "a^2", "a b", "b^2"]
    assert poly.get_feature_names_out().tolist() == ["x0", "x1", "x0^2", "x0 x1", "x1^2"]
    with pytest.raises(NotFittedError):
        PerStep(StandardScaler()).get_feature_names_out()


# ---- Missing values ----


def test_missing_values_are_passed_to_the_transformer() -> None:
    missing = [x.copy() for x in X]
    missing[2][3, 1] = np.nan
    known = np.concatenate(missing)[:, 1]
    inner: Any
    for inner in (
        SimpleImputer(),
        make_pipeline(SimpleImputer()),  # its tags do not allow NaN
        ColumnTransformer([("a", "passthrough", [0]), ("b", SimpleImputer(), [1, 2])]),
    ):
        filled = PerStep(inner).fit_transform(missing)
        assert filled[2][3, 1] == pytest.approx(np.nanmean(known))
        assert as_sequences(filled) is not None
    kept = PerStep(StandardScaler()).fit_transform(missing)
    assert np.argwhere(np.isnan(kept.values)).tolist() == [[4 + 1 + 3, 1]]


@pytest.mark.parametrize("method", ["fit", "fit_transform", "transform"])
def test_missing_values_that_the_transformer_refuses_are_named(method: str) -> None:
    missing = [x.copy() for x in X]
    missing[2][3, 1] = np.nan
    pca = PerStep(PCA(2)).fit(X)
    parts = ("NaN", "sequence 2, step 3, channel 1", "SimpleImputer", "PCA")
    with pytest.raises(ValueError, match=says(*parts)):
        getattr(pca, method)(missing)


@pytest.mark.parametrize("method", ["fit", "transform"])
def test_infinity_is_refused(method: str) -> None:
    infinite = [x.copy() for x in X]
    infinite[1][0, 2] = np.inf
    with pytest.raises(ValueError, match=says("infinity", "sequence 1, step 0, channel 2")):
        getattr(PerStep(SimpleImputer()).fit(X), method)(infinite)


# ---- Targets and weights ----


def test_weights_are_those_of_whole_sequences() -> None:
    """A weight of 2 is the sequence twice, a weight of 0 leaves it out."""
    weighted = PerStep(StandardScaler()).fit(X, sample_weight=[2, 0, 1, 1])
    repeated = PerStep(StandardScaler()).fit([X[0], X[0], X[2], X[3]])
    for name in ("mean_", "var_"):
        one, other = (getattr(s.transformer_, name) for s in (weighted, repeated))
        np.testing.assert_allclose(one, other, rtol=1e-12)
    both = PerStep(StandardScaler()).fit_transform(X, sample_weight=[2, 0, 1, 1])
    assert_steps(both, weighted.transform(X).values)


def test_wrong_weights() -> None:
    with pytest.raises(ValueError, match=says("sample_weight", "(3,)", "(4,)")):
        PerStep(StandardScaler()).fit(X, sample_weight=[1, 2, 3])
    with pytest.raises(TypeError, match=says("sample_weight", "PCA")):
        PerStep(PCA()).fit(X, sample_weight=[1, 2, 3, 4])


@pytest.mark.parametrize(
    "y",
    [
        Y,
        Y.tolist(),
        ["no", "yes", "yes", "no"],
        [np.full(len(x), c) for x, c in zip(X, Y, strict=True)],
    ],
)
def test_targets_reach_every_step(y: Any) -> None:
    """Here a target per step gives the same as one per sequence."""
    expected = LinearDiscriminantAnalysis().fit(STACKED, np.repeat(Y, LENGTHS)).transform(STACKED)
    assert_steps(PerStep(LinearDiscriminantAnalysis()).fit(X, y).transform(X), expected)


def test_targets_of_steps() -> None:
    rng = np.random.default_rng(3)
    y = [rng.integers(0, 2, n) for n in LENGTHS]
    expected = SelectKBest(k=1).fit_transform(STACKED, np.concatenate(y))
    for form in (y, [part.tolist() for part in y], np.array(y, object), Sequences(y)):
        assert_steps(PerStep(SelectKBest(k=1)).fit_transform(X, form), expected)


def test_fit_transform_is_the_transformers_own() -> None:
    """TargetEncoder's is cross-fitted, and differs from fit and then transform."""
    rng = np.random.default_rng(4)
    codes = [rng.integers(0, 3, (n, 1)).astype(float) for n in (30, 20)]
    y = [rng.normal(size=len(c)) for c in codes]
    encoder = TargetEncoder(target_type="continuous")
    stacked, targets = np.concatenate(codes), np.concatenate(y)
    crossed = PerStep(encoder).fit_transform(codes, y).values
    assert len(np.unique(crossed)) > 3  # an encoding per category and fold
    plain = PerStep(encoder).fit(codes, y).transform(codes).values
    assert len(np.unique(plain)) == 3
    np.testing.assert_allclose(plain, clone(encoder).fit(stacked, targets).transform(stacked))


@pytest.mark.parametrize(
    "y",
    [
        Y,
        np.ones((4, 2)),
        [[1, 2], [1], [3], [4]],
        [np.ones(9)] * 4,
        np.ones((4, 2, 2)),
        [[[1], [1, 2]]] * 4,
    ],
)
def test_a_scaler_ignores_targets_of_any_form(y: Any) -> None:
    assert_steps(
        PerStep(StandardScaler()).fit(X, y).transform(X), StandardScaler().fit_transform(STACKED)
    )


def test_targets_that_a_transformer_needs() -> None:
    with pytest.raises(ValueError, match=says("SelectKBest", "target", "lengths of X")):
        PerStep(SelectKBest(k=1)).fit(X, [[1, 2], [1], [3], [4]])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        PerStep(SelectKBest(k=1)).fit(X, Y[:3])
    with pytest.raises(ValueError, match="y"):
        PerStep(SelectKBest(k=1)).fit(X)


# ---- Refusals ----


def test_other_channels_than_in_fit() -> None:
    scaler = PerStep(StandardScaler()).fit(X)
    assert scaler.n_features_in_ == 3
    with pytest.raises(ValueError, match="X has 2 features, but PerStep is expecting 3 features"):
        scaler.transform([x[:, :2] for x in X])


@pytest.mark.parametrize(
    "wrong", [None, "scale", 3, StandardScaler, RandomForestClassifier()], ids=str
)
def test_objects_that_are_not_transformers(wrong: Any) -> None:
    with pytest.raises(TypeError, match=says("transformer", "fit", "transform")):
        PerStep(wrong).fit(X)


class Halves:
    """A minimal transformer: no mixin, no fit_transform."""

    def fit(self, X: Any, y: Any = None) -> Halves:  # noqa: ARG002
        return self

    def transform(self, X: Any) -> Any:
        return X / 2

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        return {}


def test_a_transformer_without_fit_transform() -> None:
    assert_steps(PerStep(Halves()).fit_transform(X), STACKED / 2)


class DropsFirst(TransformerMixin, BaseEstimator):
    """A transformer that drops a sample, against the rules."""

    def fit(self, X: Any, y: Any = None) -> DropsFirst:  # noqa: ARG002
        return self

    def transform(self, X: Any) -> Any:
        return X[1:]


@pytest.mark.parametrize(
    ("inner", "parts"),
    [
        (DropsFirst(), ("DropsFirst", "(13, 3)", "14 steps")),
        (FunctionTransformer(lambda X: X[:, 0]), ("(14,)", "one row a step")),
        (FunctionTransformer(lambda X: X.astype(str)), ("FunctionTransformer", "<U", "numbers")),
        (FunctionTransformer(lambda X: X + 1j), ("complex128", "real numbers")),
    ],
    ids=str,
)
def test_transformers_with_unusable_results(inner: Any, parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=says(*parts)):
        PerStep(inner).fit_transform(X)


def test_before_fit() -> None:
    with pytest.raises(NotFittedError):
        PerStep(StandardScaler()).transform(X)
    assert_steps(PerStep(FunctionTransformer(np.sqrt)).transform(X), np.sqrt(STACKED))


def test_the_users_arrays_are_unchanged() -> None:
    before = [x.copy() for x in X]
    block = Sequences(X)
    scaler = PerStep(StandardScaler(copy=False)).fit(block)
    scaler.transform(block)
    scaler.transform(X)
    array = np.stack([X[0], X[0]])
    PerStep(StandardScaler(copy=False)).fit_transform(array)
    for x, old in zip([*X, *block, *array], [*before, *before, X[0], X[0]], strict=True):
        np.testing.assert_array_equal(x, old)

"""scikit-learn treats Sequences as a list of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
from sklearn.utils import _safe_indexing, resample, shuffle
from sklearn.utils.validation import check_consistent_length

from distinct import arrays, assert_same
from skrnn import Sequences
from skrnn._sequences.checks import as_sequences


class MeanClassifier(ClassifierMixin, BaseEstimator):
    """A classifier by the mean of a sequence's steps."""

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def fit(self, X: Any, y: Any) -> MeanClassifier:
        check_consistent_length(X, y)
        self.model_ = RidgeClassifier(alpha=self.alpha).fit(self._means(X), y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X: Any) -> Any:
        return self.model_.predict(self._means(X))

    def _means(self, X: Any) -> np.ndarray:
        return np.array([x.mean(axis=0) for x in as_sequences(X)])


def classes() -> tuple[Sequences, np.ndarray]:
    """Sequences with different means for each class, in random order."""
    rng = np.random.default_rng(5)
    y = rng.permutation(np.repeat([0, 1], 20))
    items = [rng.normal(3 * label, 1, (rng.integers(4, 9), 2)) for label in y]
    return Sequences(items), y


def test_it_has_no_shape() -> None:
    """scikit-learn distinguishes lists from arrays by `shape`."""
    assert not hasattr(Sequences(arrays(2)), "shape")
    assert not hasattr(Sequences(arrays(2)), "__array__")


def test_safe_indexing() -> None:
    items = arrays(3, 1, 4, 2)
    X = Sequences(items)
    assert_same(_safe_indexing(X, [2, 0]), [items[2], items[0]])
    assert_same(_safe_indexing(X, np.array([3, 3])), [items[3], items[3]])
    assert_same(_safe_indexing(X, np.array([True, False, False, True])), [items[0], items[3]])
    assert_same(_safe_indexing(X, slice(1, 3)), items[1:3])
    np.testing.assert_array_equal(_safe_indexing(X, 1), items[1])
    check_consistent_length(X, [0] * 4)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        check_consistent_length(X, [0] * 3)


def test_shuffle_and_resample() -> None:
    items = arrays(3, 1, 4, 2)
    X, order = shuffle(Sequences(items), np.arange(4), random_state=0)
    assert_same(X, [items[i] for i in order])
    X, order = resample(Sequences(items), np.arange(4), random_state=0)
    assert_same(X, [items[i] for i in order])


def test_train_test_split_keeps_sequences_and_targets_together() -> None:
    X, _ = classes()
    parts = train_test_split(X, np.arange(len(X)), test_size=0.25, random_state=0)
    X_train, X_test, train, test = parts
    assert len(X_train) == 30
    assert len(X_test) == 10
    assert_same(X_train, [X[i] for i in train])
    assert_same(X_test, [X[i] for i in test])
    assert as_sequences(X_train).lengths.tolist() == X.lengths[train].tolist()


def test_cross_validation_is_that_of_a_list() -> None:
    X, y = classes()
    model = MeanClassifier()
    scores = cross_val_score(model, X, y, cv=5, error_score="raise")
    assert scores.mean() > 0.9  # the means differ by three standard deviations of a step
    np.testing.assert_array_equal(scores, cross_val_score(model, X.to_list(), y, cv=5))
    predicted = cross_val_predict(model, X, y, cv=5)
    np.testing.assert_array_equal(predicted, cross_val_predict(model, X.to_list(), y, cv=5))
    groups = np.arange(len(X)) % 4
    assert len(cross_val_score(model, X, y, groups=groups, cv=GroupKFold(4))) == 4


def test_grid_search() -> None:
    X, y = classes()
    search = GridSearchCV(MeanClassifier(), {"alpha": [1.0, 1e9]}, cv=3, error_score="raise")
    search.fit(X, y)
    assert search.score(X, y) > 0.9
    assert clone(search.best_estimator_).get_params() == search.best_params_

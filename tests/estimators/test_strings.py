"""Strings as tokens: an estimator learns its vocabulary, like a TokenEncoder in front of it."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    cross_val_predict,
    cross_validate,
    permutation_test_score,
)
from sklearn.pipeline import make_pipeline

from cases import SMALL, assert_same_bits, outcomes
from helpers.support import says
from skrnn import RNNClassifier, RNNRegressor
from skrnn.preprocessing import TokenEncoder

WORDS = ["the", "film", "Is", "good", "bad", "naïve", "a", "42"]
WORD = {"good": 1.0, "bad": -1.0}


def texts(n: int = 40, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    chance = np.arange(len(WORDS), 0, -1) / sum(range(len(WORDS) + 1))
    found = [" ".join(rng.choice(WORDS, length, p=chance)) for length in rng.integers(1, 9, n)]
    return [*found[:-2], "", "rare, once!"]


def targets(kind: Any, X: list[str]) -> np.ndarray:
    numbers = np.array([sum(WORD.get(word, 0.1) for word in text.split()) for text in X])
    return np.where(numbers > np.median(numbers), "yes", "no") if kind is RNNClassifier else numbers


X = texts()
NEW = ["unseen words", "", "A GOOD unseen film", *texts(9, 3)]
both = pytest.mark.parametrize("kind", [RNNClassifier, RNNRegressor])


def make(kind: Any, **settings: Any) -> Any:
    return kind(**{**SMALL, "embedding_size": 3, **settings})


@both
@pytest.mark.parametrize("min_frequency", [1, 2, 9])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_same_as_an_encoder_in_front(kind: Any, min_frequency: int, early_stopping: bool) -> None:
    """The same vocabulary, the same bits of parameters and of all predictions."""
    y = targets(kind, X)
    settings = {"early_stopping": early_stopping, "validation_fraction": 0.2}
    model = make(kind, min_frequency=min_frequency, **settings).fit(X, y)
    encoder = TokenEncoder(min_frequency=min_frequency)
    network = make(kind, **settings).fit(encoder.fit_transform(X), y)
    assert model.vocabulary_ == encoder.vocabulary_
    assert [*model.vocabulary_] == [*encoder.vocabulary_]
    assert_same_bits(model.params_, network.params_)
    assert model.validation_scores_ == network.validation_scores_
    assert model.n_features_in_ == network.n_features_in_ == 1
    assert_same_bits(outcomes(model, NEW), outcomes(network, encoder.transform(NEW)))
    assert not hasattr(network, "vocabulary_")


@both
def test_tokens_in_lists_are_unchanged(kind: Any) -> None:
    documents = [text.split() or ["none"] for text in X]
    y = targets(kind, X)
    model = make(kind).fit(documents, y)
    encoder = TokenEncoder()
    network = make(kind).fit(encoder.fit_transform(documents), y)
    assert "Is" in model.vocabulary_
    assert_same_bits(model.params_, network.params_)
    assert_same_bits(
        outcomes(model, [np.array(words) for words in documents]),
        outcomes(network, encoder.transform(documents)),
    )


@pytest.mark.parametrize("container", [tuple, np.array, pd.Series, "object"], ids=str)
def test_texts_in_any_container(container: Any) -> None:
    given = np.array(X, dtype=object) if container == "object" else container(X)
    y = targets(RNNClassifier, X)
    model, other = make(RNNClassifier).fit(given, y), make(RNNClassifier).fit(X, y)
    assert_same_bits(model.params_, other.params_)
    assert_same_bits(outcomes(model, given), outcomes(other, X))


@both
def test_tokens_of_weight_zero_are_not_learned(kind: Any) -> None:
    """Strings and integers: the fit is that without these sequences, to the bit."""
    y = targets(kind, X)
    weight = np.ones(len(X))
    weight[[3, -1]] = 0
    kept = np.flatnonzero(weight)
    integers = [[1, 2], [0, 1, 1], [3], [99], *[[i % 5, 2] for i in range(len(X) - 4)]]
    for data in (X, integers):
        model = make(kind).fit(data, y, sample_weight=weight)
        other = make(kind).fit([data[i] for i in kept], y[kept])
        assert_same_bits(model.params_, other.params_)
        assert getattr(model, "vocabulary_", {}).keys() == getattr(other, "vocabulary_", {}).keys()
    assert "rare" not in make(kind).fit(X, y, sample_weight=weight).vocabulary_


@both
def test_words_of_validation_data_are_not_learned(kind: Any) -> None:
    y = targets(kind, X)
    held_out = ["brand new words", *X[:5]]
    y_val = targets(kind, held_out)
    model = make(kind, early_stopping=True).fit(X, y, X_val=held_out, y_val=y_val)
    assert "brand" not in model.vocabulary_
    encoder = TokenEncoder()
    network = make(kind, early_stopping=True).fit(
        encoder.fit_transform(X), y, X_val=encoder.transform(held_out), y_val=y_val
    )
    assert model.validation_scores_ == network.validation_scores_
    for wrong in ([[1]] * 6, [None] * 6):
        with pytest.raises((TypeError, ValueError), match="X_val"):
            make(kind).fit(X, y, X_val=wrong, y_val=y_val)


@both
def test_the_first_call_of_partial_fit_learns_the_vocabulary(kind: Any) -> None:
    y = targets(kind, X)
    model, encoder, network = make(kind), TokenEncoder(), make(kind)
    model.partial_fit(X, y)
    network.partial_fit(encoder.fit_transform(X), y)
    vocabulary = dict(model.vocabulary_)
    more = ["later words are unknown", *X[1:]]
    model.partial_fit(more, y)
    network.partial_fit(encoder.transform(more), y)
    assert model.vocabulary_ == vocabulary
    assert_same_bits(model.params_, network.params_)
    with pytest.raises(ValueError, match=says("X holds integers", "fitted on strings")):
        model.partial_fit([[1, 2]] * len(y), y)


@both
def test_a_warm_start_keeps_the_vocabulary(kind: Any) -> None:
    y = targets(kind, X)
    model = make(kind, warm_start=True).fit(X, y)
    vocabulary = dict(model.vocabulary_)
    model.set_params(min_frequency=3).fit(["other words", *X[1:]], y)
    assert model.vocabulary_ == vocabulary
    with pytest.raises(ValueError, match=says("X holds integers", "fitted on strings")):
        model.fit([[1, 2]] * len(y), y)
    assert model.vocabulary_ == vocabulary


@both
def test_a_warm_start_of_another_architecture(kind: Any) -> None:
    """An estimator of channels cannot become one of strings, nor the other way round."""
    y = targets(kind, X)
    on_channels = make(kind, embedding_size=None, warm_start=True).fit([[0.5, 1.0]] * len(y), y)
    on_strings = make(kind, warm_start=True).fit(X, y)
    for model, width in ((on_channels, 3), (on_strings, None)):
        with pytest.raises(ValueError, match=f"embedding_size={width} is another architecture"):
            model.set_params(embedding_size=width).fit(X, y)
        with pytest.raises(ValueError, match=f"embedding_size={width} is another architecture"):
            model.partial_fit(X, y)


@both
def test_another_fit_learns_a_new_vocabulary(kind: Any) -> None:
    y = targets(kind, X)
    model = make(kind).fit(X, y)
    model.fit(["only these", *["words"] * (len(y) - 1)], y)
    assert {*model.vocabulary_} == {"only", "these", "words"}
    model.fit([[1, 2]] * len(y), y)
    assert not hasattr(model, "vocabulary_")
    with pytest.raises(ValueError, match=says("X holds strings", "fitted on integers")):
        model.predict(X)
    model.fit(X, y).set_params(embedding_size=None).fit(np.zeros((len(y), 3)), y)
    assert not hasattr(model, "vocabulary_")


@both
def test_a_refused_fit_keeps_the_vocabulary(kind: Any) -> None:
    y = targets(kind, X)
    model = make(kind).fit(X, y)
    vocabulary, before = dict(model.vocabulary_), outcomes(model, NEW)
    for wrong in (["", *[" "] * (len(y) - 1)], [*X[:-1], None], [*X[:-1], [1]], X[0]):
        with pytest.raises((TypeError, ValueError), match="X"):
            model.fit(wrong, y)
    assert model.vocabulary_ == vocabulary
    assert_same_bits(outcomes(model, NEW), before)


@both
def test_copies(kind: Any) -> None:
    y = targets(kind, X)
    model = make(kind, min_frequency=2).fit(X, y)
    assert clone(model).get_params()["min_frequency"] == 2
    assert not hasattr(clone(model), "vocabulary_")
    again = pickle.loads(pickle.dumps(model))
    assert again.vocabulary_ == model.vocabulary_
    assert_same_bits(outcomes(again, NEW), outcomes(model, NEW))


def test_each_fold_has_a_vocabulary_of_its_own() -> None:
    y, folds = targets(RNNClassifier, X), KFold(4)
    scores = cross_validate(make(RNNClassifier), X, y, cv=folds, return_estimator=True)
    for (train, _), model in zip(folds.split(X), scores["estimator"], strict=True):
        assert model.vocabulary_ == TokenEncoder().fit([X[i] for i in train]).vocabulary_
    piped = make_pipeline(TokenEncoder(), make(RNNClassifier))
    assert_same_bits(
        cross_val_predict(make(RNNClassifier), X, y, cv=folds, method="predict_proba"),
        cross_val_predict(piped, X, y, cv=folds, method="predict_proba"),
    )


@pytest.mark.parametrize("container", [list, np.array, pd.Series])
def test_searches_and_permutations(container: Any) -> None:
    y, given = targets(RNNClassifier, X), container(X)
    search = GridSearchCV(make(RNNClassifier), {"min_frequency": [1, 3]}, cv=2).fit(given, y)
    assert search.predict(given).shape == y.shape
    score, _, _ = permutation_test_score(make(RNNClassifier), given, y, cv=2, n_permutations=2)
    assert 0 <= score <= 1


@both
def test_it_may_end_a_pipeline(kind: Any) -> None:
    y = targets(kind, X)
    model = make_pipeline("passthrough", make(kind)).fit(X, y)
    assert_same_bits(outcomes(model[-1], NEW), outcomes(make(kind).fit(X, y), NEW))


def test_scorers_get_numbers() -> None:
    """The estimator accepts its own numbers, and refuses other integers."""
    y, scored = targets(RNNClassifier, X), []

    def score(estimator: Any, given: Any, truth: Any) -> float:
        scored.append(estimator.predict_proba(given[:3]).shape)
        return float(estimator.score(given, truth))

    model = make(RNNClassifier, scoring=score, early_stopping=True).fit(X, y)
    assert scored
    assert {*scored} == {(3, 2)}
    with pytest.raises(ValueError, match=says("X holds integers", "fitted on strings")):
        model.predict(TokenEncoder().fit_transform(X))


@both
def test_unknown_words_are_trained_if_rare_ones_are_unknown(kind: Any) -> None:
    """Row 0 of the embedding changes with min_frequency=2, and only then."""
    y, documents = targets(kind, X), [text or "good" for text in X]
    for least in (1, 2):
        one, three = (
            make(kind, min_frequency=least, max_iter=epochs).fit(documents, y).params_
            for epochs in (1, 3)
        )
        name = next(name for name in one if "embedding" in name)
        assert (one[name][0] != three[name][0]).any() == (least == 2)


@both
def test_integers_are_not_counted(kind: Any) -> None:
    """With integers min_frequency has no effect: a rare integer keeps its own vector."""
    integers = [[i % 7, 3] if i else [8] for i in range(len(X))]
    y = targets(kind, X)
    model, other = make(kind, min_frequency=9).fit(integers, y), make(kind).fit(integers, y)
    assert_same_bits(model.params_, other.params_)
    assert_same_bits(outcomes(model, integers), outcomes(other, integers))
    with pytest.raises(ValueError, match="token 9"):
        model.predict([[9]])

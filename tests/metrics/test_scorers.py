"""scikit-learn makes scorers of the scores, and hands them ragged y."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score

from skrnn import Sequences
from skrnn.metrics import entity_f1, f1_macro, f1_micro, symbol_error_rate, token_accuracy

X = [["Ada", "met", "Bob"], ["Yes"], ["then", "Bob", "slept"], ["we", "saw", "Eve"]] * 3
Y = [["B-A", "O", "B-A"], ["O"], ["O", "B-A", "O"], ["O", "O", "I-A"]] * 3
SCORES = [token_accuracy, f1_macro, f1_micro, entity_f1, symbol_error_rate]


class CapitalLetters(BaseEstimator):
    """Calls each word with a capital letter an entity, or not, in arrays as taggers predict."""

    def __init__(self, label: str = "B-A") -> None:
        self.label = label

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> CapitalLetters:  # noqa: ARG002
        return self

    def predict(self, X: Any) -> Any:
        answers = np.empty(len(X), object)
        answers[:] = [
            np.array([self.label if word[0].isupper() else "O" for word in words]) for words in X
        ]
        return answers


def arrays(y: Any) -> Any:
    array = np.empty(len(y), object)
    array[:] = [np.array(labels) for labels in y]
    return array


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("form", [list, arrays, lambda y: list(arrays(y))])
def test_cross_validation(score: Any, form: Any) -> None:
    expected = [
        score([Y[i] for i in test], CapitalLetters().predict([X[i] for i in test]))
        for _, test in KFold(3).split(X)
    ]
    scorer = pickle.loads(pickle.dumps(make_scorer(score)))
    assert cross_val_score(CapitalLetters(), X, form(Y), scoring=scorer, cv=3).tolist() == expected
    predicted = cross_val_predict(CapitalLetters(), X, form(Y), cv=3)
    assert score(form(Y), predicted) == score(Y, CapitalLetters().predict(X))


def test_search() -> None:
    scorer = make_scorer(entity_f1, scheme="bio")
    search = GridSearchCV(CapitalLetters(), {"label": ["I-A", "B-A"]}, scoring=scorer, cv=2)
    assert search.fit(X, Y).best_params_ == {"label": "B-A"}
    errors = make_scorer(symbol_error_rate, greater_is_better=False)
    search = GridSearchCV(CapitalLetters(), {"label": ["O", "B-A"]}, scoring=errors, cv=2)
    assert search.fit(X, Y).best_params_ == {"label": "B-A"}
    assert search.score(X, Y) == -symbol_error_rate(Y, search.predict(X))


@pytest.mark.parametrize("per_step", [False, True])
def test_weights(per_step: bool) -> None:
    weights = [[i % 3 + 1] * len(y) if per_step else i % 3 + 1 for i, y in enumerate(Y)]
    scorer = make_scorer(token_accuracy)
    expected = token_accuracy(Y, CapitalLetters().predict(X), sample_weight=weights)
    assert scorer(CapitalLetters(), X, Y, sample_weight=weights) == expected


def test_sequences_as_y() -> None:
    class Parity(CapitalLetters):
        def predict(self, X: Any) -> Any:
            return [x % 2 for x in X]

    numbers = Sequences([[1, 2, 3], [4], [5, 5], [7, 8]])
    y = Sequences([[1, 0, 1], [1], [1, 1], [1, 1]])
    scores = cross_val_score(Parity(), numbers, y, scoring=make_scorer(token_accuracy), cv=2)
    assert scores.tolist() == [0.75, 0.75]

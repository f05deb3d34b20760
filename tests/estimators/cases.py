"""The estimators of the tests in this folder, and data for each.

A new estimator is one more line in `CASES`, and all common tests then run on it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from skrnn import (
    RNNClassifier,
    RNNForecaster,
    RNNLanguageModel,
    RNNRegressor,
    RNNStepRegressor,
    RNNTagger,
)

# Settings so small that a fit takes milliseconds, and that allow any test: a network that can be
# cut in time, and a fit that can be continued.
SMALL: dict[str, Any] = {
    "cell": "lstm",
    "pooling": "last",
    "learning_rate": "constant",
    "hidden_size": 6,
    "max_iter": 4,
    "n_iter_no_change": 1000,  # fits end with max_iter, without a warning
    "batch_size": 8,
    "learning_rate_init": 0.01,
    "random_state": 0,
    "n_jobs": 1,
}
N_TOKENS = 6
LETTERS = {"characters": True, "character_embedding_size": 2, "character_hidden_size": 3}
LETTERS |= {"word_dropout": 0.0}  # whose masks are not those of another order or number


@dataclass(frozen=True)
class Case:
    """An estimator with some settings, and its targets."""

    name: str
    kind: Callable[..., Any]
    targets: Callable[[list[np.ndarray]], Any]  # of sequences
    settings: dict[str, Any] = field(default_factory=dict)
    tokens: bool = False
    words: bool = False  # strings

    @property
    def reads_tokens(self) -> bool:
        return self.tokens or self.words

    @property
    def supervised(self) -> bool:
        return self.targets is not ignored

    def make(self, **settings: Any) -> Any:
        known = inspect.signature(self.kind).parameters
        small = {name: value for name, value in SMALL.items() if name in known}
        return self.kind(**{**small, **self.settings, **settings})

    def data(self, n: int = 24, seed: int = 0) -> tuple[list[np.ndarray], Any]:
        """Sequences of 1..7 steps, and targets."""
        rng = np.random.default_rng(seed)
        X: list[np.ndarray] = []
        for i in range(n):
            length = 1 + i % 7
            if self.reads_tokens:
                x = rng.integers(0, N_TOKENS, length)
                x[0] = N_TOKENS - 1 if i == 0 else x[0]  # the vocabulary is the same for all n
            else:
                x = rng.normal(size=(length, 2)).astype(np.float32)
            X.append(x)
        y = self.targets(X)
        return ([spelled_out(x) for x in X] if self.words else X), y

    def held_out(self, X_val: Any, y_val: Any) -> dict[str, Any]:
        """Arguments of fit."""
        return {"X_val": X_val, "y_val": y_val} if self.supervised else {"X_val": X_val}

    def fitted(self, **settings: Any) -> Any:
        return self.make(**settings).fit(*self.data())


def sums(X: Iterable[np.ndarray]) -> np.ndarray:
    return np.array([float(x.sum()) for x in X])


def sides(X: list[np.ndarray]) -> np.ndarray:
    return np.where(sums(X) > np.median(sums(X)), "high", "low")


def thirds(X: list[np.ndarray]) -> np.ndarray:
    return np.searchsorted(np.quantile(sums(X), [0.33, 0.66]), sums(X))


def labels(X: list[np.ndarray]) -> np.ndarray:
    return np.column_stack([sums(X) > 0, sums(x[:1] for x in X) > 0, thirds(X) == 1]).astype(int)


def pairs(X: list[np.ndarray]) -> np.ndarray:
    return np.column_stack([sums(X), 100 + sums(x[-1:] for x in X)])


def counts(X: list[np.ndarray]) -> np.ndarray:
    return np.abs(sums(X)).round()


def ragged(items: Iterable[np.ndarray]) -> np.ndarray:
    """An object array of arrays, which can be indexed as an array of targets can."""
    arrays = list(items)
    result = np.empty(len(arrays), dtype=object)
    for i, array in enumerate(arrays):  # NumPy would stack arrays of equal lengths
        result[i] = array
    return result


def rises(X: list[np.ndarray]) -> np.ndarray:
    """For each step, whether the first channel, or the token, is above the one before."""
    firsts = (x.reshape(len(x), -1)[:, 0] for x in X)
    return ragged(np.where(np.diff(x, prepend=0) > 0, "up", "down") for x in firsts)


def running_sums(X: list[np.ndarray]) -> np.ndarray:
    return ragged(x.sum(axis=tuple(range(1, x.ndim))).cumsum() for x in X)


def running_pairs(X: list[np.ndarray]) -> np.ndarray:
    return ragged(np.column_stack([y, 100 - y]) for y in running_sums(X))


def chunks(X: list[np.ndarray]) -> np.ndarray:
    """Labels of BIO: a run of tokens below 2 is an entity."""
    inside = (x < 2 for x in X)
    return ragged(
        np.where(i, np.where(np.append(False, i[:-1]), "I-X", "B-X"), "O") for i in inside
    )


def spelled_out(x: np.ndarray) -> np.ndarray:
    """A word for each token."""
    return np.array(["x" * int(token) + "yz"[int(token) % 2] for token in x])


def events(X: list[np.ndarray]) -> np.ndarray:
    return ragged((x > 0).astype(int) for x in X)


def ignored(X: list[np.ndarray]) -> np.ndarray:
    """For estimators that learn from X alone."""
    return np.zeros(len(X))


CASES = [
    Case("classifier", RNNClassifier, sides),
    Case("classifier-3", RNNClassifier, thirds, {"cell": "gru", "pooling": "attention"}),
    Case("classifier-labels", RNNClassifier, labels, {"pooling": "max"}),
    Case("classifier-tokens", RNNClassifier, sides, {"embedding_size": 3}, tokens=True),
    Case("regressor", RNNRegressor, sums),
    Case("regressor-2", RNNRegressor, pairs, {"bidirectional": True, "num_layers": 2}),
    Case("regressor-quantile", RNNRegressor, pairs, {"loss": "quantile"}),
    Case("regressor-gaussian", RNNRegressor, sums, {"loss": "gaussian_nll", "cell": "rnn"}),
    Case("regressor-poisson", RNNRegressor, counts, {"loss": "poisson", "pooling": "mean"}),
    Case("regressor-tokens", RNNRegressor, sums, {"embedding_size": 3}, tokens=True),
    Case("tagger", RNNTagger, rises, {"bidirectional": False}),
    Case("tagger-2", RNNTagger, rises, {"bidirectional": True, "num_layers": 2, "cell": "gru"}),
    Case(
        "tagger-tokens",
        RNNTagger,
        rises,
        {"bidirectional": False, "embedding_size": 3},
        tokens=True,
    ),
    Case("tagger-crf", RNNTagger, rises, {"bidirectional": False, "crf": True}),
    Case(
        "tagger-letters",
        RNNTagger,
        rises,
        {"bidirectional": False, "embedding_size": 3, "cell": "gru"} | LETTERS,
        words=True,
    ),
    Case(
        "tagger-bio",
        RNNTagger,
        chunks,
        {"embedding_size": 3, "crf": True, "scheme": "bio"} | LETTERS,
        words=True,
    ),
    Case("step-regressor", RNNStepRegressor, running_sums),
    Case("step-regressor-2", RNNStepRegressor, running_pairs, {"cell": "gru"}),
    Case("step-regressor-quantile", RNNStepRegressor, running_pairs, {"loss": "quantile"}),
    Case("step-regressor-gaussian", RNNStepRegressor, running_sums, {"loss": "gaussian_nll"}),
    Case("step-regressor-events", RNNStepRegressor, events, {"loss": "binary_cross_entropy"}),
    Case("language-model", RNNLanguageModel, ignored, tokens=True),
    Case(
        "language-model-words",
        RNNLanguageModel,
        ignored,
        {"cell": "gru", "tie_weights": True, "analyzer": None},
        words=True,
    ),
]


@dataclass(frozen=True)
class SeriesCase(Case):
    """A forecaster, which predicts what follows series; `y` is what is known beside them."""

    def data(self, n: int = 3, seed: int = 0) -> tuple[list[np.ndarray], Any]:
        """Series of 24 steps and more, with a season of 6."""
        rng = np.random.default_rng(seed)
        t = [np.arange(24.0 + 3 * (i % 7)) for i in range(n)]
        X = [np.sin(x * np.pi / 3) + rng.normal(scale=0.3, size=len(x)) for x in t]
        return X, None

    def held_out(self, X_val: Any, y_val: Any) -> dict[str, Any]:
        raise NotImplementedError("ends of series are held out")


FORECASTERS = [
    SeriesCase("forecaster", RNNForecaster, ignored, {"seasonality": 6}),
    SeriesCase(
        "forecaster-direct",
        RNNForecaster,
        ignored,
        {"strategy": "direct", "scaling": "difference", "cell": "gru", "calibration": None},
    ),
    SeriesCase(
        "forecaster-recursive",
        RNNForecaster,
        ignored,
        {"strategy": "recursive", "loss": "gaussian_nll", "seasonality": None},
    ),
    SeriesCase("forecaster-quantile", RNNForecaster, ignored, {"loss": "quantile"}),
]

# For tests that ask only for fit, parameters, and what `outcomes` returns.
ALL = [*CASES, *FORECASTERS]

# For tests that compute with the input.
NUMBERS = [case for case in CASES if not case.words]

# For tests of targets and their weights.
SUPERVISED = [case for case in CASES if case.supervised]

# For tests that do not depend on targets or tokens: one case per class.
KINDS = [case for case in CASES if case.name in ("classifier", "regressor")]


def on(cases: Iterable[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases])


def outcomes(model: Any, X: Any) -> list[np.ndarray]:
    """All predictions of a fitted estimator for sequences; for a forecaster what follows them."""
    if isinstance(model, RNNForecaster):
        intervals = [] if model.calibration is None else [model.predict_interval(9, series=X)]
        return [ragged(found) for found in (model.predict(9, series=X), *intervals)]
    methods = ("predict", "predict_proba", "predict_log_proba")
    found = [getattr(model, name)(X) for name in methods if hasattr(model, name)]
    takes_std = "return_std" in inspect.signature(model.predict).parameters
    if takes_std and model.loss == "gaussian_nll":
        found.append(model.predict(X, return_std=True)[1])
    return found


def taken(sequences: Any, at: Iterable[int]) -> Any:
    """Some of the items, in a container of the same type."""
    if isinstance(sequences, list):
        return [sequences[i] for i in at]
    return sequences[np.asarray(at)]


def assert_same_bits(one: Any, other: Any) -> None:
    """Assert equal dtype, shape and bits, also of items of lists, dicts and object arrays."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        one, other = list(one.values()), list(other.values())
    if isinstance(one, list) or one.dtype == object:
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_same_bits(np.asarray(a), np.asarray(b))
        return
    assert (one.dtype, one.shape) == (other.dtype, other.shape)
    if one.tobytes() != other.tobytes():
        np.testing.assert_array_equal(one, other)
        raise AssertionError("equal numbers, but not the same bits: 0 and -0, or NaN")

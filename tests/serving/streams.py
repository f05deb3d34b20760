"""Fitted estimators for streams, and the expected answers of their streams.

Shapes: X is (T, B, C) channels or (T, B) tokens: T steps of B sequences.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from helpers.bits import assert_same
from helpers.processes import run_python
from skrnn import RNNClassifier, RNNRegressor

CHANNELS, TOKENS = 3, 7

# Labels of each possible type of classes.
LABELS: dict[str, Any] = {
    "str": np.array(["no", "perhaps", "certainly"]),
    "object": np.array(["", "a" * 40, "é"], object),
    "int": np.array([-5, 0, 2**40]),
    "int8": np.array([3, 1], np.int8),
    "bool": np.array([False, True]),
    "float": np.array([0.0, 1.0, 7.0]),
}

# Every loss of regression; that of poisson is for targets from 0 on.
LOSSES: dict[str, dict[str, Any]] = {
    "squared_error": {},
    "absolute_error": {"loss": "absolute_error"},
    "huber": {"loss": "huber", "delta": 0.3},
    "quantile": {"loss": "quantile", "quantiles": (0.05, 0.3, 0.5, 0.9)},
    "one quantile": {"loss": "quantile", "quantiles": [0.8]},
    "gaussian_nll": {"loss": "gaussian_nll"},
    "poisson": {"loss": "poisson"},
}


def steps(
    n_steps: int, batch: int, channels: int = CHANNELS, *, tokens: bool = False, seed: int = 0
) -> np.ndarray:
    """Random X of float64 channels, or of tokens."""
    rng = np.random.default_rng(seed)
    if tokens:
        return rng.integers(0, TOKENS, (n_steps, batch))
    return rng.normal(size=(n_steps, batch, channels))


def fitted(kind: Any, y: Any, channels: int = CHANNELS, **settings: Any) -> Any:
    """An estimator with parameters far from their initial values, and without symmetries."""
    usual = {"cell": "lstm", "pooling": "last", "hidden_size": 7, "max_iter": 1}
    settings = {**usual, "random_state": 0, "n_jobs": 1, **settings}
    if "embedding_size" in settings:
        X = [np.append(x, TOKENS - 1) for x in steps(3, len(y), tokens=True).T]
    else:
        X = list(steps(4, len(y), channels).transpose(1, 0, 2))
    model = kind(**settings).fit(X, y)
    rng = np.random.default_rng(1)
    for array in model.params_.values():
        array += rng.normal(scale=0.4, size=array.shape).astype(np.float32)
    return model


def classifier(labels: Any = LABELS["str"], **settings: Any) -> Any:
    return fitted(RNNClassifier, np.resize(labels, 2 * len(labels)), **settings)


def multilabel(**settings: Any) -> Any:
    return fitted(RNNClassifier, np.array([[0, 1, 1, 0], [1, 0, 1, 1], [0, 0, 0, 1]]), **settings)


def regressor(columns: int | None = None, **settings: Any) -> Any:
    """A regressor for y of shape (n,) or (n, columns): large numbers of different scales."""
    y = np.random.default_rng(2).uniform(size=(9, columns or 1)) * 10.0 ** np.arange(columns or 1)
    return fitted(RNNRegressor, 1000 + y if columns else 1000 + y[:, 0], **settings)


def methods_of(model: Any) -> list[str]:
    return [name for name in ("predict", "predict_proba") if hasattr(model, name)]


def as_if_ended(model: Any, X: np.ndarray, method: str = "predict") -> np.ndarray:
    """The estimator's answers for the first t steps of each sequence, for each t, (T, B, ...)."""
    T, B = X.shape[:2]
    beginnings = [X[: t + 1, b] for t in range(T) for b in range(B)]
    answers = getattr(model, method)(beginnings)
    return answers.reshape(T, B, *answers.shape[1:])


def assert_streams(model: Any, X: np.ndarray) -> None:
    """Assert that step, process and predict give the same bits, for every method."""
    for method in methods_of(model):
        expected = as_if_ended(model, X, method)
        stream = model.stream(X.shape[1], method=method)
        for x_t, answer in zip(X, expected, strict=True):
            assert_same(stream.step(x_t), answer)
        stream.reset()
        assert_same(stream.process(X), expected)


def same_state(one: Any, other: Any) -> bool:
    return one.keys() == other.keys() and all(
        one[name].tobytes() == other[name].tobytes() for name in one
    )


def run_here(*arguments: str) -> str:
    """The output of Python in a separate process, where this module can be imported."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    return run_python("-c", code + arguments[0], *arguments[1:]).stdout

"""Fits to stop, kill and resume."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import numpy as np

from skrnn import (
    RNNAnomalyDetector,
    RNNClassifier,
    RNNForecaster,
    RNNLanguageModel,
    RNNRegressor,
    RNNStepRegressor,
    RNNTagger,
)

ESTIMATORS: dict[str, Any] = {
    "classifier": RNNClassifier,
    "regressor": RNNRegressor,
    "tagger": RNNTagger,
    "step_regressor": RNNStepRegressor,
    "language_model": RNNLanguageModel,  # of texts that end
    "language_model_of_one_text": RNNLanguageModel,
    "detector": partial(RNNAnomalyDetector, window=6, segment_length=2),
    "forecaster": RNNForecaster,
}

SMALL: dict[str, Any] = {
    "cell": "gru",
    "pooling": "last",
    "hidden_size": 5,
    "max_iter": 12,
    "n_iter_no_change": 20,
    "batch_size": 8,
    "learning_rate_init": 0.02,
    "learning_rate": "constant",
    "random_state": 3,
    "n_jobs": 1,
}

# Settings of fits to resume: each depends on state that the others do not.
VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    # The best epoch is before the ninth, and the end after it.
    "early_stopping": {
        "early_stopping": True,
        "validation_fraction": 0.3,
        "n_iter_no_change": 9,
        "max_iter": 30,
        "learning_rate_init": 0.05,
        "random_state": 2,
    },
    "dropout": {"num_layers": 2, "dropout": 0.3, "recurrent_dropout": 0.2},
    # With this tol improvements are rare, so the rate is reduced every few epochs.
    "plateau": {"learning_rate": "plateau", "tol": 0.15, "learning_rate_init": 0.1},
    "cosine": {"learning_rate": "cosine", "solver": "sgd"},
    "one_cycle": {"learning_rate": "one_cycle", "solver": "adamw", "alpha": 0.01},
}
KILLED_IN = 9


def make(kind: str = "classifier", **settings: Any) -> Any:
    known = inspect.signature(ESTIMATORS[kind]).parameters
    return ESTIMATORS[kind](**{**{k: v for k, v in SMALL.items() if k in known}, **settings})


def data(kind: str = "classifier", n: int = 40, seed: int = 0) -> tuple[Any, Any]:
    """Sequences of 1..7 steps, and targets so noisy that the loss also rises."""
    rng = np.random.default_rng(seed)
    if kind == "forecaster":
        return [np.sin(np.arange(n + i)) + rng.normal(size=n + i) for i in (0, 9)], None
    if kind.startswith("language_model"):
        texts = ["".join(rng.choice([*"abc"], 1 + i % 7, p=[0.6, 0.3, 0.1])) for i in range(n)]
        return texts if kind == "language_model" else "".join(texts), None
    if kind == "detector":
        return [rng.normal(size=(12 + i, 2)) for i in range(n // 8)], None
    X = [rng.normal(size=(1 + i % 7, 2)) for i in range(n)]
    if kind in ("tagger", "step_regressor"):
        sums = [x.sum(axis=1) + rng.normal(size=len(x)) for x in X]
        return X, sums if kind == "step_regressor" else [
            np.where(y > 0, "up", "down") for y in sums
        ]
    y = np.array([x.sum() for x in X]) + rng.normal(size=n)
    return X, (np.where(y > 0, "high", "low") if kind == "classifier" else y)


def assert_same_fit(one: Any, other: Any) -> None:
    """Assert equal bits, curves and optimiser states, so that the fits also continue alike."""
    assert one.loss_curve_ == other.loss_curve_
    assert one.validation_scores_ == other.validation_scores_
    assert one.n_iter_ == other.n_iter_
    assert one.params_.keys() == other.params_.keys()
    for name, array in one.params_.items():
        assert array.tobytes() == other.params_[name].tobytes(), name
    assert one._history.optimizer_state.tobytes() == other._history.optimizer_state.tobytes()
    assert one._history.updates == other._history.updates
    assert one._history.seed == other._history.seed


class Recorder:
    """A callback that records its calls, and requests no arguments."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, int]] = []

    def setup(self, estimator: Any, context: Any) -> None:
        self._record("setup", estimator, context)

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        self._record("begin", estimator, context)

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
        self._record("end", estimator, context)
        return False

    def teardown(self, estimator: Any, context: Any) -> None:
        self._record("teardown", estimator, context)

    def _record(self, what: str, estimator: Any, context: Any) -> None:
        assert context.estimator_name == type(estimator).__name__
        self.calls.append((what, context.task_name, context.task_id))


class At(Recorder):
    """A callback that acts at the beginning or the end of an epoch, counted from 0."""

    def __init__(self, epoch: int, action: Any, moment: str = "end") -> None:
        super().__init__()
        self.epoch = epoch
        self.action = action
        self.moment = moment

    def on_fit_task_begin(self, _estimator: Any, context: Any) -> None:
        if self.moment == "begin":
            self._act(context)

    def on_fit_task_end(self, _estimator: Any, context: Any) -> Any:
        return self._act(context) if self.moment == "end" else False

    def _act(self, context: Any) -> Any:
        return context.task_name == "epoch" and context.task_id == self.epoch and self.action()


def interrupt() -> None:
    raise KeyboardInterrupt

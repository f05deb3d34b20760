"""The estimators that a file can hold, and what the core is told of them."""

from __future__ import annotations

from typing import Any

from skrnn._estimators.base import SequenceEstimator
from skrnn._estimators.classifier import RNNClassifier
from skrnn._estimators.fitting import TrainableEstimator
from skrnn._estimators.regressor import RNNRegressor
from skrnn._files.values import encode

ESTIMATORS: dict[str, type[TrainableEstimator]] = {
    kind.__name__: kind for kind in (RNNClassifier, RNNRegressor)
}


def served_sections(estimator: SequenceEstimator) -> dict[str, Any]:
    """Return what the core reads of an estimator in a file: its network and its loss."""
    return {
        "network": {
            name: encode(value, name) for name, value in estimator._network_settings().items()
        },
        "loss": {
            "name": estimator._loss(),
            "options": estimator._loss_options(),
            "targets": int(estimator._target_columns),
        },
    }

"""Recurrent neural networks for sequences, on any CPU.

`RNNClassifier` and `RNNRegressor` are scikit-learn estimators for sequences of different lengths,
`RNNTagger` and `RNNStepRegressor` answer at every step of them, `RNNLanguageModel` writes texts and
other sequences of tokens, `RNNForecaster` goes on with series of numbers, and `RNNAnomalyDetector`
finds what is unusual in them. `Sequences` holds sequences, `skrnn.preprocessing` prepares them,
`skrnn.model_selection` splits series by time, `skrnn.metrics` scores answers, and `skrnn.plotting`
draws. `save`, `load` and `stream` are for fitted models, and `skrnn.runtime` predicts with saved
ones and NumPy alone. `skrnn.kernels` holds the layers themselves: RNN, LSTM and GRU with forward,
backward and step.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from skrnn import kernels
from skrnn._core import Stream, __version__, cells

if TYPE_CHECKING:
    from skrnn import runtime
    from skrnn._estimators.classifier import RNNClassifier
    from skrnn._estimators.detector import RNNAnomalyDetector
    from skrnn._estimators.forecaster import RNNForecaster
    from skrnn._estimators.language_model import RNNLanguageModel
    from skrnn._estimators.loading import load
    from skrnn._estimators.regressor import RNNRegressor
    from skrnn._estimators.step_regressor import RNNStepRegressor
    from skrnn._estimators.tagger import RNNTagger
    from skrnn._files.writing import save
    from skrnn._sequences.container import Sequences
    from skrnn._serving.pipelines import stream

__all__ = [
    "RNNAnomalyDetector",
    "RNNClassifier",
    "RNNForecaster",
    "RNNLanguageModel",
    "RNNRegressor",
    "RNNStepRegressor",
    "RNNTagger",
    "Sequences",
    "Stream",
    "__version__",
    "cells",
    "kernels",
    "load",
    "runtime",
    "save",
    "show_versions",
    "stream",
]

# Loaded at first use: kernels alone need no scikit-learn.
_LAZY = {
    "RNNAnomalyDetector": "skrnn._estimators.detector",
    "RNNClassifier": "skrnn._estimators.classifier",
    "RNNForecaster": "skrnn._estimators.forecaster",
    "RNNLanguageModel": "skrnn._estimators.language_model",
    "RNNRegressor": "skrnn._estimators.regressor",
    "RNNStepRegressor": "skrnn._estimators.step_regressor",
    "RNNTagger": "skrnn._estimators.tagger",
    "Sequences": "skrnn._sequences.container",
    "load": "skrnn._estimators.loading",
    "save": "skrnn._files.writing",
    "stream": "skrnn._serving.pipelines",
}


def __getattr__(name: str) -> Any:
    if name == "runtime":
        return import_module("skrnn.runtime")
    if name not in _LAZY:
        raise AttributeError(f"module 'skrnn' has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


def show_versions() -> None:
    """Print versions, instruction sets and threads, as a bug report should contain them.

    Examples
    --------
    >>> import skrnn
    >>> skrnn.show_versions()  # doctest: +ELLIPSIS
    scikit-rnn ...
    """
    from skrnn import _versions  # loads many modules that `import skrnn` does without

    print(_versions.report())

"""What the answers of a model mean: labels, flags, or numbers.

A `_core.Model` answers in float64, with A values a sequence; estimators and `skrnn.runtime` turn
them into what predict returns. This needs NumPy only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._sequences.token_stream import TokenStream

Answers = NDArray[np.float64]


class Meaning(Protocol):
    """How answers of shape (n, A) are to be read."""

    def predict(self, answers: Answers) -> NDArray[Any]:
        """Return what predict of the estimator returns, of shape (n,) or (n, ...)."""

    @property
    def streams(self) -> dict[str, dict[str, Any]]:
        """What `_core.Stream` has to be told, for each method that can be streamed."""

    @property
    def classes(self) -> NDArray[Any] | None:
        """What answers are probabilities of, of shape (A,); None where they are numbers."""

    @property
    def fitted(self) -> dict[str, Any]:
        """Attributes that say this to an estimator, as fit has set them."""


@dataclass(frozen=True)
class Classes:
    """One of several classes: probabilities of each."""

    classes: NDArray[Any]  # (A,)

    def predict(self, answers: Answers) -> NDArray[Any]:
        """Return the most probable class, of equal ones the first."""
        return np.asarray(self.classes[answers.argmax(axis=1)])

    def log_probabilities(self, logits: Answers) -> Answers:
        """Return log(softmax(logits)), finite where probabilities are too small for float64."""
        below = logits - logits.max(axis=1, keepdims=True)
        return np.asarray(below - np.log(np.exp(below).sum(axis=1, keepdims=True)))

    @property
    def streams(self) -> dict[str, dict[str, Any]]:
        """Labels, or probabilities."""
        return {"predict": {"labels": self.classes}, "predict_proba": {}}

    @property
    def fitted(self) -> dict[str, Any]:
        """For classifiers."""
        return {"classes_": self.classes, "_multilabel": False}


@dataclass(frozen=True)
class Flags:
    """Several questions of yes or no: the probability of each yes."""

    count: int  # A

    def predict(self, answers: Answers) -> NDArray[Any]:
        """Return 1 where the probability is one half at least, else 0."""
        return (answers >= 0.5).astype(np.int64)

    def log_probabilities(self, logits: Answers) -> Answers:
        """Return log(sigmoid(logits)), finite where probabilities are too small for float64."""
        return np.asarray(-np.logaddexp(0.0, -logits))

    @property
    def streams(self) -> dict[str, dict[str, Any]]:
        """Flags, or probabilities."""
        return {"predict": {"flags": True}, "predict_proba": {}}

    @property
    def classes(self) -> NDArray[Any]:
        """The numbers of the questions."""
        return np.arange(self.count)

    @property
    def fitted(self) -> dict[str, Any]:
        """For classifiers."""
        return {"classes_": self.classes, "_multilabel": True}


@dataclass(frozen=True)
class Numbers:
    """Numbers for each of several targets, and behind them perhaps standard deviations."""

    targets: int
    one_column: bool  # whether y had shape (n,)
    quantiles: int | None = None  # how many for each target; None for one number each

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what predict returns for one sequence."""
        targets = () if self.one_column else (self.targets,)
        return targets if self.quantiles is None else (*targets, self.quantiles)

    def predict(self, answers: Answers) -> NDArray[Any]:
        """Return the numbers, of shape (n, *shape)."""
        count = self.targets * (self.quantiles or 1)
        return np.ascontiguousarray(answers[:, :count]).reshape(len(answers), *self.shape)

    def deviations(self, answers: Answers) -> NDArray[Any]:
        """Return the standard deviations, of shape (n, *shape)."""
        return self.predict(answers[:, self.targets :])

    @property
    def streams(self) -> dict[str, dict[str, Any]]:
        """Numbers."""
        return {"predict": {"shape": self.shape}}

    @property
    def classes(self) -> None:
        """They have none."""

    @property
    def fitted(self) -> dict[str, Any]:
        """For regressors."""
        return {"_one_column": self.one_column}


def open_stream(
    model: _core.Model,
    meaning: Meaning,
    batch_size: int,
    method: str,
    vocabulary: Mapping[str, int] | None = None,
) -> _core.Stream:
    """Return a stream that answers as `method` does.

    Parameters
    ----------
    model : _core.Model
    meaning : Meaning
        What the answers of `model` are.
    batch_size : int
        B, sequences side by side.
    method : str
        "predict", or "predict_proba" of classifiers.
    vocabulary : mapping of str to int, optional
        Makes the stream read strings, whose numbers the model reads.

    Raises
    ------
    TypeError
        For a `batch_size` that is no integer.
    ValueError
        For another method, a `batch_size` below 1, and a model that has no answer while a sequence
        goes on.
    """
    if method not in [*meaning.streams]:
        raise ValueError(
            f"method={method!r} cannot be streamed; choose one of {[*meaning.streams]}"
        )
    if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)):
        raise TypeError(
            f"batch_size={batch_size!r} is a {type(batch_size).__name__}; expected an int"
        )
    if not 1 <= batch_size < 2**31:
        raise ValueError(f"batch_size={batch_size}; expected 1..{2**31 - 1}")
    answers = meaning.streams[method]
    if vocabulary is not None:
        return TokenStream(vocabulary, model, int(batch_size), **answers)
    return _core.Stream(model, int(batch_size), **answers)

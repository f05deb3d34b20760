"""The meaning of a model's answers: classes, labels, or numbers.

A `_core.Model` answers in float64, with A values for each sequence; estimators and `skrnn.runtime`
turn them into the results of predict. This needs NumPy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.language import Language

Answers = NDArray[np.float64]


class Meaning(Protocol):
    """The meaning of answers of shape (n, A)."""

    def predict(self, answers: Answers) -> NDArray[Any]:
        """Return the result of the estimator's predict, of shape (n,) or (n, ...)."""

    @property
    def streams(self) -> dict[str, dict[str, Any]]:
        """Keyword arguments of `_core.Stream`, for each method that can be streamed."""

    @property
    def classes(self) -> NDArray[Any] | None:
        """The classes of the probabilities, of shape (A,); None for numbers."""


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


@dataclass(frozen=True)
class Chain(Classes):
    """A label of each step, which depend on one another: probabilities of each, given all steps.

    They are marginals: `predict` takes the most probable label of each step by itself. Of whole
    sequences of labels `paths` finds the most probable.
    """

    def log_probabilities(self, marginals: Answers) -> Answers:
        """Return log(marginals), -infinity where that is 0."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(marginals))

    @property
    def streams(self) -> dict[str, dict[str, Any]]:
        """None: labels depend on the steps that follow."""
        return {}


@dataclass(frozen=True)
class NextTokens:
    """The token that follows: the probability of each token of a language."""

    language: Language

    @property
    def classes(self) -> NDArray[Any]:
        """The tokens, (A,)."""
        return self.language.classes

    def predict(self, answers: Answers) -> NDArray[Any]:
        """Return the most probable token, of equal ones the first."""
        return np.asarray(self.classes[answers.argmax(axis=1)])

    @property
    def streams(self) -> dict[str, dict[str, Any]]:
        """Tokens, or probabilities."""
        return {"predict": {"labels": self.classes}, "predict_proba": {}}


@dataclass(frozen=True)
class Multilabel:
    """Several labels, each of which a row may have: the probability of each."""

    count: int  # A

    def predict(self, answers: Answers) -> NDArray[Any]:
        """Return 1 where the probability is at least 0.5, else 0."""
        return (answers >= 0.5).astype(np.int64)

    def log_probabilities(self, logits: Answers) -> Answers:
        """Return log(sigmoid(logits)), finite where probabilities are too small for float64."""
        return np.asarray(-np.logaddexp(0.0, -logits))

    @property
    def streams(self) -> dict[str, dict[str, Any]]:
        """Indicators, or probabilities."""
        return {"predict": {"flags": True}, "predict_proba": {}}

    @property
    def classes(self) -> NDArray[Any]:
        """The numbers of the labels."""
        return np.arange(self.count)


@dataclass(frozen=True)
class Numbers:
    """Numbers for each of several targets, optionally followed by standard deviations."""

    targets: int
    one_column: bool  # whether y had shape (n,)
    quantiles: int | None = None  # how many for each target; None for one number each

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result of predict for one sequence."""
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
        """None: numbers have no classes."""

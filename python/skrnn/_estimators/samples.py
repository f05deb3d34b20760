"""Samples of a fit: sequences with their targets and weights, and their split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from skrnn._sequences.container import Sequences
from skrnn._targets.rows import StepRows, TargetRows


@dataclass(frozen=True)
class FitData:
    """The arguments of fit, as users give them; `fit` documents them."""

    X: Any
    y: Any
    sample_weight: Any = None
    X_val: Any = None
    y_val: Any = None
    sample_weight_val: Any = None
    context: Any = None  # of language models
    context_val: Any = None


@dataclass(frozen=True)
class Samples:
    """Sequences, their targets, and how much each counts; all checked.

    Targets and weights have a row for each sequence, or for each step, as `rows` says.
    """

    X: Sequences
    y: NDArray[Any]  # (rows,) or (rows, K)
    sample_weight: NDArray[np.float64] | None  # (rows,)
    rows: TargetRows

    def __getitem__(self, indices: NDArray[np.int64]) -> Samples:
        weight = self.sample_weight
        return Samples(
            self.X[indices],
            self.rows.take(self.y, self.X.offsets, indices),
            None if weight is None else self.rows.take(weight, self.X.offsets, indices),
            self.rows,
        )

    def that_weigh(self) -> Samples:
        """Return the samples of positive weight: others take no part in training or scores."""
        weight = self.weight_of_sequences
        if weight is None or weight.all():
            return self
        return self[np.flatnonzero(weight)]

    @property
    def weight_of_sequences(self) -> NDArray[np.float64] | None:
        """How much each sequence counts, (n,), or None for ones."""
        return self.rows.of_sequences(self.sample_weight, self.X.offsets)

    @property
    def as_given(self) -> dict[str, Any]:
        """The targets and weights in the form that users pass: an item for each sequence."""
        weight, offsets = self.sample_weight, self.X.offsets
        return {
            "y": self.rows.as_given(self.y, offsets),
            "sample_weight": None if weight is None else self.rows.as_given(weight, offsets),
        }


class TextSamples(Samples):
    """Texts, whose targets are their own tokens."""

    @classmethod
    def of(cls, X: Sequences) -> TextSamples:
        """Return texts that all count the same."""
        return cls(X, np.empty(0), None, StepRows())

    def __getitem__(self, indices: NDArray[np.int64]) -> TextSamples:
        return self.of(self.X[indices])

    @property
    def as_given(self) -> dict[str, Any]:
        """Neither targets nor weights are given."""
        return {"y": None, "sample_weight": None}


def split(
    samples: Samples, fraction: float, strata: NDArray[Any] | None, seed: int
) -> tuple[Samples, Samples]:
    """Return a part to train on, and one that is held out for early stopping.

    Parameters
    ----------
    samples : Samples
    fraction : float
        The share that is held out.
    strata : array of shape (n,), or None
        Values whose shares are to be the same in both parts.
    seed : int

    Raises
    ------
    ValueError
        If there are too few samples.
    """
    n = len(samples.X)
    try:
        kept, held_out = train_test_split(
            np.arange(n), test_size=fraction, stratify=strata, random_state=seed
        )
    except ValueError as error:
        raise ValueError(
            f"early_stopping=True with validation_fraction={fraction} cannot hold sequences out of "
            f"{n}: {error}. Pass X_val and y_val, another validation_fraction, or "
            "early_stopping=False"
        ) from error
    return samples[kept], samples[held_out]

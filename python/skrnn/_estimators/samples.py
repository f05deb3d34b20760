"""Samples of a fit: sequences with their targets and weights, and their split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from skrnn._sequences.container import Sequences


@dataclass(frozen=True)
class FitData:
    """The arguments of fit, as users give them; `fit` documents them."""

    X: Any
    y: Any
    sample_weight: Any = None
    X_val: Any = None
    y_val: Any = None
    sample_weight_val: Any = None


@dataclass(frozen=True)
class Samples:
    """Sequences, their targets, and how much each counts; all checked."""

    X: Sequences
    y: NDArray[Any]  # (n,) or (n, K)
    sample_weight: NDArray[np.float64] | None  # (n,)

    def __getitem__(self, indices: NDArray[np.int64]) -> Samples:
        weight = None if self.sample_weight is None else self.sample_weight[indices]
        return Samples(self.X[indices], self.y[indices], weight)

    def that_weigh(self) -> Samples:
        """Return the samples of positive weight: others take no part in training or scores."""
        if self.sample_weight is None or self.sample_weight.all():
            return self
        return self[np.flatnonzero(self.sample_weight)]


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

"""What a twin of a loss is, and how the losses of rows become the one number that is minimised.

A row is a sequence where there is one target a sequence, and a step where there is one a step. With
K targets a row, every loss but ``cross_entropy`` is the mean over them, as in PyTorch and, for
numbers, in scikit-learn: a learning rate then suits any K.
"""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray

from reference.cell import Array

Targets = NDArray[Any]  # (n,) class numbers, or (n, K)


class Loss(Protocol):
    """A loss of rows that know nothing of each other."""

    def loss(self, outputs: Array, targets: Targets) -> Array:
        """Return the loss of each row (n,), given what the head puts out (n, columns)."""

    def gradient(self, outputs: Array, targets: Targets) -> Array:
        """Return d(loss of the row)/d(outputs), (n, columns)."""

    def link(self, outputs: Array) -> Array:
        """Return what the outputs mean: probabilities, numbers, rates, (n, columns)."""


def mean_over_targets(losses: Array) -> Array:
    """Return the loss of each row (n,), given that of each of its outputs (n, columns)."""
    means: Array = losses.mean(axis=1)
    return means


def mean_over_targets_gradient(slopes: Array) -> Array:
    """Return the gradient of that mean, given the slope of each output's own loss (n, columns)."""
    return slopes / len(slopes.T)


def weighted_mean(losses: Array, weights: Array) -> float:
    """sum(w l) / sum(w): of a minibatch, whose weights are of samples times classes.

    A step that does not count has weight 0. Where no row counts, the loss is 0.
    """
    total = weights.sum()
    return float(weights @ losses / total) if total > 0 else 0.0


def weighted_mean_gradient(gradient: Array, weights: Array) -> Array:
    """d(weighted mean)/d(outputs), given each row's own gradient."""
    total = weights.sum()
    share = weights / total if total > 0 else weights
    return share[:, None] * gradient

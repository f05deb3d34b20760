"""The interface of a loss's twin, and the weighted mean of the losses of rows.

A row is a sequence if there is a target per sequence, and a step if there is one per step. With K
targets per row, every loss but ``cross_entropy`` is the mean over them, as in PyTorch and, for
regression, in scikit-learn: a learning rate then suits any K.
"""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray

from reference.cell import Array

Targets = NDArray[Any]  # (n,) class numbers, or (n, K)


class Loss(Protocol):
    """A loss of independent rows."""

    def loss(self, outputs: Array, targets: Targets) -> Array:
        """Return the loss of each row (n,), given the outputs of the head (n, columns)."""

    def gradient(self, outputs: Array, targets: Targets) -> Array:
        """Return d(loss of the row)/d(outputs), (n, columns)."""

    def link(self, outputs: Array) -> Array:
        """Return probabilities, numbers or rates (n, columns), given the outputs."""


def mean_over_targets(losses: Array) -> Array:
    """Return the loss of each row (n,), given that of each of its outputs (n, columns)."""
    means: Array = losses.mean(axis=1)
    return means


def mean_over_targets_gradient(slopes: Array) -> Array:
    """Return the gradient of that mean, given the slope of each output's own loss (n, columns)."""
    return slopes / len(slopes.T)


def weighted_mean(losses: Array, weights: Array) -> float:
    """sum(w l) / sum(w) of a minibatch, with weights of samples times those of classes.

    A step that does not count has weight 0. If no row counts, the loss is 0.
    """
    total = weights.sum()
    return float(weights @ losses / total) if total > 0 else 0.0


def weighted_mean_gradient(gradient: Array, weights: Array) -> Array:
    """d(weighted mean)/d(outputs), given each row's own gradient."""
    total = weights.sum()
    share = weights / total if total > 0 else weights
    return share[:, None] * gradient

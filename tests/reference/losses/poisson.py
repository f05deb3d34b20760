"""Counts: the negative log-likelihood of a Poisson distribution, without log(y!).

l = mean_k exp(o_k) - y_k o_k
"""

from __future__ import annotations

import numpy as np

from reference.cell import Array
from reference.losses.loss import mean_over_targets, mean_over_targets_gradient


class Poisson:
    """Outputs (n, K) are logarithms of rates, targets (n, K) are counts or rates >= 0."""

    def loss(self, outputs: Array, targets: Array) -> Array:
        return mean_over_targets(np.exp(outputs) - targets * outputs)

    def gradient(self, outputs: Array, targets: Array) -> Array:
        return mean_over_targets_gradient(np.exp(outputs) - targets)

    def link(self, outputs: Array) -> Array:
        """exp: the rates."""
        return np.exp(outputs)

"""K binary targets: l = mean_k log(1 + exp(o_k)) - y_k o_k, from logits."""

from __future__ import annotations

import numpy as np

from reference.cell import Array, sigmoid
from reference.losses.loss import mean_over_targets, mean_over_targets_gradient


class BinaryCrossEntropy:
    """Outputs (n, K), targets (n, K) of 0 and 1; K = 1 is binary classification."""

    def loss(self, outputs: Array, targets: Array) -> Array:
        # -y log p - (1-y) log(1-p) with p = sigmoid(o); no exponential of a large number
        return mean_over_targets(np.logaddexp(0, outputs) - targets * outputs)

    def gradient(self, outputs: Array, targets: Array) -> Array:
        return mean_over_targets_gradient(sigmoid(outputs) - targets)

    def link(self, outputs: Array) -> Array:
        """Sigmoid: the probability of 1 for each target."""
        return sigmoid(outputs)

"""Squared near zero and absolute beyond (Huber, Annals of Mathematical Statistics 35, 1964).

With e = o_k - y_k, l = mean_k of
  e^2 / 2                     where |e| <= delta
  delta (|e| - delta / 2)     elsewhere
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reference.cell import Array
from reference.losses.loss import mean_over_targets, mean_over_targets_gradient


@dataclass(frozen=True)
class Huber:
    """Outputs (n, K), targets (n, K); ``torch.nn.HuberLoss`` with its default delta."""

    delta: float = 1.0

    def loss(self, outputs: Array, targets: Array) -> Array:
        error = np.abs(outputs - targets)
        near, far = error**2 / 2, self.delta * (error - self.delta / 2)
        return mean_over_targets(np.where(error <= self.delta, near, far))

    def gradient(self, outputs: Array, targets: Array) -> Array:
        return mean_over_targets_gradient(np.clip(outputs - targets, -self.delta, self.delta))

    def link(self, outputs: Array) -> Array:
        """A value between the conditional mean and median, unchanged."""
        return outputs

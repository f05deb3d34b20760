"""Mean and deviation: the negative log-likelihood of a normal distribution, without log(2 pi) / 2.

With the mean m_k, the raw scale a_k and the bound S,
  s_k = S tanh(a_k / S)                                  the log-variance
  l   = mean_k (s_k + (y_k - m_k)^2 exp(-s_k)) / 2

The log-variance (Kendall, Gal, arXiv:1703.04977, eq. 8) needs no constraint and no division, and a
step in it changes the standard deviation by a proportion, large or small. A softplus of the raw
scale is linear for large deviations, which it reaches slowly.

The bound is there because the loss has no minimum if a target is predicted exactly (s to minus
infinity), and exp(-s) overflows float32 at s < -88. With S = 10 the deviation stays within
exp(-5)..exp(5), 0.007 to 150 units of the targets, so those should be of order one.

The bound is a tanh: near 0 it is the identity, and unlike clipping it always has a gradient.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reference.cell import Array
from reference.losses.loss import mean_over_targets


@dataclass(frozen=True)
class GaussianNLL:
    """Outputs (n, 2 K): K means, then K raw scales; targets (n, K)."""

    bound: float = 10.0  # S

    def loss(self, outputs: Array, targets: Array) -> Array:
        mean, s = self._mean_and_log_variance(outputs)
        return mean_over_targets((s + (targets - mean) ** 2 * np.exp(-s)) / 2)

    def gradient(self, outputs: Array, targets: Array) -> Array:
        mean, s = self._mean_and_log_variance(outputs)
        k = mean.shape[1]
        dmean = (mean - targets) * np.exp(-s) / k
        ds = (1 - (targets - mean) ** 2 * np.exp(-s)) / (2 * k)
        draw = ds * (1 - (s / self.bound) ** 2)
        return np.hstack([dmean, draw])

    def link(self, outputs: Array) -> Array:
        """K means, then K standard deviations."""
        mean, s = self._mean_and_log_variance(outputs)
        return np.hstack([mean, np.exp(s / 2)])

    def _mean_and_log_variance(self, outputs: Array) -> tuple[Array, Array]:
        mean, raw = np.split(outputs, 2, axis=1)
        return mean, self.bound * np.tanh(raw / self.bound)

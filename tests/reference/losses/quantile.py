"""Pinball loss, minimal at a quantile (Koenker, Bassett, Econometrica 46, 1978).

With e = y_k - o_kq and the level tau_q, l = mean over k and q of max(tau_q e, (tau_q - 1) e)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reference.cell import Array
from reference.losses.loss import mean_over_targets, mean_over_targets_gradient


@dataclass(frozen=True)
class Quantile:
    """Outputs (n, K * Q), targets (n, K): column k * Q + q is quantile q of target k."""

    levels: tuple[float, ...] = (0.1, 0.5, 0.9)  # Q of them, inside (0, 1)

    def loss(self, outputs: Array, targets: Array) -> Array:
        error = self._errors(outputs, targets)
        tau = np.array(self.levels)
        pinball = np.maximum(tau * error, (tau - 1) * error)
        return mean_over_targets(pinball.reshape(outputs.shape))

    def gradient(self, outputs: Array, targets: Array) -> Array:
        error = self._errors(outputs, targets)
        tau = np.array(self.levels)
        # 0 if the error is 0: in the subdifferential [-tau, 1 - tau], as for ``AbsoluteError``
        slopes = np.where(error > 0, -tau, np.where(error < 0, 1 - tau, 0))
        return mean_over_targets_gradient(slopes.reshape(outputs.shape))

    def link(self, outputs: Array) -> Array:
        """The conditional quantiles, unchanged: they may cross."""
        return outputs

    def _errors(self, outputs: Array, targets: Array) -> Array:
        """y - o as (n, K, Q)."""
        n, k = targets.shape
        return targets[:, :, None] - outputs.reshape(n, k, len(self.levels))

"""Absolute error: l = mean_k |o_k - y_k|."""

from __future__ import annotations

import numpy as np

from reference.cell import Array
from reference.losses.loss import mean_over_targets, mean_over_targets_gradient


class AbsoluteError:
    """Outputs (n, K), targets (n, K)."""

    def loss(self, outputs: Array, targets: Array) -> Array:
        return mean_over_targets(np.abs(outputs - targets))

    def gradient(self, outputs: Array, targets: Array) -> Array:
        # 0 where the error is 0: a subgradient, and PyTorch's
        return mean_over_targets_gradient(np.sign(outputs - targets))

    def link(self, outputs: Array) -> Array:
        """The conditional median, unchanged."""
        return outputs

"""Half the squared error: l = mean_k (o_k - y_k)^2 / 2, as in scikit-learn's MLPRegressor."""

from __future__ import annotations

from reference.cell import Array
from reference.losses.loss import mean_over_targets, mean_over_targets_gradient


class SquaredError:
    """Outputs (n, K), targets (n, K)."""

    def loss(self, outputs: Array, targets: Array) -> Array:
        return mean_over_targets((outputs - targets) ** 2 / 2)

    def gradient(self, outputs: Array, targets: Array) -> Array:
        return mean_over_targets_gradient(outputs - targets)

    def link(self, outputs: Array) -> Array:
        """The conditional mean, unchanged."""
        return outputs

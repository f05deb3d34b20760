"""One of K classes: l = log sum_k exp(o_k) - o_y, from logits."""

from __future__ import annotations

import numpy as np

from reference.cell import Array
from reference.losses.loss import Targets


class CrossEntropy:
    """Outputs (n, K), targets (n,) integers in 0..K-1."""

    def loss(self, outputs: Array, targets: Targets) -> Array:
        return -log_softmax(outputs)[np.arange(len(targets)), targets]

    def gradient(self, outputs: Array, targets: Targets) -> Array:
        one_hot = np.eye(outputs.shape[1])[targets]
        return self.link(outputs) - one_hot

    def link(self, outputs: Array) -> Array:
        """Softmax: the probability of each class."""
        return np.exp(log_softmax(outputs))


def log_softmax(outputs: Array) -> Array:
    """o - log sum exp(o), without overflow: softmax is the same when all logits shift."""
    shifted: Array = outputs - outputs.max(axis=1, keepdims=True)
    sums: Array = np.exp(shifted).sum(axis=1, keepdims=True)
    return shifted - np.log(sums)

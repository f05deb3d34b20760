"""Stochastic gradient descent with Nesterov's momentum, in PyTorch's form.

g = dL/dtheta + alpha theta
v = mu v + g
theta = theta - lr (g + mu v)

Sutskever, Martens, Dahl and Hinton (ICML 2013) have the rate inside v; in this form a change of the
rate does not change the accumulated momentum.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from reference.cell import Array


@dataclass
class SGD:
    alpha: float = 0.0
    momentum: float = 0.9  # mu
    v: Array = field(default_factory=lambda: np.zeros(()), init=False)

    def step(self, theta: Array, gradient: Array, learning_rate: float) -> Array:
        g = gradient + self.alpha * theta
        self.v = self.momentum * self.v + g
        return theta - learning_rate * (g + self.momentum * self.v)

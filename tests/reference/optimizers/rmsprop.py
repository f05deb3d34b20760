"""RMSprop (Hinton, Neural Networks for Machine Learning, lecture 6e, 2012), in PyTorch's form.

g = dL/dtheta + alpha theta
v = rho v + (1 - rho) g^2
theta = theta - lr g / (sqrt(v) + eps)
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from reference.cell import Array


@dataclass
class RMSprop:
    alpha: float = 0.0
    rho: float = 0.99  # PyTorch calls this one alpha
    eps: float = 1e-8
    v: Array = field(default_factory=lambda: np.zeros(()), init=False)

    def step(self, theta: Array, gradient: Array, learning_rate: float) -> Array:
        g = gradient + self.alpha * theta
        self.v = self.rho * self.v + (1 - self.rho) * g**2
        return theta - learning_rate * g / (np.sqrt(self.v) + self.eps)

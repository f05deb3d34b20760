"""Adam (Kingma, Ba, arXiv:1412.6980, algorithm 1), weight decay in the gradient.

g = dL/dtheta + alpha theta
m = beta1 m + (1 - beta1) g
v = beta2 v + (1 - beta2) g^2
theta = theta - lr m' / (sqrt(v') + eps)    with m' = m / (1 - beta1^t), v' = v / (1 - beta2^t)
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from reference.cell import Array


@dataclass
class Adam:
    alpha: float = 0.0
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    t: int = field(default=0, init=False)
    m: Array = field(default_factory=lambda: np.zeros(()), init=False)
    v: Array = field(default_factory=lambda: np.zeros(()), init=False)

    def step(self, theta: Array, gradient: Array, learning_rate: float) -> Array:
        g = gradient + self.alpha * theta
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g**2
        m_hat = self.m / (1 - self.beta1**self.t)
        v_hat = self.v / (1 - self.beta2**self.t)
        return theta - learning_rate * m_hat / (np.sqrt(v_hat) + self.eps)

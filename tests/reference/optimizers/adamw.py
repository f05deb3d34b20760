"""Adam with decoupled weight decay (Loshchilov, Hutter, arXiv:1711.05101), in PyTorch's form.

theta = (1 - lr alpha) theta, then a step of Adam without decay
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reference.cell import Array
from reference.optimizers.adam import Adam


@dataclass
class AdamW:
    alpha: float = 0.0
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    adam: Adam = field(init=False)

    def __post_init__(self) -> None:
        self.adam = Adam(0.0, self.beta1, self.beta2, self.eps)

    def step(self, theta: Array, gradient: Array, learning_rate: float) -> Array:
        decayed = (1 - learning_rate * self.alpha) * theta
        return self.adam.step(decayed, gradient, learning_rate)

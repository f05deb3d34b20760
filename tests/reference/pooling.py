"""Pooling: the features of a sequence to one row for the head, one sequence at a time.

A ragged batch is a list of sequences, and a pooling reads only its own sequence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from reference.cell import Array


class Pooling(Protocol):
    """Forward and backward; the latter reads the features again rather than a tape."""

    def forward(self, h: Array) -> Array:
        """Return (F,), given the features (T, F), T >= 1."""

    def backward(self, h: Array, dpooled: Array) -> tuple[Array, dict[str, Array]]:
        """Return dL/dh, and the gradients of the pooling's own parameters."""


@dataclass(frozen=True)
class Last:
    """The last states: PyTorch's h_n of the last layer.

    The first ``hidden_size`` features are of the forward direction, which ends at step T-1; the
    others, if any, are of the reverse direction, which ends at step 0.
    """

    hidden_size: int

    def forward(self, h: Array) -> Array:
        return np.concatenate([h[-1, : self.hidden_size], h[0, self.hidden_size :]])

    def backward(self, h: Array, dpooled: Array) -> tuple[Array, dict[str, Array]]:
        dh = np.zeros_like(h)
        dh[-1, : self.hidden_size] = dpooled[: self.hidden_size]
        dh[0, self.hidden_size :] = dpooled[self.hidden_size :]
        return dh, {}


class Mean:
    """The mean over the steps of the sequence."""

    def forward(self, h: Array) -> Array:
        pooled: Array = h.mean(axis=0)
        return pooled

    def backward(self, h: Array, dpooled: Array) -> tuple[Array, dict[str, Array]]:
        return np.tile(dpooled / len(h), (len(h), 1)), {}


class Max:
    """The maximum of each feature; the first of equal ones gets all of the gradient."""

    def forward(self, h: Array) -> Array:
        pooled: Array = h.max(axis=0)
        return pooled

    def backward(self, h: Array, dpooled: Array) -> tuple[Array, dict[str, Array]]:
        dh = np.zeros_like(h)
        dh[h.argmax(axis=0), np.arange(h.shape[1])] = dpooled
        return dh, {}


@dataclass(frozen=True)
class LastMeanMax:
    """These three side by side, (3 F,): concat pooling (Howard & Ruder, ACL 2018, section 3.3)."""

    hidden_size: int

    def forward(self, h: Array) -> Array:
        return np.concatenate([part.forward(h) for part in self._parts()])

    def backward(self, h: Array, dpooled: Array) -> tuple[Array, dict[str, Array]]:
        parts = zip(self._parts(), np.split(dpooled, 3), strict=True)
        return np.sum([part.backward(h, own)[0] for part, own in parts], axis=0), {}

    def _parts(self) -> tuple[Last, Mean, Max]:
        return Last(self.hidden_size), Mean(), Max()


@dataclass(frozen=True)
class Attention:
    """A mean weighted by a learned query q (Yang et al., NAACL 2016, without its MLP).

    a = softmax over the steps of h_t . q
    pooled = sum_t a_t h_t
    """

    weight: Array  # (1, F): q, like that of torch.nn.Linear(F, 1, bias=False); a bias would cancel

    def forward(self, h: Array) -> Array:
        return self.attention(h) @ h

    def backward(self, h: Array, dpooled: Array) -> tuple[Array, dict[str, Array]]:
        a = self.attention(h)
        da = h @ dpooled
        dscores = a * (da - a @ da)
        dh = np.outer(a, dpooled) + np.outer(dscores, self.weight[0])
        return dh, {"weight": (dscores @ h)[None]}

    def attention(self, h: Array) -> Array:
        """The weight of each step, (T,)."""
        scores = h @ self.weight[0]
        unscaled: Array = np.exp(scores - scores.max())
        attention: Array = unscaled / unscaled.sum()
        return attention

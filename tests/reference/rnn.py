"""Elman's network (Cognitive Science 14, 1990), with tanh or relu.

h' = f(W_ih x + b_ih + W_hh h + b_hh)
"""

from __future__ import annotations

import numpy as np

from reference.cell import Array, State, Weights

Saved = tuple[Array, Array, Array]  # x, h, h'


class TanhRNN:
    gates = 1
    states: tuple[str, ...] = ("h",)
    vectors: tuple[str, ...] = ()

    def activation(self, a: Array) -> Array:
        return np.tanh(a)

    def slope(self, h: Array) -> Array:
        """f'(a) in terms of h = f(a)."""
        return 1 - h**2

    def step_forward(self, w: Weights, x: Array, state: State) -> tuple[State, Saved]:
        (h,) = state
        h_next = self.activation(w.weight_ih @ x + w.bias_ih + w.weight_hh @ h + w.bias_hh)
        return (h_next,), (x, h, h_next)

    def step_backward(
        self, w: Weights, saved: Saved, dstate: State, dw: Weights
    ) -> tuple[Array, State]:
        x, h, h_next = saved
        (dh_next,) = dstate
        da = dh_next * self.slope(h_next)
        dw.weight_ih += np.outer(da, x)
        dw.weight_hh += np.outer(da, h)
        dw.bias_ih += da
        dw.bias_hh += da
        return w.weight_ih.T @ da, (w.weight_hh.T @ da,)


class ReluRNN(TanhRNN):
    def activation(self, a: Array) -> Array:
        return np.maximum(a, 0)

    def slope(self, h: Array) -> Array:
        return (h > 0).astype(h.dtype)

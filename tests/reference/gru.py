"""Gated recurrent unit, the reset gate after the product (cuDNN's and PyTorch's variant).

r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
n = tanh(W_in x + b_in + r (W_hn h + b_hn))
h' = (1 - z) n + z h
"""

from __future__ import annotations

import numpy as np

from reference.cell import Array, State, Weights, sigmoid

Saved = tuple[Array, Array, Array, Array, Array, Array]  # x, h, r, z, n, W_hn h + b_hn


class GRU:
    gates = 3
    states: tuple[str, ...] = ("h",)
    vectors: tuple[str, ...] = ()

    def step_forward(self, w: Weights, x: Array, state: State) -> tuple[State, Saved]:
        (h,) = state
        x_r, x_z, x_n = np.split(w.weight_ih @ x + w.bias_ih, 3)
        h_r, h_z, h_n = np.split(w.weight_hh @ h + w.bias_hh, 3)
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        n = np.tanh(x_n + r * h_n)
        h_next = (1 - z) * n + z * h
        return (h_next,), (x, h, r, z, n, h_n)

    def step_backward(
        self, w: Weights, saved: Saved, dstate: State, dw: Weights
    ) -> tuple[Array, State]:
        x, h, r, z, n, h_n = saved
        (dh_next,) = dstate
        da_z = dh_next * (h - n) * z * (1 - z)
        da_n = dh_next * (1 - z) * (1 - n**2)
        da_r = da_n * h_n * r * (1 - r)
        da_x = np.concatenate([da_r, da_z, da_n])
        da_h = np.concatenate([da_r, da_z, da_n * r])
        dw.weight_ih += np.outer(da_x, x)
        dw.weight_hh += np.outer(da_h, h)
        dw.bias_ih += da_x
        dw.bias_hh += da_h
        return w.weight_ih.T @ da_x, (dh_next * z + w.weight_hh.T @ da_h,)

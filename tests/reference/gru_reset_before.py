"""Gated recurrent unit, the reset gate before the product (Cho et al., arXiv:1406.1078v3).

r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
n = tanh(W_in x + b_in + W_hn (r h) + b_hn)
h' = (1 - z) n + z h
"""

from __future__ import annotations

import numpy as np

from reference.cell import Array, State, Weights, sigmoid

Saved = tuple[Array, Array, Array, Array, Array]  # x, h, r, z, n


class GRUResetBefore:
    gates = 3
    states: tuple[str, ...] = ("h",)
    vectors: tuple[str, ...] = ()

    def step_forward(self, w: Weights, x: Array, state: State) -> tuple[State, Saved]:
        (h,) = state
        weight_hr, weight_hz, weight_hn = np.split(w.weight_hh, 3)
        a_r, a_z, a_n = np.split(w.weight_ih @ x + w.bias_ih + w.bias_hh, 3)
        r, z = sigmoid(a_r + weight_hr @ h), sigmoid(a_z + weight_hz @ h)
        n = np.tanh(a_n + weight_hn @ (r * h))
        h_next = (1 - z) * n + z * h
        return (h_next,), (x, h, r, z, n)

    def step_backward(
        self, w: Weights, saved: Saved, dstate: State, dw: Weights
    ) -> tuple[Array, State]:
        x, h, r, z, n = saved
        (dh_next,) = dstate
        weight_hr, weight_hz, weight_hn = np.split(w.weight_hh, 3)
        da_z = dh_next * (h - n) * z * (1 - z)
        da_n = dh_next * (1 - z) * (1 - n**2)
        d_rh = weight_hn.T @ da_n
        da_r = d_rh * h * r * (1 - r)
        da = np.concatenate([da_r, da_z, da_n])
        dw.weight_ih += np.outer(da, x)
        dw.weight_hh += np.concatenate(
            [np.outer(da_r, h), np.outer(da_z, h), np.outer(da_n, r * h)]
        )
        dw.bias_ih += da
        dw.bias_hh += da
        dh = dh_next * z + d_rh * r + weight_hr.T @ da_r + weight_hz.T @ da_z
        return w.weight_ih.T @ da, (dh,)

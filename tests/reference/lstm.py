"""Long short-term memory with forget gates (Gers, Schmidhuber, Cummins, 2000).

i = sigmoid(W_ii x + b_ii + W_hi h + b_hi)
f = sigmoid(W_if x + b_if + W_hf h + b_hf)
g =    tanh(W_ig x + b_ig + W_hg h + b_hg)
o = sigmoid(W_io x + b_io + W_ho h + b_ho)
c' = f c + i g
h' = o tanh(c')
"""

from __future__ import annotations

import numpy as np

from reference.cell import Array, State, Weights, sigmoid

Saved = tuple[Array, Array, Array, Array, Array, Array, Array, Array]  # x, h, c, i, f, g, o, c'


class LSTM:
    gates = 4
    states: tuple[str, ...] = ("h", "c")
    vectors: tuple[str, ...] = ()

    def step_forward(self, w: Weights, x: Array, state: State) -> tuple[State, Saved]:
        h, c = state
        a_i, a_f, a_g, a_o = np.split(w.weight_ih @ x + w.bias_ih + w.weight_hh @ h + w.bias_hh, 4)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_next = f * c + i * g
        h_next = o * np.tanh(c_next)
        return (h_next, c_next), (x, h, c, i, f, g, o, c_next)

    def step_backward(
        self, w: Weights, saved: Saved, dstate: State, dw: Weights
    ) -> tuple[Array, State]:
        x, h, c, i, f, g, o, c_next = saved
        dh_next, dc_next = dstate
        tanh_c = np.tanh(c_next)
        do = dh_next * tanh_c
        dc = dc_next + dh_next * o * (1 - tanh_c**2)
        di, df, dg = dc * g, dc * c, dc * i
        da = np.concatenate([di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)])
        dw.weight_ih += np.outer(da, x)
        dw.weight_hh += np.outer(da, h)
        dw.bias_ih += da
        dw.bias_hh += da
        return w.weight_ih.T @ da, (w.weight_hh.T @ da, dc * f)

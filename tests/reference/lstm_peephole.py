"""Long short-term memory with peepholes (Gers, Schmidhuber, 2000; Graves, arXiv:1308.0850).

i = sigmoid(W_ii x + b_ii + W_hi h + b_hi + p_i c)
f = sigmoid(W_if x + b_if + W_hf h + b_hf + p_f c)
g =    tanh(W_ig x + b_ig + W_hg h + b_hg)
c' = f c + i g
o = sigmoid(W_io x + b_io + W_ho h + b_ho + p_o c')
h' = o tanh(c')
"""

from __future__ import annotations

import numpy as np

from reference.cell import Array, State, Weights, sigmoid

Saved = tuple[Array, Array, Array, Array, Array, Array, Array, Array]  # x, h, c, i, f, g, o, c'


class LSTMPeephole:
    gates = 4
    states: tuple[str, ...] = ("h", "c")
    vectors: tuple[str, ...] = ("peephole_i", "peephole_f", "peephole_o")

    def step_forward(self, w: Weights, x: Array, state: State) -> tuple[State, Saved]:
        h, c = state
        a_i, a_f, a_g, a_o = np.split(w.weight_ih @ x + w.bias_ih + w.weight_hh @ h + w.bias_hh, 4)
        i, f, g = sigmoid(a_i + w.peephole_i * c), sigmoid(a_f + w.peephole_f * c), np.tanh(a_g)
        c_next = f * c + i * g
        o = sigmoid(a_o + w.peephole_o * c_next)
        h_next = o * np.tanh(c_next)
        return (h_next, c_next), (x, h, c, i, f, g, o, c_next)

    def step_backward(
        self, w: Weights, saved: Saved, dstate: State, dw: Weights
    ) -> tuple[Array, State]:
        x, h, c, i, f, g, o, c_next = saved
        dh_next, dc_next = dstate
        tanh_c = np.tanh(c_next)
        da_o = dh_next * tanh_c * o * (1 - o)
        dc = dc_next + dh_next * o * (1 - tanh_c**2) + da_o * w.peephole_o
        da_i, da_f, da_g = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2)
        da = np.concatenate([da_i, da_f, da_g, da_o])
        dw.weight_ih += np.outer(da, x)
        dw.weight_hh += np.outer(da, h)
        dw.bias_ih += da
        dw.bias_hh += da
        dw.peephole_i += da_i * c
        dw.peephole_f += da_f * c
        dw.peephole_o += da_o * c_next
        dc_before = dc * f + da_i * w.peephole_i + da_f * w.peephole_f
        return w.weight_ih.T @ da, (w.weight_hh.T @ da, dc_before)

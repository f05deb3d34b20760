"""Slow, readable twins of the C++ cells: float64 NumPy, written like the equations.

The kernels are compared with them. A cell is one file with the kernel's stem; to add one, write its
forward and backward step there and give it a row in ``CELLS`` under its name in ``skrnn.cells()``.
"""

from __future__ import annotations

from reference.cell import Cell, Weights
from reference.gru import GRU
from reference.gru_reset_before import GRUResetBefore
from reference.layer import Layer
from reference.lstm import LSTM
from reference.lstm_peephole import LSTMPeephole
from reference.rnn import ReluRNN, TanhRNN

__all__ = ["CELLS", "Cell", "Layer", "Weights"]

CELLS: dict[str, Cell] = {
    "rnn": TanhRNN(),
    "rnn_relu": ReluRNN(),
    "lstm": LSTM(),
    "lstm_peephole": LSTMPeephole(),
    "gru": GRU(),
    "gru_reset_before": GRUResetBefore(),
}

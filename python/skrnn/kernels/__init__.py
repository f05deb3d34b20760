"""Recurrent layers, to build networks from.

A layer is one cell in one direction. Its weights have PyTorch's names, shapes and gate order, and
are packed once, when the layer is made. Layers are immutable, so threads may share them.

`RNN`, `LSTM` and `GRU` are the layers that PyTorch has. `Layer` takes any cell of `skrnn.cells()`.

Letters in shapes: T steps, B sequences of a batch, I input channels, H hidden units.

Arrays are float32 and C-contiguous, and are read without a copy: NumPy arrays, and anything with
``__array_interface__``, ``__array__`` or DLPack. Other dtypes and layouts are refused, because
converting them would cost more than the kernel.
"""

from __future__ import annotations

from skrnn.kernels._layer import Layer
from skrnn.kernels._pytorch import GRU, LSTM, RNN

__all__ = ["GRU", "LSTM", "RNN", "Layer"]

"""The parameters a network starts from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn import _core

# The gate that keeps the state, f of i, f, g, o and z of r, z, n, and its bias at first.
KEEPS = {"lstm": (1, 1.0), "gru": (1, 2.0), "gru_reset_before": (1, 2.0)}


def initial_parameters(
    model: _core.NetworkLayout, cell: str, hidden_size: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the arena of a model, float32 of shape (num_parameters,).

    - input weights: uniform within sqrt(6 / (fan in + fan out)) (Glorot & Bengio, AISTATS 2010);
    - recurrent weights: orthogonal for each gate (Saxe, McClelland & Ganguli, arXiv:1312.6120), so
      that at first states neither vanish nor explode;
    - biases: zero, but for the gate that keeps the state: one for the LSTM's forget gate
      (Jozefowicz, Zaremba & Sutskever, ICML 2015), so that sigmoid(1), 73 %, of a state outlasts a
      step at first, and not half of it; two for the GRU's update gate, 88 %, as its reset gate
      lets less of the gradient through (measured in bench/defaults, beside one, three and the
      chrono initialisation of Tallec & Ollivier, ICLR 2018);
    - embedding: normal with a standard deviation of 0.1;
    - attention: zero, which is the mean over the steps.

    Raises
    ------
    MemoryError
        For more parameters than memory holds; it names the largest.
    """
    try:
        return _drawn(model, cell, hidden_size, rng)
    except MemoryError as error:
        raise MemoryError(model.memory_text()) from error


def _drawn(
    model: _core.NetworkLayout, cell: str, hidden_size: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    arena = np.zeros(model.num_parameters, np.float32)
    for name, view in named_views(model, arena).items():
        module, _, kind = name.partition(".")
        if module == "embedding":
            view[...] = 0.1 * rng.standard_normal(view.shape)
        elif kind.startswith("weight_hh"):
            for gate in view.reshape(-1, hidden_size, hidden_size):
                gate[...] = _orthogonal(hidden_size, rng)
        elif kind.startswith("weight_ih"):
            for gate in view.reshape(-1, hidden_size, view.shape[1]):
                gate[...] = _glorot(gate.shape, rng)
        elif name == "head.weight":
            view[...] = _glorot(view.shape, rng)
        elif kind.startswith("bias_ih") and cell in KEEPS:
            gate_that_keeps, bias = KEEPS[cell]
            view.reshape(-1, hidden_size)[gate_that_keeps] = bias
    return arena


def named_views(model: _core.NetworkLayout, arena: NDArray[np.float32]) -> dict[str, Any]:
    """Return views of an arena, shaped, by the names of the parameters."""
    return {
        name: arena[offset : offset + int(np.prod(shape))].reshape(shape)
        for name, shape, offset in model.parameters
    }


def _orthogonal(size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw from all orthogonal matrices alike (Mezzadri, Notices of the AMS 54, 2007)."""
    q, r = np.linalg.qr(rng.standard_normal((size, size)))
    return np.asarray(q * np.sign(np.diag(r)))


def _glorot(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    bound = np.sqrt(6.0 / (shape[0] + shape[1]))
    return rng.uniform(-bound, bound, shape)

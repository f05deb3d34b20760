"""Initial values of the parameters of a network."""

from __future__ import annotations

import os
import re
from functools import cache
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from skrnn import _core

# The score of a transition that a scheme of labels forbids. exp(-10000) is 0, and so are its
# probability and its gradient, whatever the network learns.
FORBIDDEN = -10_000.0


def initial_parameters(
    model: _core.NetworkLayout,
    cell: str,
    hidden_size: int,
    rng: np.random.Generator,
    *,
    character_hidden_size: int = 0,
    embedding_std: float = 0.1,
) -> NDArray[np.float32]:
    """Return the arena of a model, float32 of shape (num_parameters,).

    - parameters of a cell, also of the net of letters: as the cell declares. Input weights are
      uniform within sqrt(6 / (fan in + fan out)) (Glorot & Bengio, AISTATS 2010); recurrent weights
      are orthogonal for each gate (Saxe, McClelland & Ganguli, arXiv:1312.6120), so that at first
      states neither vanish nor explode; biases are zero, but for the gate that keeps the state:
      one for the LSTM's forget gate, two for the GRU's update gate (measured in bench/defaults,
      beside one, three and the chrono initialisation of Tallec & Ollivier, ICLR 2018);
    - head, projection, and covariates of steps to come: as input weights, and zero;
    - embeddings, of tokens, letters and steps to come: normal with a standard deviation of
      `embedding_std`;
    - attention: zero, which is the mean over the steps;
    - transitions of a CRF, start and end among them: zero, which prefers no label to any other.

    Raises
    ------
    MemoryError
        For more parameters than memory holds; it names the largest.
    """
    try:
        hidden_sizes = {"": hidden_size, "characters.": character_hidden_size}
        return _drawn(model, cell, hidden_sizes, embedding_std, rng)
    except MemoryError as error:
        raise MemoryError(model.memory_text()) from error


def _drawn(
    model: _core.NetworkLayout,
    cell: str,
    hidden_sizes: dict[str, int],
    embedding_std: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    of_cell = {info["name"]: info for info in _core.cell_info(cell)["parameters"]}
    arena = np.zeros(model.num_parameters, np.float32)
    for name, view in named_views(model, arena).items():
        in_stack = re.fullmatch(r"(characters\.|)rnn\.(\w+)_l\d+(_reverse)?", name)
        if in_stack:
            info = of_cell[in_stack[2]]
            gates = view.reshape(-1, hidden_sizes[in_stack[1]], *view.shape[1:])
            fill_gates(gates, info, rng)
        elif name.endswith("embedding.weight") or name == "horizon.weight":
            view[...] = embedding_std * rng.standard_normal(view.shape)
        elif name in ("head.weight", "projection.weight", "future.weight"):
            view[...] = _glorot(view.shape, rng)
    return arena


def fill_gates(gates: NDArray[Any], info: dict[str, Any], rng: np.random.Generator) -> None:
    """Draw the initial value of a parameter of a cell.

    Parameters
    ----------
    gates : array of shape (G, H, ...), float32
        OUT, zeros so far: the parameter with an axis of gates in front.
    info : dict
        The entry of the parameter in `_core.cell_info`.
    rng : numpy.random.Generator

    Raises
    ------
    ValueError
        For an unknown kind of initial value.
    """
    match info["initial"]:
        case "zero":
            pass
        case "glorot_uniform":
            for gate in gates:
                gate[...] = _glorot(gate.shape, rng)
        case "orthogonal":
            for gate in gates:
                gate[...] = _orthogonal(len(gate), rng)
        case "gate_constant":
            gates[info["gate"]] = info["value"]
        case kind:
            raise ValueError(f"{info['name']}: unknown initial value {kind!r}")


def forbid(
    parameters: dict[str, NDArray[np.float32]],
    between: NDArray[np.bool_],
    start: NDArray[np.bool_],
    end: NDArray[np.bool_],
) -> None:
    """Give transitions of a CRF that are not allowed a score that no path can make up for.

    Parameters
    ----------
    parameters : dict
        OUT, "crf.transitions" (K, K), "crf.start" (K,) and "crf.end" (K,).
    between : array of shape (K, K), bool
        Whether a label, the row, may be followed by another, the column.
    start, end : arrays of shape (K,), bool
        Whether a label may be the first, and the last.
    """
    parameters["crf.transitions"][~between] = FORBIDDEN
    parameters["crf.start"][~start] = FORBIDDEN
    parameters["crf.end"][~end] = FORBIDDEN


def named_views(model: _core.NetworkLayout, arena: NDArray[np.float32]) -> dict[str, Any]:
    """Return views of an arena, shaped, by the names of the parameters."""
    return {
        name: arena[offset : offset + int(np.prod(shape))].reshape(shape)
        for name, shape, offset in model.parameters
    }


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


# The limit belongs to the process: whoever comes second would restore the first's. A fork waits for
# it, since its child has no thread that would lift the limit and let go of the lock.
_limited = RLock()
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(
        before=_limited.acquire,
        after_in_parent=_limited.release,
        after_in_child=_limited.release,
    )


def _orthogonal(size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a uniformly distributed orthogonal matrix (Mezzadri, Notices of the AMS 54, 2007)."""
    # On one thread: with another number the last bits differ, and on busy cores the threads of a
    # linear algebra library may wait for one another a thousand times as long as they work.
    with _limited, _libraries().limit(limits=1, user_api="blas"):
        q, r = np.linalg.qr(rng.standard_normal((size, size)))
    return np.asarray(q * np.sign(np.diag(r)))


def _glorot(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    bound = np.sqrt(6.0 / (shape[0] + shape[1]))
    return rng.uniform(-bound, bound, shape)

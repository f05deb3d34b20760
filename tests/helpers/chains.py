"""Random linear-chain CRFs, and the engine's loss of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.cell import Array
from reference.linear_chain import LinearChain
from skrnn import _core


@dataclass
class ChainProblem:
    """Emissions and labels of some sequences; all numbers are those of float32."""

    chain: LinearChain
    emissions: list[Array]  # of (T_i, K)
    labels: list[NDArray[Any]]  # of (T_i,)

    @property
    def offsets(self) -> NDArray[np.int64]:
        return np.cumsum([0, *map(len, self.labels)]).astype(np.int64)

    def arrays(self) -> tuple[Any, ...]:
        """The first arguments of chain_loss."""
        return (
            np.concatenate(self.emissions).astype(np.float32),
            self.offsets,
            np.concatenate(self.labels).astype(np.float32)[:, None],
            self.chain.flat().astype(np.float32),
        )

    def solve(self, weights: Array | None = None) -> tuple[float, Array, LinearChain]:
        """The twin's loss a step, and its gradients; weights are of the sequences."""
        weights = np.ones(len(self.labels)) if weights is None else weights
        lengths = np.diff(self.offsets)
        share = weights / (weights @ lengths)
        loss, rows = 0.0, []
        total = LinearChain(*(np.zeros_like(p) for p in parts(self.chain)))
        for w, e, y in zip(share, self.emissions, self.labels, strict=True):
            loss += w * self.chain.loss(e, y)
            demissions, gradient = self.chain.gradient(e, y)
            rows.append(w * demissions)
            for to, part in zip(parts(total), parts(gradient), strict=True):
                to += w * part
        return float(loss), np.concatenate(rows), total


def parts(chain: LinearChain) -> tuple[Array, Array, Array]:
    return chain.between, chain.start, chain.end


def random_chain(rng: np.random.Generator, K: int, scale: float = 1.0) -> LinearChain:
    def draw(*shape: int) -> Array:
        return (scale * rng.standard_normal(shape)).astype(np.float32).astype(np.float64)

    return LinearChain(draw(K, K), draw(K), draw(K))


def random_problem(
    rng: np.random.Generator,
    K: int,
    lengths: Sequence[int] = (3, 7, 1, 12, 7),
    *,
    scale: float = 1.0,
    emission_scale: float = 2.0,
) -> ChainProblem:
    return ChainProblem(
        random_chain(rng, K, scale),
        [
            (emission_scale * rng.standard_normal((T, K))).astype(np.float32).astype(np.float64)
            for T in lengths
        ],
        [rng.integers(K, size=T) for T in lengths],
    )


def served(chain: LinearChain, emissions: Sequence[Array]) -> tuple[_core.Model, Any, Any]:
    """A model whose emissions are those, and the tokens and offsets that it reads.

    Each step is a token of its own, and the table has its emissions. A relu network without
    recurrence keeps their positive and negative parts apart, and the head joins them again.
    """
    table = np.concatenate(emissions).astype(np.float32)
    rows, K = table.shape
    layout = _core.NetworkLayout(
        cell="rnn_relu",
        input_size=rows,
        embedding_size=K,
        hidden_size=2 * K,
        pooling="every_step",
        output_size=K,
        transitions=True,
    )
    arena = np.zeros(layout.num_parameters, np.float32)
    both = np.concatenate([np.eye(K), -np.eye(K)]).astype(np.float32)
    values = {
        "embedding.weight": table,
        "rnn.weight_ih_l0": both,
        "head.weight": both.T,
        "crf.transitions": chain.between,
        "crf.start": chain.start,
        "crf.end": chain.end,
    }
    for name, shape, offset in layout.parameters:
        if name in values:
            arena[offset : offset + int(np.prod(shape))] = values[name].ravel()
    offsets = np.cumsum([0, *map(len, emissions)]).astype(np.int64)
    return _core.Model(layout, arena, loss="cross_entropy"), np.arange(rows), offsets

"""The problems of the benchmarks: a recurrent layer, its weights and its input."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

GATES = {"lstm": 4, "gru": 3, "rnn": 1}
DENORMAL = np.float32(1e-40)


def uniform(rng: np.random.Generator, bound: float, shape: tuple[int, ...]) -> Array:
    """Uniform float32 values in [-bound, bound)."""
    return rng.uniform(-bound, bound, shape).astype(np.float32)


@dataclass(frozen=True)
class Problem:
    """One layer (PyTorch's weight shapes and gate order) and one batch.

    ``x`` is (T, B, I), ``dy`` (T, B, H), states (B, H), ``lengths`` (B,) or None for equal lengths.
    ``head`` is empty, or the weight (K, H) and bias (K,) of a dense layer on h, before a softmax.
    """

    cell: str
    T: int
    B: int
    I: int  # noqa: E741
    H: int
    lengths: npt.NDArray[np.int64] | None = None
    weights: dict[str, Array] = field(default_factory=dict, repr=False)
    x: Array = field(default_factory=lambda: np.empty(0, np.float32), repr=False)
    dy: Array = field(default_factory=lambda: np.empty(0, np.float32), repr=False)
    head: dict[str, Array] = field(default_factory=dict, repr=False)
    note: str = ""

    @staticmethod
    def make(cell: str, T: int, B: int, I: int, H: int) -> Problem:  # noqa: E741
        """A layer with PyTorch's initial weights (uniform within 1/sqrt(H)) and random data."""
        rng = np.random.default_rng(20 + T + B + I + H)
        rows, bound = GATES[cell] * H, H**-0.5
        weights = {
            "weight_ih": uniform(rng, bound, (rows, I)),
            "weight_hh": uniform(rng, bound, (rows, H)),
            "bias_ih": uniform(rng, bound, (rows,)),
            "bias_hh": uniform(rng, bound, (rows,)),
        }
        x, dy = uniform(rng, 1.0, (T, B, I)), uniform(rng, 1.0, (T, B, H))
        return Problem(cell, T, B, I, H, None, weights, x, dy)

    @staticmethod
    def crf(T: int, B: int, K: int) -> Problem:
        """A linear-chain CRF of K labels: x are its emissions, (T, B, K)."""
        rng = np.random.default_rng(20 + T + B + K)
        shapes = {"transitions": (K, K), "start": (K,), "end": (K,)}
        weights = {name: uniform(rng, 1.0, shape) for name, shape in shapes.items()}
        x = rng.standard_normal((T, B, K)).astype(np.float32)
        return Problem("crf", T, B, K, K, weights=weights, x=x)

    @property
    def classes_of_steps(self) -> npt.NDArray[np.int64]:
        """(T, B): the labels that a CRF is asked for."""
        return np.random.default_rng(self.B).integers(0, self.H, (self.T, self.B))

    def ragged(self) -> Problem:
        """Lengths spread evenly over T/10..T, the longest T: mean 0.55 T. dy is zero past them."""
        rng = np.random.default_rng(self.B)
        lengths = rng.permutation(np.linspace(self.T // 10, self.T, self.B).astype(np.int64))
        running = np.arange(self.T)[:, None] < lengths[None, :]
        return replace(self, lengths=lengths, dy=self.dy * running[:, :, None].astype(np.float32))

    def with_head(self, classes: int) -> Problem:
        """A classifier: the layer, and a head with PyTorch's initial weights."""
        rng, bound = np.random.default_rng(classes), self.H**-0.5
        head = {
            "weight": uniform(rng, bound, (classes, self.H)),
            "bias": uniform(rng, bound, (classes,)),
        }
        return replace(self, head=head, note=f"{classes} classes")

    @property
    def classes(self) -> npt.NDArray[np.int64]:
        """(B,): the targets of the head."""
        return np.random.default_rng(self.B).integers(0, len(self.head["bias"]), self.B)

    def without_biases(self) -> Problem:
        """The problem with all biases zero: values that start small stay small."""
        names = ("bias_ih", "bias_hh")
        zeros = {name: np.zeros_like(self.weights[name]) for name in names}
        return replace(self, weights={**self.weights, **zeros})

    def denormal(self, what: str) -> Problem:
        """The problem with the array ``what``, "x", "dy" or "weights", scaled into denormals."""
        note = f"denormal {what}"
        if what == "weights":
            tiny = {name: value * DENORMAL for name, value in self.weights.items()}
            return replace(self, weights=tiny, note=note)
        scaled: dict[str, Any] = {what: getattr(self, what) * DENORMAL}
        return replace(self, note=note, **scaled)

    def reordered(self, name: str, gates: tuple[int, ...]) -> Array:
        """Weight ``name`` with its blocks of H rows, one per gate, in another order."""
        blocks = np.split(self.weights[name], len(gates))
        return np.ascontiguousarray(np.concatenate([blocks[gate] for gate in gates]))

    @property
    def states(self) -> tuple[str, ...]:
        return ("h", "c") if self.cell == "lstm" else ("h",)

    @property
    def steps(self) -> int:
        """Steps of all sequences together."""
        return self.T * self.B if self.lengths is None else int(self.lengths.sum())

    @property
    def forward_flops(self) -> float:
        """Flops of a forward pass: a multiply-add is two, the pointwise part is not counted."""
        return 2.0 * self.steps * GATES[self.cell] * self.H * (self.I + self.H)

    @property
    def label(self) -> str:
        sizes = f"{self.cell.upper()} B{self.B} T{self.T} I{self.I} H{self.H}"
        return f"{sizes}, {self.note}" if self.note else sizes


# T, B, I, H of the tables with targets.
FORWARD_SHAPES = (
    (100, 1, 128, 128),
    (50, 16, 16, 32),
    (100, 32, 32, 64),
    (100, 32, 128, 128),
    (50, 64, 256, 256),
    (50, 128, 64, 128),
    (25, 64, 1024, 1024),
)
TRAINING_SHAPES = (
    (100, 1, 128, 128),
    (50, 16, 16, 32),
    (100, 32, 32, 64),
    (100, 32, 128, 128),
    (50, 64, 256, 256),
)


def problems(cells: Iterable[str], shapes: Iterable[tuple[int, int, int, int]]) -> list[Problem]:
    """Every cell with every shape."""
    shapes = tuple(shapes)
    return [Problem.make(cell, *shape) for cell in cells for shape in shapes]

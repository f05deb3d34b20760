"""The choice of the next token.

Repetition penalty: Keskar et al. 2019, "CTRL", section 4.1. Nucleus: Holtzman et al. 2020, "The
curious case of neural text degeneration". Min-p: Nguyen et al. 2024, "Turning up the heat".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reference.cell import Array
from reference.philox import philox


def uniform(seed: int, sequences: ArrayLike, step: int) -> Array:
    """Return a number in [0, 1) for each sequence, of the first 52 bits of its Philox words."""
    numbers = np.asarray(sequences, np.uint64)
    counters = np.zeros((*numbers.shape, 4), np.uint64)
    counters[..., 0], counters[..., 1] = step & 0xFFFFFFFF, step >> 32
    counters[..., 2], counters[..., 3] = numbers & np.uint64(0xFFFFFFFF), numbers >> np.uint64(32)
    words = philox(counters, (seed & 0xFFFFFFFF, seed >> 32)).astype(np.uint64)
    bits = ((words[..., 0] << np.uint64(32)) | words[..., 1]) >> np.uint64(12)
    return bits.astype(np.float64) / 2.0**52


@dataclass(frozen=True)
class Sampler:
    """The settings of the C++ sampler, applied one after another."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int = 0
    excluded: Sequence[int] = ()

    def probabilities(self, logits: ArrayLike, seen: NDArray[np.bool_] | None = None) -> Array:
        """Return the probability (V,) with which each token is drawn."""
        scores = np.array(logits, np.float64)
        scores -= np.logaddexp.reduce(scores)
        if seen is not None:
            scores[seen] *= self.repetition_penalty
        scores[list(self.excluded)] = -np.inf
        if self.temperature == 0:
            return (np.arange(len(scores)) == scores.argmax()).astype(np.float64)
        kth = np.sort(scores)[-self.top_k] if 0 < self.top_k < len(scores) else -np.inf
        with np.errstate(over="ignore"):  # a temperature near 0
            p = np.exp((scores - scores.max()) / self.temperature)
        p[scores < kth] = 0
        if self.top_p < 1:
            order = np.argsort(-p, kind="stable")
            reached = p[order].cumsum() >= self.top_p * p.sum()
            p[order[reached.argmax() + 1 :]] = 0
        p[p < self.min_p * p.max()] = 0
        return p / p.sum()

    def pick(
        self, logits: ArrayLike, sequence: int, step: int, seen: NDArray[np.bool_] | None = None
    ) -> int:
        """Return the first token at which the cumulative probability exceeds the random number."""
        cumulative = self.probabilities(logits, seen).cumsum()
        u = float(uniform(self.seed, sequence, step))
        return int(np.searchsorted(cumulative, u * cumulative[-1], side="right"))

"""The task of language_model.py: train a language model on one text, with carried states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Tokens = npt.NDArray[np.int64]  # (n,), 0..tokens - 1


@dataclass(frozen=True)
class Task:
    """An embedding, LSTM layers, dropout, a dense head, cross-entropy, Adam."""

    name: str
    tokens: int
    embedding: int
    hidden: int
    layers: int
    batch: int
    window: int
    dropout: float
    rate: float = 2e-3
    clip: float = 1.0

    @property
    def inner_dropout(self) -> float:
        """Between layers."""
        return self.dropout if self.layers > 1 else 0.0

    @property
    def products(self) -> int:
        """Operations of a token's training, of which a backward pass has twice the forward's."""
        inputs = [self.embedding, *[self.hidden] * (self.layers - 1)]
        weights = sum(4 * self.hidden * (size + self.hidden) for size in inputs)
        return 6 * (weights + self.hidden * self.tokens)

"""Sequences and their concatenated steps, for tests of PerStep."""

from __future__ import annotations

from typing import Any

import numpy as np

from skrnn import Sequences


def sequences(*lengths: int, channels: int = 3, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(5, 2, (length, channels)) for length in lengths]


X = sequences(4, 1, 7, 2)
STACKED = np.concatenate(X)
LENGTHS = [len(x) for x in X]
Y = np.array([0, 1, 1, 0])


def assert_steps(made: Any, expected: Any, lengths: list[int] = LENGTHS) -> None:
    assert isinstance(made, Sequences)
    assert made.lengths.tolist() == lengths
    np.testing.assert_allclose(made.values, expected, rtol=1e-12)

"""Sequences without equal values, so that they cannot be confused."""

from __future__ import annotations

from typing import Any

import numpy as np


def arrays(*lengths: int, channels: int = 2, dtype: Any = np.float32) -> list[np.ndarray]:
    """Sequences whose values are all different."""
    rng = np.random.default_rng(sum(lengths) + 31 * channels)
    return [rng.normal(size=(length, channels)).astype(dtype) for length in lengths]


def assert_same(actual: Any, expected: Any) -> None:
    """Assert equal arrays in the same order, with the same dtypes."""
    assert len(actual) == len(expected)
    for one, other in zip(actual, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other, strict=True)

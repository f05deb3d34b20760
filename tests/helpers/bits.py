"""Comparison of answers bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np


def assert_same(actual: Any, expected: Any) -> None:
    """Assert that arrays, or lists or tuples of them, have the same type, dtype, shape and bits.

    Objects in arrays have to be equal, not identical; arrays in arrays have to have the same bits.
    """
    assert type(actual) is type(expected)
    if isinstance(expected, (list, tuple)):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected, strict=True):
            assert_same(one, other)
        return
    assert type(expected) is np.ndarray
    assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
    if expected.dtype == object and any(isinstance(one, np.ndarray) for one in expected.flat):
        assert_same([*actual], [*expected])
    elif expected.dtype == object:
        assert actual.tolist() == expected.tolist()
    elif actual.tobytes() != expected.tobytes():
        np.testing.assert_array_equal(actual, expected)
        raise AssertionError("equal, but not in every bit")

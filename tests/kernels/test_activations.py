"""The kernels' sigmoid and tanh against float64, over the whole range of float32."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from reference.cell import sigmoid
from skrnn import _core

# Largest error allowed, in units in the last place of the exact result.
MAX_ULP = 3

SMALLEST_NORMAL = np.finfo(np.float32).smallest_normal

FUNCTIONS: dict[str, tuple[Callable, Callable]] = {
    "sigmoid": (_core.sigmoid, sigmoid),
    "tanh": (_core.tanh, np.tanh),
}
every_function = pytest.mark.parametrize("name", FUNCTIONS)


def arguments() -> Iterator[np.ndarray]:
    """Every 997th float32 of either sign, then the critical ranges more densely."""
    infinity = 0x7F80_0000
    positive = np.arange(0, infinity, 997, dtype=np.uint32)
    for bits in np.array_split(positive, 16):
        yield bits.view(np.float32)
        yield -bits.view(np.float32)
    for bound in (0.1, 1, 10, 20, 100):
        yield np.linspace(-bound, bound, 400_001, dtype=np.float32)
    # All numbers around the points where float32 results reach 1, 0 or the denormals, and where a
    # rational approximation may be clamped.
    for edge in (
        5e-4,
        0.625,
        7.90531,
        7.99881,
        9.0,
        9.010913,
        16.64,
        18.0,
        87.3365,
        88.3763,
        88.7228,
        103.972,
    ):
        start = np.float32(edge).view(np.uint32) - 5000
        around = np.arange(start, start + 10_000, dtype=np.uint32).view(np.float32)
        yield around
        yield -around


def ulps(actual: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """The error in units in the last place of the exact value rounded to float32."""
    unit = np.spacing(np.maximum(np.abs(exact), SMALLEST_NORMAL).astype(np.float32))
    return np.abs(actual.astype(np.float64) - exact) / unit


@every_function
def test_the_error_in_ulp(name: str) -> None:
    function, exact_function = FUNCTIONS[name]
    worst, where = 0.0, np.float32(0)
    for x in arguments():
        y = function(x)
        exact = exact_function(x.astype(np.float64))
        error = ulps(y, exact)
        # The kernels flush denormals: zero is correct for any result below the smallest normal.
        error[(np.abs(exact) < SMALLEST_NORMAL) & (y == 0)] = 0
        i = int(np.argmax(error))
        if not error[i] <= worst:
            worst, where = float(error[i]), x[i]
    print(f"{name}: {worst:.2f} ulp at {where!r} on {_core.active_isa()}")
    assert worst <= MAX_ULP, f"{worst:.2f} ulp at {where!r}"


@every_function
def test_the_ends_of_the_range(name: str) -> None:
    function, _ = FUNCTIONS[name]
    x = np.array([-np.inf, -3e38, 3e38, np.inf], np.float32)
    low = 0 if name == "sigmoid" else -1
    np.testing.assert_array_equal(function(x), np.array([low, low, 1, 1], np.float32))


def test_zero_has_a_sign() -> None:
    zeros = np.array([0.0, -0.0], np.float32)
    np.testing.assert_array_equal(_core.tanh(zeros), zeros)
    np.testing.assert_array_equal(np.signbit(_core.tanh(zeros)), [False, True])
    np.testing.assert_array_equal(_core.sigmoid(zeros), np.float32([0.5, 0.5]))


@every_function
def test_nan_stays_nan(name: str) -> None:
    function, _ = FUNCTIONS[name]
    payloads = np.array([0x7FC00000, 0xFFC00000, 0x7F800001, 0xFFFFFFFF], np.uint32)
    for n in (1, 4, 33):
        x = np.resize(payloads.view(np.float32), n)
        assert np.all(np.isnan(function(x)))


@every_function
def test_results_lie_in_the_functions_range(name: str) -> None:
    function, _ = FUNCTIONS[name]
    low = 0 if name == "sigmoid" else -1
    for x in arguments():
        y = function(x)
        assert np.all((low <= y) & (y <= 1))


def test_tanh_is_odd() -> None:
    for x in arguments():
        np.testing.assert_array_equal(_core.tanh(-x), -_core.tanh(x))


@every_function
def test_the_result_does_not_depend_on_the_position(name: str) -> None:
    function, _ = FUNCTIONS[name]
    x = np.random.default_rng(96).standard_normal(70).astype(np.float32) * 5
    whole = function(x)
    for n in range(70):
        np.testing.assert_array_equal(function(x[n:]), whole[n:])
        np.testing.assert_array_equal(function(x[:n]), whole[:n])

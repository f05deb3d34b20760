"""Naive forecasts, and the seasons that they repeat."""

from __future__ import annotations

import numpy as np
import pytest

from skrnn._series.naive import naive, naive2
from skrnn._series.seasonality import autocorrelations, is_seasonal, seasonal_factors


@pytest.mark.parametrize("horizon", [1, 3, 8])
def test_naive_repeats_the_last_season(horizon: int) -> None:
    y = np.arange(10.0)
    np.testing.assert_array_equal(naive(y, horizon), np.full(horizon, 9.0))
    expected = [y[10 + h - 4 * (h // 4 + 1)] for h in range(horizon)]
    np.testing.assert_array_equal(naive(y, horizon, 4), expected)


@pytest.mark.parametrize("length", [24, 25, 31])
@pytest.mark.parametrize("m", [2, 5, 8])
def test_a_level_times_factors_is_taken_apart(m: int, length: int) -> None:
    """With an odd or even season, and with one that has begun."""
    factors = np.random.default_rng(m).uniform(0.5, 2, m)
    factors /= factors.mean()
    y = 30 * factors[np.arange(length + 20) % m]
    np.testing.assert_allclose(seasonal_factors(y[:length], m), factors)
    assert is_seasonal(y[:length], m)
    np.testing.assert_allclose(naive2(y[:length], 20, m), y[length:])


def test_a_line_has_no_seasons() -> None:
    y = np.arange(1.0, 61)
    factors = seasonal_factors(y, 12)
    assert np.ptp(factors) < 0.2
    np.testing.assert_array_equal(naive2(y, 2), [60, 60])


def test_noise_is_seldom_seasonal() -> None:
    """By a test of 90 %, which autocorrelations at large lags, of fewer products, pass less."""
    rng = np.random.default_rng(0)
    found = np.mean([is_seasonal(rng.normal(size=120), 12) for _ in range(1000)])
    assert 0.02 < found < 0.1


def test_a_few_seasons_are_none() -> None:
    y = np.resize([1.0, 2.0, 4.0, 8.0], 12)
    assert is_seasonal(y, 4)
    assert not is_seasonal(y[:11], 4)  # fewer than three
    assert not is_seasonal(y, 1)
    np.testing.assert_array_equal(naive2(y[:11], 3, 4), [4, 4, 4])


def test_autocorrelations_are_those_of_the_definition() -> None:
    y = np.random.default_rng(1).normal(size=20).cumsum()
    z = y - y.mean()
    expected = [sum(z[t] * z[t + k] for t in range(20 - k)) / sum(z**2) for k in range(1, 8)]
    np.testing.assert_allclose(autocorrelations(y, 7), expected)
    np.testing.assert_array_equal(autocorrelations(np.full(9, 3.3), 4), np.zeros(4))


def test_a_constant_series_is_repeated() -> None:
    assert not is_seasonal(np.full(50, 2.0), 7)
    np.testing.assert_array_equal(naive2(np.zeros(50), 3, 7), np.zeros(3))

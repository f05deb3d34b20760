"""Differences and their sums, and the facts that units of windows follow from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skrnn._series.differences import difference, integrate
from skrnn._series.panel import Panel, filled
from skrnn._series.units import SCALINGS, Facts, window_units
from skrnn._series.windows import sums_before


@pytest.mark.parametrize("lag", [1, 3, 8, 30])
@pytest.mark.parametrize("known", [8, 20, 31])
def test_integrate_inverts_difference(known: int, lag: int) -> None:
    """Of numbers whose sums are exact; the first `lag` of a series have no difference."""
    y = np.random.default_rng(0).integers(-50, 50, 60).astype(float)
    changes = difference(y, lag)
    np.testing.assert_array_equal(changes[:lag], 0)
    np.testing.assert_array_equal(changes[lag:], [y[t] - y[t - lag] for t in range(lag, 60)])
    if known >= lag:
        last = y[known - lag : known]
        found = integrate(np.array([changes[known:], -changes[known:]]), np.array([last, -last]))
        np.testing.assert_array_equal(found, [y[known:], -y[known:]])
        several = integrate(np.stack([changes[known:]] * 3, axis=-1)[None], last[None])
        np.testing.assert_array_equal(several, np.stack([y[known:]] * 3, axis=-1)[None])


def test_a_series_no_longer_than_the_lag_has_no_difference() -> None:
    for n in (1, 3, 4):
        np.testing.assert_array_equal(difference(np.arange(1.0, n + 1), 4), np.zeros(n))


def test_numbers_that_nobody_observed_are_the_last() -> None:
    nan = np.nan
    np.testing.assert_array_equal(filled(np.array([nan, nan, 3, nan, 5, nan])), [3, 3, 3, 3, 5, 5])
    np.testing.assert_array_equal(filled(np.array([nan, nan])), [0, 0])
    y = np.array([1.0, 2.0])
    assert filled(y) is y
    panel = Panel.of([np.array([nan, 1.0]), y, np.array([nan, nan])])
    assert panel.known_from.tolist() == [2, 1, 2]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 60, 100])
def test_sums_before(count: int) -> None:
    y = np.random.default_rng(0).normal(size=60)
    found = sums_before(y, count)
    expected = [y[max(0, end - count) : end].sum() for end in range(61)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)
    # What lies before the numbers that are added leaves no trace, be it ever so large.
    large = np.concatenate([np.full(9, 1e300 / count), np.zeros(count), y])
    np.testing.assert_array_equal(sums_before(large, count)[9 + count :], found)


# ---- Facts ----


def facts_of(*series: Any, m: int = 1) -> Facts:
    arrays = [np.asarray(x, float) for x in series]
    return Facts.learn(arrays, arrays, m)


def test_facts_are_their_definitions() -> None:
    y = np.random.default_rng(0).normal(size=40)
    facts = facts_of(y, y[:3] + 7, m=4)
    for i, x in enumerate((y, y[:3] + 7)):
        assert facts.mean[i] == x.mean()
        assert facts.deviation[i] == x.std()
        assert facts.magnitude[i] == np.abs(x).mean()
        assert facts.moves[i] == np.abs(np.diff(x)).mean()
    assert facts.changes[0] == np.abs(y[4:] - y[:-4]).mean()
    assert facts.changes[1] == facts.moves[1]  # too short for a season
    for name in Facts.COLUMNS:
        taken = facts.take(np.array([1, 1, 0]))
        np.testing.assert_array_equal(getattr(taken, name), getattr(facts, name)[[1, 1, 0]])


@pytest.mark.parametrize("c", [0.0, 0.1, -7.3, 1e30])
def test_a_constant_series_has_no_deviation(c: float) -> None:
    for n in (1, 2, 7, 100):
        facts = facts_of(np.full(n, c))
        assert (facts.mean[0], facts.deviation[0]) == (c, 0)
        assert facts.magnitude[0] == pytest.approx(abs(c), rel=1e-15)
        assert facts.unit[0] == (abs(c) or 1)
        assert (facts.changes[0], facts.moves[0]) == (1, 1)
        assert not facts.grows[0]


def test_whether_changes_grow_with_the_level() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(200)
    growing = np.exp(0.02 * t + 0.1 * rng.normal(size=200))
    steady = 100 + t + rng.normal(size=200)
    seasonal = np.exp(0.01 * t) * (2 + np.sin(2 * np.pi * t / 12))
    shifted = growing - growing.min()
    found = facts_of(growing, steady, -growing, shifted, seasonal, 1e9 * growing, m=12)
    assert found.grows.tolist() == [True, False, False, False, True, True]
    noise = [100 + rng.normal(size=100) for _ in range(200)]
    assert facts_of(*noise).grows.mean() < 0.02


@pytest.mark.parametrize("scaling", [None, *SCALINGS])
def test_units_of_windows(scaling: str | None) -> None:
    rng = np.random.default_rng(1)
    growing = np.exp(0.05 * np.arange(60) + 0.1 * rng.normal(size=60))
    facts = facts_of(growing, rng.normal(size=60), np.full(9, 3.0), np.zeros(9))
    assert facts.grows.tolist() == [True, False, False, False]
    last, magnitude = np.array([9.0, -2.0, 3.0, 0.0]), np.array([8.0, 1.5, 3.0, 0.0])
    level, scale = window_units(scaling, facts, last, magnitude)
    d = facts.deviation
    grown = d * [8 / facts.magnitude[0], 1, 1, 1]
    still = [0, 0, *facts.mean[2:]]
    expected = {
        None: ([0] * 4, [1] * 4),
        "standard": (facts.mean, d),
        "mean_abs": ([0] * 4, magnitude),
        "last": (last, grown),
        "season": (last, grown),
        "difference": (still, d),
        "seasonal_difference": (still, d),
    }[scaling]
    np.testing.assert_array_equal(level, expected[0])
    np.testing.assert_allclose(scale, expected[1], rtol=1e-15)


def test_a_window_of_zeros_in_a_series_of_others() -> None:
    """Its magnitude is that of its series."""
    facts = facts_of([0.0, 0, 0, 4], [1.0, 2, 3, 9])
    zeros = np.zeros(2)
    np.testing.assert_array_equal(window_units("mean_abs", facts, zeros, zeros)[1], [1, 3.75])

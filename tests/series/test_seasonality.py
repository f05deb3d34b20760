"""The season of a series: found in known processes, and not where there is none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from skrnn._series.seasonality import common_seasonality, find_seasonality

PERIODS = (3, 4, 7, 12, 24, 52, 168, 365)


def sine(period: int, n: int, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Of variance one, with noise."""
    angle = 2 * np.pi * np.arange(n) / period + rng.uniform(0, 2 * np.pi)
    return np.sqrt(2) * np.sin(angle) + noise * rng.normal(size=n)


def profile(period: int, n: int, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Any shape that comes again, of variance one, with noise."""
    shape = rng.normal(size=period)
    shape = (shape - shape.mean()) / shape.std()
    return np.resize(shape, n) + noise * rng.normal(size=n)


@pytest.mark.parametrize("trend", [0.0, 0.05, -1.0])
@pytest.mark.parametrize("period", PERIODS)
def test_a_season_is_found(period: int, trend: float) -> None:
    """Exactly where its shape has corners, and nearly where it is as smooth as a sine."""
    rng = np.random.default_rng(period)
    for _ in range(10):
        n = max(80, 6 * period)
        line = trend * np.arange(n)
        assert find_seasonality(line + profile(period, n, 0.3, rng)) == period
        found = find_seasonality(line + sine(period, n, 0.3, rng))
        assert abs(found - period) <= 0.05 * period


def test_the_level_and_the_unit_do_not_matter() -> None:
    y = profile(7, 80, 0.3, np.random.default_rng(0))
    for x in (1e30 * y, 1e-30 * y, y - 1e6, -y, y[::-1]):
        assert find_seasonality(x) == 7


def test_of_two_seasons_the_one_that_repeats_better_is_found() -> None:
    """A day in a week: the week repeats all, and the day most of it."""
    rng = np.random.default_rng(1)
    day, week = np.resize(profile(24, 24, 0, rng), 2000), np.resize(rng.normal(size=168), 2000)
    assert find_seasonality(day + 0.2 * week) == 24
    assert find_seasonality(0.2 * day + week) == 168
    assert find_seasonality(0.2 * day + week, likely=(24, 168)) == 168
    assert find_seasonality(day + 0.2 * week, likely=(168,)) == 168  # as the calendar says


PROCESSES: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "white noise": lambda n, rng: rng.normal(size=n),
    "random walk": lambda n, rng: rng.normal(size=n).cumsum(),
    "trend": lambda n, rng: 0.1 * np.arange(n) + rng.normal(size=n),
    "curved trend": lambda n, rng: 30 * np.linspace(0, 1, n) ** 2 + rng.normal(size=n),
    "autoregression": lambda n, rng: np.convolve(
        rng.normal(size=n + 60), 0.8 ** np.arange(61), "valid"
    ),
    "moving average": lambda n, rng: np.convolve(rng.normal(size=n + 4), np.ones(5), "valid"),
    "one step up": lambda n, rng: 5.0 * (np.arange(n) > n // 2) + rng.normal(size=n),
}


@pytest.mark.parametrize("n", [30, 100, 500])
@pytest.mark.parametrize("process", PROCESSES)
def test_no_season_is_found_where_there_is_none(process: str, n: int) -> None:
    rng = np.random.default_rng(n)
    found = [find_seasonality(PROCESSES[process](n, rng)) for _ in range(100)]
    assert np.mean(np.array(found) != 1) <= 0.05


@pytest.mark.parametrize("likely", [(), (2, 7)])
def test_series_without_a_season(likely: tuple[int, ...]) -> None:
    for y in (
        np.zeros(50),
        np.full(50, 0.1),
        np.arange(50.0),
        *(np.arange(float(n)) % 2 for n in range(1, 6)),  # fewer than three seasons of two steps
    ):
        assert find_seasonality(y, likely) == 1
    assert find_seasonality(np.arange(20.0) % 2, likely) == 2


def test_three_seasons_must_be_seen() -> None:
    y = profile(20, 100, 0, np.random.default_rng(0))
    assert find_seasonality(y[:80]) == 20
    assert find_seasonality(y[:59]) == 1
    assert find_seasonality(y[:59], likely=(20,)) == 1


def test_the_season_of_most_series() -> None:
    rng = np.random.default_rng(0)
    sevens = [profile(7, 70, 0.2, rng) for _ in range(3)]
    others = [rng.normal(size=70), profile(4, 70, 0.2, rng)]
    assert common_seasonality([*others, *sevens]) == 7
    assert common_seasonality([*others, sevens[0], rng.normal(size=70)]) == 1
    assert common_seasonality([*others, *sevens], likely=(4,)) == 7
    assert common_seasonality([*400 * others[:1], *500 * sevens[:1]]) == 7  # of a sample

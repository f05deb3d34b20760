"""Conformal intervals: how often they cover, where errors are exchangeable, and where not."""

from __future__ import annotations

import numpy as np
import pytest

from skrnn._series.backtests import rolling_half_widths
from skrnn._series.conformal import Errors, RollingCalibration, in_units

COVERAGES = (0.5, 0.8, 0.9, 0.95)


def column(values: np.ndarray) -> Errors:
    """Independent errors of one step to come."""
    return Errors.of(values[:, None], len(values))


@pytest.mark.parametrize("coverage", COVERAGES)
@pytest.mark.parametrize("n", [19, 20, 99, 100, 399, 400])
def test_the_half_width_is_an_order_statistic(n: int, coverage: float) -> None:
    """Of n errors the ceil((n + 1) c)-th largest magnitude."""
    errors = np.random.default_rng(n).normal(size=n)
    place = int(np.ceil(round((n + 1) * coverage, 9)))
    if place <= n:
        expected = np.sort(np.abs(errors))[place - 1]
        assert column(errors).half_widths(coverage, 1) == [expected]
        assert RollingCalibration(column(errors), coverage, 1).half_widths() == [expected]


@pytest.mark.parametrize("coverage", COVERAGES)
@pytest.mark.parametrize("n", [20, 50, 150, 1000])
def test_split_intervals_cover_exchangeable_errors(n: int, coverage: float) -> None:
    """Whatever their distribution: with a probability of c to c + 1 / (n + 1) (Vovk et al., 2005).

    Of more than 400 errors only quantiles are kept, which are off by 1 / 400 at most.
    """
    rng = np.random.default_rng(n)
    trials = 1500  # each a step to come
    for draw in (rng.normal, rng.standard_cauchy, lambda size: rng.exponential(size=size) - 1):
        errors = draw(size=(n + 1, trials))
        widths = Errors.of(errors[:-1], n).half_widths(coverage, trials)
        covered = np.sum(np.abs(errors[-1]) <= widths)
        deviation = np.sqrt(coverage * (1 - coverage) / trials)
        kept = 1 / 400 if n > 400 else 0
        assert coverage - kept - 4 * deviation <= covered / trials
        assert covered / trials <= coverage + 1 / (n + 1) + kept + 4 * deviation


@pytest.mark.parametrize("n", [1, 3, 9])
def test_few_errors_make_wide_intervals(n: int) -> None:
    """At a level that n errors do not support they are wider than the largest of them."""
    errors = np.random.default_rng(0).normal(size=n)
    largest = np.abs(errors).max()
    widths = [column(errors).half_widths(c, 1)[0] for c in (0.3, 0.92, 0.97, 0.99)]
    assert widths[0] <= largest < widths[1] < widths[2] < widths[3] < 3 * largest


@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("n", [12, 30])
def test_all_steps_to_come_are_covered(n: int, growing: bool) -> None:
    """Of n origins few see the late steps, whose errors are joined by those of steps before."""
    rng = np.random.default_rng(n)
    h, trials = 12, 400
    covered = np.zeros(h)
    for _ in range(trials):
        noise = rng.normal(size=n + 2 * h)
        errors = np.full((n, h), np.nan)
        for origin in range(n):
            own = noise[origin:n][:h]
            errors[origin, : len(own)] = own.cumsum() if growing else own
        coming = noise[n : n + h].cumsum() if growing else noise[n : n + h]
        widths = Errors.of(errors, n / np.sqrt(h)).half_widths(0.8, h)
        covered += np.abs(coming) <= widths
    assert covered.min() / trials > (0.6 if growing and n == h else 0.72)
    assert covered.max() / trials < 0.97


def test_errors_that_are_missing() -> None:
    """Steps without errors have those of the step before, or behind."""
    nan = np.nan
    errors = Errors.of(np.array([[nan, 1, nan, nan], [nan, -2, 5, nan], [nan, 3, 4, nan]]), 3.0)
    np.testing.assert_array_equal(errors.table[:, 0], [-2, 1, 3])
    np.testing.assert_array_equal(errors.table[:, 1], [-2, 1, 3])
    assert {4.0, 5.0} < set(errors.table[:, 2])
    np.testing.assert_array_equal(errors.table[:, 3], errors.table[:, 2])
    np.testing.assert_array_equal(errors.half_widths(0.5, 9)[3:], errors.half_widths(0.5, 4)[3])


def test_quantiles_lie_on_both_sides() -> None:
    errors = Errors.of(np.random.default_rng(0).normal(size=(99, 3)), 99)
    levels = np.array([0.05, 0.3, 0.5, 0.7, 0.95])
    quantiles = errors.quantiles(levels, 5)
    assert quantiles.shape == (5, 5)
    assert (np.diff(quantiles, axis=1) > 0).all()
    np.testing.assert_array_equal(quantiles[:, 2], 0)
    np.testing.assert_array_equal(quantiles, -quantiles[:, ::-1])
    np.testing.assert_array_equal(quantiles[:, 4], errors.half_widths(0.9, 5))


def test_errors_are_drawn_from_those_of_their_step() -> None:
    errors = Errors.of(np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]), 3.0)
    drawn = errors.draw((500, 4), np.random.default_rng(0))
    assert set(drawn[:, 0]) == {1, 2, 3}
    for step in (1, 2, 3):
        assert set(drawn[:, step]) == {10, 20, 30}
    counts = np.unique(drawn[:, 0], return_counts=True)[1]
    assert counts.min() > 130


def test_errors_in_units_of_no_spread() -> None:
    errors = np.array([[1.0, -4.0], [0.0, 3.0]])
    found = in_units(errors, np.array([[2.0, 2.0], [0.0, 0.0]]))
    np.testing.assert_array_equal(found, [[0.5, -2], [np.nan, np.nan]])


# ---- Rolling intervals ----


def rolled(scores: np.ndarray, errors: Errors, coverage: float) -> np.ndarray:
    """Half-widths of one series, an origin for each step."""
    return rolling_half_widths(scores, errors, np.arange(len(scores)) + 5, coverage)


@pytest.mark.parametrize("coverage", [0.8, 0.95])
@pytest.mark.parametrize(
    "drift", ["none", "growing", "jump", "shrinking", "too small", "too large"]
)
def test_rolling_intervals_cover_under_drift(drift: str, coverage: float) -> None:
    """Errors of other sizes than those that calibration has seen; split intervals do not."""
    rng = np.random.default_rng(0)
    n, h = 1500, 3
    size = {
        "none": np.ones(n),
        "growing": np.linspace(1, 8, n),
        "jump": np.where(np.arange(n) < n // 3, 1.0, 4.0),
        "shrinking": np.linspace(8, 1, n),
        "too small": np.full(n, 3.0),
        "too large": np.full(n, 0.3),
    }[drift]
    errors = Errors.of(rng.normal(size=(60, h)), 60)
    scores = np.abs(rng.normal(size=(n, h))) * size[:, None]
    covered = (scores <= rolled(scores, errors, coverage)).mean(axis=0)
    np.testing.assert_allclose(covered, coverage, atol=0.02)
    split = (scores <= errors.half_widths(coverage, h)).mean()
    assert drift == "none" or abs(split - coverage) > 0.04


def test_an_interval_knows_what_came_before_its_origin_only() -> None:
    """An error of step j is known to the origins j + 1 and more steps later; not one bit before."""
    rng = np.random.default_rng(0)
    n, h = 40, 4
    scores = np.abs(rng.normal(size=(n, h)))
    errors = Errors.of(rng.normal(size=(30, h)), 30)
    expected = rolled(scores, errors, 0.8)
    for origin, step in ((10, 0), (10, 3), (0, 2)):
        changed = scores.copy()
        changed[origin, step] *= 100
        differs = (rolled(changed, errors, 0.8) != expected).any(axis=1)
        assert not differs[: origin + step + 1].any()
        assert differs[origin + step + 1 :].any()
    missing = scores.copy()
    missing[10] = np.nan
    assert (rolled(missing, errors, 0.8)[:11] == expected[:11]).all()


def test_rolling_intervals_as_by_hand() -> None:
    """One step after the other: level and scores of each step to come by themselves."""
    rng = np.random.default_rng(1)
    n, h, coverage = 30, 2, 0.8
    scores = np.abs(rng.normal(size=(n, h)))
    start = rng.normal(size=(10, h))
    found = rolled(scores, Errors.of(start, 10), coverage)
    for step in range(h):
        known, level = sorted(np.abs(start[:, step])), coverage * 11 / 10
        for origin in range(n):
            if origin - step - 1 >= 0:
                came = scores[origin - step - 1, step]
                known = sorted([*known, came])
                level += 0.05 * (coverage - (came <= found[origin - step - 1, step]))
            place = min(len(known), max(1, int(np.ceil(len(known) * level - 1e-9))))
            wider = max(1.0, 1 + 2 * (level - 1))
            np.testing.assert_allclose(found[origin, step], known[place - 1] * wider, rtol=1e-12)


def test_old_errors_are_forgotten() -> None:
    calibration = RollingCalibration(Errors.of(np.full((400, 1), 100.0), 400), 0.5, 1)
    for _ in range(400):
        calibration.add(0, 1.0, missed=False)
    assert calibration.half_widths() == [1.0]

"""RNNAnomalyDetector: its scores by a twin, its threshold, streams and copies."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone, is_outlier_detector

from cases import assert_same_bits
from helpers.support import says
from reference.network import Network
from reference.reconstruction import scores
from skrnn import RNNAnomalyDetector
from watched import detector, series

# ---- Scores ----


@pytest.mark.parametrize("delay", [0, 4, "auto"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("settings", [{}, {"cell": "lstm", "num_layers": 2}], ids=str)
def test_scores_are_those_of_the_twin(delay: Any, channels: int, settings: Any) -> None:
    x = series(60, channels)
    x[[0, 7, 8, 30], 0] = np.nan
    if channels == 1:
        x[33:50] = np.nan  # more than a window
    model = detector(delay=delay, missing="fill", **settings).fit(x)
    network = Network(model.cell, model.num_layers, pooling="horizon")
    parameters = {name: array.astype(np.float64) for name, array in model.params_.items()}
    mean, scale = np.nanmean(x, axis=0), np.nanstd(x, axis=0)
    given = (mean, scale, model._reconstruction.unit, model.window_, model.delay_)
    expected = scores(network, parameters, x, *given)
    # Numbers of float32 are rounded by 6e-8, in sums of some dozen products; errors are some 0.5.
    np.testing.assert_allclose(model.score_samples(x), expected, rtol=1e-5)


def test_a_typical_score_is_minus_one() -> None:
    """The unit is the mean error of the windows of fit, of which delay=0 scores one each."""
    x = series()
    model = detector(delay=0).fit(x)
    first = model.window_ - 1
    found = model.score_samples(x)
    assert found[first:].mean() == pytest.approx(-1, rel=1e-12)
    np.testing.assert_array_equal(found[:first], -1)  # windows would begin before the series


def test_finds_what_is_unusual() -> None:
    t = np.arange(1200)
    x = np.sin(t / 4) + 0.05 * np.random.default_rng(0).normal(size=1200)
    x[900:915] = x[900]
    model = RNNAnomalyDetector(window=64, random_state=0).fit(x[:600])
    assert 890 <= model.score_samples(x).argmin() <= 925
    assert (model.predict(x)[895:920] == -1).all()
    assert (model.predict(x)[600:800] == 1).mean() > 0.9


def test_an_unusual_course_of_any_channel_is_found() -> None:
    x = series(600, 3)
    model = detector(max_iter=30).fit(x[:300])
    for channel in range(3):
        wild = x.copy()
        wild[400:404, channel] += 10.0**channel * np.array([4, -4, 4, -4])
        assert 392 <= model.score_samples(wild).argmin() <= 412


def test_the_level_of_a_series_does_not_count() -> None:
    x = series()
    model = detector().fit(x)
    # The larger numbers are rounded by 4e-6 deviations.
    np.testing.assert_allclose(model.score_samples(x + 50), model.score_samples(x), rtol=1e-4)


@pytest.mark.parametrize("unit", [2.0**-40, 2.0**40])
def test_the_unit_of_a_series_does_not_count(unit: float) -> None:
    x = series()
    one, other = detector().fit(x), detector().fit(unit * x)
    assert one.offset_ == other.offset_
    np.testing.assert_array_equal(one.score_samples(x), other.score_samples(unit * x))


def test_scores_depend_on_nothing_else() -> None:
    """Neither on other series, nor on the number of threads."""
    X = [series(steps, 2, seed) for seed, steps in enumerate((40, 90, 12))]
    model = detector().fit(X)
    other = detector(n_jobs=2).fit(X)
    assert model.offset_ == other.offset_
    together = model.score_samples(X)
    for x, alone in zip(X, together, strict=True):
        assert_same_bits(model.score_samples(x), alone)
        assert_same_bits(other.score_samples(x), alone)


def test_missing_numbers_have_no_error() -> None:
    """Not even where the network would be far off; but what is read in their place is known."""
    x = series()
    x[40:45] = np.nan
    model = detector(missing="fill").fit(x)
    gap = x.copy()
    gap[:20] = np.nan  # a whole window, and more
    found = model.score_samples(gap)
    assert np.isfinite(found).all()
    assert found[0] == -1.0


# ---- Thresholds ----


@pytest.mark.parametrize("contamination", [0.1, 0.25])
def test_a_share_of_the_steps_of_fit_are_outliers(contamination: float) -> None:
    x = series(400)
    model = detector(contamination=contamination)
    found = model.fit_predict(x)
    assert set(found) == {-1, 1}
    assert np.mean(found == -1) == pytest.approx(contamination, abs=1 / 400)
    assert model.offset_ == np.percentile(model.score_samples(x), 100 * contamination)


def test_auto_is_three_deviations_below_the_mean() -> None:
    X = [series(50, 2), series(70, 2, seed=1)]
    model = detector().fit(X)
    found = np.concatenate(model.score_samples(X))
    assert model.offset_ == pytest.approx(found.mean() - 3 * found.std())


def test_decisions_follow_from_scores() -> None:
    x = series(200)
    model = detector(contamination=0.2).fit(x)
    decision = model.decision_function(x)
    np.testing.assert_array_equal(decision, model.score_samples(x) - model.offset_)
    np.testing.assert_array_equal(model.predict(x), np.where(decision < 0, -1, 1))
    assert is_outlier_detector(model)


# ---- Series that are special ----


@pytest.mark.parametrize("level", [0.0, 5.0, -1e300])
def test_a_constant_series(level: float) -> None:
    """All of it is usual, and whatever else comes is not."""
    x = np.full(60, level)
    model = detector().fit(x)
    assert (model.predict(x) == 1).all()
    struck = x.copy()
    struck[30] += max(1.0, abs(level))
    assert model.predict(struck)[30] == -1


@pytest.mark.parametrize("size", [1e-300, 1e-30, 1e30, 1e300])
def test_numbers_of_any_size(size: float) -> None:
    x = size * series()
    np.testing.assert_allclose(
        detector().fit(x).score_samples(x),
        detector().fit(series()).score_samples(series()),
        rtol=1e-3,  # roundings of the numbers are trained on
    )


def test_a_huge_number_is_an_outlier_and_does_no_lasting_harm() -> None:
    x = series(200)
    model = detector().fit(x)
    wild = x.copy()
    wild[100] = 1e308
    found = model.score_samples(wild)
    assert np.isfinite(found).all()
    assert found.argmin() == 100
    usual = model.score_samples(x)
    near = slice(100 - 2 * model.window_, 100 + 2 * model.window_)
    np.testing.assert_array_equal(np.delete(found, near), np.delete(usual, near))


def test_a_series_of_one_window() -> None:
    x = series(12)
    model = detector().fit(x)
    assert len(set(model.score_samples(x).tolist())) == 1


# ---- Streams ----


@pytest.mark.parametrize("delay", [0, 1, 5, "auto"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("steps", [3, 12, 80])
def test_a_stream_has_the_same_bits(delay: Any, channels: int, steps: int) -> None:
    x = series(80, channels)
    x[20:23, 0] = np.nan
    model = detector(delay=delay, missing="fill").fit(x)
    x = x[:steps]
    stream = model.stream()
    waits = model.delay_
    for _ in range(2):
        found = [stream.step(row) for row in x]
        assert np.isnan(found[:waits]).all()
        known = np.concatenate([found[waits:], stream.pending()])
        if steps < model.window_:
            assert (known == -1).all()
        else:
            assert_same_bits(known, model.score_samples(x))
        stream.reset()
        assert_same_bits(stream.process(x), np.array(found))
        stream.reset()


def test_later_fits_do_not_change_a_stream() -> None:
    x = series()
    model = detector(delay=0).fit(x)
    stream, expected = model.stream(), model.score_samples(x)
    model.fit(x**2)
    assert_same_bits(stream.process(x), expected)


def test_nan_in_a_stream_is_refused_as_in_a_series() -> None:
    stream = detector().fit(series()).stream()
    with pytest.raises(ValueError, match=says("x_t is NaN", 'missing="fill"')):
        stream.step(np.nan)


# ---- A fit that goes on, copies ----


def test_a_fit_that_goes_on() -> None:
    """Windows and units are kept; the unit of errors and the threshold are learned anew."""
    x = series()
    model = detector(warm_start=True).fit(x)
    units = model._reconstruction
    model.fit(1.5 * series(60, seed=1))
    assert model.n_iter_ == 6
    found = model._reconstruction
    assert_same_bits(found.mean, units.mean)
    assert_same_bits(found.scale, units.scale)
    assert (found.unit != units.unit).all()


def test_early_stopping_scores_the_ends() -> None:
    model = detector(early_stopping=True, max_iter=6, validation_fraction=0.3).fit(series(200))
    assert model.validation_scores_ is not None
    assert len(model.validation_scores_) == model.n_iter_


def test_copies() -> None:
    x = series()
    model = detector().fit(x)
    again = pickle.loads(pickle.dumps(model))
    assert_same_bits(again.score_samples(x), model.score_samples(x))
    assert not hasattr(clone(model), "params_")
    assert_same_bits(clone(model).fit(x).score_samples(x), model.score_samples(x))
    assert not any(isinstance(value, list) and value is x for value in vars(model).values())
    assert "_series" not in vars(model)


def test_a_failed_fit_changes_nothing() -> None:
    x = series()
    model = detector().fit(x)
    before = model.score_samples(x)
    with pytest.raises(ValueError, match="11 steps"):
        model.fit(np.zeros(11))
    assert_same_bits(model.score_samples(x), before)

"""What RNNAnomalyDetector takes: forms of series, parameters, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cases import assert_same_bits
from helpers.support import says
from skrnn import RNNAnomalyDetector, Sequences
from watched import detector, series

# ---- Forms of series ----


def test_forms_of_one_series() -> None:
    pandas = pytest.importorskip("pandas")
    x = series().ravel()
    expected = detector().fit(x).score_samples(x)
    assert expected.shape == x.shape
    days = pandas.date_range("2024-01-01", periods=len(x))

    class Array:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return x

    forms = [
        Array(),
        x[:, None],
        x.tolist(),
        tuple(x.tolist()),
        pandas.Series(x),
        pandas.Series(x, index=days),
        pandas.DataFrame({"x": x}),
    ]
    for form in forms:
        assert_same_bits(detector().fit(form).score_samples(form), expected)


def test_forms_of_channels() -> None:
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    x = series(80, 2)
    expected = detector().fit(x).score_samples(x)
    for frame in (pandas.DataFrame(x, columns=["a", "b"]), polars.DataFrame(x, ["a", "b"])):
        model = detector().fit(frame)
        assert list(model.feature_names_in_) == ["a", "b"]
        assert_same_bits(model.score_samples(frame), expected)
        with pytest.raises(ValueError, match="feature names should match"):
            model.score_samples(frame[["b", "a"]])


def test_forms_of_several_series() -> None:
    X = [series(40), series(40, seed=1)]
    expected = detector().fit(X).score_samples(X)
    assert expected.dtype == object
    assert expected.shape == (2,)
    assert detector().fit(X).predict(X)[1].shape == (40,)
    lists = [x.ravel().tolist() for x in X]
    for form in (np.array(X), [x.ravel() for x in X], lists, tuple(X), Sequences(X)):
        assert_same_bits(detector().fit(form).score_samples(form), expected)


def test_a_list_of_one_series_is_a_list() -> None:
    x = series()
    model = detector().fit(x)
    alone = model.score_samples([x])
    assert alone.dtype == object
    assert alone.shape == (1,)
    assert_same_bits(alone[0], model.score_samples(x))


# ---- Parameters ----


@pytest.mark.parametrize(
    ("steps", "window"), [(5000, 256), (1007, 240), (500, 112), (200, 48), (100, 32), (32, 32)]
)
def test_the_window_that_is_chosen(steps: int, window: int) -> None:
    """A quarter of the series, 256 at most and two segments at least, in whole segments."""
    model = RNNAnomalyDetector(max_iter=1, random_state=0).fit(series(steps))
    assert (model.window_, model.delay_) == (window, window - 1)


def test_the_window_fits_the_shortest_series() -> None:
    X = [series(2000), series(2000), series(100)]
    assert RNNAnomalyDetector(max_iter=1, random_state=0).fit(X).window_ == 96


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({"window": 10}, ["window=10", "segment_length=4", "8 or 12"]),
        ({"window": 3}, ["window=3", "use 4"]),
        ({"delay": 12}, ["delay=12", "11 or less"]),
        ({"delay": -1}, ["delay=-1"]),
        ({"contamination": 0.6}, ["contamination=0.6", "(0, 0.5]"]),
        ({"contamination": "some"}, ["contamination='some'"]),
        ({"missing": "drop"}, ["missing='drop'", "fill"]),
        ({"loss": "huber"}, ["loss='huber'", "squared_error"]),
        ({"early_stopping": True, "validation_fraction": 0.95}, ["early_stopping", "window"]),
    ],
)
def test_refused_parameters(settings: Any, parts: list[str]) -> None:
    model = detector(**settings)
    with pytest.raises(ValueError, match=says(*parts)):
        model.fit(series())
    assert not hasattr(model, "params_")


@pytest.mark.parametrize(
    ("X", "error", "parts"),
    [
        ([], ValueError, ["X"]),
        (np.zeros(0), ValueError, ["X"]),
        (np.zeros((2, 3, 4, 5)), ValueError, ["X"]),
        ("text", TypeError, ["X"]),
        ({"a": 1}, TypeError, ["X"]),
        (3.0, TypeError, ["X"]),
        (np.array(["a", "b"]), ValueError, ["X"]),
        (np.zeros(11), ValueError, ["X has 11 steps", "a window 12", "segment_length=4"]),
        ([np.zeros(20), np.zeros(11)], ValueError, ["Sequence 1 of X has 11 steps"]),
        (np.array([0.0] * 20 + [np.nan]), ValueError, ["NaN", "step 20", 'missing="fill"']),
        (np.array([0.0] * 20 + [np.inf]), ValueError, ["infinity", "step 20"]),
        ([np.zeros((20, 2)), np.zeros((20, 3))], ValueError, ["X"]),
    ],
)
def test_refused_series(X: Any, error: type[Exception], parts: list[str]) -> None:
    model = detector()
    with pytest.raises(error, match=says(*parts)):
        model.fit(X)
    assert not hasattr(model, "params_")


def test_a_channel_without_numbers_is_refused() -> None:
    x = series(40, 2)
    x[:, 1] = np.nan
    with pytest.raises(ValueError, match=says("channel 1 of X", "only NaN")):
        detector(missing="fill").fit(x)


def test_refusals_of_other_series() -> None:
    model = detector().fit(series(80, 2))
    with pytest.raises(ValueError, match=says("3 features", "expecting 2")):
        model.score_samples(series(80, 3))
    with pytest.raises(ValueError, match=says("X has 11 steps", "a window 12")):
        model.predict(series(11, 2))

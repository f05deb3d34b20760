"""SlidingWindows: windows of series, and the steps after them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GroupKFold, check_cv

from helpers.support import says
from skrnn import Sequences
from skrnn._sequences.checks import as_sequences
from skrnn.preprocessing import SlidingWindows


@st.composite
def cuts(draw: st.DrawFn) -> tuple[SlidingWindows, list[np.ndarray]]:
    """SlidingWindows, and several series that are long enough for it."""
    windows = SlidingWindows(
        draw(st.integers(1, 5)), horizon=draw(st.integers(1, 4)), stride=draw(st.integers(1, 4))
    )
    least = windows.length + windows.horizon
    lengths = draw(st.lists(st.integers(least, least + 8), min_size=1, max_size=4))
    rng = np.random.default_rng(sum(lengths))
    channels = draw(st.integers(1, 3))
    return windows, [rng.normal(size=(length, channels)) for length in lengths]


@given(cuts(), st.data())
def test_cases_are_those_of_a_loop(
    cut: tuple[SlidingWindows, list[np.ndarray]], data: st.DataObject
) -> None:
    windows, several = cut
    targets = data.draw(
        st.none() | st.lists(st.integers(0, several[0].shape[1] - 1), min_size=1, max_size=2)
    )
    X, y, groups = windows.cut(several, target=targets, return_groups=True)
    expected = []
    for group, series in enumerate(several):
        start = 0
        while start + windows.length + windows.horizon <= len(series):
            end = start + windows.length
            following = series[end : end + windows.horizon]
            chosen = following if targets is None else following[:, targets]
            expected.append((series[start:end], chosen.ravel(), group))
            start += windows.stride
    np.testing.assert_array_equal(X, [case[0] for case in expected])
    np.testing.assert_array_equal(y.reshape(len(y), -1), [case[1] for case in expected])
    np.testing.assert_array_equal(groups, [case[2] for case in expected])


def test_one_univariate_series() -> None:
    for series in (np.arange(6.0), list(range(6)), tuple(range(6)), np.arange(6)):
        X, y = SlidingWindows(3).cut(series)
        assert X.tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
        assert y.tolist() == [3, 4, 5]
    X, y = SlidingWindows(3, horizon=2, stride=2).cut(np.arange(7.0))
    assert X.tolist() == [[0, 1, 2], [2, 3, 4]]
    assert y.tolist() == [[3, 4], [5, 6]]


def test_ranks() -> None:
    series = np.arange(20.0).reshape(10, 2)
    windows = SlidingWindows(3, horizon=2)
    assert windows.cut(series[:, 0])[0].shape == (6, 3)
    assert windows.cut(series[:, :1])[0].shape == (6, 3, 1)
    assert windows.cut([series[:, 0], series[:, 1]])[0].shape == (12, 3)
    X, y = windows.cut(series)
    assert X.shape == (6, 3, 2)
    assert y[0].tolist() == [6, 7, 8, 9]  # both channels of the next step, then of the one after
    assert windows.cut(series, target=1)[1][0].tolist() == [7, 9]
    assert windows.cut(series, target=[1])[1].shape == (6, 2)
    assert windows.cut(series, target=-1)[1][0].tolist() == [7, 9]
    assert SlidingWindows(3).cut(series, target=1)[1].shape == (7,)


def test_several_series_in_many_forms() -> None:
    several = [np.arange(10.0).reshape(5, 2), np.arange(10.0, 18.0).reshape(4, 2)]
    X, y, groups = SlidingWindows(3).cut(several, return_groups=True)
    assert X[:, 0, 0].tolist() == [0, 2, 10]
    assert groups.tolist() == [0, 0, 1]
    objects = np.empty(2, object)
    objects[:] = several
    for form in (tuple(several), Sequences(several), objects, [x.tolist() for x in several]):
        np.testing.assert_array_equal(SlidingWindows(3).cut(form)[0], X)
        np.testing.assert_array_equal(SlidingWindows(3).cut(form)[1], y)
    block = np.arange(24.0).reshape(2, 4, 3)
    assert SlidingWindows(3).cut(block)[0].tolist() == block[:, :3].tolist()


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_have_steps_in_rows(library: str) -> None:
    frames = pytest.importorskip(library)
    series = np.arange(10.0).reshape(5, 2)
    df = frames.DataFrame({"a": series[:, 0], "b": series[:, 1]})
    np.testing.assert_array_equal(SlidingWindows(3).cut(df)[0], SlidingWindows(3).cut(series)[0])
    np.testing.assert_array_equal(SlidingWindows(3).cut(df["a"])[1], [6, 8])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_targets_by_name(library: str) -> None:
    frames = pytest.importorskip(library)
    series = np.arange(20.0).reshape(10, 2)
    df = frames.DataFrame({"price": series[:, 0], "load": series[:, 1]})
    long = frames.DataFrame({"id": [0] * 10, **{name: df[name] for name in df.columns}})
    gathered = Sequences.from_frame(long, by="id")
    windows = SlidingWindows(3, horizon=2)
    several: Any
    for several in (df, [df], gathered, gathered[0]):
        for target, positions in (
            (np.array(["load"]), [1]),
            (np.array(["load", "price"], dtype=object), [1, 0]),
            (np.array([1, 0]), [1, 0]),
            (np.str_("load"), 1),
            (np.int8(1), 1),
            ("load", 1),
            (["load"], [1]),
            (["load", "price"], [1, 0]),
            (("load", 0), [1, 0]),
        ):
            made = windows.cut(several, target=target)[1]
            np.testing.assert_array_equal(made, windows.cut(series, target=positions)[1])
        with pytest.raises(ValueError, match=says("target", "'lode'", "['price', 'load']")):
            windows.cut(several, target="lode")
    with pytest.raises(ValueError, match=says("target", "'load'", "no names", "position")):
        windows.cut(series, target="load")


def test_windows_of_one_series_share_their_memory() -> None:
    X, _ = SlidingWindows(500).cut(np.zeros((1000, 2), np.float32))
    assert np.shares_memory(X[0], X[499])
    assert not X.flags.writeable
    assert X.dtype == np.float32
    assert len(as_sequences(X)) == 500


def test_float64_is_kept() -> None:
    assert SlidingWindows(2).cut(np.arange(4.0))[0].dtype == np.float64


@pytest.mark.parametrize(
    ("series", "parts"),
    [
        (np.arange(26.0), ("Series 0", "26 steps", "27", "length 24", "horizon 3")),
        ([np.arange(30.0), np.arange(5.0)], ("Series 1", "5 steps", "27")),
        (np.where(np.arange(30) == 4, np.nan, 1), ("series", "NaN", "step 4")),
        (np.where(np.arange(30) == 4, np.inf, 1), ("series", "infinity", "step 4")),
        ([np.ones((30, 2)), np.ones((30, 3))], ("series", "3 channels", "2")),
        ([], ("series", "empty")),
        (np.empty(0), ("series", "0 ")),
        (np.ones((2, 30, 2, 2)), ("series",)),
        ([["a"] * 30], ("series", "strings")),
    ],
    ids=lambda x: type(x).__name__,
)
def test_wrong_series(series: Any, parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=says(*parts)):
        SlidingWindows(24, horizon=3).cut(series)


@pytest.mark.parametrize("series", [None, "abc", {"a": 1}, 3.0, np.array(3.0)], ids=str)
def test_input_that_is_not_series(series: Any) -> None:
    with pytest.raises(TypeError, match="series"):
        SlidingWindows(2).cut(series)


@pytest.mark.parametrize("name", ["length", "horizon", "stride"])
def test_wrong_parameters(name: str) -> None:
    for wrong, error in ((0, ValueError), (-1, ValueError), (1.0, TypeError), (None, TypeError)):
        windows = SlidingWindows(2).set_params(**{name: wrong})
        with pytest.raises(error, match=name):
            windows.cut(np.arange(9.0))


@pytest.mark.parametrize(
    "target", [2, -3, [0, 2], [], 0.5, "a", [[0]], np.array([["a"]]), np.array([0.5])], ids=repr
)
def test_wrong_targets(target: Any) -> None:
    with pytest.raises(ValueError, match="target"):
        SlidingWindows(2).cut(np.ones((9, 2)), target=target)


def test_in_scikit_learn() -> None:
    windows = SlidingWindows(2, horizon=3)
    assert clone(windows).get_params() == {"length": 2, "horizon": 3, "stride": 1}
    assert repr(windows) == "SlidingWindows(horizon=3, length=2)"
    # Two steps of a sine determine the next: x[t+1] = 2 cos(w) x[t] - x[t-1].
    X, y = SlidingWindows(2).cut(np.sin(0.3 * np.arange(100)))
    model = LinearRegression(fit_intercept=False).fit(X, y)
    np.testing.assert_allclose(model.coef_, [-1, 2 * np.cos(0.3)])


def test_it_is_not_taken_for_a_splitter() -> None:
    with pytest.raises(ValueError, match="cv"):
        check_cv(SlidingWindows(2))


def test_groups_keep_series_apart() -> None:
    X, y, groups = SlidingWindows(2).cut([np.arange(9.0)] * 4, return_groups=True)
    for train, test in GroupKFold(4).split(X, y, groups):
        assert not set(groups[train]) & set(groups[test])

"""Names of channels, from columns, and keys of sequences, from groups."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from helpers.support import says
from skrnn import Sequences
from skrnn._sequences.checks import as_sequences

NAMES = ("speed", "angle")
ARRAYS = [np.arange(6.0).reshape(3, 2), np.arange(6.0, 8.0).reshape(1, 2), np.ones((2, 2))]


@pytest.fixture(params=["pandas", "polars"])
def frame(request: pytest.FixtureRequest) -> Any:
    """A function that makes a data frame from a dict."""
    return pytest.importorskip(request.param).DataFrame


def frames(frame: Any) -> list[Any]:
    return [frame(dict(zip(NAMES, x.T, strict=True))) for x in ARRAYS]


def named(frame: Any) -> Sequences:
    table = {"id": ["c", "a", "c", "b", "a"], "speed": [0.0] * 5, "angle": [1.0, 2, 3, 4, 5]}
    return Sequences.from_frame(frame(table), by="id")


def test_frames_name_their_channels(frame: Any) -> None:
    objects = np.empty(3, object)
    objects[:] = frames(frame)
    for X in (frames(frame), tuple(frames(frame)), objects):
        assert Sequences(X).channel_names == NAMES
        assert as_sequences(X).channel_names == NAMES
        assert Sequences(Sequences(X)).channel_names == NAMES
        assert as_sequences(Sequences(X)).channel_names == NAMES
    assert named(frame).channel_names == NAMES


def test_two_columns_of_one_name() -> None:
    pd = pytest.importorskip("pandas")
    X = [pd.DataFrame(x, columns=["speed", "speed"]) for x in ARRAYS]
    for read in (Sequences, as_sequences, Sequences.from_aeon):
        with pytest.raises(ValueError, match="X has several columns 'speed'"):
            read(X)


def test_sequences_without_names(frame: Any) -> None:
    mixed = [*frames(frame)[:2], ARRAYS[2]]
    for X in (ARRAYS, mixed, np.stack([ARRAYS[0]] * 2), [[1, 2], [3]]):
        made = Sequences(X)
        assert (made.channel_names, made.keys) == (None, None)
    tokens = Sequences.from_frame(frame({"id": [1, 1], "word": [3, 4]}), by="id", columns="word")
    assert tokens.channel_names is None


def test_columns_that_are_numbered_have_no_names() -> None:
    pd = pytest.importorskip("pandas")
    assert Sequences([pd.DataFrame(x) for x in ARRAYS]).channel_names is None
    df = pd.DataFrame({"id": ["a", "b"], 0: [1.0, 2.0], 1: [3.0, 4.0]})
    assert Sequences.from_frame(df, by="id").channel_names is None


def test_only_some_columns_with_names() -> None:
    pd = pytest.importorskip("pandas")
    X = [pd.DataFrame(x, columns=["speed", 1]) for x in ARRAYS]
    with pytest.raises(TypeError, match=says("string names", "['speed', 1]", "astype(str)")):
        Sequences(X)
    with pytest.raises(TypeError, match=says("string names", "['speed', 1]")):
        Sequences.from_frame(X[0].assign(id=0), by="id")


def test_frames_with_different_names_are_refused(frame: Any) -> None:
    X = frames(frame)
    X[2] = X[2][["angle", "speed"]]
    with pytest.raises(ValueError, match=says("Sequence 2", "'angle', 'speed'", "same order")):
        Sequences(X)


def test_names_and_keys_go_with_the_sequences(frame: Any) -> None:
    X = named(frame)
    assert X.keys.tolist() == ["c", "a", "b"]
    index: Any
    for index, keys in (
        (slice(1, 3), ["a", "b"]),
        (slice(None, None, -1), ["b", "a", "c"]),
        ([2, 0], ["b", "c"]),
        (np.array([True, False, True]), ["c", "b"]),
        ([], []),
    ):
        assert X[index].keys.tolist() == keys
        assert X[index].channel_names == NAMES
    for made in (pickle.loads(pickle.dumps(X)), copy.deepcopy(X), Sequences(X), as_sequences(X)):
        assert made.keys.tolist() == X.keys.tolist()
        assert made.channel_names == NAMES


def test_names_survive_the_splits_of_scikit_learn(frame: Any) -> None:
    """scikit-learn makes lists of the split sequences; keys have to be split, too."""
    X = named(frame)
    train, test, train_keys, _ = train_test_split(X, X.keys, random_state=0)
    for part in (train, test, list(X), X.to_list(), [X[0], X[2]]):
        assert Sequences(part).channel_names == NAMES
    of = dict(zip(X.keys.tolist(), X, strict=True))
    for key, x in zip(train_keys, train, strict=True):
        np.testing.assert_array_equal(x, of[key])


def test_names_are_kept_in_another_process(frame: Any) -> None:
    """Splits are pickled as lists of the items of `Sequences`."""
    X = named(frame)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps([X[0], X[2]], protocol))
        assert Sequences(again).channel_names == NAMES
        np.testing.assert_array_equal(again[0], X[0])
        assert pickle.loads(pickle.dumps(X[0][:, :1], protocol)).shape == (len(X[0]), 1)


def test_names_are_those_of_all_channels(frame: Any) -> None:
    """A part of the channels, or a result of a computation, has none."""
    x = named(frame)[0]
    for made in (x[:, ::-1], x[:, :1], x + 1, np.hstack([x, x]), x.copy(), np.asarray(x)):
        assert Sequences([made]).channel_names is None
    assert repr(x) == repr(np.asarray(x))
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 1


def test_names_and_keys_never_change(frame: Any) -> None:
    X = named(frame)
    with pytest.raises(ValueError, match="read-only"):
        X.keys[0] = "z"
    for attribute in ("keys", "channel_names"):
        with pytest.raises(AttributeError):
            setattr(X, attribute, None)


def test_frames_of_sequences_have_names_and_keys(frame: Any) -> None:
    pytest.importorskip("pandas")
    assert list(named(frame).to_frame().columns) == ["sequence", "step", *NAMES]
    assert list(named(frame).to_frame(["a", "b"]).columns) == ["sequence", "step", "a", "b"]
    again = Sequences.from_frame(Sequences(frames(frame)).to_frame(), by="sequence", sort_by="step")
    assert again.channel_names == NAMES


def test_keys_of_several_columns_are_tuples(frame: Any) -> None:
    table = {"id": ["b", "b", "a"], "part": [1, 2, 1], "x": [1.0, 2.0, 3.0]}
    X = Sequences.from_frame(frame(table), by=["id", "part"], columns=["x"])
    assert X.keys.tolist() == [("b", 1), ("b", 2), ("a", 1)]
    assert X[[2, 0]].keys.tolist() == [("a", 1), ("b", 1)]


def test_a_shuffled_table_of_targets_is_put_in_order() -> None:
    """By the recipes of `from_frame`."""
    pd = pytest.importorskip("pandas")
    df = pd.DataFrame({"id": ["b", "a", "b", "c"], "part": [1, 1, 2, 1], "x": [1.0, 2.0, 3.0, 4.0]})
    df["y"] = 10 * df["x"]
    for by in ("id", ["id", "part"]):
        X = Sequences.from_frame(df, by=by, columns="x")
        expected = [10 * x[0, 0] for x in X]
        assert df.groupby(by)["y"].first().loc[X.keys].tolist() == expected
        table = df.drop_duplicates(by).sample(frac=1, random_state=0)
        assert table.set_index(by).loc[X.keys, "y"].tolist() == expected
    pl = pytest.importorskip("polars")
    X = Sequences.from_frame(df, by="id", columns="x")
    table = pl.DataFrame({"id": ["c", "b", "a"], "y": [40.0, 10.0, 20.0]})
    of = dict(zip(table["id"], table["y"], strict=True))
    assert [of[key] for key in X.keys.tolist()] == [10 * x[0, 0] for x in X]


def test_keys_may_be_days() -> None:
    pd = pytest.importorskip("pandas")
    days = pd.to_datetime(["2024-03-02", "2024-03-01", "2024-03-02"])
    df = pd.DataFrame({"day": days, "part": [1, 1, 1], "x": [1.0, 2.0, 3.0], "y": [7, 8, 7]})
    for by in ("day", ["day", "part"]):
        X = Sequences.from_frame(df, by=by, columns="x")
        assert df.groupby(by)["y"].first().loc[X.keys].tolist() == [7, 8]

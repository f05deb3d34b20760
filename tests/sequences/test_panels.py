"""Data frames in the forms of aeon and sktime, read or refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from helpers.support import says
from skrnn import RNNClassifier, Sequences
from skrnn._sequences.checks import as_sequences
from skrnn.preprocessing import PerStep

pd = pytest.importorskip("pandas")

RNG = np.random.default_rng(0)
ARRAYS = [RNG.normal(size=(length, 2)) for length in (3, 1, 4)]
NAMES = ["speed", "angle"]


def df_list() -> list[Any]:
    return [pd.DataFrame(x, columns=NAMES) for x in ARRAYS]


def multi_index() -> Any:
    return pd.concat(df_list(), keys=["c", "a", "b"], names=["instances", "timepoints"])


def nested_univ() -> Any:
    return pd.DataFrame({n: [pd.Series(x[:, c]) for x in ARRAYS] for c, n in enumerate(NAMES)})


def assert_named(X: Sequences) -> None:
    assert X.channel_names == tuple(NAMES)
    for one, other in zip(X, ARRAYS, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_list_of_frames_has_its_steps_in_rows() -> None:
    assert_named(Sequences.from_aeon(df_list()))
    turned = [df_list()[0], ARRAYS[1].T, df_list()[2]]
    for one, other in zip(Sequences.from_aeon(turned), ARRAYS, strict=True):
        np.testing.assert_array_equal(one, other)


def test_levels_of_an_index_are_sequences_and_steps() -> None:
    X = Sequences.from_aeon(multi_index())
    assert_named(X)
    assert X.keys.tolist() == ["c", "a", "b"]
    shuffled = multi_index().sample(frac=1, random_state=0)
    again = Sequences.from_aeon(shuffled)
    for key, x in zip(again.keys, again, strict=True):
        np.testing.assert_array_equal(x, ARRAYS[["c", "a", "b"].index(key)])
    unnamed = multi_index()
    unnamed.index.names = [None, None]
    assert_named(Sequences.from_aeon(unnamed))


def test_levels_above_the_sequences_are_part_of_their_keys() -> None:
    df = pd.concat([multi_index(), multi_index()], keys=["north", "south"])
    X = Sequences.from_aeon(df)
    assert X.keys.tolist() == [(side, key) for side in ("north", "south") for key in "cab"]
    assert_named(X[:3])


def test_cells_are_series() -> None:
    assert_named(Sequences.from_aeon(nested_univ()))
    arrays = nested_univ().map(np.asarray)
    assert_named(Sequences.from_aeon(arrays))
    assert_named(Sequences.from_aeon(arrays.map(list)))
    pl = pytest.importorskip("polars")
    assert_named(Sequences.from_aeon(pl.DataFrame({n: list(arrays[n]) for n in NAMES})))


def test_a_plain_frame_is_a_table() -> None:
    table = pd.DataFrame(np.arange(6.0).reshape(2, 3))
    X = Sequences.from_aeon(table)
    assert [x.ravel().tolist() for x in X] == table.to_numpy().tolist()


def test_cells_of_different_lengths() -> None:
    df = nested_univ()
    df.at[1, "angle"] = pd.Series([1.0, 2.0])
    with pytest.raises(ValueError, match=says("Row 1", "(1,)", "(2,)", "one length")):
        Sequences.from_aeon(df)


@pytest.mark.parametrize("X", [None, 3, "words", b"words", {"a": 1}, {1, 2}, np.float64(3.0)])
def test_objects_without_series(X: Any) -> None:
    parts = (f"X is a {type(X).__name__}", "(n, C, T)", "data frame")
    with pytest.raises(TypeError, match=says(*parts)):
        Sequences.from_aeon(X)


def test_no_rows() -> None:
    with pytest.raises(ValueError, match="0 sample"):
        Sequences.from_aeon(multi_index()[:0])


LEVELS = ("X is a data frame", "['instances', 'timepoints']", "from_aeon(X)", "reset_index")
CELLS = ("X is a data frame", "column 'speed'", "from_aeon(X)", "X['speed']")


@pytest.mark.parametrize(
    ("make", "parts"), [(multi_index, LEVELS), (nested_univ, CELLS)], ids=["levels", "cells"]
)
@pytest.mark.parametrize(
    "read",
    [
        Sequences,
        as_sequences,
        lambda X: RNNClassifier().fit(X, [0] * len(X)),
        lambda X: PerStep(StandardScaler()).fit(X),
    ],
    ids=["Sequences", "as_sequences", "RNNClassifier", "PerStep"],
)
def test_frames_of_sequences_are_not_read_as_tables(make: Any, parts: Any, read: Any) -> None:
    with pytest.raises(ValueError, match=says(*parts)):
        read(make())


def test_a_column_of_arrays_is_refused_in_a_long_frame() -> None:
    df = nested_univ().assign(id=[0, 0, 1])
    with pytest.raises(ValueError, match=says("column 'speed'", "several values", "explode")):
        Sequences.from_frame(df, by="id")


def test_levels_that_are_not_columns() -> None:
    with pytest.raises(ValueError, match=says("'instances'", "reset_index()")):
        Sequences.from_frame(multi_index(), by="instances")
    X = Sequences.from_frame(multi_index().reset_index(), by="instances", sort_by="timepoints")
    assert_named(X)

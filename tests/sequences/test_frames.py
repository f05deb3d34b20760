"""Long data frames become sequences, by pandas and by polars alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skrnn import Sequences
from support import says

TABLE: dict[str, list[Any]] = {
    "id": ["b", "b", "a", "c", "a", "b"],
    "part": [1, 1, 1, 1, 2, 2],
    "day": [3, 1, 9, 5, 7, 2],
    "x": [0.3, 0.1, 0.9, 0.5, 0.7, 0.2],
    "n": [3, 1, 9, 5, 7, 2],
}


@pytest.fixture(params=["pandas", "polars"])
def frame(request: pytest.FixtureRequest) -> Any:
    """Makes a data frame of a dict."""
    return pytest.importorskip(request.param).DataFrame


def lists(X: Sequences) -> list[Any]:
    return [x.tolist() for x in X]


def test_groups_come_in_order_of_appearance_and_keep_their_rows(frame: Any) -> None:
    X = Sequences.from_frame(frame(TABLE), by="id", columns="x")
    assert lists(X) == [[[0.3], [0.1], [0.2]], [[0.9], [0.7]], [[0.5]]]
    assert X.dtype == np.float64


def test_sorting_is_within_groups(frame: Any) -> None:
    X = Sequences.from_frame(frame(TABLE), by="id", columns=["x"], sort_by="day")
    assert lists(X) == [[[0.1], [0.2], [0.3]], [[0.7], [0.9]], [[0.5]]]
    X = Sequences.from_frame(frame(TABLE), by="id", columns=["x"], sort_by=["part", "day"])
    assert lists(X) == [[[0.1], [0.3], [0.2]], [[0.9], [0.7]], [[0.5]]]


def test_sorting_keeps_the_order_of_ties(frame: Any) -> None:
    table = {"id": [1] * 40, "day": [0, 1] * 20, "x": np.arange(40.0)}
    X = Sequences.from_frame(frame(table), by="id", columns="x", sort_by="day")
    assert X[0].ravel().tolist() == [*range(0, 40, 2), *range(1, 40, 2)]


def test_several_columns_tell_sequences_apart(frame: Any) -> None:
    X = Sequences.from_frame(frame(TABLE), by=["id", "part"], columns=["day", "x"])
    assert lists(X) == [[[3, 0.3], [1, 0.1]], [[9, 0.9]], [[5, 0.5]], [[7, 0.7]], [[2, 0.2]]]


def test_all_other_columns_are_channels(frame: Any) -> None:
    X = Sequences.from_frame(frame(TABLE), by="id", sort_by=["part", "day"])
    assert X.n_channels == 2
    assert X[2].tolist() == [[0.5, 5.0]]


def test_a_column_of_integers_alone_is_tokens(frame: Any) -> None:
    assert lists(Sequences.from_frame(frame(TABLE), by="id", columns="n"))[1] == [9, 7]
    assert lists(Sequences.from_frame(frame(TABLE), by="id", columns=["n"]))[1] == [[9], [7]]


def test_float32_stays(frame: Any) -> None:
    table = {"id": [0, 0], "x": np.array([1, 2], np.float32), "b": [True, False]}
    assert Sequences.from_frame(frame(table), by="id").dtype == np.float32


def test_missing_numbers_are_nan(frame: Any) -> None:
    table = {"id": ["a", "a"], "x": [None, 2.0], "n": [1, None]}
    np.testing.assert_array_equal(
        Sequences.from_frame(frame(table), by="id")[0], [[np.nan, 1], [2, np.nan]]
    )


def test_missing_numbers_of_pandas_own_dtypes_are_nan() -> None:
    pd = pytest.importorskip("pandas")
    df = pd.DataFrame({"id": ["a", "a"], "x": pd.array([None, 2], "Int64")})
    df["y"] = pd.array([1.5, None], "Float32")
    np.testing.assert_array_equal(
        Sequences.from_frame(df, by="id")[0], [[np.nan, 1.5], [2, np.nan]]
    )


@pytest.mark.parametrize("key", ["id", "day"])
@pytest.mark.parametrize("missing", [None, float("nan")])
def test_keys_may_not_be_missing(frame: Any, key: str, missing: Any) -> None:
    table = {"id": [1.0, 1.0, 2.0], "day": [1.0, 2.0, 3.0], "x": [1.0, 2.0, 3.0]}
    table[key][1] = missing
    with pytest.raises(ValueError, match=says(key, "missing", "row 1")):
        Sequences.from_frame(frame(table), by="id", sort_by="day")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ({"by": "who"}, ("'who'", "'id'")),
        ({"by": "id", "columns": ["x", "y"]}, ("'y'", "'x'")),
        ({"by": "id", "sort_by": "time"}, ("'time'",)),
        ({"by": "part", "columns": "id"}, ("'id'", "numbers")),
        ({"by": []}, ("by",)),
        ({"by": "id", "columns": []}, ("columns",)),
        ({"by": list(TABLE)}, ("columns",)),
    ],
    ids=str,
)
def test_wrong_columns(frame: Any, arguments: dict[str, Any], parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=says(*parts)):
        Sequences.from_frame(frame(TABLE), **arguments)


def test_no_rows(frame: Any) -> None:
    with pytest.raises(ValueError, match="0 sample"):
        Sequences.from_frame(frame({"id": [], "x": []}), by="id")


@pytest.mark.parametrize("wrong", [TABLE, [TABLE], np.zeros((2, 2)), None], ids=type)
def test_what_is_no_frame(wrong: Any) -> None:
    with pytest.raises(TypeError, match=says(type(wrong).__name__, "DataFrame")):
        Sequences.from_frame(wrong, by="id")


def test_a_lazy_frame_is_told_from_a_frame() -> None:
    pl = pytest.importorskip("polars")
    with pytest.raises(TypeError, match=says("LazyFrame", "collect()")):
        Sequences.from_frame(pl.LazyFrame(TABLE), by="id")


def test_columns_of_one_name_are_refused() -> None:
    pd = pytest.importorskip("pandas")
    df = pd.DataFrame([[1, 2.0, 3.0]], columns=["id", "x", "x"])
    with pytest.raises(ValueError, match=says("several", "'x'")):
        Sequences.from_frame(df, by="id", columns="x")
    df = pd.DataFrame([[1, 1, 3.0]], columns=["id", "id", "x"])
    with pytest.raises(ValueError, match=says("several", "'id'")):
        Sequences.from_frame(df, by="id", columns="x")


def test_targets_by_the_documented_recipe_line_up(frame: Any) -> None:
    table = {**TABLE, "label": [x == "a" for x in TABLE["id"]]}
    df = frame(table)
    if hasattr(df, "drop_duplicates"):
        y = df.drop_duplicates("id")["label"]
    else:
        y = df.unique("id", keep="first", maintain_order=True)["label"]
    assert list(y) == [False, True, False]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-9, 9)), min_size=1, max_size=30))
def test_gathering_is_that_of_a_dict_of_lists(rows: list[tuple[int, int]]) -> None:
    pd = pytest.importorskip("pandas")
    expected: dict[int, list[int]] = {}
    for key, value in rows:
        expected.setdefault(key, []).append(value)
    X = Sequences.from_frame(pd.DataFrame(rows, columns=["k", "v"]), by="k", columns="v")
    assert lists(X) == list(expected.values())


def test_frame_and_back() -> None:
    pytest.importorskip("pandas")
    X = Sequences([[[0.5, 1.0], [2.5, 3.0]], [[4.5, 5.0]]])
    df = X.to_frame()
    assert list(df.columns) == ["sequence", "step", "x0", "x1"]
    assert df["sequence"].tolist() == [0, 0, 1]
    assert df["step"].tolist() == [0, 1, 0]
    again = Sequences.from_frame(df, by="sequence", sort_by="step")
    assert lists(again) == lists(X)
    assert list(X.to_frame(["a", "b"]).columns) == ["sequence", "step", "a", "b"]
    tokens = Sequences([[1, 2], [3]]).to_frame()
    assert list(tokens.columns) == ["sequence", "step", "token"]
    for wrong in (["a"], ["a", "a"], ["a", "step"]):
        with pytest.raises(ValueError, match="columns"):
            X.to_frame(wrong)

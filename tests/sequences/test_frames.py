"""Long data frames of pandas and polars as sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.support import says
from skrnn import Sequences

TABLE: dict[str, list[Any]] = {
    "id": ["b", "b", "a", "c", "a", "b"],
    "part": [1, 1, 1, 1, 2, 2],
    "day": [3, 1, 9, 5, 7, 2],
    "x": [0.3, 0.1, 0.9, 0.5, 0.7, 0.2],
    "n": [3, 1, 9, 5, 7, 2],
}


@pytest.fixture(params=["pandas", "polars"])
def frame(request: pytest.FixtureRequest) -> Any:
    """A function that makes a data frame from a dict."""
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


def test_several_columns_identify_sequences(frame: Any) -> None:
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


@pytest.mark.parametrize("columns", [None, ["x", "id"]], ids=str)
def test_strings_are_no_channels(frame: Any, columns: Any) -> None:
    parts = ["column 'id'", "strings", "TokenEncoder", "columns"]
    parts.append("Enum" if "polars" in frame.__module__ else "astype('category')")
    with pytest.raises(ValueError, match=says(*parts)):
        Sequences.from_frame(frame(TABLE), by="part", columns=columns)


def test_strings_of_digits_are_no_numbers() -> None:
    pd = pytest.importorskip("pandas")
    df = pd.DataFrame({"id": [0, 0], "x": pd.Series(["1", "2"], dtype=object)})
    with pytest.raises(ValueError, match=says("column 'x'", "strings")):
        Sequences.from_frame(df, by="id")


# ---- Targets among the channels ----


def test_a_column_that_looks_like_a_target_warns(frame: Any) -> None:
    """One value in each sequence, and different ones: probably not meant with columns=None."""
    table = {**TABLE, "label": [x == "a" for x in TABLE["id"]], "zero": [0] * 6}
    with pytest.warns(UserWarning, match=says("['label']", "columns=['x', 'n', 'zero']")) as caught:
        X = Sequences.from_frame(frame(table), by="id", sort_by=["part", "day"])
    assert caught[0].filename == __file__
    assert X.n_channels == 4
    names = ["x", "n", "zero", "label"]
    assert Sequences.from_frame(frame(table), by="id", columns=names).n_channels == 4


@pytest.mark.parametrize(
    ("ids", "values"),
    [
        ([0, 0, 1, 1], [5.0, 5.0, 5.0, 5.0]),  # the same in all sequences
        ([0, 0, 1, 1], [5.0, 5.0, 6.0, 7.0]),  # changes in one sequence
        ([0, 1, 2, 3], [5.0, 6.0, 7.0, 8.0]),  # sequences of one step show nothing
        ([0, 0, 1, 2], [5.0, 5.0, 6.0, 7.0]),  # one longer sequence shows nothing
    ],
)
def test_other_columns_are_no_targets(frame: Any, ids: list[int], values: list[float]) -> None:
    assert Sequences.from_frame(frame({"id": ids, "x": values}), by="id").n_channels == 1


# ---- Categories ----


def with_categories(library: str, cells: list[Any], **other: Any) -> Any:
    """A frame with a column "city" of the categories Rome, Oslo and Bonn, in this order."""
    frames = pytest.importorskip(library)
    df = frames.DataFrame({"id": [0, 0, 1, 1], **other})
    cities = ["Rome", "Oslo", "Bonn"]
    if library == "pandas":
        df["city"] = frames.Categorical(cells, cities)
        return df
    return df.with_columns(frames.Series("city", cells, dtype=frames.Enum(cities)))


CELLS = ["Oslo", "Rome", "Oslo", "Oslo"]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_categories_among_channels_are_indicators(library: str) -> None:
    df = with_categories(library, CELLS, x=[0.5, 1.5, 2.5, 3.5])
    for columns in (None, ["x", "city"]):
        X = Sequences.from_frame(df, by="id", columns=columns)
        assert X.channel_names == ("x", "city_Rome", "city_Oslo", "city_Bonn")
        assert lists(X) == [[[0.5, 0, 1, 0], [1.5, 1, 0, 0]], [[2.5, 0, 1, 0], [3.5, 0, 1, 0]]]
    X = Sequences.from_frame(df, by="id", columns=["city"])
    assert X.channel_names == ("city_Rome", "city_Oslo", "city_Bonn")
    assert X.dtype == np.float32


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_categories_alone_are_tokens(library: str) -> None:
    X = Sequences.from_frame(with_categories(library, CELLS), by="id", columns="city")
    assert lists(X) == [[1, 0], [1, 1]]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_missing_categories(library: str) -> None:
    df = with_categories(library, ["Oslo", "Rome", None, "Bonn"])
    X = Sequences.from_frame(df, by="id", columns=["city"])
    np.testing.assert_array_equal(X[1], [[np.nan] * 3, [0, 0, 1]])
    with pytest.raises(ValueError, match=says("'city'", "missing", "row 2", "fill")):
        Sequences.from_frame(df, by="id", columns="city")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_categories_that_look_like_targets_warn(library: str) -> None:
    df = with_categories(library, ["Oslo", "Oslo", "Rome", "Rome"], x=[1.0, 2.0, 3.0, 4.0])
    with pytest.warns(UserWarning, match=says("['city']")):
        Sequences.from_frame(df, by="id")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_steps_are_sorted_in_the_order_of_categories(library: str) -> None:
    df = with_categories(library, ["Bonn", "Rome", "Rome", "Oslo"], x=[1.0, 2.0, 3.0, 4.0])
    X = Sequences.from_frame(df, by="id", columns=["x"], sort_by="city")
    assert lists(X) == [[[2.0], [1.0]], [[3.0], [4.0]]]


def test_no_category_at_all() -> None:
    pd = pytest.importorskip("pandas")
    df = pd.DataFrame({"id": [0, 0], "city": pd.Categorical([None, None])})
    with pytest.raises(ValueError, match=says("'city'", "no categories")):
        Sequences.from_frame(df, by="id", columns=["city"])


def test_categories_of_polars_without_a_list_are_those_that_occur() -> None:
    """In alphabetical order, for any values of other columns."""
    pl = pytest.importorskip("polars")
    pl.Series(["Paris", "Oslo"], dtype=pl.Categorical)
    cells = pl.Series("city", ["Rome", "Bonn", None, "Rome"], dtype=pl.Categorical)
    df = pl.DataFrame({"id": [0, 0, 1, 1]}).with_columns(cells)
    X = Sequences.from_frame(df, by="id", columns=["city"])
    assert X.channel_names == ("city_Bonn", "city_Rome")
    np.testing.assert_array_equal(X[0], [[0, 1], [1, 0]])


def test_categories_may_be_numbers() -> None:
    pd = pytest.importorskip("pandas")
    df = pd.DataFrame({"id": [0, 0], "gear": pd.Categorical([5, 3])})
    X = Sequences.from_frame(df, by="id", columns=["gear"])
    assert X.channel_names == ("gear_3", "gear_5")
    assert lists(X) == [[[0, 1], [1, 0]]]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_two_channels_of_one_name(library: str) -> None:
    df = with_categories(library, CELLS, city_Rome=[1.0, 2.0, 3.0, 4.0])
    with pytest.raises(ValueError, match=says("'city_Rome'", "rename")):
        Sequences.from_frame(df, by="id")


def test_a_column_whose_label_is_no_text_may_be_tokens() -> None:
    pd = pytest.importorskip("pandas")
    df = pd.DataFrame([[1, 7], [1, 8]])
    assert lists(Sequences.from_frame(df, by=0, columns=1)) == [[7, 8]]


def test_no_rows(frame: Any) -> None:
    with pytest.raises(ValueError, match="0 sample"):
        Sequences.from_frame(frame({"id": [], "x": []}), by="id")


@pytest.mark.parametrize("wrong", [TABLE, [TABLE], np.zeros((2, 2)), None], ids=type)
def test_objects_that_are_not_frames(wrong: Any) -> None:
    with pytest.raises(TypeError, match=says(type(wrong).__name__, "DataFrame")):
        Sequences.from_frame(wrong, by="id")


def test_a_lazy_frame_is_refused_by_name() -> None:
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

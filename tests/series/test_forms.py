"""Forms of series: what goes in is read, and forecasts come out in the same form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from helpers.support import says
from skrnn._series.forms import give
from skrnn._series.reading import read_series

COLUMNS = ("unique_id", "ds", "y")
N = 20  # steps
Y = np.arange(2 * N, dtype=float).reshape(2, N) ** 2


def read(series: Any, *, missing: bool = False, columns: Any = COLUMNS) -> Any:
    return read_series(series, columns, missing=missing)


def given_back(series: Any, ahead: int = 3, *, k: int = 0, missing: bool = False) -> Any:
    """What came in, cut before its last steps, after a way through the forms: the last steps."""
    given = read(series, missing=missing)
    values = np.array([x[-1] + np.arange(1.0, ahead + 1) for x in given.values])
    if k:
        values = np.stack([values] * k, axis=-1)
    return give(given.form, values, ["y"] if k < 2 else [f"q{i}" for i in range(k)])


# ---- Arrays and lists ----


ARRAYS: dict[str, tuple[Any, type, tuple[int, ...]]] = {
    "array": (Y[0], np.ndarray, (3,)),
    "list of numbers": (Y[0].tolist(), np.ndarray, (3,)),
    "tuple of numbers": (tuple(Y[0].tolist()), np.ndarray, (3,)),
    "panel": (Y, np.ndarray, (2, 3)),
    "panel of one": (Y[:1], np.ndarray, (1, 3)),
    "list": ([Y[0], Y[1, :5]], list, (2, 3)),
    "list of one": ([Y[0]], list, (1, 3)),
    "list of lists": ([[1, 2], [3.5]], list, (2, 3)),
    "columns": ([Y[0][:, None], Y[1][:, None]], list, (2, 3)),
    "array of objects": (np.array([Y[0], Y[1, :5]], dtype=object), list, (2, 3)),
    "integers": (Y[0].astype(np.int8), np.ndarray, (3,)),
    "float16": (np.arange(9, dtype=np.float16), np.ndarray, (3,)),
    "bits": (Y[0] > 10, np.ndarray, (3,)),
    "not contiguous": (Y.T[:, 0], np.ndarray, (3,)),
    "read-only": (np.broadcast_to(2.0, 9), np.ndarray, (3,)),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_and_lists(name: str) -> None:
    series, kind, shape = ARRAYS[name]
    values = read(series).values
    rows = [series] if np.ndim(series[0]) == 0 else list(series)
    for found, expected in zip(values, rows, strict=True):
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, np.asarray(expected, float).ravel())
    for k, more in ((0, ()), (3, (3,))):
        forecast = given_back(series, k=k)
        assert type(forecast) is kind
        assert np.shape(forecast) == (*shape, *more)


@pytest.mark.parametrize(
    ("series", "error", "parts"),
    [
        (None, TypeError, ["series is None", "expected one series"]),
        (3.0, TypeError, ["series is 3.0"]),
        (np.array(3.0), TypeError, ["expected one series"]),
        ("abc", TypeError, ["'abc'", "str"]),
        ({"a": [1, 2]}, TypeError, ["dict"]),
        (iter([1.0]), TypeError, ["expected one series"]),
        (["a", "b"], TypeError, ["expected numbers"]),
        ([1 + 2j], TypeError, ["expected numbers"]),
        (np.array(["2024-01-01"], "datetime64[D]"), TypeError, ["expected numbers"]),
        ([[1.0], ["a"]], TypeError, ["Series 1 of series", "expected numbers"]),
        ([10**400], ValueError, ["too large", "scale"]),
        ([1.0, -1e200], ValueError, ["-1e+200", "step 1", "scale"]),
        ([], ValueError, ["series is empty"]),
        (np.zeros((0, 5)), ValueError, ["series is empty"]),
        ([[1.0], []], ValueError, ["Series 1 of series", "a step at least"]),
        (np.zeros((2, 0)), ValueError, ["Series 0 of series", "a step at least"]),
        (np.zeros((2, 3, 4)), ValueError, ["(2, 3, 4)"]),
        ([np.zeros((5, 2))], ValueError, ["Series 0", "(5, 2)", "one number a step", "exog"]),
        ([1.0, np.nan], ValueError, ["nan at step 1", 'missing="fill"']),
        ([1.0, None], ValueError, ["nan at step 1", 'missing="fill"']),
        ([[1.0], [2.0, np.inf]], ValueError, ["Series 1 of series", "inf at step 1", "finite"]),
        (np.ma.masked_equal([1.0, 2.0], 2.0), ValueError, ["masked", "np.nan"]),
    ],
    ids=str,
)
def test_refused_arrays(series: Any, error: type[Exception], parts: list[str]) -> None:
    with pytest.raises(error, match=says(*parts)):
        read(series)


def test_missing_numbers() -> None:
    found = read([[np.nan, 1.0, np.nan], [2.0]], missing=True).values
    np.testing.assert_array_equal(found[0], [np.nan, 1, np.nan])
    with pytest.raises(ValueError, match=says("series 0", "no observation", "leave it out")):
        read([[np.nan, np.nan], [2.0]], missing=True)
    with pytest.raises(ValueError, match="inf at step 1"):
        read([np.nan, np.inf], missing=True)


# ---- Series and frames of pandas ----


def pandas() -> Any:
    return pytest.importorskip("pandas")


def index_of(kind: str, count: int = N + 3) -> Any:
    pd = pandas()
    return {
        "days": lambda: pd.date_range("2024-03-20", periods=count),
        "hours": lambda: pd.date_range("2024-03-30", periods=count, freq="h"),
        "month ends": lambda: pd.date_range("2020-01-31", periods=count, freq="ME"),
        "business days": lambda: pd.bdate_range("2024-01-01", periods=count),
        "seconds": lambda: pd.date_range("2024-01-01", periods=count, freq="s").as_unit("s"),
        "nanoseconds": lambda: pd.date_range("2024-01-01", periods=count).as_unit("ns"),
        "UTC": lambda: pd.date_range("2024-03-20", periods=count, tz="UTC"),
        # Clocks in Berlin went on on March 31, 2024, and back on October 27.
        "days in Berlin": lambda: pd.date_range("2024-03-11", periods=count, tz="Europe/Berlin"),
        "weeks in Berlin": lambda: pd.date_range(
            "2024-08-01 12:00", periods=count, freq="W", tz="Europe/Berlin"
        ),
        "months in Berlin": lambda: pd.date_range(
            "2024-01-01", periods=count, freq="MS", tz="Europe/Berlin"
        ),
        "hours in Berlin": lambda: pd.date_range(
            "2024-10-26 06:00", periods=count, freq="h", tz="Europe/Berlin"
        ),
        "hours in Kolkata": lambda: pd.date_range(
            "2024-03-30", periods=count, freq="h", tz="Asia/Kolkata"
        ),
        "an offset": lambda: pd.date_range("2024-03-20", periods=count, tz="UTC+05:30"),
        "periods of days": lambda: pd.period_range("2024-03-20", periods=count, freq="D"),
        "periods of months": lambda: pd.period_range("2020-01", periods=count, freq="M"),
        "periods of quarters": lambda: pd.period_range("2020Q2", periods=count, freq="Q-JAN"),
        "periods of two hours": lambda: pd.period_range("2020", periods=count, freq="2h"),
        "periods of weeks": lambda: pd.period_range("2020", periods=count, freq="W"),
    }[kind]()


KINDS = (
    *("days", "hours", "month ends", "business days", "seconds", "nanoseconds", "UTC"),
    *("days in Berlin", "weeks in Berlin", "months in Berlin", "hours in Berlin"),
    *("hours in Kolkata", "an offset", "periods of days", "periods of months"),
    *("periods of quarters", "periods of two hours", "periods of weeks"),
)


def assert_times(found: Any, expected: Any) -> None:
    assert found.dtype == expected.dtype
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_series_with_an_index_of_times(kind: str) -> None:
    """The index goes on as pandas would go on, whatever the order of rows."""
    pd = pandas()
    index = index_of(kind)
    rng = np.random.default_rng(0)
    for order in (np.arange(N), rng.permutation(N)):
        series = pd.Series(Y[0], index=index[:N], name="sales").iloc[order]
        np.testing.assert_array_equal(read(series).values[0], Y[0])
        found, frame = given_back(series), given_back(series, k=2)
        assert (found.name, found.tolist()) == ("sales", (Y[0, -1] + np.arange(1, 4)).tolist())
        assert_times(found.index, index[N:])
        assert_times(frame.index, index[N:])
        assert list(frame.columns) == ["q0", "q1"]
    gap = pd.Series(Y[0], index=index[:N]).drop(index[[3, 4, 11]])
    filled = read(gap, missing=True).values[0]
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(filled)), [3, 4, 11])
    assert_times(given_back(gap, missing=True).index, index[N:])
    with pytest.raises(ValueError, match=says("series", "no row between", 'missing="fill"')):
        read(gap)


@pytest.mark.parametrize("kind", [*KINDS, "integers"])
@pytest.mark.parametrize("keyed", [False, True])
def test_frames_of_pandas(keyed: bool, kind: str) -> None:
    """Rows in any order, and columns too; series in the order in which they appear."""
    pd = pandas()
    times = pd.Index(np.arange(5, 5 + 2 * (N + 3), 2)) if kind == "integers" else index_of(kind)
    df = pd.concat(
        [
            pd.DataFrame({"y": Y[i], "unique_id": key, "ds": times[:N]})
            for i, key in enumerate(["b", "a"][: 1 + keyed])
        ]
    )
    df = df if keyed else df.drop(columns="unique_id")
    rng = np.random.default_rng(0)
    for rows in (np.arange(len(df)), rng.permutation(len(df)), rng.permutation(len(df))):
        own = df.iloc[rows]
        given = read(own)
        keys = list(dict.fromkeys(own["unique_id"])) if keyed else ["b"]
        for key, x in zip(keys, given.values, strict=True):
            np.testing.assert_array_equal(x, Y["ba".index(key)])
        for k in (0, 2):
            found = given_back(own, k=k)
            assert list(found.index) == list(range(3 * len(keys)))
            assert_times(found["ds"], times[N:].append([times[N:]] * keyed))
            if keyed:
                assert found["unique_id"].tolist() == np.repeat(keys, 3).tolist()
            names = ["q0", "q1"] if k else ["y"]
            assert list(found.columns) == ["unique_id"] * keyed + ["ds", *names]
            assert found[names[0]].tolist() == [
                Y["ba".index(key), -1] + step for key in keys for step in (1, 2, 3)
            ]


@pytest.mark.parametrize(
    "keys",
    [["b", "a"], [3, 1], np.array([3, 1], np.int16), [True, False], ["b", "b"]],
    ids=str,
)
def test_keys_keep_their_type(keys: Any) -> None:
    pd = pandas()
    df = pd.DataFrame({"unique_id": np.repeat(keys, N), "ds": np.tile(np.arange(N), 2)})
    df = df.assign(ds=np.arange(2 * N)) if keys[0] == keys[1] else df
    found = given_back(df.assign(y=Y.ravel()))
    assert found["unique_id"].dtype == df["unique_id"].dtype
    assert found["unique_id"].unique().tolist() == df["unique_id"].unique().tolist()


def test_series_of_different_lengths_go_on_at_different_times() -> None:
    pd = pandas()
    days = pd.date_range("2024-01-01", periods=N)
    df = pd.concat(
        [
            pd.DataFrame({"shop": "x", "day": days, "sold": Y[0]}),
            pd.DataFrame({"shop": "y", "day": days[3:9], "sold": Y[1, :6]}),
            pd.DataFrame({"shop": "z", "day": days[4:5], "sold": Y[1, :1]}),
        ]
    )
    given = read(df, columns=("shop", "day", "sold"))
    found = give(given.form, np.zeros((3, 2)), ["sold"])
    assert list(found.columns) == ["shop", "day", "sold"]
    expected = ["2024-01-21", "2024-01-22", "2024-01-10", "2024-01-11", "2024-01-06", "2024-01-07"]
    assert found["day"].astype(str).tolist() == expected
    with pytest.raises(ValueError, match=says("unknown", "one step only", "two steps")):
        given_back(df[df["shop"] == "z"].set_axis(list(COLUMNS), axis=1))


def test_numbers_of_pandas() -> None:
    """Nullable numbers, and Series without times, in which only the numbers count."""
    pd = pandas()
    df = pd.DataFrame({"ds": range(4), "y": pd.array([1, None, 3, 4], dtype="Int64")})
    np.testing.assert_array_equal(read(df, missing=True).values[0], [1, np.nan, 3, 4])
    for series in (
        pd.Series([1.0, 2.0], index=[7, 3]),
        pd.Series([1, 2], dtype="Int64"),
        pd.Series([1.0, 2.0], index=["2024", "2023"]),
    ):
        np.testing.assert_array_equal(read(series).values[0], [1, 2])
        assert type(given_back(series)) is np.ndarray
    assert len(read([pd.Series([1.0, 2.0]), pd.Series([3.0])]).values) == 2


# ---- Frames of polars ----


POLARS: dict[str, Callable[[Any], Any]] = {
    "dates": lambda pl: pl.date_range(pl.date(2024, 3, 20), pl.date(2024, 4, 11), eager=True),
    "microseconds": lambda pl: pl.datetime_range(
        pl.datetime(2024, 3, 20), pl.datetime(2024, 4, 11), eager=True
    ),
    "milliseconds": lambda pl: pl.datetime_range(
        pl.datetime(2024, 3, 20), pl.datetime(2024, 4, 11), time_unit="ms", eager=True
    ),
    "days in Berlin": lambda pl: pl.datetime_range(
        pl.datetime(2024, 3, 11), pl.datetime(2024, 4, 2), time_zone="Europe/Berlin", eager=True
    ),
    "hours in Berlin": lambda pl: pl.datetime_range(
        pl.datetime(2024, 3, 30, 6),
        pl.datetime(2024, 3, 31, 5),
        "1h",
        time_zone="Europe/Berlin",
        eager=True,
    ),
    "integers": lambda pl: pl.Series(range(0, 69, 3)),
    "small integers": lambda pl: pl.Series(range(23), dtype=pl.Int64),
}


@pytest.mark.parametrize("kind", POLARS)
@pytest.mark.parametrize("keys", [["b", "a"], [3, 1]], ids=str)
def test_frames_of_polars(keys: list[Any], kind: str) -> None:
    pl = pytest.importorskip("polars")
    times = POLARS[kind](pl)
    assert len(times) == N + 3
    df = pl.DataFrame(
        {
            "unique_id": pl.Series(np.repeat(keys, N)),
            "ds": pl.concat([times[:N], times[:N]]),
            "y": Y.ravel(),
        }
    ).sample(fraction=1, shuffle=True, seed=0)
    given = read(df)
    order = df["unique_id"].unique(maintain_order=True).to_list()
    for key, x in zip(order, given.values, strict=True):
        np.testing.assert_array_equal(x, Y[keys.index(key)])
    found = given_back(df)
    assert isinstance(found, pl.DataFrame)
    assert found.schema == {"unique_id": df.schema["unique_id"], "ds": times.dtype, "y": pl.Float64}
    assert found["unique_id"].to_list() == np.repeat(order, 3).tolist()
    assert found["ds"].to_list() == [*times[N:].to_list()] * 2
    assert read(df.drop("unique_id").unique("ds").sort("ds")).form.keys is None


def test_numbers_of_polars() -> None:
    pl = pytest.importorskip("polars")
    df = pl.DataFrame({"ds": range(4), "y": [1, None, 3, 4]})
    np.testing.assert_array_equal(read(df, missing=True).values[0], [1, np.nan, 3, 4])
    assert type(given_back(pl.Series([1.0, 2.0]))) is np.ndarray

"""What is known beside series: found by keys and times, in any order and form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helpers.support import says
from skrnn._series.covariates import Covariates
from skrnn._series.forms import Given
from skrnn._series.panel import Panel
from skrnn._series.reading import read_series

COLUMNS = ("unique_id", "ds", "y")
LENGTHS = [12, 9, 10]
AHEAD = 4
rng = np.random.default_rng(0)
VALUES = [rng.normal(size=n) for n in LENGTHS]
ROWS = [rng.normal(loc=5, scale=3, size=(n + AHEAD, 2)) for n in LENGTHS]
KEYS = ["b", "c", "a"]
FIRST = ["2024-01-01", "2024-01-03", "2023-12-25"]


def read(series: Any) -> Given:
    return read_series(series, COLUMNS, missing=False)


def learned(series: Any, exog: Any, calendar: tuple[str, ...] = ()) -> tuple[Covariates, Any]:
    """The covariates that fit learns of, and those beside the steps of series."""
    given = read(series)
    covariates = Covariates.learn(given, exog, calendar)
    return covariates, covariates.beside(given, exog)


def standard(rows: Any, of: Any) -> Any:
    every = np.concatenate(of)
    return (rows - every.mean(axis=0)) / every.std(axis=0)


def days(i: int, more: int = 0) -> Any:
    pd = pytest.importorskip("pandas")
    return pd.date_range(FIRST[i], periods=LENGTHS[i] + more)


def frames(which: str = "pandas", seed: int | None = None) -> tuple[Any, Any, Any]:
    """Series, and exog of their steps and of those to come, as long frames in any order."""
    pd = pytest.importorskip("pandas")
    series, past, future = [], [], []
    for i, key in enumerate(KEYS):
        times, n = days(i, AHEAD), LENGTHS[i]
        exog = pd.DataFrame({"p": ROWS[i][:, 0], "ds": times, "unique_id": key, "q": ROWS[i][:, 1]})
        series.append(pd.DataFrame({"unique_id": key, "ds": times[:n], "y": VALUES[i]}))
        past.append(exog[:n])
        future.append(exog[n:])
    found = [pd.concat(parts) for parts in (series, past, future)]
    if seed is not None:
        found[1:] = [df.sample(frac=1, random_state=seed) for df in found[1:]]
    if which == "polars":
        polars = pytest.importorskip("polars")
        found = [polars.DataFrame({c: df[c].to_numpy() for c in df.columns}) for df in found]
    return found[0], found[1], found[2]


# ---- Beside the steps of series ----


def test_arrays_are_standardised_by_the_rows_of_fit() -> None:
    covariates, beside = learned(VALUES, ROWS)
    assert (covariates.count, covariates.exog, covariates.static) == (2, 2, False)
    for found, rows in zip(beside, ROWS, strict=True):
        np.testing.assert_allclose(found, standard(rows, ROWS), rtol=1e-13)
    one, alone = learned(VALUES[0], ROWS[0])
    np.testing.assert_allclose(alone[0], standard(ROWS[0], ROWS[:1]), rtol=1e-13)
    flat, column = learned(VALUES[0], ROWS[0][:, 0])  # one covariate
    np.testing.assert_allclose(column[0], alone[0][:, :1], rtol=1e-13)
    assert (one.count, flat.count) == (2, 1)


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e30, -7.0])
def test_a_column_that_does_not_change_is_zero(constant: float) -> None:
    rows = [np.column_stack([row[:, 0], np.full(len(row), constant)]) for row in ROWS]
    _, beside = learned(VALUES, rows)
    np.testing.assert_allclose(np.concatenate(beside)[:, 1], 0, atol=1e-15)


@pytest.mark.parametrize("which", ["pandas", "polars"])
@pytest.mark.parametrize("seed", [None, 0, 1])
def test_frames_are_the_same_as_arrays_in_any_order(which: str, seed: int | None) -> None:
    series, past, future = frames(which, seed)
    covariates, beside = learned(series, past)
    arrays, expected = learned(VALUES, [rows[:n] for rows, n in zip(ROWS, LENGTHS, strict=True)])
    assert covariates.names == ("p", "q")
    given = read(series)
    ahead = covariates.ahead(given.form, Panel(VALUES, beside), future, np.full(3, AHEAD))
    coming = [rows[n:] for rows, n in zip(ROWS, LENGTHS, strict=True)]
    of_arrays = arrays.ahead(read(VALUES).form, Panel(VALUES, expected), coming, np.full(3, AHEAD))
    for i in range(3):
        np.testing.assert_allclose(beside[i], expected[i], rtol=1e-12)
        np.testing.assert_allclose(ahead.covariates[i], of_arrays.covariates[i], rtol=1e-12)
        assert len(ahead.covariates[i]) == LENGTHS[i] + AHEAD


def test_rows_of_other_times_and_series_are_left_alone() -> None:
    """Those before a series, behind a gap, and of series that fit has not seen."""
    pd = pytest.importorskip("pandas")
    series, past, future = frames()
    _, expected = learned(series, pd.concat([past, future]))
    rows = {"unique_id": ["b", "b", "z"], "p": [1e9] * 3, "q": [1e9] * 3}
    other = pd.DataFrame({**rows, "ds": pd.to_datetime(["2020-01-01", "2030-01-01", "2024-01-05"])})
    covariates, beside = learned(series, pd.concat([other, past, future]))
    for found, wanted in zip(beside, expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert covariates.count == 2


def test_rows_beside_an_index_of_times_are_found_by_theirs() -> None:
    pd = pytest.importorskip("pandas")
    series = pd.Series(VALUES[0], index=days(0))
    exog = pd.DataFrame(ROWS[0], index=days(0, AHEAD), columns=["p", "q"])
    _, expected = learned(series, exog)
    np.testing.assert_allclose(expected[0], standard(ROWS[0], ROWS[:1]), rtol=1e-13)
    for seed in (0, 1):
        shuffled = exog.sample(frac=1, random_state=seed)
        for one in (series, series.sample(frac=1, random_state=seed + 2)):
            np.testing.assert_array_equal(learned(one, shuffled)[1][0], expected[0])
    alone = exog["p"]
    _, expected = learned(series, alone)
    np.testing.assert_array_equal(learned(series, alone[::-1])[1][0], expected[0])
    np.testing.assert_array_equal(learned(series, alone.to_numpy())[1][0], expected[0])
    _, expected = learned(series, exog)
    plain = pd.DataFrame(ROWS[0], columns=["p", "q"])  # without times: in their order
    np.testing.assert_array_equal(learned(VALUES[0], plain)[1][0], expected[0])
    with pytest.raises(ValueError, match="no row of the series at 2024-01-04; expected"):
        learned(series, exog.drop(exog.index[3]))


def test_static_covariates_are_those_of_every_step() -> None:
    pd = pytest.importorskip("pandas")
    static = rng.normal(size=(3, 2))
    covariates, beside = learned(VALUES, static)
    assert covariates.static
    units = standard(static, [static])
    for i, n in enumerate(LENGTHS):
        np.testing.assert_allclose(beside[i], np.repeat(units[i : i + 1], n, axis=0), rtol=1e-12)
    df = pd.DataFrame({"unique_id": KEYS, "p": static[:, 0], "q": static[:, 1]})
    of_frame, found = learned(frames()[0], df.iloc[[2, 0, 1]])
    for a, b in zip(found, beside, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    ahead = of_frame.ahead(read(frames()[0]).form, Panel(VALUES, found), None, np.full(3, 2))
    np.testing.assert_array_equal(ahead.covariates[1][-2:], found[1][:2])
    with pytest.raises(ValueError, match=says("one row a series", "leave it out")):
        of_frame.ahead(read(frames()[0]).form, Panel(VALUES, found), df, np.full(3, 2))


def test_categories_are_indicators() -> None:
    pd = pytest.importorskip("pandas")
    series, past, _ = frames()
    weather = pd.Categorical(np.resize(["sun", "rain"], len(past)), categories=["rain", "sun"])
    covariates, _ = learned(series, past.assign(weather=weather))
    assert covariates.names == ("p", "q", "weather_rain", "weather_sun")


# ---- Of steps to come ----


def test_rows_that_fit_has_seen_need_not_be_given_again() -> None:
    series, past, future = frames()
    pd = pytest.importorskip("pandas")
    form = read(series).form
    for series_given, exog in ((series, pd.concat([past, future])), (VALUES, ROWS)):
        covariates, beside = learned(series_given, exog)
        form = read(series_given).form
        for horizon in (1, AHEAD):
            ahead = covariates.ahead(form, Panel(VALUES, beside), None, np.full(3, horizon))
            for i, n in enumerate(LENGTHS):
                np.testing.assert_array_equal(ahead.covariates[i], beside[i][: n + horizon])
        called = "series 'b'" if form.keys is not None else "series 0"
        with pytest.raises(ValueError, match=says("exog has 4 rows", called, "expected 5")):
            covariates.ahead(form, Panel(VALUES, beside), None, np.full(3, AHEAD + 1))


def test_histories_come_with_the_steps_behind_them() -> None:
    covariates, _ = learned(VALUES, ROWS)
    given = read([VALUES[1][:5]])
    found = covariates.beside(given, [ROWS[1][:8]], future=3)[0]
    np.testing.assert_allclose(found, standard(ROWS[1][:8], ROWS), rtol=1e-13)
    with pytest.raises(ValueError, match=says("exog has 7 rows", "5 steps", "3 to come", "8")):
        covariates.beside(given, [ROWS[1][:7]], future=3)


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda df: df[df["unique_id"] != "c"], ["no row of series 'c'"]),
        (lambda df: df[df["ds"] != "2024-01-13"], ["no row of series 'b' at 2024-01-13"]),
        (lambda df: df.drop(columns="q"), ["['p']", "['p', 'q']", "same"]),
        (lambda df: df[["unique_id", "ds", "q", "p"]], ["['q', 'p']", "in this order"]),
        (lambda df: df.assign(y=1.0), ["without 'y'"]),
        (lambda df: df.drop(columns="ds"), ["a row for each step"]),
        (lambda df: df.drop(columns="unique_id"), ["lacks the column 'unique_id'"]),
        (lambda df: df.assign(p=np.nan), ["exog is nan at step 0"]),
        (lambda df: df.assign(p="x"), ["'p'", "strings"]),
        (lambda df: df.assign(ds=df["ds"].dt.tz_localize("UTC")), ["time zone", "UTC", "none"]),
        (lambda df: df.assign(ds=1), ["no row of series 'b' at 2024-01-13"]),
    ],
)
def test_refused_frames(change: Any, parts: list[str]) -> None:
    series, past, future = frames()
    covariates, beside = learned(series, past)
    with pytest.raises(ValueError, match=says(*parts)):
        covariates.ahead(read(series).form, Panel(VALUES, beside), change(future), np.full(3, 4))


@pytest.mark.parametrize(
    ("exog", "error", "parts"),
    [
        (ROWS[:2], ValueError, ["each of 3 series"]),
        (3.0, ValueError, ["exog is 3.0", "each of 3 series"]),
        ([*ROWS[:2], ROWS[2][:9]], ValueError, ["9 rows for series 2", "10 steps"]),
        ([*ROWS[:2], ROWS[2][:, :1]], ValueError, ["[1, 2] columns"]),
        ([*ROWS[:2], ROWS[2][:, :0]], ValueError, ["exog of series 2", "(14, 0)"]),
        ([*ROWS[:2], ROWS[2] * np.nan], ValueError, ["exog of series 2 is nan at step 0"]),
        ([*ROWS[:2], ROWS[2] * 1e200], ValueError, ["exog of series 2", "scale"]),
        ([*ROWS[:2], "abc"], TypeError, ["exog of series 2", "expected numbers"]),
    ],
    ids=lambda value: str(value)[:30],
)
def test_refused_arrays(exog: Any, error: type[Exception], parts: list[str]) -> None:
    with pytest.raises(error, match=says(*parts)):
        learned(VALUES, exog)


def test_other_refusals() -> None:
    series, past, _ = frames()
    with pytest.raises(TypeError, match=says("series are a data frame", "list")):
        learned(series, ROWS)
    with pytest.raises(TypeError, match=says("series are no data frame", "list of arrays")):
        learned(VALUES, past)
    with pytest.raises(ValueError, match="exog is given, but fit has seen none"):
        Covariates().beside(read(VALUES), ROWS)
    with pytest.raises(ValueError, match="exog is given, but fit has seen none"):
        Covariates().ahead(read(VALUES).form, Panel.of(VALUES), ROWS, np.full(3, 1))
    covariates, _ = learned(VALUES, ROWS)
    with pytest.raises(ValueError, match=says("exog is None", "2 columns")):
        covariates.beside(read(VALUES), None)
    with pytest.raises(ValueError, match="a row for each step"):
        covariates.beside(read(VALUES), rng.normal(size=(3, 2)))
    for without in (VALUES, VALUES[0]):
        with pytest.raises(ValueError, match=says("calendar", "times of steps")):
            Covariates.learn(read(without), None, ("hour",))


# ---- The calendar ----


def test_the_calendar_comes_before_exog_and_goes_on_behind_the_series() -> None:
    from skrnn._series.dates import calendar_covariates

    series, past, future = frames()
    covariates, beside = learned(series, past, ("weekday", "month"))
    assert covariates.count == 6
    ahead = covariates.ahead(read(series).form, Panel(VALUES, beside), future, np.full(3, AHEAD))
    for i in range(3):
        times = days(i, AHEAD).as_unit("ns").to_numpy()
        np.testing.assert_array_equal(
            ahead.covariates[i][:, :4], calendar_covariates(times, ("weekday", "month"))
        )


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "UTC"])
@pytest.mark.parametrize("frequency", ["h", "D"])
def test_the_calendar_is_that_of_the_clocks_in_the_zone(frequency: str, zone: str) -> None:
    """Across the night in which they go on."""
    from skrnn._series.dates import calendar_covariates

    pd = pytest.importorskip("pandas")
    index = pd.date_range("2024-03-30", periods=60, freq=frequency, tz=zone)
    series = pd.Series(np.arange(40.0), index=index[:40])
    covariates, beside = learned(series, None, ("hour", "weekday"))
    ahead = covariates.ahead(read(series).form, Panel([series], beside), None, np.array([20]))
    shown = index.tz_localize(None).as_unit("ns").to_numpy()
    expected = calendar_covariates(shown, ("hour", "weekday"))
    np.testing.assert_array_equal(ahead.covariates[0], expected)

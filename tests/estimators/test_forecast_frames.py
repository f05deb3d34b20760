"""Forecasters of data frames: the same bits as of arrays, in any order of rows, with times."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cases import assert_same_bits
from helpers.support import says
from series import seasonal, several, small
from skrnn._series.reading import read_series

pd = pytest.importorskip("pandas")

KEYS = ["b", "a", "c"]
H = 7


def times(i: int, more: int = 0) -> Any:
    return pd.date_range(f"2024-01-0{1 + i}", periods=len(several()[i]) + more)


def frame(seed: int | None = None) -> Any:
    parts = [
        pd.DataFrame({"unique_id": key, "ds": times(i), "y": several()[i]})
        for i, key in enumerate(KEYS)
    ]
    df = pd.concat(parts, ignore_index=True)
    return df if seed is None else df.sample(frac=1, random_state=seed)


def exog(more: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(len(x) + H, 2))[: len(x) + more] for x in several()]


def exog_frame(more: int = 0, seed: int | None = None) -> Any:
    parts = [
        pd.DataFrame({"unique_id": key, "ds": times(i, more), "p": rows[:, 0], "q": rows[:, 1]})
        for i, (key, rows) in enumerate(zip(KEYS, exog(more), strict=True))
    ]
    df = pd.concat(parts, ignore_index=True)
    return df if seed is None else df.sample(frac=1, random_state=seed)


def of_keys(df: Any, columns: list[str]) -> np.ndarray:
    """Columns of forecasts, (3, h, k), in the order of KEYS."""
    parts = [df[df["unique_id"] == key].sort_values("ds") for key in KEYS]
    return np.stack([part[columns].to_numpy() for part in parts])


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_frames_are_the_same_as_arrays(seed: int | None) -> None:
    """With other orders of the series weights are others: minibatches hold others."""
    model, arrays = small().fit(frame()), small().fit(several())
    assert_same_bits(model.params_, arrays.params_)
    shuffled = frame(seed)
    for columns, method, options in (
        (["y"], "predict", {}),
        (["lower", "upper"], "predict_interval", {"coverage": 0.7}),
        (["q0.1", "q0.5"], "predict_quantiles", {"quantiles": [0.1, 0.5]}),
    ):
        expected = np.array(getattr(arrays, method)(H, **options)).reshape(3, H, -1)
        found = getattr(model, method)(H, **options)
        assert list(found.columns) == ["unique_id", "ds", *columns]
        assert_same_bits(of_keys(found, columns), expected)
        again = getattr(model, method)(H, series=shuffled, **options)
        assert_same_bits(of_keys(again, columns), expected)
    for i, key in enumerate(KEYS):
        own = found[found["unique_id"] == key]
        assert own["ds"].tolist() == times(i, H)[-H:].tolist()


def test_paths_of_frames() -> None:
    model = small(strategy="recursive").fit(frame())
    found = model.sample_paths(2, n_paths=3, random_state=0)
    assert list(found.columns) == ["unique_id", "ds", "path0", "path1", "path2"]
    arrays = small(strategy="recursive").fit(several())
    expected = np.array(arrays.sample_paths(2, n_paths=3, random_state=0))
    assert_same_bits(of_keys(found, list(found.columns[2:])), expected)


@pytest.mark.parametrize("seed", [None, 0])
def test_exog_of_frames_is_that_of_arrays(seed: int | None) -> None:
    arrays = small().fit(several(), exog())
    model = small().fit(frame(), exog_frame(seed=seed))
    assert_same_bits(model.params_, arrays.params_)
    coming = [rows[len(x) :] for rows, x in zip(exog(H), several(), strict=True)]
    expected = np.array(arrays.predict(H, exog=coming))[..., None]
    assert_same_bits(of_keys(model.predict(H, exog=exog_frame(H, seed)), ["y"]), expected)
    known = small().fit(several(), exog(H)), small().fit(frame(), exog_frame(H, seed))
    assert_same_bits(of_keys(known[1].predict(H), ["y"]), np.array(known[0].predict(H))[..., None])
    again = model.predict(H, series=frame(seed), exog=exog_frame(H, seed))
    assert_same_bits(of_keys(again, ["y"]), expected)


def test_the_calendar_is_read() -> None:
    """A day of the week that is another in each series, as their first days are."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=200)
    y = np.where(days.day_of_week == 5, 3.0, 0.0) + 0.1 * rng.normal(size=200)
    df = pd.DataFrame({"ds": days, "y": y})
    settings = {"lookback": 2, "horizon": 7, "seasonality": None, "scaling": "standard"}
    model = small(
        **settings, calendar=["weekday"], max_iter=30, hidden_size=8, calibration=None, dropout=0.0
    )
    found = model.fit(df[:150]).predict(14)
    saturdays = found["ds"].dt.day_of_week == 5
    assert saturdays.sum() == 2
    assert found["y"][saturdays].min() > 1.5 > 1.0 > found["y"][~saturdays].max()
    later = model.predict(14, series=df[40:163])
    assert (later["y"] > 1.2).tolist() == (later["ds"].dt.day_of_week == 5).tolist()


def test_backtests_of_frames() -> None:
    for refit in (False, True):
        found = small().backtest(frame(), start=35, stride=4, refit=refit)
        arrays = small().backtest(several(), start=35, stride=4, refit=refit)
        assert found.keys.tolist() == KEYS
        assert_same_bits(found.forecasts, arrays.forecasts)
        for row, (i, end) in enumerate(zip(found.series, found.ends, strict=True)):
            np.testing.assert_array_equal(found.times[row], times(i)[end : end + 6].to_numpy())
    with_exog = small().backtest(frame(0), start=35, stride=4, exog=exog_frame(seed=1))
    arrays = small().backtest(
        [several()[KEYS.index(key)] for key in with_exog.keys],
        start=35,
        stride=4,
        exog=[exog()[KEYS.index(key)] for key in with_exog.keys],
    )
    assert_same_bits(with_exog.forecasts, arrays.forecasts)


def test_one_series_with_an_index() -> None:
    series = pd.Series(seasonal(), index=pd.date_range("2024-01-31", periods=60, freq="ME"))
    model, array = small().fit(series), small().fit(seasonal())
    assert_same_bits(model.predict(4).to_numpy(), array.predict(4))
    assert model.predict(1).index.tolist() == [pd.Timestamp("2029-01-31")]
    assert_same_bits(model.predict_interval(4).to_numpy(), array.predict_interval(4))
    assert model.stream().step(3.0).shape == (6,)
    assert model.score(series.iloc[-9:].shift(9, freq="ME")) < 0


# ---- What is refused ----


@pytest.mark.parametrize(
    ("change", "error", "parts"),
    [
        (lambda df: df.drop(columns="ds"), ValueError, ["no column 'ds'", "columns"]),
        (lambda df: df.drop(columns="y"), ValueError, ["no column 'y'", "columns"]),
        (lambda df: df.assign(promo=1), ValueError, ["promo", "exog"]),
        (lambda df: df[:0], ValueError, ["no rows"]),
        (lambda df: pd.concat([df, df[3:4]]), ValueError, ["'b'", "two rows", "2024-01-04"]),
        (lambda df: df.drop(5), ValueError, ["'b'", "2024-01-05", "2024-01-07", "1 day apart"]),
        (lambda df: df.drop(5), ValueError, ["'b'", 'missing="fill"']),
        (lambda df: df.assign(y=df["y"].where(df.index != 4)), ValueError, ["'b'", "step 4"]),
        (lambda df: df.assign(y=np.inf), ValueError, ["'b'", "inf at step 0"]),
        (lambda df: df.assign(y="x"), ValueError, ["'y'", "strings"]),
        (lambda df: df.assign(y=pd.Categorical(df["y"])), ValueError, ["'y'", "categories"]),
        (lambda df: df.assign(ds=df["ds"].astype(str)), ValueError, ["'ds'", "to_datetime"]),
        (lambda df: df.assign(ds=df["y"]), ValueError, ["'ds'", "float64"]),
        (lambda df: df.assign(ds=df["ds"].where(df.index != 2)), ValueError, ["'ds'", "row 2"]),
        (
            lambda df: df.assign(unique_id=df["unique_id"].where(df.index != 2)),
            ValueError,
            ["'unique_id'", "row 2"],
        ),
        (
            lambda df: df.assign(ds=df["ds"] + pd.to_timedelta(df.index**2, unit="min")),
            ValueError,
            ["irregular times", "'b'"],
        ),
        (lambda df: df.pivot(index="ds", columns="unique_id", values="y"), ValueError, ["'ds'"]),
    ],
    ids=range(17),
)
def test_refused_frames(change: Any, error: type[Exception], parts: list[str]) -> None:
    with pytest.raises(error, match=says(*parts)):
        read_series(change(frame()), ("unique_id", "ds", "y"), missing=False)


def test_other_names_of_columns() -> None:
    df = frame().rename(columns={"unique_id": "shop", "ds": "day", "y": "sold"})
    model = small(columns=("shop", "day", "sold")).fit(df)
    found = model.predict(2)
    assert list(found.columns) == ["shop", "day", "sold"]
    assert_same_bits(found["sold"].to_numpy(), small().fit(frame()).predict(2)["y"].to_numpy())
    with pytest.raises(ValueError, match=says("'day'", "columns")):
        model.predict(2, series=frame())

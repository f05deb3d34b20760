"""Splits by time: nothing is learned from behind an origin, and searches score what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score

from skrnn import RNNForecaster
from skrnn.model_selection import RollingOriginSplit

pd = pytest.importorskip("pandas")

MODEL = RNNForecaster(
    horizon=5, lookback=10, hidden_size=8, seasonality=5, calibration=None, max_iter=2,
    random_state=0,
)  # fmt: skip


def panel(begins: tuple[int, ...] = (0, 0, 0), ends: tuple[int, ...] = (80, 80, 80)) -> Any:
    """Daily series, the first one before the others, their rows mixed."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-02-01", periods=max(ends))
    parts = []
    for i, (a, b) in enumerate(zip(begins, ends, strict=True)):
        t = np.arange(a, b)
        y = 10 * (i + 1) + 3 * np.sin(2 * np.pi * t / 5) + rng.normal(size=len(t))
        parts.append(pd.DataFrame({"unique_id": f"shop {i}", "ds": days[a:b], "y": y}))
    return pd.concat(parts).sample(frac=1, random_state=0).reset_index(drop=True)


def as_polars(df: Any) -> Any:
    polars = pytest.importorskip("polars")
    return polars.DataFrame({name: df[name].to_list() for name in df.columns})


@pytest.mark.parametrize(("n_splits", "horizon"), [(1, 1), (3, 5), (7, 10)])
def test_what_is_learned_is_before_what_is_tested(n_splits: int, horizon: int) -> None:
    df = panel(begins=(0, 30, 79), ends=(80, 62, 80))
    different = np.unique(df["ds"])
    splits = [*RollingOriginSplit(n_splits, horizon=horizon).split(df)]
    assert len(splits) == n_splits
    for k, (train, test) in enumerate(splits):
        behind = (n_splits - k) * horizon
        origin = different[len(different) - behind]
        assert (df["ds"][train] < origin).all()
        assert (df["ds"][test] >= origin).all()
        # All rows before the origin, and all of the times behind it.
        assert len(train) == (df["ds"] < origin).sum()
        expected = different[len(different) - behind :][:horizon]
        np.testing.assert_array_equal(np.unique(df["ds"][test]), expected)
        assert len(test) == df["ds"].isin(expected).sum()
    tested = np.concatenate([test for _, test in splits])
    assert len(np.unique(tested)) == len(tested)


def test_one_series_is_split_as_by_scikit_learn() -> None:
    x = np.arange(50.0)
    ours = RollingOriginSplit(4, horizon=6).split(x)
    theirs = TimeSeriesSplit(4, test_size=6).split(x)
    for mine, other in zip(ours, theirs, strict=True):
        for a, b in zip(mine, other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("given", ["list", "dates", "periods", "polars", "integers", "no keys"])
def test_forms_of_series_split_alike(given: str) -> None:
    df = panel((0,), (80,)).sort_values("ds").reset_index(drop=True)
    dates = pd.DatetimeIndex(df["ds"])
    X = {
        "list": df["y"].tolist(),
        "dates": pd.Series(df["y"].to_numpy(), index=dates),
        "periods": pd.Series(df["y"].to_numpy(), index=dates.to_period("D")),
        "polars": as_polars(df),
        "integers": df.assign(ds=np.arange(80)),
        "no keys": df[["y", "ds"]],
    }[given]
    splits = RollingOriginSplit(3, horizon=7)
    for found, expected in zip(splits.split(X), splits.split(df["y"].to_numpy()), strict=True):
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a, b)


def test_rows_of_an_index_are_split_by_their_times() -> None:
    dates = pd.date_range("2024-01-01", periods=20)
    order = np.random.default_rng(0).permutation(20)
    x = pd.Series(np.arange(20.0), index=dates).iloc[order]
    for train, test in RollingOriginSplit(2, horizon=4).split(x):
        assert x.index[train].max() < x.index[test].min()


def score_by_hand(model: RNNForecaster, train: Any, test: Any, exog: Any = None) -> float:
    """Minus the mean error, of each series in units of its changes from step to step."""
    forecast = model.predict(5, exog=exog).merge(test, on=["unique_id", "ds"])
    found = []
    for key, own in forecast.groupby("unique_id"):
        y = train[train["unique_id"] == key].sort_values("ds")["y"]
        found.append((own["y_x"] - own["y_y"]).abs().mean() / y.diff().abs().mean())
    return -float(np.mean(found))


@pytest.mark.parametrize("scaling", ["season", "difference", "seasonal_difference", "mean_abs"])
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_search_over_a_frame(library: str, scaling: str) -> None:
    """Its scores are those of forecasts from what is before each origin.

    One series ends before the last origin, and another begins behind the first.
    """
    df = panel(begins=(0, 0, 72), ends=(80, 75, 80))
    splits = RollingOriginSplit(2, horizon=5)
    X = as_polars(df) if library == "polars" else df
    model = clone(MODEL).set_params(scaling=scaling)
    search = GridSearchCV(model, {"hidden_size": [8]}, cv=splits, error_score="raise").fit(X)
    for k, (train, test) in enumerate(splits.split(df)):
        model.fit(df.iloc[train])
        expected = score_by_hand(model, df.iloc[train], df.iloc[test])
        found = search.cv_results_[f"split{k}_test_score"]
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    model.fit(df)
    np.testing.assert_array_equal(search.predict(5)["y"], model.predict(5)["y"])


def test_scores_depend_on_times_and_not_on_the_order_of_rows() -> None:
    df = panel()
    ((train, test),) = RollingOriginSplit(1, horizon=5).split(df)
    model = clone(MODEL).fit(df.iloc[train])
    whole = df.iloc[test]
    expected = model.score(whole)
    for seed in range(5):
        assert model.score(whole.sample(frac=1, random_state=seed)) == expected
    # A time that is left out is a step that nobody observed.
    missing = whole.copy()
    missing.loc[missing.index[::4], "y"] = np.nan
    np.testing.assert_equal(model.score(missing.dropna()), model.score(missing))
    closed = whole.copy()
    closed.loc[closed["unique_id"] == "shop 1", "y"] = np.nan
    np.testing.assert_equal(model.score(closed), model.score(closed.dropna()))
    with pytest.raises(ValueError, match="no number of a series of fit"):
        model.score(whole.assign(y=np.nan))
    with pytest.raises(ValueError, match="no steps after 2024-04-15"):
        model.score(df)
    others = whole[whole["unique_id"] == "shop 0"].assign(unique_id="another shop")
    with pytest.raises(ValueError, match="no number of a series of fit"):
        model.score(others)
    assert model.score(pd.concat([whole, others])) == expected
    with pytest.raises(ValueError, match="those that follow have none"):
        model.score(whole[whole["unique_id"] == "shop 0"][["ds", "y"]])


def test_what_is_known_beside_the_steps_is_split_with_them() -> None:
    df = panel(begins=(0, 40, 0), ends=(80, 80, 77))
    exog = df[["unique_id", "ds"]].assign(
        promotion=np.random.default_rng(0).integers(0, 2, len(df))
    )
    splits = RollingOriginSplit(2, horizon=5)
    found = cross_val_score(MODEL, df, exog, cv=splits, error_score="raise")
    for score, (train, test) in zip(found, splits.split(df, exog), strict=True):
        model = clone(MODEL).fit(df.iloc[train], exog.iloc[train])
        np.testing.assert_array_equal(score, model.score(df.iloc[test], exog.iloc[test]))
    with pytest.raises(ValueError, match=r"row 0 of y has the time .*; sort both"):
        next(splits.split(df, exog.sort_values(["unique_id", "ds"])))
    with pytest.raises(ValueError, match="y has 9 rows, and X "):
        next(splits.split(df, exog[:9]))


@pytest.mark.parametrize(
    ("splits", "X", "says"),
    [
        (RollingOriginSplit(horizon=0), np.arange(9), "horizon=0; expected an integer in 1"),
        (RollingOriginSplit(0, horizon=1), np.arange(9), "n_splits=0; expected an integer in 1"),
        (RollingOriginSplit(3, horizon=3), np.arange(9), "need 10 different times .* X has 9"),
        (RollingOriginSplit(1, horizon=1), np.zeros((3, 9)), r"shape \(3, 9\); expected a long"),
        (RollingOriginSplit(1, horizon=1), [[1, 2], [3, 4]], "X is a list of series"),
        (RollingOriginSplit(1, horizon=1, time_column="day"), panel(), "no column 'day', only"),
    ],
)
def test_refusals(splits: RollingOriginSplit, X: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        next(splits.split(X))


@pytest.mark.parametrize("X", [None, "text", {1: 2}, 3])
def test_what_is_no_series(X: Any) -> None:
    with pytest.raises(TypeError, match="expected a long data frame"):
        next(RollingOriginSplit(1, horizon=1).split(X))

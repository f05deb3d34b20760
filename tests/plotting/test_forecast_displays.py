"""Fan charts and backtests: what is drawn is what was forecast, beside what came."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

import skrnn
from skrnn import RNNForecaster

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")
pd = pytest.importorskip("pandas")

from matplotlib.dates import num2date  # noqa: E402

from skrnn.plotting import (  # noqa: E402
    BacktestDisplay,
    ForecastDisplay,
    GradientFlowDisplay,
    TrainingCurveDisplay,
)


@pytest.fixture(autouse=True)
def _close() -> Any:
    yield
    plt.close("all")


def make(**settings: Any) -> RNNForecaster:
    small = {"horizon": 6, "lookback": 12, "hidden_size": 4, "seasonality": 6, "max_iter": 2}
    return RNNForecaster(**(small | {"random_state": 0} | settings))


def numbers(n: int = 90, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    return 50 + 0.1 * t + 5 * np.sin(2 * np.pi * t / 6) + rng.normal(size=n)


def frame(keys: tuple[str, ...] = ("north", "south"), n: int = 90) -> Any:
    days = pd.date_range("2024-01-01", periods=n)
    rows = [
        pd.DataFrame({"unique_id": key, "ds": days, "y": numbers(n, seed)})
        for seed, key in enumerate(keys)
    ]
    return pd.concat(rows).sample(frac=1, random_state=0).reset_index(drop=True)


FIRST = pd.Timestamp("2024-03-25")  # the 85th day


def dates_of(line: Any) -> Any:
    return pd.DatetimeIndex(line.get_xdata())


# ---- Fan charts ----


def test_one_series() -> None:
    y = numbers()
    model = make().fit(y[:84])
    display = ForecastDisplay.from_estimator(model, y[:84], actual=y[84:88], color="green")
    history, forecast, actual = (
        display.history_line_, display.forecast_line_, display.actual_line_
    )  # fmt: skip
    np.testing.assert_array_equal(history.get_xdata(), np.arange(-23, 1))
    np.testing.assert_array_equal(history.get_ydata(), y[60:84])
    np.testing.assert_array_equal(forecast.get_xdata(), np.arange(7))
    np.testing.assert_array_equal(forecast.get_ydata(), [y[83], *model.predict()])
    np.testing.assert_array_equal(actual.get_xdata(), np.arange(1, 5))
    np.testing.assert_array_equal(actual.get_ydata(), y[84:88])
    assert forecast.get_color() == "green"
    names = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert names == ["observed", "forecast", "50 %", "80 %", "95 %", "what came"]


def test_bands_are_the_intervals() -> None:
    model = make().fit(numbers())
    display = ForecastDisplay.from_estimator(model, coverage=[0.8, 0.5], horizon=9)
    assert set(display.bands_) == {0.5, 0.8}
    for coverage, band in display.bands_.items():
        expected = model.predict_interval(9, coverage=coverage)
        outline = band.get_paths()[0].vertices
        for step, ends in enumerate(expected, 1):
            drawn = outline[outline[:, 0] == step, 1]
            np.testing.assert_array_equal([drawn.min(), drawn.max()], ends)
    assert not ForecastDisplay.from_estimator(model, coverage=()).bands_
    assert not ForecastDisplay.from_estimator(make(calibration=None).fit(numbers())).bands_


@pytest.mark.parametrize("index", ["south", 1])
def test_a_series_of_a_frame_has_its_dates(index: Any) -> None:
    df = frame()
    known, came = df[df["ds"] < FIRST], df[df["ds"] >= FIRST]
    keys = list(known["unique_id"].unique())
    if index == 1:
        index = keys.index("south")
    model = make().fit(known)
    display = ForecastDisplay.from_estimator(model, index=index, actual=came, history=10)
    assert display.ax_.get_title() == "south"
    days = pd.date_range(FIRST, periods=6)
    last = FIRST - pd.Timedelta("1D")
    assert list(dates_of(display.history_line_)) == list(pd.date_range(end=last, periods=10))
    assert list(dates_of(display.forecast_line_)) == [last, *days]
    assert list(dates_of(display.actual_line_)) == list(days)
    forecast = model.predict()
    expected = forecast[forecast["unique_id"] == "south"]["y"]
    np.testing.assert_array_equal(display.forecast_line_.get_ydata()[1:], expected)
    of_south = df[df["unique_id"] == "south"].sort_values("ds")["y"].to_numpy()
    np.testing.assert_array_equal(display.history_line_.get_ydata(), of_south[74:84])
    np.testing.assert_array_equal(display.actual_line_.get_ydata(), of_south[84:])
    # Dates can be read: there are not too many labels, and they do not overlap.
    display.figure_.canvas.draw()
    boxes = [
        label.get_window_extent() for label in display.ax_.get_xticklabels() if label.get_text()
    ]
    assert 2 <= len(boxes) <= 12
    for left, right in pairwise(boxes):
        assert left.x1 < right.x0


@pytest.mark.parametrize("step", ["MS", "ME", "B", "h", "W-TUE", "15min"])
def test_dates_go_back_as_they_went_on(step: str) -> None:
    times = pd.date_range("2023-01-02", periods=90, freq=step)
    model = make().fit(pd.Series(numbers(), times))
    display = ForecastDisplay.from_estimator(model)
    assert list(dates_of(display.history_line_)) == list(times[90 - len(display.history) :])
    after = pd.date_range(times[-1], periods=7, freq=step)
    assert list(dates_of(display.forecast_line_)) == list(after)


def test_time_zones_show_the_clock_on_the_wall() -> None:
    times = pd.date_range("2024-06-01", periods=90, freq="h", tz="Asia/Tokyo")
    model = make().fit(pd.Series(numbers(), times))
    display = ForecastDisplay.from_estimator(model)
    assert dates_of(display.forecast_line_)[0] == times[-1].tz_localize(None)


def test_many_series_without_dates() -> None:
    series = [numbers(60, 1), numbers(80, 2)]
    model = make().fit([x[:-6] for x in series])
    last = [x[-6:] for x in series]
    for actual in (last, last[1]):
        display = ForecastDisplay.from_estimator(model, index=1, actual=actual)
        np.testing.assert_array_equal(display.actual, last[1])
        np.testing.assert_array_equal(display.forecast, model.predict()[1])


def test_missing_steps_are_gaps() -> None:
    y = numbers()
    y[80] = np.nan
    model = make(missing="fill").fit(y)
    drawn = ForecastDisplay.from_estimator(model, y).history_line_.get_ydata()
    np.testing.assert_array_equal(drawn[-12:], y[-12:])


def test_what_is_known_beside_the_steps() -> None:
    """Told with fit for the steps to come, or with the plot."""
    df = frame()
    known = df[df["ds"] < FIRST]
    exog = df[["unique_id", "ds"]].assign(promotion=np.arange(len(df)) % 3)
    model = make(calendar=["weekday"]).fit(known, exog)
    display = ForecastDisplay.from_estimator(model, index="south")
    np.testing.assert_array_equal(display.forecast, of_south(model.predict()))
    model.fit(known, exog[exog["ds"] < FIRST])
    later = exog[exog["ds"] >= FIRST]
    display = ForecastDisplay.from_estimator(model, exog=later, index="south")
    np.testing.assert_array_equal(display.forecast, of_south(model.predict(exog=later)))
    whole = ForecastDisplay.from_estimator(model, known, exog=exog, index="south", history=84)
    np.testing.assert_array_equal(whole.history, of_south(known.sort_values("ds")))
    np.testing.assert_allclose(whole.forecast, display.forecast, rtol=1e-6)


def of_south(df: Any) -> Any:
    return df[df["unique_id"] == "south"]["y"]


def test_models_from_files(tmp_path: Path) -> None:
    df = frame()
    model = make().fit(df[df["ds"] < FIRST])
    model.save(tmp_path / "model.skrnn")
    came = df[df["ds"] >= FIRST]
    expected = ForecastDisplay.from_estimator(model, actual=came)
    for load in (skrnn.load, skrnn.runtime.load):
        display = ForecastDisplay.from_estimator(load(tmp_path / "model.skrnn"), actual=came)
        for name in ("history", "forecast", "actual", "times"):
            np.testing.assert_array_equal(getattr(display, name), getattr(expected, name))
        assert set(display.intervals) == set(expected.intervals)


def test_searches_and_given_axes() -> None:
    search = GridSearchCV(make(), {"max_iter": [1, 2]}, cv=TimeSeriesSplit(2, test_size=6))
    ax = plt.subplots()[1]
    display = ForecastDisplay.from_estimator(search.fit(numbers()), ax=ax)
    assert display.ax_ is ax
    np.testing.assert_array_equal(display.forecast, search.best_estimator_.predict())
    best = search.best_estimator_
    assert TrainingCurveDisplay.from_estimator(search).loss_curve == best.loss_curve_


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"index": 1}, r"index=1; expected an integer in 0\.\.0"),
        ({"index": "west"}, "index='west' is the key of no series"),
        ({"history": 0}, "history=0; expected an integer"),
        ({"coverage": 1.2}, "coverage is 1.2"),
        ({"horizon": 0}, "horizon=0"),
    ],
)
def test_refusals_of_fans(arguments: dict[str, Any], says: str) -> None:
    model = make().fit(numbers())
    with pytest.raises(ValueError, match=says):
        ForecastDisplay.from_estimator(model, **arguments)


def test_what_is_no_forecaster() -> None:
    with pytest.raises(TypeError, match=r"expected a fitted RNNForecaster.*got Ridge\(\)"):
        ForecastDisplay.from_estimator(Ridge())
    with pytest.raises(NotFittedError):
        ForecastDisplay.from_estimator(make())
    with pytest.raises(TypeError, match="gradient flow is drawn of estimators of sequences"):
        GradientFlowDisplay.from_estimator(make().fit(numbers()), [numbers()])


# ---- Backtests ----


@pytest.mark.parametrize("stride", [1, 4, 6, 11])
def test_forecasts_that_do_not_overlap(stride: int) -> None:
    y = numbers(120)
    backtest = make().backtest(y, stride=stride)
    display = BacktestDisplay.from_backtest(backtest)
    starts = [int(line.get_xdata()[0]) for line in display.forecast_lines_]
    assert starts[0] == 80
    apart = -(-6 // stride) * stride
    assert list(np.diff(starts)) == [apart] * (len(starts) - 1)
    for line in display.forecast_lines_:
        row = int(np.flatnonzero(backtest.ends == line.get_xdata()[0])[0])
        np.testing.assert_array_equal(line.get_ydata(), backtest.forecasts["forecaster"][row])
    steps, came = display.actual_line_.get_data()
    known = ~np.isnan(came)
    np.testing.assert_array_equal(came[known], y[steps[known].astype(int)])
    assert (~known).any() == (stride > 6)
    bars = np.array([segment[:, 1] for segment in display.bars_.get_segments()])
    np.testing.assert_array_equal(bars, backtest.intervals[0.8][:, 0])


def test_errors_by_step() -> None:
    y = numbers(120)
    backtest = make().backtest(y)
    display = BacktestDisplay.from_backtest(backtest)
    for name, line in display.error_lines_.items():
        expected = np.abs(backtest.actual - backtest.forecasts[name]).mean(axis=0)
        np.testing.assert_allclose(line.get_ydata(), expected)
        np.testing.assert_allclose(np.mean(line.get_ydata()), backtest.scores["mae"][name])
    assert display.ax_error_.get_ylabel() == "mean absolute error"
    without = BacktestDisplay.from_backtest(make(seasonality=None).backtest(y))
    assert list(without.error_lines_) == ["forecaster", "naive"]
    several = BacktestDisplay.from_backtest(make().backtest([y, 100 * y]))
    for name, line in several.error_lines_.items():
        np.testing.assert_allclose(np.mean(line.get_ydata()), several.backtest.scores["mase"][name])
    assert several.ax_error_.get_ylabel() == "mean absolute scaled error"


def test_a_backtest_of_a_frame_has_keys_and_dates() -> None:
    df = frame(n=60)
    backtest = make().backtest(df)
    south = list(backtest.keys).index("south")
    rows = backtest.series == south
    of_south = df[df["unique_id"] == "south"].set_index("ds")["y"]
    for times, came in zip(backtest.times[rows], backtest.actual[rows], strict=True):
        np.testing.assert_array_equal(of_south[times], came)
    display = BacktestDisplay.from_backtest(backtest, index="south", coverage=0.95)
    assert display.ax_.get_title() == "south"
    assert dates_of(display.actual_line_)[0] == pd.Timestamp("2024-02-10")
    assert num2date(display.ax_.get_xlim()[1]).year == 2024
    assert make().backtest(numbers()).times is None


def test_refusals_of_backtests() -> None:
    backtest = make().backtest([numbers(80), numbers(8)], start=60)
    with pytest.raises(ValueError, match=r"coverage=0.5, but the backtest has \[0.8, 0.95\]"):
        BacktestDisplay.from_backtest(backtest, coverage=0.5)
    with pytest.raises(ValueError, match=r"index=1; expected an integer in 0\.\.0"):
        BacktestDisplay.from_backtest(backtest, index=1)
    backtest = make().backtest([numbers(8), numbers(80)], start=60)
    with pytest.raises(ValueError, match="index=0, but no forecast of this series begins"):
        BacktestDisplay.from_backtest(backtest)
    alone = make(calibration=None).backtest(numbers())
    assert BacktestDisplay.from_backtest(alone).bars_ is None

"""Temperature by the hour: two days ahead, with intervals, beside the same hours of yesterday.

The temperatures are invented: a year, a day whose warmth depends on the clouds, and fronts that
come and go in some days. So it is known how well they can be forecast at best: by somebody who
knows the cycles, the clouds and the front of this hour, and how they fade. Give it a file of your
own to see how it does on real ones, with a time and a temperature in each line, in equal steps:

    python examples/weather.py                       # some 20 seconds on two cores
    python examples/weather.py temperatures.csv      # the first column times, the last numbers

A forecaster that sees nothing but temperatures is no weather service: it knows of no wind and of no
front that has not arrived. Prints a table of a backtest over the last third, and saves weather.png:
the next two days, forecasts that were made before, and how errors grow with the hours ahead.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd

from skrnn import RNNForecaster

PICTURE = Path("weather.png")
HORIZON = 48
STRIDE = 6  # hours from one forecast of the backtest to the next
TITLES = {
    "naive": "the last hour again",
    "seasonal_naive": "the last day again",
    "forecaster": "forecaster",
}
FADE = {"fronts": np.exp(-1 / 40), "clouds": np.exp(-1 / 20)}  # what is left after an hour


def autoregression(
    fade: float, deviation: float, hours: int, rng: np.random.Generator
) -> np.ndarray:
    """What fades, and is pushed anew in each hour."""
    values = rng.normal(0, deviation * np.sqrt(1 - fade**2), hours)
    for hour in range(1, hours):
        values[hour] += fade * values[hour - 1]
    return values


def weather(hours: int, rng: np.random.Generator) -> tuple[pd.Series, np.ndarray]:
    """Temperatures, and at each hour the best forecast of those that follow, (hours, HORIZON)."""
    times = pd.date_range("2023-01-01", periods=hours + HORIZON, freq="h")
    days = np.arange(len(times)) / 24
    year = 10 - 9 * np.cos(2 * np.pi * (days - 20) / 365.25)
    warmth = 3 - 1.5 * np.cos(2 * np.pi * days / 365.25)
    day = warmth * np.cos(2 * np.pi * (days - 15 / 24))
    fronts = autoregression(FADE["fronts"], 3, len(times), rng)
    clouds = autoregression(FADE["clouds"], 0.4, len(times), rng)
    values = year + day * (1 + clouds) + fronts
    ahead = np.arange(1, HORIZON + 1)
    at = np.arange(hours)[:, None]
    best = year[at + ahead] + FADE["fronts"] ** ahead * fronts[:hours, None]
    best += day[at + ahead] * (1 + FADE["clouds"] ** ahead * clouds[:hours, None])
    return pd.Series(values[:hours], times[:hours], name="temperature"), best


def read(path: Path) -> pd.Series:
    """The times and numbers of a file."""
    df = pd.read_csv(path)
    times = pd.DatetimeIndex(pd.to_datetime(df.iloc[:, 0]))
    return pd.Series(df.iloc[:, -1].to_numpy(float), times, name=df.columns[-1])


def draw(model: RNNForecaster, series: pd.Series, backtest: object) -> None:
    """The next two days above; below forecasts that were made before, and their errors."""
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    from skrnn.plotting import BacktestDisplay, ForecastDisplay

    layout = [["next", "next", "next"], ["before", "before", "errors"]]
    figure, axes = plt.subplot_mosaic(layout, figsize=(12, 8), layout="constrained")
    ForecastDisplay.from_estimator(model, series, history=24 * 7, ax=axes["next"])
    BacktestDisplay.from_backtest(backtest, ax=[axes["before"], axes["errors"]], color="tab:blue")
    first = backtest.times[-14 * 24 // STRIDE :][0, 0]  # of two weeks
    axes["before"].set_xlim(first, backtest.times[-1, -1])
    axes["next"].set(title="The next two days", ylabel=series.name)
    figure.savefig(PICTURE, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", nargs="?", type=Path, help="a file of times and temperatures")
    parser.add_argument("--hours", type=int, default=24 * 540, help="to invent")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    series, best = weather(options.hours, np.random.default_rng(options.seed))
    if options.path:
        series, best = read(options.path), None

    # Where in the year an hour is, helps only if two thirds of the series hold a year.
    calendar = ["hour", "dayofyear"]
    if series.index[-1] - series.index[0] < pd.Timedelta(days=539):
        calendar = ["hour"]
    # Forecasts begin at the last temperature. With the scaling that "auto" finds, by the whole of
    # two days, they begin at that of yesterday, and the first hours are worse.
    model = RNNForecaster(
        horizon=HORIZON,
        scaling="last",
        calendar=calendar,
        missing="fill",
        random_state=options.seed,
    )
    backtest = model.backtest(series, stride=STRIDE)
    print(
        f"{len(series)} hours with a season of {backtest.seasonality}; {len(backtest.ends)} "
        f"forecasts of {HORIZON} hours in the last third\n"
    )
    print(f"{'':34} {'MAE':>6} {'RMSE':>6}")
    for name, title in TITLES.items():
        print(
            f"{title:34} " + " ".join(f"{backtest.scores[m][name]:6.2f}" for m in ("mae", "rmse"))
        )
    if best is not None:
        error = backtest.actual - best[backtest.ends - 1]
        scores = np.abs(error).mean(), np.sqrt((error**2).mean())
        print(f"{'best possible, knowing the process':34} " + " ".join(f"{s:6.2f}" for s in scores))
    for coverage, share in backtest.coverage.items():
        print(f"intervals of {100 * coverage:g} % covered {100 * share:.1f} %")

    model.fit(series)
    table = model.predict_interval(coverage=0.8)
    table.insert(0, series.name, model.predict())
    print("\nThe next two days, with intervals of 80 %:")
    print(table.iloc[5::6].to_string(float_format="%.1f"))
    draw(model, series, backtest)
    print(f"\n{PICTURE} shows them, and the backtest.")


if __name__ == "__main__":
    main()

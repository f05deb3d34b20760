"""Demand of shops: what promotions that are known ahead, and the calendar, are worth to a forecast.

The sales are invented: eight shops, each with a size, a week, a year and a drift of its own, and
some days of promotion, which lift the sales. So what nobody can forecast is known as well: the
noise of a day. Four forecasts of 28 days are compared, from many origins in the last third:

- a forecaster that is told the promotions, of the past and of the days to come, and the calendar;
- one that is told nothing and has to learn from the sales;
- last week again, the seasonal naive forecast, and the last day again.

    python examples/demand.py                # some 20 seconds on two cores

Prints a table and the next days of a shop, and saves demand.png: the forecasts of that shop, once
told the promotions and once not, beside what came.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd

from skrnn import RNNForecaster

PICTURE = Path("demand.png")
HORIZON = 28
COLUMNS = ("shop", "date", "sold")


def demand(shops: int, days: int, rng: np.random.Generator) -> pd.DataFrame:
    """A row for each day of each shop; `expected` is the mean of what was sold."""
    dates = pd.date_range("2022-01-01", periods=days)
    weekdays, yeardays = np.asarray(dates.day_of_week), np.asarray(dates.day_of_year)
    parts = []
    for shop in range(1, shops + 1):
        week = np.exp(rng.normal([0, -0.05, 0, 0.05, 0.2, 0.45, -0.3], 0.08))
        summer = np.sin(2 * np.pi * (yeardays - rng.uniform(80, 120)) / 365.25)
        drift = np.exp(rng.normal(0, 0.004, days).cumsum())
        promoted = np.zeros(days, int)
        for start in np.flatnonzero(rng.random(days) < 1 / 30):
            promoted[start : start + rng.integers(3, 8)] = 1
        expected = rng.uniform(20, 120) * week[weekdays] * drift
        expected *= (1 + rng.uniform(0.1, 0.3) * summer) * (1 + rng.uniform(0.4, 0.9) * promoted)
        parts.append(
            pd.DataFrame(
                {
                    "shop": f"shop {shop}",
                    "date": dates,
                    "promotion": promoted,
                    "expected": expected,
                    "sold": rng.negative_binomial(20, 20 / (20 + expected)),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def draw(told: RNNForecaster, blind: RNNForecaster, shop: str, came: pd.DataFrame) -> None:
    """Both forecasts of a shop; days of promotion are shaded."""
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    from skrnn.plotting import ForecastDisplay

    figure, axes = plt.subplots(2, figsize=(9, 7), sharex=True, sharey=True, layout="constrained")
    own = came[came["shop"] == shop]
    for ax, model, title in zip(
        axes, (told, blind), ("told the promotions (shaded)", "not told"), strict=True
    ):
        ForecastDisplay.from_estimator(
            model, index=shop, actual=came[[*COLUMNS]], coverage=(0.5, 0.8, 0.95), ax=ax
        )
        for date in own["date"][own["promotion"] == 1]:
            half = pd.Timedelta(hours=12)
            ax.axvspan(date - half, date + half, color="0.92", zorder=0)
        ax.set(title=f"{shop}, {title}", ylabel="sold a day")
    axes[1].get_legend().remove()
    figure.savefig(PICTURE, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shops", type=int, default=8)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    df = demand(options.shops, options.days, np.random.default_rng(options.seed))
    sales, promotions = df[[*COLUMNS]], df[["shop", "date", "promotion"]]

    # With calendar the network is told where in the week and in the year each day is.
    told = RNNForecaster(
        horizon=HORIZON,
        calendar=["weekday", "dayofyear"],
        columns=COLUMNS,
        random_state=options.seed,
    )
    blind = RNNForecaster(horizon=HORIZON, columns=COLUMNS, random_state=options.seed)

    # Promotions of later days are known at each origin: somebody planned them.
    first = told.backtest(sales, stride=7, exog=promotions)
    second = blind.backtest(sales, stride=7)
    expected = df["expected"].to_numpy().reshape(options.shops, options.days)
    noise = [
        np.abs(came - expected[shop, end : end + HORIZON]).mean()
        for shop, end, came in zip(first.series, first.ends, first.actual, strict=True)
    ]
    print(f"{len(first.ends)} forecasts of {HORIZON} days, of {options.shops} shops\n")
    print(f"{'':30} {'MAE':>6} {'MASE':>6}   intervals of 80 % and 95 % covered")
    rows = [
        ("last day again", first, "naive"),
        ("last week again", first, "seasonal_naive"),
        ("forecaster", second, "forecaster"),
        ("forecaster, told of promotions", first, "forecaster"),
    ]
    for name, backtest, kind in rows:
        scores = " ".join(f"{backtest.scores[metric][kind]:6.2f}" for metric in ("mae", "mase"))
        shares = "".join(f"{100 * share:8.1f} %" for share in backtest.coverage.values())
        print(f"{name:30} {scores} {shares if kind == 'forecaster' else ''}".rstrip())
    print(f"{'noise, which nobody forecasts':30} {np.mean(noise):6.2f}")

    # The last days are forecast once more, of the shop that has most promotions in them.
    cut = df["date"].max() - pd.Timedelta(days=HORIZON - 1)
    before, came = df[df["date"] < cut], df[df["date"] >= cut]
    told.fit(before[[*COLUMNS]], promotions)  # the plan goes on behind the sales
    blind.fit(before[[*COLUMNS]])
    shop = came.groupby("shop")["promotion"].sum().idxmax()
    forecast = told.predict_interval(7, coverage=0.8).query("shop == @shop")
    forecast.insert(2, "forecast", told.predict(7).query("shop == @shop")["sold"])
    print(f"\nThe next week of {shop}, with intervals of 80 %:")
    print(forecast.to_string(index=False, float_format="%.1f"))
    draw(told, blind, shop, came)
    print(f"\n{PICTURE} shows four weeks.")


if __name__ == "__main__":
    main()

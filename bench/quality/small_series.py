"""Eight small series with the defaults of `RNNForecaster`: below the seasonal naive forecast?

Each file's first two thirds are fitted, and all steps of the last third are origins of a forecast
of `HORIZONS` steps, without another fit. The naive forecasts repeat the last value, and the last
season as `seasonality="auto"` found it. Coverage is that of rolling conformal intervals. Passengers
of airlines are also forecast one month ahead, as a much cited tutorial does: its test RMSE is 47.5.

Defaults were chosen on the first two thirds, cut in the same way (`--validate`).
"""

from __future__ import annotations

import argparse
import csv
import statistics
from pathlib import Path

import numpy as np

from _data import folder
from skrnn import RNNForecaster

HORIZONS = {
    "Lynx": 10,
    "airline-passengers": 12,
    "daily-min-temperatures": 14,
    "daily-total-female-births": 14,
    "monthly-car-sales": 12,
    "monthly-sunspots": 12,
    "shampoo": 6,
    "solar": 24,
}
TUTORIAL = "airline-passengers", 47.5, 30.0


def read(path: Path) -> np.ndarray:
    """The numbers of the last column, below a heading."""
    rows = list(csv.reader(path.open(encoding="utf-8")))[1:]
    cells = [row[-1] for row in rows if row]
    return np.array([float(cell) for cell in cells if cell.strip().lstrip("-")[:1].isdigit()])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="the data folder; else SKRNN_DATA")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=None, help="threads")
    parser.add_argument("--validate", action="store_true", help="not the test part")
    given = parser.parse_args()
    data = folder(given.data)
    if data is None:
        raise SystemExit("small_series needs the data folder: pass --data or set SKRNN_DATA")
    print(f"{'file':28s} season  MAE / seasonal naive  / naive  covered of 0.8  of 0.95")
    ratios, covered = [], []
    for name, horizon in HORIZONS.items():
        series = read(data / "small_series" / f"{name}.csv")
        if given.validate:
            series = series[: len(series) * 2 // 3]
        rows = []
        for seed in range(given.seeds):
            model = RNNForecaster(horizon=horizon, random_state=seed, n_jobs=given.jobs)
            found = model.backtest(series)
            mae = found.scores["mae"]
            rows.append(
                (
                    mae["forecaster"] / mae["seasonal_naive"],
                    mae["forecaster"] / mae["naive"],
                    *found.coverage.values(),
                )
            )
        means = [statistics.mean(column) for column in zip(*rows, strict=True)]
        ratios.append(means[0])
        covered.append(means[2:])
        print(f"{name:28s} {found.seasonality:6d}", *(f"{value:10.3f}" for value in means))
    below = sum(ratio < 1 for ratio in ratios)
    logs = np.log(ratios)
    print(f"below the seasonal naive on {below} of {len(ratios)}, at most {max(ratios):.3f} of it")
    print(f"geometric mean {np.exp(logs.mean()):.3f}; covered", *np.mean(covered, axis=0).round(3))

    name, tutorial, target = TUTORIAL
    series = read(data / "small_series" / f"{name}.csv")
    found = [
        RNNForecaster(random_state=seed, n_jobs=given.jobs).backtest(series, 1, start=0.67)
        for seed in range(given.seeds)
    ]
    ours = [one.scores["rmse"]["forecaster"] for one in found]
    print(
        f"{name}, one step: RMSE {statistics.mean(ours):.1f}, target {target}, tutorial "
        f"{tutorial}, seasonal naive {found[0].scores['rmse']['seasonal_naive']:.1f}"
    )


if __name__ == "__main__":
    main()

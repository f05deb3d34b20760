"""ETTh1: two years of seven hourly series of an electricity transformer.

The protocol of SegRNN (Lin et al., arXiv:2308.11200): 8,640 steps to train, 2,880 to validate and
2,880 to test, standardised by the training part; MSE over all windows and series of a part, the
last batch too. `--lookback` 96 or 720, `--horizon` 96, 192, 336 or 720; with `--univariate` the oil
temperature alone, 24 steps ahead, which is the protocol of Informer. The baseline repeats the last
value. Settings were compared on the validation part.

Seven series, look-back and horizon of 96, one seed:

    128 units, 5 epochs                         MSE 0.6648
    128 units, 10 epochs                        MSE 0.6616
    128 units, 20 epochs                        MSE 0.6659
    128 units, 10 epochs, segments of 24        MSE 0.6595
    128 units, 10 epochs, from the last season  MSE 0.6944
    256 units, 10 epochs                        MSE 0.6569
    512 units, 10 epochs, slower                MSE 0.6566

and with a dropout of 0.7 0.6697, batches of 64 0.6640, weight decay 0.6612, the Huber loss 0.6631.

The oil temperature alone, where the baseline has 0.0696:

    defaults                 MSE 0.0511
    look-back 96             MSE 0.0537
    look-back 96, no season  MSE 0.0563
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from _forecasts import Backtested, Series, forecaster, from_origins
from _question import Part, Question, main

TRAIN, VALIDATE, TEST = 8640, 11520, 14400
# By look-back and horizon: the target, and SegRNN's own.
TARGETS = {
    (96, 96): (0.37, 0.368),
    (96, 192): (0.41, 0.408),
    (96, 336): (0.45, 0.444),
    (96, 720): (0.45, 0.446),
    (720, 96): (0.355, 0.351),
    (720, 192): (0.395, 0.392),
    (720, 336): (0.43, 0.423),
    (720, 720): (0.47, 0.466),
}
BASE: dict[str, Any] = {
    "segment_length": 48,
    "seasonality": None,
    "scaling": "last",
    "dropout": 0.5,
    "batch_size": 256,
    "learning_rate_init": 0.001,
}
SETTINGS: dict[str, dict[str, Any]] = {
    "128 units, 5 epochs": BASE | {"hidden_size": 128, "max_iter": 5},
    "128 units, 10 epochs": BASE | {"hidden_size": 128, "max_iter": 10},
    "128 units, 20 epochs": BASE | {"hidden_size": 128, "max_iter": 20},
    "128 units, 10 epochs, segments of 24": BASE
    | {"hidden_size": 128, "max_iter": 10, "segment_length": 24},
    "128 units, 10 epochs, from the last season": BASE
    | {"hidden_size": 128, "max_iter": 10, "seasonality": 24, "scaling": "season"},
    "256 units, 10 epochs": BASE | {"hidden_size": 256, "max_iter": 10},
    "512 units, 10 epochs, slower": BASE
    | {"hidden_size": 512, "max_iter": 10, "learning_rate_init": 0.0003},
}
CHOSEN = {96: "256 units, 10 epochs", 720: "128 units, 5 epochs"}
OF_ONE: dict[str, dict[str, Any]] = {
    "defaults": {},
    "look-back 96": {"lookback": 96},
    "look-back 96, no season": {"lookback": 96, "seasonality": None},
}


def load(data: Path, univariate: bool) -> tuple[list[Part], Part]:
    """All series up to the end of the validation part, and of the test part."""
    with gzip.open(data / "ett/ETTh1.csv.gz", "rt") as file:
        rows = np.array([[float(cell) for cell in row[1:]] for row in list(csv.reader(file))[1:]])
    rows = (rows - rows[:TRAIN].mean(axis=0)) / rows[:TRAIN].std(axis=0)
    columns = rows.T[-1:] if univariate else rows.T

    def part(first: int, end: int) -> Part:
        series: Series = [column[:end] for column in columns]
        return Part(series, None, range(first, end), None)

    return [part(TRAIN, VALIDATE)], part(VALIDATE, TEST)


def make(seed: int, n_jobs: int | None, horizon: int, **settings: Any) -> Backtested:
    """Ours."""
    return Backtested(forecaster(seed, n_jobs, **settings), horizon, TRAIN)


def question(lookback: int, horizon: int, univariate: bool) -> Question:
    """That of one look-back and horizon."""
    if univariate:
        target, published = 0.10, {"DeepAR": 0.107, "ARIMA": 0.108, "LSTMa": 0.114}
        named, chosen, maker = OF_ONE, "defaults", partial(make, horizon=horizon)
    else:
        target, own = TARGETS[lookback, horizon]
        named, chosen, published = SETTINGS, CHOSEN[lookback], {"SegRNN": own}
        maker = partial(make, horizon=horizon, lookback=lookback)
    return Question(
        f"etth1_{'univariate' if univariate else lookback}_{horizon}",
        "MSE",
        target,
        published,
        named,
        chosen,
        partial(load, univariate=univariate),
        maker,
        from_origins,
        baseline=lambda: Backtested(None, horizon, TRAIN),
        larger_is_better=False,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--lookback", type=int, choices=(96, 720), default=96)
    parser.add_argument("--horizon", type=int, choices=(24, 96, 192, 336, 720), default=96)
    parser.add_argument("--univariate", action="store_true")
    given, sys.argv[1:] = parser.parse_known_args()
    main(question(given.lookback, given.horizon, given.univariate), __doc__)

"""The M4 competition, hourly and weekly series: 414 of 48 hours to come, 359 of 13 weeks.

One configuration each, fitted on the whole training part and scored on the test part by OWA, the
mean of sMAPE and MASE relative to those of the forecast Naive 2. Settings were compared on the
training part, of which the last 48 hours and 13 weeks were held out; the baseline repeats the last
day, or the last value. With their defaults forecasters find a season of 24 hours, none of weeks.

    hourly  baseline   OWA 0.6291  sMAPE 14.57  MASE 1.228
            defaults   OWA 0.5310  sMAPE 13.19  MASE 0.923  covered of 0.8 0.788, of 0.95 0.935
            128 units  OWA 0.5160  sMAPE 12.90  MASE 0.887  covered of 0.8 0.787, of 0.95 0.942
    weekly  baseline   OWA 1.0000  sMAPE  9.20  MASE 2.898
            defaults   OWA 0.7992  sMAPE  7.23  MASE 2.354  covered of 0.8 0.824, of 0.95 0.964

Forecasts that are differences from the last season, which the defaults choose here, had an OWA of
0.533 for hours, and those from the last value 0.598.
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

from _forecasts import SeasonalNaive, Series, forecaster, of_competition
from _question import Part, Question, main

KINDS: dict[str, tuple[int, int, float, dict[str, float]]] = {
    "hourly": (
        48,
        24,
        0.55,
        {"ES-RNN": 0.440, "seasonal naive": 0.627, "RNN": 1.036},
    ),
    "weekly": (13, 1, 0.92, {"ES-RNN": 0.851, "Naive 2": 1.0, "RNN": 1.755}),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "128 units": {"hidden_size": 128},
}


def read(path: Path) -> Series:
    """A series a row, behind its name, with empty cells at its end."""
    with gzip.open(path, "rt") as file:
        rows = list(csv.reader(file))[1:]
    return [np.array([float(cell) for cell in row[1:] if cell not in ("", "NA")]) for row in rows]


def load(data: Path, kind: str, horizon: int) -> tuple[list[Part], Part]:
    """The training part without its end, and the whole."""
    train, test = (read(data / f"m4/{kind.title()}-{part}.csv.gz") for part in ("train", "test"))
    before, end = [x[:-horizon] for x in train], [x[-horizon:] for x in train]
    return [Part(before, None, before, end)], Part(train, None, train, test)


def question(kind: str) -> Question:
    """That of one kind of series."""
    horizon, seasonality, target, published = KINDS[kind]
    return Question(
        f"m4_{kind}",
        "OWA",
        target,
        published,
        SETTINGS,
        "128 units" if kind == "hourly" else "defaults",
        partial(load, kind=kind, horizon=horizon),
        partial(forecaster, horizon=horizon),
        partial(of_competition, seasonality=seasonality),
        baseline=partial(SeasonalNaive, seasonality, horizon),
        larger_is_better=False,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--kind", choices=[*KINDS], default="hourly")
    kind, sys.argv[1:] = parser.parse_known_args()
    main(question(kind.kind), __doc__)

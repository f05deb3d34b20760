"""The data sets for the choice of defaults: training parts, split for fitting and for scoring.

`SETS` has no test parts; only `split_of` returns them. Small sets are split several times, because
the score of a few cases is noisy.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold

QUALITY = Path(__file__).resolve().parents[1] / "quality"
sys.path.insert(0, str(QUALITY))
import fsdd  # noqa: E402
import movement_aal  # noqa: E402
from _data import Split, cmapss, digits_by_rows, esol, folder, sst2, ucr_uea  # noqa: E402, F401
from _data import fsdd as read_fsdd  # noqa: E402

UCR_UEA = (
    "ArrowHead",
    "BasicMotions",
    "ECG200",
    "GunPoint",
    "ItalyPowerDemand",
    "JapaneseVowels",
    "PenDigits_SFA",
)
ARCHIVE = (*UCR_UEA, "movement_aal", "fsdd")  # the archive's sets, and two similar ones
SMALL = 150  # cases; below, two folds are drawn three times


@dataclass(frozen=True)
class Cases:
    """One data set: sequences, or texts, and a target for each."""

    X: list[Any]
    y: np.ndarray
    kind: str  # "channels", "words" or "characters"
    task: str  # "classification" or "regression"
    groups: np.ndarray | None = None  # cases of one group are never on both sides

    def folds(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the indices of the cases to fit and of those to score."""
        n = len(self.y)
        if self.groups is not None:
            first = np.isin(self.groups, np.unique(self.groups)[::2])
            yield first.nonzero()[0], (~first).nonzero()[0]
            return
        repeats = 3 if n < SMALL else 1
        if self.task == "regression":
            split = RepeatedKFold(n_splits=2, n_repeats=repeats, random_state=0)
        else:
            split = RepeatedStratifiedKFold(n_splits=2, n_repeats=repeats, random_state=0)
        yield from split.split(np.zeros(n), self.y)


def _some(n: int, most: int) -> np.ndarray:
    return np.sort(np.random.default_rng(0).permutation(n)[:most])


def _pen_digits(data: Path, part: str) -> tuple[list[np.ndarray], np.ndarray]:
    # Rows "case time label ch1 ch2"
    table = np.loadtxt(data / "ucr_uea" / "PenDigits_SFA" / f"PenDigits_{part}3.gz")
    starts = np.flatnonzero(np.diff(table[:, 0], prepend=-1.0))
    return np.split(table[:, 3:], starts[1:]), table[starts, 2].astype(int)


def _ecg200(data: Path, part: str) -> tuple[list[np.ndarray], np.ndarray]:
    with gzip.open(data / "ucr_uea" / "ECG200" / f"ECG200_{part}.arff.gz", "rt") as file:
        rows = file.read().lower().split("@data\n", 1)[1].split()
    table = np.array([row.split(",") for row in rows], float)
    return list(table[:, :-1, None]), table[:, -1].astype(int)


def split_of(name: str, data: Path) -> Split:
    """Training and test part of a set of the archive, of movement_aal, or of fsdd."""
    if name == "PenDigits_SFA":
        return Split(*_pen_digits(data, "TRAIN"), *_pen_digits(data, "TEST"))
    if name == "ECG200":
        return Split(*_ecg200(data, "TRAIN"), *_ecg200(data, "TEST"))
    if name in ("movement_aal", "fsdd"):
        _, final = {"movement_aal": movement_aal, "fsdd": fsdd}[name].load(data)
        return Split(list(final.X), final.y, list(final.X_test), final.y_test)
    return ucr_uea(data, name)


def _archive(name: str) -> Callable[[Path], Cases]:
    def load(data: Path) -> Cases:
        split = split_of(name, data)
        return Cases(split.X, split.y, "channels", "classification")

    return load


def _fsdd(data: Path) -> Cases:
    recordings = read_fsdd(data)
    chosen = ((recordings.index >= 5) & (recordings.index < 15)).nonzero()[0]
    return Cases(
        [recordings.X[i] for i in chosen], recordings.y[chosen], "channels", "classification"
    )


def _digits(data: Path) -> Cases:  # noqa: ARG001
    split = digits_by_rows()
    return Cases(split.X, split.y, "channels", "classification")


def _sst2(data: Path) -> Cases:
    X, y = sst2(data, "train")
    return Cases(X, y, "words", "classification")


def _languages(data: Path) -> Cases:
    """The language, of 15, of a word; all from the training lists."""
    X, y = [], []
    for path in sorted((data / "sigmorphon2020_g2p").glob("*_train.tsv")):
        words = [line.split("\t")[0] for line in path.read_text(encoding="utf-8").splitlines()]
        chosen = _some(len(words), 200)
        X += [words[i] for i in chosen]
        y += [path.stem[:3]] * len(chosen)
    return Cases(X, np.array(y), "characters", "classification")


def _openings(data: Path) -> Cases:
    """The volume, of five, of a chess opening, from its first moves."""
    X, y = [], []
    for path in sorted((data / "chess_openings").glob("?.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            eco, _, moves = line.split("\t")
            X.append(" ".join(move for move in moves.split() if not move.endswith(".")))
            y.append(eco[0])
    chosen = _some(len(X), 2000)
    return Cases([X[i] for i in chosen], np.array(y)[chosen], "words", "classification")


def _esol(data: Path) -> Cases:
    texts, y = esol(data)
    from sklearn.model_selection import train_test_split

    X, _, y, _ = train_test_split(texts, y, test_size=0.2, random_state=0)
    return Cases(X, y, "characters", "regression")


def _freesolv(data: Path) -> Cases:
    import pandas as pd

    frame = pd.read_csv(data / "molecules" / "FreeSolv_SAMPL.csv")
    chosen = _some(len(frame), round(0.8 * len(frame)))
    return Cases(
        [frame["smiles"][i] for i in chosen],
        frame["expt"].to_numpy()[chosen],
        "characters",
        "regression",
    )


def _cmapss(data: Path) -> Cases:
    """Windows of 30 cycles that end at every tenth; the remaining cycles, at most 125."""
    engines, _, _ = cmapss(data)
    X, y, groups = [], [], []
    for number, engine in enumerate(engines):
        for end in range(30, len(engine) + 1, 10):
            X.append(engine[end - 30 : end])
            y.append(min(len(engine) - end, 125))
            groups.append(number)
    return Cases(X, np.array(y, float), "channels", "regression", np.array(groups))


def _windows(name: str, length: int) -> Callable[[Path], Cases]:
    """One step ahead from a window; the first half of the windows to fit, the second to score."""

    def load(data: Path) -> Cases:
        values = np.genfromtxt(
            data / "small_series" / f"{name}.csv", delimiter=",", usecols=1, skip_header=1
        )
        values = values[np.isfinite(values)]
        series = values[: int(0.8 * len(values))]
        ends = np.arange(length, len(series))
        X = [series[end - length : end, None] for end in ends]
        return Cases(
            X, series[ends], "channels", "regression", (np.arange(len(ends)) > len(ends) // 2) * 1
        )

    return load


def _adding(data: Path) -> Cases:  # noqa: ARG001
    """The sum of the two of up to 50 numbers that are marked (Hochreiter & Schmidhuber 1997)."""
    rng = np.random.default_rng(0)
    X, y = [], []
    for _ in range(800):
        steps = rng.integers(25, 51)
        numbers, marks = rng.uniform(size=steps), np.zeros(steps)
        marked = rng.choice(steps, 2, replace=False)
        marks[marked] = 1
        X.append(np.column_stack([numbers, marks]))
        y.append(numbers[marked].sum())
    return Cases(X, np.array(y), "channels", "regression")


def _recall(data: Path) -> Cases:  # noqa: ARG001
    """The direction, of four, of the first three of up to 100 noisy steps."""
    rng = np.random.default_rng(1)
    X, y = [], []
    for _ in range(400):
        x = rng.normal(size=(rng.integers(50, 101), 2))
        direction = int(rng.integers(4))
        angle = direction * np.pi / 2
        x[:3] += 2 * np.array([np.cos(angle), np.sin(angle)])
        X.append(x)
        y.append(direction)
    return Cases(X, np.array(y), "channels", "classification")


SETS: dict[str, Callable[[Path], Cases]] = {
    **{name: _archive(name) for name in (*UCR_UEA, "movement_aal")},
    "fsdd": _fsdd,
    "digits": _digits,
    "sst2": _sst2,
    "languages": _languages,
    "openings": _openings,
    "esol": _esol,
    "freesolv": _freesolv,
    "cmapss": _cmapss,
    "sunspots": _windows("monthly-sunspots", 36),
    "temperatures": _windows("daily-min-temperatures", 30),
    "adding": _adding,
    "recall": _recall,
}

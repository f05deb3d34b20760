"""The procedure of these scripts: choose on validation data, score once on test data, print.

Each script has one data set: its reader, the settings that were tried, and the chosen one. Without
options it fits the chosen settings on the whole training part, once for each seed, and scores them
on the test part. `--validate` scores all settings, or those named after it, on parts of the
training part only, and prints means with standard errors, as in the table at the head of each
script. Both also score the baseline: that of `_baseline.py`, or one of its own.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from _baseline import baseline
from _data import folder

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _environment import environment
from _report import RESULTS, write

BASELINE = "baseline"
OF_CLASSES = partial(baseline, "classification")


class Part(NamedTuple):
    """The data to fit, and the data to score."""

    X: Sequence[Any]
    y: Any
    X_test: Sequence[Any]
    y_test: Any


def parts(X: Sequence[Any], y: np.ndarray, folds: Iterable[tuple[Any, Any]]) -> list[Part]:
    """The folds of a cross-validation."""
    return [
        Part([X[i] for i in fitted], y[fitted], [X[i] for i in held_out], y[held_out])
        for fitted, held_out in folds
    ]


@dataclass
class Question:
    """The score of our estimators on one data set.

    ``load`` returns the parts to validate on, all from the training part, and the final one.
    ``make(seed, n_jobs, **settings)`` returns an estimator, ``baseline()`` the linear model to
    compare with, ``score(model, X, y)`` named scores, the decisive one first. Without a ``target``
    that of the baseline is to be surpassed.
    """

    name: str
    metric: str
    target: float | None
    published: Mapping[str, float]
    settings: Mapping[str, Mapping[str, Any]]
    chosen: str
    load: Callable[[Path], tuple[list[Part], Part]]
    make: Callable[..., Any]
    score: Callable[[Any, Any, Any], dict[str, float]]
    baseline: Callable[[], Any] = OF_CLASSES
    larger_is_better: bool = True
    validation_seeds: int = 1
    notes: list[str] = field(default_factory=list)

    def reached(self, value: float, target: float) -> bool:
        return value >= target if self.larger_is_better else value <= target

    def named(self, name: str, n_jobs: int | None) -> Callable[[int], Any]:
        """A function from a seed to an estimator of the named settings, or to the baseline."""
        if name == BASELINE:
            return lambda _seed: self.baseline()
        return lambda seed: self.make(seed, n_jobs, **self.settings[name])


def accuracy(model: Any, X: Any, y: Any) -> dict[str, float]:
    """Accuracy, and the log-loss, which still distinguishes settings at high accuracy."""
    probabilities = model.predict_proba(X)
    columns = np.searchsorted(model.classes_, y)
    own = probabilities[np.arange(len(y)), columns]
    return {
        "accuracy": float(np.mean(probabilities.argmax(axis=1) == columns)),
        "log-loss": float(-np.mean(np.log(np.maximum(own, 1e-12)))),
    }


def rmse(model: Any, X: Any, y: Any) -> dict[str, float]:
    """The root mean squared error."""
    return {"RMSE": float(np.sqrt(np.mean((model.predict(X) - y) ** 2)))}


def _runs(
    question: Question, name: str, pieces: Sequence[Part], seeds: Iterable[int], n_jobs: int | None
) -> tuple[dict[str, list[float]], float]:
    """Scores by name, and the median seconds per fit. The baseline is the same for every seed."""
    make = question.named(name, n_jobs)
    found: dict[str, list[float]] = {}
    seconds = []
    for piece in pieces:
        for seed in (0,) if name == BASELINE else seeds:
            model = make(seed)
            start = time.perf_counter()
            model.fit(piece.X, piece.y)
            seconds.append(time.perf_counter() - start)
            for key, value in question.score(model, piece.X_test, piece.y_test).items():
                found.setdefault(key, []).append(value)
    return found, statistics.median(seconds)


def _mean_and_error(values: Sequence[float]) -> str:
    """The standard error assumes independent fits, which those of repeated folds are not."""
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return f"{statistics.mean(values):.4f} ± {error:.4f}"


def _validate(question: Question, names: Sequence[str], pieces: list[Part], jobs: int) -> None:
    print(f"{question.name}: validation, {len(pieces)} part(s) of the training data")
    for name in dict.fromkeys((BASELINE, *(names or question.settings))):
        found, seconds = _runs(question, name, pieces, range(question.validation_seeds), jobs)
        means = "  ".join(f"{key} {_mean_and_error(v)}" for key, v in found.items())
        print(f"    {name:<44} {means}  {seconds:6.1f} s", flush=True)


def main(question: Question, description: str | None) -> None:
    """The command line of a script."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="the data folder; else SKRNN_DATA")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=None, help="threads")
    parser.add_argument("--validate", nargs="*", metavar="SETTINGS", help="not the test part")
    parser.add_argument("--json", type=Path, default=RESULTS / f"quality_{question.name}.json")
    given = parser.parse_args()
    data = folder(given.data)
    if data is None:
        raise SystemExit(f"{question.name} needs the data folder: pass --data or set SKRNN_DATA")
    validation, final = question.load(data)
    if given.validate is not None:
        _validate(question, given.validate, validation, given.jobs)
        return

    linear, _ = _runs(question, BASELINE, [final], range(1), given.jobs)
    found, seconds = _runs(question, question.chosen, [final], range(given.seeds), given.jobs)
    scores = found[question.metric]
    mean = statistics.mean(scores)
    spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
    sign = "≥" if question.larger_is_better else "≤"
    print(f"{question.name}: {len(final.X)} for training, {len(final.X_test)} for the test")
    print(f"settings: {question.chosen}; {seconds:.1f} s per fit")
    for key, values in found.items():
        print(f"{key} by seed: " + " ".join(f"{value:.4f}" for value in values))
    target = linear[question.metric][0] if question.target is None else question.target
    reached = question.reached(mean, target)
    print(
        f"{question.metric} {mean:.4f} ± {spread:.4f}; target {sign} {target:.4g}: "
        f"{'yes' if reached else 'no'}"
    )
    print(f"{BASELINE}: " + "  ".join(f"{key} {value:.4f}" for key, [value] in linear.items()))
    print(
        "published: " + ", ".join(f"{who} {value:g}" for who, value in question.published.items())
    )
    for note in question.notes:
        print(note)

    import skrnn

    report = {
        "question": f"quality, {question.name}",
        **environment({"skrnn": skrnn.__version__}, None),
        "settings": {"name": question.chosen, **question.settings[question.chosen]},
        "scores": found,
        "mean": mean,
        "target": target,
        "reached": reached,
        "baseline": {key: value for key, [value] in linear.items()},
        "published": dict(question.published),
        "fit_seconds": seconds,
        "notes": question.notes,
    }
    write(given.json, report)

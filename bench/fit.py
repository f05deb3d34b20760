"""Time and memory of fit on a real ragged data set, against the same model in PyTorch and skorch.

JapaneseVowels (270 utterances of 7 to 29 steps and 12 channels for training, 370 for the test, 9
speakers) if there is a data folder, else scikit-learn's digits read row by row. An LSTM of 64
units, a dense head on its last state, cross-entropy, 60 epochs of minibatches of 32, Adam with a
rate of 3e-3, gradients clipped to a norm of 1. Every contender gets the same list of standardised
float32 arrays; its conversion (padding, packing) is timed. Each library has its own initial
weights.

All contenders run one seed before the next; figures are medians over seeds. Memory is measured in a
separate process for each contender, which imports it, fits once and predicts once.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

import _fit_memory
from _environment import cores, environment
from _harness import duration, ratio, verdict
from _report import RESULTS, busy, write
from _timing import settle
from peers.fit_task import Array, Fit, Labels, Task
from quality import _data
from skrnn import _core

US = "skrnn"
MODULES = {US: "peers.fit_ours", "torch": "peers.fit_torch", "skorch": "peers.fit_skorch"}
TARGET_FIT, TARGET_PREDICT = 8.0, 3.0


@dataclass
class Runs:
    """The results of one contender, a value per seed."""

    who: str
    variant: str
    task: Fit
    fit: list[float] = field(default_factory=list)  # seconds
    predict: list[float] = field(default_factory=list)  # seconds
    accuracy: list[float] = field(default_factory=list)
    memory: dict[str, float] | None = None  # MB

    @property
    def name(self) -> str:
        return f"{self.who}, {self.variant}"

    def report(self, threads: int) -> dict[str, Any]:
        """The entry of the JSON file."""
        kept = {key: getattr(self, key) for key in ("fit", "predict", "accuracy", "memory")}
        return {"who": self.who, "variant": self.variant, "threads": threads, **kept}


def load(given: Path | None) -> tuple[str, list[Array], Labels, list[Array], Labels]:
    """The data, standardised by the training part; labels from 0 on."""
    data = _data.folder(given)
    name = "digits by rows" if data is None else "JapaneseVowels"
    split = _data.digits_by_rows() if data is None else _data.ucr_uea(data, name)
    steps = np.concatenate(split.X)
    mean, scale = steps.mean(axis=0), steps.std(axis=0)
    scale[scale == 0] = 1.0
    X, X_test = (
        [((x - mean) / scale).astype(np.float32) for x in part] for part in (split.X, split.X_test)
    )
    classes = np.unique(split.y)
    y, y_test = (np.searchsorted(classes, part) for part in (split.y, split.y_test))
    return name, X, y, X_test, y_test


def timed(work: Callable[[], object], seconds: float) -> float:
    """The median of the calls that fit into some time, at least three, after one to warm up."""
    work()
    settle()
    times: list[float] = []
    while len(times) < 3 or sum(times) < seconds:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def run(
    contenders: list[Runs],
    data: tuple[list[Array], Labels, list[Array], Labels],
    task: Task,
    seeds: int,
) -> None:
    """Run all contenders with every seed; each seed starts with the next contender."""
    X, y, X_test, y_test = data
    for contender in contenders:  # to warm up: late imports, first pages of memory
        contender.task(X[:64], y[:64], replace(task, epochs=1))(X_test[:64])
    for seed in range(seeds):
        for k in range(len(contenders)):
            contender = contenders[(seed + k) % len(contenders)]
            settle()
            start = time.perf_counter()
            predict = contender.task(X, y, replace(task, seed=seed))
            contender.fit.append(time.perf_counter() - start)
            contender.predict.append(timed(lambda: predict(X_test), 0.1))  # noqa: B023
            contender.accuracy.append(float(np.mean(predict(X_test) == y_test)))


def memory(contenders: list[Runs], data: tuple[Any, ...], task: Task) -> None:
    """Fill in the memory of a separate process for each contender."""
    X, y, X_test, _ = data
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "data.npz"
        _fit_memory.write(file, X, y, X_test)
        for contender in contenders:
            child = [
                sys.executable,
                str(Path(_fit_memory.__file__)),
                MODULES[contender.who],
                contender.variant,
                str(file),
                json.dumps(asdict(task)),
            ]
            done = subprocess.run(child, capture_output=True, text=True)
            if done.returncode:
                print(f"memory of {contender.name}: {done.stderr.strip().splitlines()[-1]}")
                continue
            contender.memory = json.loads(done.stdout)


def fastest(contenders: list[Runs], who: str, what: str, start: str = "") -> Runs | None:
    """The variant with the smallest median, of those whose names begin with `start`."""
    own = [c for c in contenders if c.who == who and c.variant.startswith(start)]
    return min(own, key=lambda c: statistics.median(getattr(c, what)), default=None)


def table(contenders: list[Runs], title: str) -> None:
    """Print one line per contender."""
    us = contenders[0]
    print(f"\n{title}\n")
    columns = [
        "contender",
        "fit",
        "÷ us",
        "predict",
        "÷ us",
        "accuracy",
        "±",
        "peak",
        "over imports",
    ]
    rows = [columns, ["---"] * len(columns)]
    for c in contenders:
        row = [c.name]
        for what in ("fit", "predict"):
            median = statistics.median(getattr(c, what))
            row += [duration(median), ratio(median / statistics.median(getattr(us, what)))]
        spread = statistics.stdev(c.accuracy) if len(c.accuracy) > 1 else math.nan
        row += [f"{statistics.mean(c.accuracy):.4f}", f"{spread:.4f}"]
        if c.memory is None:
            row += ["-", "-"]
        else:
            row += [f"{c.memory['peak']:.0f} MB", f"{c.memory['over_imports']:.1f} MB"]
        rows.append(row)
    widths = [max(len(row[i]) for row in rows) for i in range(len(columns))]
    for row in rows:
        print("| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |")
    print(flush=True)


def verdicts(contenders: list[Runs], threads: int) -> list[dict[str, Any]]:
    """The targets against PyTorch, and whether they are reached.

    Against PackedSequence, PyTorch's method for unequal lengths, for which the targets were set,
    and against its fastest variant, padding included.
    """
    us, found = contenders[0], list[dict[str, Any]]()
    ways = {"PackedSequence": "packed", "fastest": ""}
    for what, target in (("fit", TARGET_FIT), ("predict", TARGET_PREDICT)):
        for way, start in ways.items():
            torch = fastest(contenders, "torch", what, start)
            if torch is None:
                continue
            value = statistics.median(getattr(torch, what)) / statistics.median(getattr(us, what))
            found.append({"what": what, "torch": torch.variant, "ratio": value, "target": target})
            print(
                f"{what}, {threads} thread(s), PyTorch's {way} ({torch.variant}) ÷ us "
                f"{ratio(value)}; target ≥ {target:g}: {verdict(value, target)}"
            )
    torch = fastest(contenders, "torch", "fit")
    if torch is None:
        return found
    if len(us.accuracy) > 1:
        difference = statistics.mean(us.accuracy) - statistics.mean(torch.accuracy)
        variances = statistics.variance(us.accuracy) + statistics.variance(torch.accuracy)
        noise = 2 * math.sqrt(variances / len(us.accuracy))
        within = "yes" if difference >= -noise else "no"
        found.append({"what": "accuracy", "difference": difference, "two_standard_errors": noise})
        print(
            f"accuracy: ours minus theirs ({torch.variant}) {difference:+.4f}, two standard errors "
            f"{noise:.4f}; as good within noise: {within}"
        )
    memories = [c.memory for c in contenders if c.who == "torch" and c.memory is not None]
    if us.memory is not None and memories:
        for key, name in (("peak", "peak"), ("over_imports", "peak over bare imports")):
            ours, theirs = us.memory[key], min(memory[key] for memory in memories)
            found.append({"what": f"memory, {key}", "ours": ours, "theirs": theirs})
            below = "yes" if ours < theirs else "no"
            print(f"{name}: ours {ours:.1f} MB, theirs {theirs:.1f} MB at least; below: {below}")
    return found


def imported(who: str, note: Callable[[str], None]) -> Any:
    """The module of a peer; None if it cannot be imported."""
    try:
        return importlib.import_module(MODULES[who])
    except ImportError as error:
        note(f"{who} left out: {error}")
        return None


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=Task.epochs)
    parser.add_argument(
        "--peers", nargs="*", choices=["torch", "skorch"], default=["torch", "skorch"]
    )
    parser.add_argument("--data", type=Path, help="the data folder; else SKRNN_DATA")
    parser.add_argument("--json", type=Path, default=RESULTS / "fit.json")
    parser.add_argument("--quick", action="store_true", help="two seeds: to see that it works")
    return parser.parse_args()


def main() -> None:
    given = options()
    seeds = 2 if given.quick else given.seeds
    notes: list[str] = []

    def note(text: str) -> None:
        notes.append(text)
        print(text, flush=True)

    if warning := busy():
        note(warning)
    modules: dict[str, Any] = {US: importlib.import_module(MODULES[US])}
    for who in given.peers:
        module = imported(who, note)
        if module is not None:
            modules[who] = module
    versions = {who: str(module.VERSION) for who, module in modules.items()}
    name, *data = load(given.data)
    X = data[0]
    lengths = [len(x) for x in X]
    print(f"{name}: {len(X)} sequences of {min(lengths)} to {max(lengths)} steps", flush=True)

    cases: list[dict[str, Any]] = []
    summaries: list[dict[str, Any]] = []
    for threads in given.threads:
        if threads > cores():
            note(f"{threads} threads left out: this process may use {cores()} cores")
            continue
        task = Task(epochs=given.epochs, threads=threads)
        contenders = [
            Runs(who, variant, fit)
            for who, module in modules.items()
            for variant, fit in module.VARIANTS.items()
        ]
        run(contenders, tuple(data), task, seeds)
        memory(contenders, tuple(data), task)
        table(contenders, f"{name}, {task.epochs} epochs, {threads} thread(s), {seeds} seeds")
        summaries += [{"threads": threads, **found} for found in verdicts(contenders, threads)]
        cases += [contender.report(threads) for contender in contenders]
        write(  # now, in case the next is interrupted
            given.json,
            {
                "question": "fit",
                "data": name,
                "quick": given.quick,
                "task": {k: v for k, v in asdict(task).items() if k not in ("threads", "seed")},
                **environment(versions, _core.active_isa()),
                "notes": notes,
                "summaries": summaries,
                "cases": cases,
            },
        )
    print(f"\nwritten: {given.json}")


if __name__ == "__main__":
    main()

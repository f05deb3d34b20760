"""Cost of training as a function of real steps, and of steps that padding adds.

Two experiments, 256 sequences of 16 channels, an LSTM of 64 units, minibatches of 32:

- the longest sequence of each minibatch has 200 steps, the others fewer from case to case: with
  padding the work is constant; without, it decreases with the steps;
- the steps of all sequences together are constant, with a growing share in a few long sequences:
  with padding the work grows; without, it is constant.

Milliseconds per epoch, from the difference of a long and a short fit, against PyTorch packed and
padded, drawn by matplotlib. "padded, like lengths" sorts pools of four minibatches by length, the
usual method of PyTorch users against padding.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from _environment import environment
from _report import RESULTS, write
from _timing import settle
from peers.fit_task import Array, Task

N, CHANNELS, LONGEST, MEAN = 256, 16, 200, 40
SHORT, LONG = 1, 3  # epochs of the two fits
US = "skrnn"
COLORS = {
    US: "C0",
    "torch, packed": "C1",
    "torch, padded": "C3",
    "torch, padded, like lengths": "C2",
}


def sequences(lengths: np.ndarray) -> list[Array]:
    """Noise: the result of learning does not matter here."""
    rng = np.random.default_rng(0)
    return [rng.standard_normal((n, CHANNELS), np.float32) for n in rng.permutation(lengths)]


def same_longest() -> list[np.ndarray]:
    """One in eight has LONGEST steps, the others evenly around a decreasing mean."""
    found = []
    for mean in (200, 160, 120, 80, 40, 20):
        lengths = np.full(N, LONGEST)
        if mean < LONGEST:
            others = np.arange(N) % 8 != 0
            lengths[others] = np.linspace(mean * 0.5, mean * 1.5, others.sum()).clip(1, LONGEST)
        found.append(lengths)
    return found


def same_steps() -> list[np.ndarray]:
    """A mean of MEAN steps; one in eight is `times` as long as the others."""
    found = []
    for times in (1, 2, 4, 8, 16, 32):
        long = np.arange(N) % 8 == 0
        shape = np.where(long, times, 1)
        lengths = np.maximum(1, np.round(shape * (MEAN * N / shape.sum()))).astype(int)
        found.append(lengths)
    return found


def contenders(peers: bool) -> dict[str, Any]:
    """Fit functions by name."""
    found = {US: importlib.import_module("peers.fit_ours").VARIANTS["list of arrays"]}
    if peers:
        try:
            variants = importlib.import_module("peers.fit_torch").VARIANTS
        except ImportError as error:
            print(f"torch left out: {error}")
        else:
            found |= {f"torch, {name}": fit for name, fit in variants.items()}
            del found["torch, packed, like lengths"]
    return found


def measure(fits: dict[str, Any], X: list[Array], task: Task, rounds: int) -> dict[str, float]:
    """Seconds per epoch, interleaved, medians."""
    y = np.arange(len(X)) % 4
    samples: dict[str, list[float]] = {name: [] for name in fits}
    for turn in range(rounds + 1):  # the first to warm up
        for name, fit in fits.items():
            seconds = []
            for epochs in (SHORT, LONG):
                settle()
                start = time.perf_counter()
                fit(X, y, replace(task, epochs=epochs))
                seconds.append(time.perf_counter() - start)
            if turn:
                samples[name].append((seconds[1] - seconds[0]) / (LONG - SHORT))
    return {name: statistics.median(values) for name, values in samples.items()}


def draw(cases: list[dict[str, Any]], file: Path, title: str) -> None:
    """Draw all contenders above; below ours alone, with a line from the origin or a level one."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 8), layout="constrained")
    panels = (
        ("longest", "steps", "steps of all sequences, thousand", 1e-3),
        ("steps", "longest", "steps of the longest sequence", 1),
    )
    for (everybody, us), (kind, key, label, unit) in zip(
        figure.subplots(2, 2).T, panels, strict=True
    ):
        own = sorted((case for case in cases if case["same"] == kind), key=lambda case: case[key])
        x = np.array([case[key] * unit for case in own])
        for name in own[0]["seconds"]:
            y = np.array([case["seconds"][name] * 1e3 for case in own])
            for axes in (everybody, us) if name == US else (everybody,):
                axes.plot(x, y, "o-", color=COLORS[name], label=name)
        ours = np.array([case["seconds"][US] * 1e3 for case in own])
        steps = np.array([case["steps"] for case in own])
        slope = (steps @ ours) / (steps @ steps)
        us.plot(x, slope * steps, "--", color="0.5", label=f"{slope * 1e3:.2f} µs per step")
        for axes in (everybody, us):
            axes.set(xlabel=label, ylabel="ms per epoch", ylim=(0, None), xlim=(0, None))
            axes.legend()
        everybody.set_title(
            f"the longest sequence has {LONGEST} steps, the others fewer and fewer"
            if kind == "longest"
            else f"{MEAN * N:,} steps together, more and more in few sequences"
        )
    figure.suptitle(title)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one round: to see that it works")
    parser.add_argument("--no-peers", action="store_true", help="scikit-rnn only")
    parser.add_argument("--json", type=Path, default=RESULTS / "linear_cost.json")
    parser.add_argument("--png", type=Path, default=RESULTS / "linear_cost.png")
    given = parser.parse_args()

    fits = contenders(not given.no_peers)
    task = Task(threads=given.threads)
    cases: list[dict[str, Any]] = []
    print("| same | steps | longest | of the padded | " + " | ".join(fits) + " |")
    print("|---" * (len(fits) + 4) + "|")
    for same, all_lengths in (("longest", same_longest()), ("steps", same_steps())):
        for lengths in all_lengths:
            seconds = measure(fits, sequences(lengths), task, 1 if given.quick else given.rounds)
            steps, longest = int(lengths.sum()), int(lengths.max())
            full = steps / (longest * N)
            cases.append({"same": same, "steps": steps, "longest": longest, "seconds": seconds})
            cells = " | ".join(f"{value * 1e3:.1f} ms" for value in seconds.values())
            print(f"| {same} | {steps} | {longest} | {full:.2f} | {cells} |", flush=True)

    import skrnn

    env = environment({US: skrnn.__version__}, skrnn._core.active_isa())
    report = {"question": "linear_cost", "threads": given.threads, **env, "cases": cases}
    write(given.json, report)
    draw(cases, given.png, f"One epoch of training, LSTM of 64 units, {given.threads} thread(s)")
    print(f"\nwritten: {given.json}, {given.png}")


if __name__ == "__main__":
    main()

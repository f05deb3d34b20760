"""Percentiles of the latency of a stream's step, called from Python a million times.

The classifiers of stream.py, ``stream().step(x_t)`` without further arguments, one step after the
other, each with the clock read before and after it. Nothing is subtracted: the first row is the
same loop with an empty body, the cost of the clock and of interruptions by the system. Python's
garbage collector stays on. "preempted" counts how often the system preempted the process, which is
rare on a quiet machine. `cpp/latency.cpp` is the same without Python.
"""

from __future__ import annotations

import argparse
import math
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from _environment import environment
from _harness import duration
from _problems import Array, problems
from _report import RESULTS, busy, write
from peers.ours import VERSION, classifier, isa
from stream import CLASSES, ROWS, TARGETS

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

TARGET = 3.0  # p99 over p50
WARM_UP = 10_000
COLUMNS = ("case", "p50", "p99", "p99.9", "longest", "p99 ÷ p50", "target", "reached", "preempted")


@dataclass(frozen=True)
class Latency:
    """Percentiles in seconds, and the number of preemptions (None if it is not known)."""

    case: str
    p50: float
    p99: float
    p999: float
    longest: float
    preempted: int | None


def preempted() -> int | None:
    """The number of preemptions of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw if resource else None


def timed(step: Callable[[Array], object], rows: Sequence[Array], steps: int) -> array[int]:
    """Nanoseconds of every step."""
    clock, times = time.perf_counter_ns, array("q", bytes(8 * steps))
    for k, x_t in enumerate(islice(cycle(rows), steps)):
        start = clock()
        step(x_t)
        times[k] = clock() - start
    return times


def clock_alone(steps: int) -> array[int]:
    """Nanoseconds of an empty loop body."""
    clock, times = time.perf_counter_ns, array("q", bytes(8 * steps))
    for k, _ in enumerate(islice(cycle((None,)), steps)):
        start = clock()
        times[k] = clock() - start
    return times


def summarised(case: str, run: Callable[[], array[int]]) -> Latency:
    """Percentiles by rank: p99 is the smallest time that 99 % of the steps do not exceed."""
    before = preempted()
    times = run()
    after = preempted()
    ordered: npt.NDArray[np.int64] = np.sort(np.frombuffer(times, np.int64))

    def percentile(share: float) -> float:
        return float(ordered[math.ceil(share * len(ordered)) - 1]) * 1e-9

    taken = None if before is None or after is None else after - before
    return Latency(case, percentile(0.5), percentile(0.99), percentile(0.999), percentile(1), taken)


def show(cells: Sequence[str]) -> None:
    widths = [34, *(max(len(column), 9) for column in COLUMNS[1:])]
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    print(f"| {' | '.join(padded)} |", flush=True)


def show_latency(latency: Latency, *, with_target: bool) -> None:
    steadiness = latency.p99 / latency.p50
    verdict = "yes" if steadiness <= TARGET else "no"
    show(
        [
            latency.case,
            *map(duration, (latency.p50, latency.p99, latency.p999, latency.longest)),
            f"{steadiness:.2f}",
            *((f"≤ {TARGET:g}", verdict) if with_target else ("-", "-")),
            "-" if latency.preempted is None else str(latency.preempted),
        ]
    )


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=1_000_000, help="steps of each case")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--json", type=Path, default=RESULTS / "latency.json")
    parser.add_argument("--quick", action="store_true", help="10 000 steps: to see that it works")
    return parser.parse_args()


def main() -> None:
    given = options()
    steps = 10_000 if given.quick else given.steps
    notes = []
    if warning := busy():
        notes.append(warning)
        print(warning)
    print(f"\nStep of a stream from Python, {steps} steps\n")
    show(COLUMNS)
    show(["---"] * len(COLUMNS))

    clock = summarised("the clock alone", lambda: clock_alone(steps))
    show_latency(clock, with_target=False)
    cases: list[dict[str, Any]] = []
    for problem in problems(("lstm", "gru"), [(ROWS, 1, size, size) for size in TARGETS]):
        label = problem.with_head(CLASSES).label
        if given.only.lower() not in label.lower():
            continue
        step = classifier(problem.with_head(CLASSES)).stream().step
        rows = list(problem.x[:, 0])
        timed(step, rows, min(WARM_UP, steps))
        latency = summarised(label, lambda step=step, rows=rows: timed(step, rows, steps))
        show_latency(latency, with_target=True)
        cases.append(
            {**asdict(latency), "target": TARGET, "reached": latency.p99 <= TARGET * latency.p50}
        )
    report = {
        "question": "latency",
        "steps": steps,
        **environment({"skrnn": str(VERSION)}, isa()),
        "notes": notes,
        "clock": asdict(clock),
        "cases": cases,
    }
    write(given.json, report)
    print(f"\nwritten: {given.json}")


if __name__ == "__main__":
    main()

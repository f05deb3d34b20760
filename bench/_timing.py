"""Interleaved timing: every contender runs in every round.

Changes of the machine (clock rate, temperature, other processes) then affect all contenders alike,
so the ratio of two medians is stable even where the medians drift.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from peers.contender import Contender


@dataclass(frozen=True)
class Effort:
    """The extent of a measurement: seconds per case and per timed block, limits for the rounds."""

    seconds: float
    block: float
    least_rounds: int
    most_rounds: int = 101


@dataclass(frozen=True)
class Timing:
    """Seconds for one run of the work: median and quartiles over the rounds.

    ``cpu`` is the median of the CPU time of all threads. On one thread it equals the wall time,
    unless other processes took the core away.
    """

    who: str
    variant: str
    median: float
    quartiles: tuple[float, float]
    cpu: float
    rounds: int


@dataclass(frozen=True)
class Measurement:
    """The timings of one case. ``probed`` has medians of the probes, run once a round, by name."""

    timings: tuple[Timing, ...]
    probed: dict[str, float] = field(default_factory=dict)

    def best(self, who: str) -> float | None:
        """The fastest variant's median; None if ``who`` was not measured."""
        return min((t.median for t in self.timings if t.who == who), default=None)

    def variant(self, who: str, variant: str) -> float | None:
        """The median of one variant; None if it was not measured."""
        found = (t.median for t in self.timings if (t.who, t.variant) == (who, variant))
        return next(found, None)


# The kernel updates the CPU time of a running thread at its ticks, 4 or 10 ms apart: in a shorter
# interval a spinning thread would look idle.
TICKS = 0.011


def settle(limit: float = 0.25) -> None:
    """Wait until this process uses no CPU time.

    Worker threads of OpenMP and ONNX Runtime spin for a while after a call. On a machine with few
    cores they would slow down the next contender.
    """
    give_up = time.perf_counter() + limit
    while time.perf_counter() < give_up:
        cpu, wall = time.process_time(), time.perf_counter()
        time.sleep(TICKS)
        if time.process_time() - cpu < 0.2 * (time.perf_counter() - wall):
            return


def _timed(contender: Contender, n: int) -> tuple[float, float]:
    """Wall and CPU seconds per repeat, of n repeats."""
    cpu, wall = time.process_time_ns(), time.perf_counter_ns()
    contender.run(n)
    wall, cpu = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
    return wall * 1e-9 / n, cpu * 1e-9 / n


def _repeats(contender: Contender, block: float) -> tuple[int, float]:
    """The number of repeats that fill a block, and the seconds of one."""
    contender.prepare()
    contender.run(1)
    n = 1
    while (each := _timed(contender, n)[0]) * n < block / 3:
        n *= 2
    return max(1, math.ceil(block / each)), each


def measure(
    contenders: Sequence[Contender], effort: Effort, probes: Mapping[str, Callable[[], float]]
) -> Measurement:
    """Time the contenders round-robin, then the probes; each round starts with the next one."""
    plans, cost = [], 0.0
    for contender in contenders:
        repeats, each = _repeats(contender, effort.block)
        # Caches and sleeping worker threads matter to short work only.
        warm_up = max(1, repeats // 5) if each < 0.02 else 0
        plans.append((contender, repeats, warm_up))
        cost += each * (repeats + warm_up)
        settle()
    wanted = int(effort.seconds / cost) if cost else 0
    rounds = min(max(wanted, effort.least_rounds), effort.most_rounds)

    samples: list[list[tuple[float, float]]] = [[] for _ in plans]
    probed: dict[str, list[float]] = {name: [] for name in probes}
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds):
            for k in range(len(plans)):
                place = (turn + k) % len(plans)
                contender, repeats, warm_up = plans[place]
                contender.prepare()
                settle()
                if warm_up:
                    contender.run(warm_up)
                samples[place].append(_timed(contender, repeats))
            for name, probe in probes.items():
                settle()
                probed[name].append(probe())
    finally:
        gc.enable()

    timings = []
    for (contender, _, _), pairs in zip(plans, samples, strict=True):
        walls, cpus = zip(*pairs, strict=True)
        low, median, high = statistics.quantiles(walls, n=4, method="inclusive")
        cpu = statistics.median(cpus)
        timings.append(Timing(contender.who, contender.variant, median, (low, high), cpu, rounds))
    return Measurement(
        tuple(timings), {name: statistics.median(values) for name, values in probed.items()}
    )

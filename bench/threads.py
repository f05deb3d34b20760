"""Speed-up by a second thread: B ≥ 32 and H ≥ 128, forward and forward + backward.

One thread and several are timed in the same rounds. The speed-up of the FMA peak is measured, too:
two virtual cores may share one physical core.
"""

from __future__ import annotations

import statistics
from dataclasses import replace

import _machine
from _harness import US, Bench, duration, ratio, target_cells
from _problems import FORWARD_SHAPES, GATES, Problem, problems

TARGET = 1.8
SHAPES = [shape for shape in FORWARD_SHAPES if shape[1] >= 32 and shape[3] >= 128]
KINDS = {"forward": "forward", "training": "forward + backward"}


def machine(bench: Bench, few: int, many: int) -> None:
    """Note the speed-up of FMAs alone by more threads."""
    try:
        probes = _machine.fma_peak(few), _machine.fma_peak(many)
    except _machine.UnknownLimitError as error:
        bench.note(str(error))
        return
    pairs = [(probes[0](), probes[1]()) for _ in range(50)]
    one, two = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    bench.note(f"FMA peak: {one:.1f} → {two:.1f} GFLOP/s, {many} threads ÷ {few}: {two / one:.2f}")


def case(bench: Bench, kind: str, problem: Problem, few: int, many: int) -> float | None:
    """Measure and print one case; return our speed-up."""
    contenders = []
    for threads in (few, many):
        taking_part = bench.contenders(kind, problem, threads)
        bench.agree(taking_part)
        contenders += [replace(c, who=f"{c.who}, {threads}") for c in taking_part]
    measurement = bench.measure(contenders)

    speed_ups = {}
    for who in (US, *bench.peers):
        slow, fast = measurement.best(f"{who}, {few}"), measurement.best(f"{who}, {many}")
        speed_ups[who] = slow / fast if slow and fast else None
    ours = speed_ups[US]
    bench.record(problem, many, measurement, kind=kind, speed_ups=speed_ups, target=TARGET)
    bench.row(
        [
            problem.label,
            duration(measurement.best(f"{US}, {few}")),
            duration(measurement.best(f"{US}, {many}")),
            *target_cells(ours, TARGET),
            *(ratio(speed_ups[peer]) for peer in bench.peers),
        ]
    )
    return ours


def main() -> None:
    bench = Bench("threads", __doc__)
    few, many = min(bench.threads), max(bench.threads)
    if few == many:
        raise SystemExit("threads.py compares two thread counts: --threads 1 2, on two cores")
    machine(bench, few, many)
    for kind, name in KINDS.items():
        bench.table(
            f"{name}, {many} threads over {few}",
            [
                "case",
                f"us, {few}",
                f"us, {many}",
                "speed-up",
                "target",
                "reached",
                *bench.peers,
            ],
        )
        found = [
            case(bench, kind, problem, few, many)
            for problem in bench.wanted(problems(GATES, SHAPES))
        ]
        print()
        speed_ups = [value for value in found if value is not None]
        bench.summary(f"{name}, {many} threads over {few}", speed_ups, TARGET)
    bench.finish()


if __name__ == "__main__":
    main()

"""What does a forward pass over a batch cost, and how near is it to what the machine can do?

Equal lengths, no initial state, weights packed beforehand. GFLOP/s counts 2·B·T·G·H·(I+H), the
matrix products only; the FMA peak is measured between the contenders, round after round.
"""

from __future__ import annotations

from _harness import US, Bench, duration, target_cells
from _problems import FORWARD_SHAPES, GATES, Problem, problems

TARGET, TARGET_MEAN, TARGET_OF_PEAK = 1.1, 1.5, 0.9


def large(problem: Problem) -> bool:
    """Where the products alone should bound the time."""
    return problem.B >= 32 and problem.H >= 256


def main() -> None:
    bench = Bench("sequence", __doc__)
    for threads in bench.threads:
        bench.table(
            f"Forward, {threads} thread(s): time · peer ÷ us",
            ["case", "us", "GFLOP/s", "of peak", *bench.peers, "best ÷ us", "target", "reached"],
        )
        found: dict[str, list[float]] = {cell: [] for cell in GATES}
        fractions = []
        for problem in bench.wanted(problems(GATES, FORWARD_SHAPES)):
            measurement, best = bench.compare("forward", problem, threads, TARGET, with_peak=True)
            us = measurement.best(US)
            rate = problem.forward_flops / us * 1e-9 if us else None
            of_peak = rate / measurement.peak if rate and measurement.peak else None
            bench.row(
                [
                    problem.label,
                    duration(us),
                    f"{rate:.1f}" if rate else "-",
                    f"{of_peak:.2f}" if of_peak else "-",
                    *bench.peer_cells(measurement),
                    *target_cells(best, TARGET),
                ]
            )
            if best is not None:
                found[problem.cell].append(best)
            if of_peak is not None and large(problem):
                fractions.append(of_peak)
        print()
        where = f"forward, {threads} thread(s)"
        for cell, values in found.items():
            bench.summary(f"{cell.upper()} {where}, best peer ÷ us", values, TARGET_MEAN)
        everything = [value for values in found.values() for value in values]
        bench.summary(f"all {where}, best peer ÷ us", everything, TARGET_MEAN)
        bench.summary(f"B ≥ 32, H ≥ 256, {where}, of the FMA peak", fractions, TARGET_OF_PEAK)
    bench.finish()


if __name__ == "__main__":
    main()

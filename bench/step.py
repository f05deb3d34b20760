"""What does one streaming step cost, called from Python?

One sequence (B=1), I = H, the state carried from step to step, weights packed beforehand. Each
peer is called in the fastest sane way we know, several ways where that is not plain; ours with
``out=`` (no allocation) and without. The step is single-threaded on our side at any --threads.
"""

from __future__ import annotations

from _harness import US, Bench, duration, target_cells
from _problems import GATES, problems

TARGETS = {16: 25.0, 64: 10.0, 128: 6.0, 256: 2.5, 512: 1.8}


def main() -> None:
    bench = Bench("step", __doc__, seconds=1.5)
    shapes = [(1, 1, size, size) for size in TARGETS]
    for threads in bench.threads:
        bench.table(
            f"Step, {threads} thread(s): time · peer ÷ us",
            ["case", "us, out=", "us", *bench.peers, "best ÷ us", "target", "reached"],
        )
        found: dict[str, list[float]] = {cell: [] for cell in GATES}
        for problem in bench.wanted(problems(GATES, shapes)):
            target = None if problem.cell == "rnn" else TARGETS[problem.H]
            measurement, best = bench.compare("step", problem, threads, target)
            bench.row(
                [
                    problem.label,
                    duration(measurement.variant(US, "out=")),
                    duration(measurement.variant(US, "new arrays")),
                    *bench.peer_cells(measurement),
                    *target_cells(best, target),
                ]
            )
            if best is not None:
                found[problem.cell].append(best)
        print()
        for cell, values in found.items():
            bench.summary(f"{cell.upper()} step, {threads} thread(s), best peer ÷ us", values)
    bench.finish()


if __name__ == "__main__":
    main()

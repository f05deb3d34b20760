"""Time of one streaming step of a layer, called from Python.

One sequence (B=1), I = H, the state carried from step to step, weights packed beforehand. Each peer
is called in the fastest reasonable way, in several variants if it is not clear which is fastest;
ours with ``out=`` (no allocation) and without. Our step is single-threaded with any --threads.

If the weights exceed the first cache, reading them bounds the time of a step, for the peers too:
from 64 KB on the target is a fraction of that limit.
"""

from __future__ import annotations

import _limit
from _harness import CASE_COLUMNS, US, Bench, Target, duration
from _problems import GATES, Problem, problems

SIZES = (16, 64, 128, 256, 512)
RATIOS = {16: Target(25.0)}
OF_LIMIT = {256: Target(0.8, of_limit=True), 64: Target(0.7, of_limit=True)}  # by KB, at least


def target_of(problem: Problem, work: _limit.Work) -> Target | None:
    """A fraction of the limit if the weights come from the second cache or beyond."""
    kilobytes = work.resident / 1024
    found = (target for size, target in OF_LIMIT.items() if kilobytes >= size)
    return next(found, RATIOS.get(problem.H))


def main() -> None:
    bench = Bench("step", __doc__, seconds=1.5)
    shapes = [(1, 1, size, size) for size in SIZES]
    for threads in bench.threads:
        bench.table(
            f"Step, {threads} thread(s): time · peer ÷ us",
            ["case", "us, out=", "us", *bench.peers, *CASE_COLUMNS],
        )
        found: dict[str, list[float]] = {cell: [] for cell in GATES}
        fractions = []
        for problem in bench.wanted(problems(GATES, shapes)):
            work = _limit.step(problem)
            case = bench.compare("step", problem, threads, target_of(problem, work), work)
            bench.row(
                [
                    problem.label,
                    duration(case.measurement.variant(US, "out=")),
                    duration(case.measurement.variant(US, "new arrays")),
                    *bench.peer_cells(case.measurement),
                    *case.cells,
                ]
            )
            if case.best is not None:
                found[problem.cell].append(case.best)
            if case.of_limit is not None and case.target in OF_LIMIT.values():
                fractions.append(case.of_limit)
        print()
        for cell, values in found.items():
            bench.summary(f"{cell.upper()} step, {threads} thread(s), best peer ÷ us", values)
        where = f"step, {threads} thread(s), weights of 64 KB or more"
        bench.summary(f"{where}, of the limit", fractions)
    bench.finish()


if __name__ == "__main__":
    main()

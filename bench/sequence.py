"""Time of a forward pass over a batch, against peers and the machine's measured limits.

Equal lengths, no initial state, weights packed beforehand. GFLOP/s counts 2·B·T·G·H·(I+H), the
matrix products only; the machine's limits are measured between the contenders, round after round.
If the products bound the time, the target is a fraction of the limit, else a ratio to the peers.
"""

from __future__ import annotations

import _limit
from _harness import CASE_COLUMNS, Bench, Target, duration, rate_cell
from _problems import FORWARD_SHAPES, GATES, problems

RATIO, OF_LIMIT = Target(1.1), Target(0.75, of_limit=True)
MEAN_RATIO = {"gru": 1.5, "rnn": 1.5}


def main() -> None:
    bench = Bench("sequence", __doc__)
    for threads in bench.threads:
        bench.table(
            f"Forward, {threads} thread(s): time · peer ÷ us",
            ["case", "us", "GFLOP/s", *bench.peers, *CASE_COLUMNS],
        )
        ratios: dict[str, list[float]] = {cell: [] for cell in GATES}
        fractions = []
        for problem in bench.wanted(problems(GATES, FORWARD_SHAPES)):
            target = OF_LIMIT if _limit.bound_by_products(problem) else RATIO
            work = _limit.forward(problem, threads)
            case = bench.compare("forward", problem, threads, target, work)
            bench.row(
                [
                    problem.label,
                    duration(case.us),
                    rate_cell(case.rate),
                    *bench.peer_cells(case.measurement),
                    *case.cells,
                ]
            )
            if case.best is not None:
                ratios[problem.cell].append(case.best)
            if case.of_limit is not None and target.of_limit:
                fractions.append(case.of_limit)
        print()
        where = f"forward, {threads} thread(s)"
        for cell, values in ratios.items():
            bench.summary(f"{cell.upper()} {where}, best peer ÷ us", values, MEAN_RATIO.get(cell))
        bench.summary(f"B ≥ 32, H ≥ 128, {where}, of the limit", fractions, OF_LIMIT.least)
    bench.finish()


if __name__ == "__main__":
    main()

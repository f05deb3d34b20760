"""Time of the loss of a linear-chain CRF and its gradient by emissions and transitions.

PyTorch takes part in the fastest forms that we could write, vectorised over the minibatch: autograd
through the forward algorithm in log space, and in the exponential domain with scaling; and the
gradient by forward-backward written out, which autograd does not see. Lengths are equal, so that
nobody pays for padding or masks.
"""

from __future__ import annotations

import _limit
from _harness import CASE_COLUMNS, US, Bench, Target, duration, rate_cell, ratio
from _problems import Problem

TARGET = Target(5.0)
SHAPES = ((50, 32, 45), (50, 32, 17), (25, 32, 9), (25, 128, 45), (50, 1, 45))  # T, B, labels
VARIANTS = ("log space", "scaled", "written out")


def main() -> None:
    bench = Bench("crf", __doc__)
    for threads in bench.threads:
        bench.table(
            f"Linear-chain CRF, {threads} thread(s): time · peer ÷ us",
            ["case", "us", "GFLOP/s", *(f"torch, {v}" for v in VARIANTS), *CASE_COLUMNS],
        )
        ratios = []
        for problem in bench.wanted([Problem.crf(*shape) for shape in SHAPES]):
            work = _limit.crf(problem, threads)
            case = bench.compare("crf", problem, threads, TARGET, work)
            us = case.measurement.best(US)
            times = [case.measurement.variant("torch", variant) for variant in VARIANTS]
            bench.row(
                [
                    problem.label,
                    duration(case.us),
                    rate_cell(case.rate),
                    *(f"{duration(t)} · {ratio(t / us if t and us else None)}" for t in times),
                    *case.cells,
                ]
            )
            if case.best is not None:
                ratios.append(case.best)
        print()
        bench.summary(f"CRF, {threads} thread(s), torch ÷ us", ratios, TARGET.least)
    bench.finish()


if __name__ == "__main__":
    main()

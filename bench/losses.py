"""Time of the softmax and the cross entropy over many classes, forward and back, with their head.

A small recurrent layer reads one step; then come a dense head, the loss of all rows, and the
gradients of all weights. With few hidden units the loss is most of the work; with 200 its share
beside the products of the head is that of a language model of words. With 32 rows everything fits
into a cache; with 2,000 it does not.
"""

from __future__ import annotations

import _limit
from _harness import CASE_COLUMNS, Bench, Target, duration, rate_cell
from _problems import problems

TARGET = Target(2.0)  # of a language model of words
CLASSES = (100, 10_000)
SHAPES = tuple((1, rows, 1, hidden) for hidden in (8, 200) for rows in (32, 2_000))


def main() -> None:
    bench = Bench("losses", __doc__)
    for threads in bench.threads:
        bench.table(
            f"Head and cross entropy, {threads} thread(s): time · peer ÷ us",
            ["case", "us", "GFLOP/s", "torch", *CASE_COLUMNS],
        )
        ratios = []
        cases = [p.with_head(classes) for p in problems(("rnn",), SHAPES) for classes in CLASSES]
        for problem in bench.wanted(cases):
            work = _limit.classification(problem, threads)
            case = bench.compare("classification", problem, threads, TARGET, work)
            bench.row(
                [
                    problem.label,
                    duration(case.us),
                    rate_cell(case.rate),
                    duration(case.measurement.best("torch")),
                    *case.cells,
                ]
            )
            if case.best is not None:
                ratios.append(case.best)
        print()
        bench.summary(f"head and loss, {threads} thread(s), torch ÷ us", ratios, TARGET.least)
    bench.finish()


if __name__ == "__main__":
    main()

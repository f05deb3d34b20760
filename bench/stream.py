"""Time of one streaming step of a classifier, called from Python.

``RNNClassifier.stream().step(x_t)`` against the same network (recurrent layer, dense layer,
softmax) with its state carried in each peer: one sequence (B=1), I = H, ten classes, the same
weights. Every step reads another x_t from an existing array, and ends with the probabilities in an
array; ours makes a new one each time, a peer may reuse one.

The ratio is of ``method="predict_proba"``, the work of the peers. The column "label" is
``stream()`` without an argument, which answers as predict does.
"""

from __future__ import annotations

import _limit
from _harness import CASE_COLUMNS, US, Bench, Target, duration
from _problems import problems

TARGETS = {
    16: Target(20.0),
    64: Target(0.6, of_limit=True),
    128: Target(0.75, of_limit=True),
    256: Target(0.8, of_limit=True),
}
CLASSES = 10
ROWS = 64  # different x_t, repeated
TOLERANCE = 1e-6  # of probabilities, after all rows


def main() -> None:
    bench = Bench("stream", __doc__, seconds=1.5)
    shapes = [(ROWS, 1, size, size) for size in TARGETS]
    networks = [problem.with_head(CLASSES) for problem in problems(("lstm", "gru"), shapes)]
    for threads in bench.threads:
        bench.table(
            f"Step of a classifier, {threads} thread(s): time · peer ÷ us",
            ["case", "us", "us, label", *bench.peers, *CASE_COLUMNS],
        )
        found: dict[str, list[float]] = {"lstm": [], "gru": []}
        for problem in bench.wanted(networks):
            case = bench.compare(
                "stream", problem, threads, TARGETS[problem.H], _limit.step(problem), TOLERANCE
            )
            bench.row(
                [
                    problem.label,
                    duration(case.measurement.best(US)),
                    duration(case.measurement.best(f"{US}, labels")),
                    *bench.peer_cells(case.measurement),
                    *case.cells,
                ]
            )
            if case.best is not None:
                found[problem.cell].append(case.best)
        print()
        for cell, values in found.items():
            bench.summary(f"{cell.upper()} stream, {threads} thread(s), best peer ÷ us", values)
    bench.finish()


if __name__ == "__main__":
    main()

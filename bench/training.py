"""Time of a training pass: forward, then backward to every gradient, that of x included.

dy is given, as from the layer above. Our layer is made anew in every pass, because an optimiser
changes the weights between two passes: packing them is part of the cost. GFLOP/s counts three times
the products of the forward pass. Targets are as in sequence.py: a fraction of the limit if the
products bound the time, else a ratio to PyTorch.
"""

from __future__ import annotations

import _limit
from _harness import CASE_COLUMNS, Bench, Target, duration, rate_cell
from _problems import GATES, TRAINING_SHAPES, problems

RATIOS, OF_LIMIT = {"lstm": 1.15, "gru": 1.4, "rnn": 1.4}, Target(0.7, of_limit=True)
MEAN_RATIOS = {"LSTM": (("lstm",), None), "GRU and RNN": (("gru", "rnn"), 5.0)}


def main() -> None:
    bench = Bench("training", __doc__)
    for threads in bench.threads:
        bench.table(
            f"Forward + backward, {threads} thread(s): time · peer ÷ us",
            ["case", "us", "GFLOP/s", "torch", *CASE_COLUMNS],
        )
        ratios: dict[str, list[float]] = {cell: [] for cell in GATES}
        fractions = []
        for problem in bench.wanted(problems(GATES, TRAINING_SHAPES)):
            large = _limit.bound_by_products(problem)
            target = OF_LIMIT if large else Target(RATIOS[problem.cell])
            work = _limit.training(problem, threads)
            case = bench.compare("training", problem, threads, target, work)
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
                ratios[problem.cell].append(case.best)
            if case.of_limit is not None and target.of_limit:
                fractions.append(case.of_limit)
        print()
        where = f"forward + backward, {threads} thread(s)"
        for name, (cells, mean) in MEAN_RATIOS.items():
            values = [value for cell in cells for value in ratios[cell]]
            bench.summary(f"{name} {where}, torch ÷ us", values, mean)
        bench.summary(f"B ≥ 32, H ≥ 128, {where}, of the limit", fractions, OF_LIMIT.least)
    bench.finish()


if __name__ == "__main__":
    main()

"""What does a training pass cost: forward, then backward to every gradient, that of x included?

dy is given, as the layer above would give it. Our layer is made anew in every pass, because an
optimiser changes the weights between two passes: packing them is part of the cost. GFLOP/s counts
three times the products of the forward pass.
"""

from __future__ import annotations

from _harness import US, Bench, duration, target_cells
from _problems import GATES, TRAINING_SHAPES, problems

TARGETS = {"lstm": 1.15, "gru": 1.4, "rnn": 1.4}
TARGET_MEANS = {"LSTM": (("lstm",), 2.0), "GRU and RNN": (("gru", "rnn"), 5.0)}


def main() -> None:
    bench = Bench("training", __doc__)
    for threads in bench.threads:
        bench.table(
            f"Forward + backward, {threads} thread(s): time · peer ÷ us",
            ["case", "us", "GFLOP/s", "of peak", "torch", "best ÷ us", "target", "reached"],
        )
        found: dict[str, list[float]] = {cell: [] for cell in GATES}
        for problem in bench.wanted(problems(GATES, TRAINING_SHAPES)):
            target = TARGETS[problem.cell]
            measurement, best = bench.compare("training", problem, threads, target, with_peak=True)
            us, torch = measurement.best(US), measurement.best("torch")
            rate = 3 * problem.forward_flops / us * 1e-9 if us else None
            of_peak = rate / measurement.peak if rate and measurement.peak else None
            bench.row(
                [
                    problem.label,
                    duration(us),
                    f"{rate:.1f}" if rate else "-",
                    f"{of_peak:.2f}" if of_peak else "-",
                    duration(torch),
                    *target_cells(best, target),
                ]
            )
            if best is not None:
                found[problem.cell].append(best)
        print()
        for name, (cells, target) in TARGET_MEANS.items():
            values = [value for cell in cells for value in found[cell]]
            bench.summary(
                f"{name} forward + backward, {threads} thread(s), torch ÷ us", values, target
            )
    bench.finish()


if __name__ == "__main__":
    main()

"""Time of a training pass over sequences of different lengths.

Lengths run evenly from T/10 to T in random order: 45 % of a padded batch is padding. Three
comparisons: with PyTorch's PackedSequence (the faster of packing inside the timed region, and
beforehand with the batch sorted); with PyTorch run to full length, where dy is zero on padding, so
the gradients are the same; and of our time per step with that of a batch of equal lengths ("step,
ragged ÷ equal": 1 means that ragged lengths cost nothing).
"""

from __future__ import annotations

from dataclasses import replace

import _limit
from _harness import CASE_COLUMNS, US, Bench, Target, duration, ratio
from _problems import GATES, problems

TARGETS = {64: 10.0, 128: 4.0}
SHAPES = ((100, 32, 32, 64), (100, 32, 128, 128))
EQUAL, PADDED = f"{US}, equal lengths", "torch, padded"


def main() -> None:
    bench = Bench("ragged", __doc__)
    for threads in bench.threads:
        bench.table(
            f"Ragged forward + backward, {threads} thread(s): PackedSequence ÷ us",
            [
                "case",
                "us",
                "PackedSequence",
                *CASE_COLUMNS,
                "padded ÷ us",
                "step, ragged ÷ equal",
            ],
        )
        found: dict[int, list[float]] = {H: [] for H in TARGETS}
        for equal in bench.wanted(problems(GATES, SHAPES)):
            problem = equal.ragged()
            work = _limit.training(problem, threads)
            contenders = bench.contenders("ragged", problem, threads)
            contenders += bench.contenders("padded", problem, threads)
            bench.agree(contenders)
            contenders += [
                replace(contender, who=EQUAL)
                for contender in bench.contenders("training", equal, threads)
                if contender.who == US
            ]
            measurement = bench.measure(contenders, work)
            us = measurement.best(US)
            padded, full = measurement.best(PADDED), measurement.best(EQUAL)
            padded_ratio = padded / us if padded and us else None
            a_step = (us / problem.steps) / (full / equal.steps) if us and full else None
            case = bench.judge(
                "ragged",
                problem,
                threads,
                Target(TARGETS[equal.H]),
                work,
                measurement,
                steps=problem.steps,
                padded_over_us=padded_ratio,
                ragged_step_over_equal_step=a_step,
            )
            bench.row(
                [
                    problem.label,
                    duration(us),
                    duration(measurement.best("torch")),
                    *case.cells,
                    ratio(padded_ratio),
                    ratio(a_step),
                ]
            )
            if case.best is not None:
                found[problem.H].append(case.best)
        print()
        for size, values in found.items():
            name = f"ragged H={size}, {threads} thread(s), PackedSequence ÷ us"
            bench.summary(name, values, TARGETS[size])
    bench.finish()


if __name__ == "__main__":
    main()

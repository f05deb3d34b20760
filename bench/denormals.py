"""Time of passes with denormal numbers over that with normal ones.

x, dy or all weights are scaled by 1e-40, into the denormals of float32, which most CPUs multiply
ten to a hundred times slower unless set to flush them. Biases are zero in both runs, so that all
values computed from the tiny ones stay tiny. Normal and denormal runs are timed in the same rounds;
"tiny ÷ normal" should be 1. The peers have their default settings.
"""

from __future__ import annotations

from dataclasses import replace

from _harness import US, Bench, duration, ratio
from _problems import GATES, problems

LIMIT = 1.1  # a larger ratio is a slowdown, a smaller one noise
WORK = {
    "step": ((1, 1, 64, 64), ("x", "weights")),
    "forward": ((100, 32, 32, 64), ("x", "weights")),
    "training": ((100, 32, 32, 64), ("x", "weights", "dy")),
}


def main() -> None:
    bench = Bench("denormals", __doc__, seconds=1.0)
    for threads in bench.threads:
        for kind, (shape, places) in WORK.items():
            bench.table(
                f"{kind}, {threads} thread(s): tiny ÷ normal",
                ["case", "us, normal", "us, tiny", "us", f"≤ {LIMIT}", *bench.peers],
            )
            normals = [problem.without_biases() for problem in problems(GATES, [shape])]
            for normal in bench.wanted(normals):
                for place in places:
                    tiny = normal.denormal(place)
                    contenders = bench.contenders(kind, normal, threads)
                    bench.agree(contenders)
                    slow = bench.contenders(kind, tiny, threads)
                    bench.agree(slow)
                    contenders += [replace(c, who=f"{c.who}, tiny") for c in slow]
                    measurement = bench.measure(contenders)
                    slowdowns = {}
                    for who in (US, *bench.peers):
                        before, after = measurement.best(who), measurement.best(f"{who}, tiny")
                        slowdowns[who] = after / before if before and after else None
                    ours = slowdowns[US]
                    bench.record(tiny, threads, measurement, kind=kind, slowdowns=slowdowns)
                    bench.row(
                        [
                            tiny.label,
                            duration(measurement.best(US)),
                            duration(measurement.best(f"{US}, tiny")),
                            ratio(ours),
                            "-" if ours is None else "yes" if ours <= LIMIT else "no",
                            *(ratio(slowdowns[peer]) for peer in bench.peers),
                        ]
                    )
    bench.finish()


if __name__ == "__main__":
    main()

"""The limits of this machine: float32 multiply-adds per second, and bytes per second from caches.

python bench/peak.py --threads 1 2
"""

from __future__ import annotations

import statistics

import _machine
from _harness import Bench

ROUNDS = 100
KILOBYTES = (8, 128, 512, 2048, 8192)  # weights of an LSTM step, I = H = 16, 64, 128, 256, 512


def main() -> None:
    bench = Bench("peak", __doc__)
    try:
        bench.note(f"instruction set: {_machine.isa()}")
        for threads in bench.threads:
            probes = {"FMA peak, GFLOP/s": _machine.fma_peak(threads)}
            for size in KILOBYTES:
                name = f"reading {size} KB again and again, GB/s"
                probes[name] = _machine.read_bandwidth(threads, size * 1024)
            rounds = [[probe() for probe in probes.values()] for _ in range(ROUNDS)]
            for name, rates in zip(probes, zip(*rounds, strict=True), strict=True):
                low, median, high = statistics.quantiles(rates, n=4)
                bench.note(
                    f"{name}, {threads} thread(s): {median:.1f} "
                    f"(quartiles {low:.1f} and {high:.1f})"
                )
    except _machine.UnknownLimitError as error:
        bench.note(str(error))
    bench.finish()


if __name__ == "__main__":
    main()

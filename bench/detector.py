"""Time of a streamed step of a detector, called from Python: `RNNAnomalyDetector.stream().step`.

Every step reads one number of each channel, runs the network over the newest window of each, and
returns the score of a step. Numbers are a random walk; the network has the default sizes. One step
of one channel is to take 20 µs at most. No peer has such a stream.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from _harness import US, Bench, duration
from _problems import Problem
from peers.contender import Contender

MOST = 20e-6  # seconds, of one channel
CHANNELS = (1, 4)
WINDOWS = (128, 256)
SEGMENT, UNITS = 16, 16


def steps(channels: int, window: int) -> Callable[[int], None]:
    """A function that reads so many steps."""
    from skrnn import RNNAnomalyDetector

    walk = np.random.default_rng(0).normal(size=(4 * window, channels)).cumsum(axis=0)
    model = RNNAnomalyDetector(
        "gru", UNITS, window=window, segment_length=SEGMENT, max_iter=1, random_state=0
    )
    stream = model.fit(walk).stream()
    rows = list(walk) if channels > 1 else [float(number) for number in walk[:, 0]]
    stream.process(walk)

    def run(count: int) -> None:
        for i in range(count):
            stream.step(rows[i % len(rows)])

    return run


def main() -> None:
    bench = Bench("detector", __doc__, seconds=1.5)
    bench.table("A streamed step, one thread", ["case", "us", "target", "reached"])
    for window in WINDOWS:
        for channels in CHANNELS:
            note = f"window {window}, {channels} channel(s)"
            problem = Problem("gru", window // SEGMENT, channels, SEGMENT, UNITS, note=note)
            if not bench.wanted([problem]):
                continue
            run = steps(channels, window)
            measurement = bench.measure([Contender(US, "step", run, dict)])
            us = measurement.best(US)
            bench.record(problem, 1, measurement, kind="streamed step", most=MOST)
            decided = channels == 1 and us is not None
            bench.row(
                [
                    note,
                    duration(us),
                    f"≤ {duration(MOST)}" if decided else "-",
                    ("yes" if us <= MOST else "no") if decided and us is not None else "-",
                ]
            )
    bench.finish()


if __name__ == "__main__":
    main()

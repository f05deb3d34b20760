"""A compressor watched as a stream: its faults show in the course of two sensors.

The machine fills a tank in cycles of some 45 minutes: pressure rises while it runs, and falls while
it rests, and its temperature follows, on a level that drifts with the weather. The process is
simulated, so that all faults are known: a leak, a sensor that hangs, and a valve that lets the
machine start too often. Hardly a value is unusual by itself; the course of the values is.

A detector learns from two days without labels, takes its threshold from a third, and then reads the
days that follow minute by minute. A score waits for `DELAY` more minutes: the longer, the better it
tells faults from noise, and the later they are known. sensor.png shows what it has seen, and its
scores.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np

from skrnn import RNNAnomalyDetector

PICTURE = Path("sensor.png")
DAY = 24 * 60  # minutes
DAYS = 8
LEARNS, SETTLES = 2 * DAY, 3 * DAY  # the ends of what is learned from, and of what is then judged
DELAY = 30
MARGIN = 1.5  # of the threshold, relative to the lowest score of the third day


class Fault(NamedTuple):
    name: str
    begin: int
    end: int


FAULTS = (
    Fault("leak", 4 * DAY + 300, 4 * DAY + 480),
    Fault("sensor hangs", 5 * DAY + 700, 5 * DAY + 740),
    Fault("short cycles", 6 * DAY + 900, 6 * DAY + 1080),
)


def compressor(rng: np.random.Generator) -> np.ndarray:
    """Pressure in bar and temperature in degrees, minute by minute, of shape (T, 2)."""
    steps = DAYS * DAY
    weather = 4 * np.sin(np.arange(steps) * 2 * np.pi / DAY) + rng.normal(0, 0.02, steps).cumsum()
    rows = np.empty((steps, 2))
    pressure, heat, runs = 6.0, 0.0, False
    high, low = 8.0, 6.0
    for t in range(steps):
        fault = next((f.name for f in FAULTS if f.begin <= t < f.end), None)
        # It starts at the lower pressure, and stops at the higher one.
        start = low + 1.0 if fault == "short cycles" else low
        runs = pressure < start or (runs and pressure < high)
        demand = 0.07 + 0.02 * rng.random() + (0.04 if fault == "leak" else 0)
        pressure += 0.18 - demand if runs else -demand
        heat += (18 - heat) / 25 if runs else -heat / 40
        rows[t] = pressure + rng.normal(0, 0.03), 25 + weather[t] + heat + rng.normal(0, 0.3)
        if fault == "sensor hangs":
            rows[t, 0] = rows[t - 1, 0]
    return rows


def alarms(scores: np.ndarray, threshold: float) -> list[tuple[int, int]]:
    """The first and the last minute of each alarm; those that are near belong together."""
    below = np.flatnonzero(scores < threshold)
    if len(below) == 0:
        return []
    cuts = np.flatnonzero(np.diff(below) > 60) + 1
    return [(int(part[0]), int(part[-1])) for part in np.split(below, cuts)]


def clock(t: int) -> str:
    return f"day {t // DAY + 1}, {t % DAY // 60:02d}:{t % 60:02d}"


def main() -> None:
    rows = compressor(np.random.default_rng(0))
    detector = RNNAnomalyDetector(delay=DELAY, random_state=0)
    start = time.perf_counter()
    detector.fit(rows[:LEARNS])
    print(f"learned from {LEARNS} minutes in {time.perf_counter() - start:.1f} s")

    stream = detector.stream()
    scores = np.full(len(rows), np.nan)
    start = time.perf_counter()
    for t, row in enumerate(rows):
        score = stream.step(row)  # that of a step before, which is known now
        if t >= DELAY:
            scores[t - DELAY] = score
    each = (time.perf_counter() - start) / len(rows)
    scores[len(rows) - DELAY :] = stream.pending()
    print(f"read {len(rows)} minutes, {1e6 * each:.0f} µs each")

    threshold = MARGIN * float(scores[LEARNS:SETTLES].min())
    print(f"threshold {threshold:.2f}; that of contamination='auto' is {detector.offset_:.2f}")
    found = alarms(scores[SETTLES:], threshold)
    false = 0
    for begin, end in found:
        begin, end = begin + SETTLES, end + SETTLES
        known = begin + DELAY
        fault = next((f for f in FAULTS if begin < f.end + 60 and end > f.begin - 60), None)
        false += fault is None
        what = "no fault" if fault is None else f"{fault.name}, since {clock(fault.begin)}"
        print(f"alarm at {clock(known)} ({what}), lowest score {scores[begin : end + 1].min():.2f}")
    print(f"{len(found) - false} of {len(FAULTS)} faults, and {false} false alarms")
    draw(rows, scores, threshold)
    print(f"picture {PICTURE.resolve()}")


def draw(rows: np.ndarray, scores: np.ndarray, threshold: float) -> None:
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(3, sharex=True, figsize=(13, 7), layout="constrained")
    days = np.arange(len(rows)) / DAY + 1
    for ax, values, label in zip(
        axes,
        (rows[:, 0], rows[:, 1], scores),
        ("pressure, bar", "temperature, °C", "score"),
        strict=True,
    ):
        ax.plot(days, values, linewidth=0.6, color="tab:blue")
        ax.set_ylabel(label)
        ax.axvspan(1, LEARNS / DAY + 1, color="tab:green", alpha=0.1, label="learned from")
        for fault in FAULTS:
            ax.axvspan(fault.begin / DAY + 1, fault.end / DAY + 1, color="tab:orange", alpha=0.3)
    for fault in FAULTS:
        axes[0].annotate(
            fault.name, (fault.begin / DAY + 1, 1), xycoords=("data", "axes fraction"), va="bottom"
        )
    axes[2].axhline(threshold, color="tab:red", linewidth=1, label="threshold")
    axes[2].legend(loc="lower left")
    axes[2].set_xlabel("day")
    figure.savefig(PICTURE)


if __name__ == "__main__":
    main()

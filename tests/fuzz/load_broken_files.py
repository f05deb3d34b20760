"""A test of the loaders with files broken at random.

    PYTHONPATH=.. python load_broken_files.py SEED ROUNDS FOLDER FILE [FILE ...]

Each of ROUNDS mutations of each FILE has to be loaded, or refused with ValueError, within SECONDS
and MEGABYTES; and a loaded model has to predict, or refuse its input. A file is written to FOLDER
before it is loaded, so that it remains if the process crashes.
"""

from __future__ import annotations

import contextlib
import resource
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import skrnn
import skrnn.runtime
from mutations import Mutator

SECONDS = 5  # enough for a busy machine
MEGABYTES = 256

INPUTS: list[Any] = [
    [np.zeros((2, 2), np.float32), np.ones((5, 2))],
    [[0, 1], [2, 0, 1]],
    ["the cat", ""],
    np.ones((2, 6)),
    None,  # the horizon of a forecaster
    30,
]


def too_long(*_: Any) -> None:
    raise TimeoutError(f"longer than {SECONDS} s")


def use(load: Any, path: Path) -> bool:
    """Load and predict; return whether the file was accepted."""
    try:
        model = load(path)
    except ValueError:
        return False
    for X in INPUTS:
        # Most are of a form that is not this model's.
        with contextlib.suppress(TypeError, ValueError):
            model.predict(X)
    return True


def main(seed: int, rounds: int, folder: Path, files: list[bytes]) -> None:
    warnings.filterwarnings("ignore", "X does not have valid feature names")
    np.seterr(all="ignore")  # forecasts of series may overflow where a file has huge numbers
    mutate = Mutator(seed, files)
    path = folder / "last.skrnn"
    for data in files:  # imports all modules before time and memory are bounded
        path.write_bytes(data)
        assert all(use(load, path) for load in (skrnn.load, skrnn.runtime.load))
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = in_use + MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    signal.signal(signal.SIGALRM, too_long)
    taken, longest = 0, 0.0
    for data in files:
        for _ in range(rounds):
            path.write_bytes(mutate(data))
            begin = time.perf_counter()
            signal.alarm(SECONDS)
            sound = [use(load, path) for load in (skrnn.runtime.load, skrnn.load)]
            signal.alarm(0)
            longest = max(longest, time.perf_counter() - begin)
            # The estimator reads more of the file than the runtime.
            assert sound != [False, True]
            taken += sound[1]
    print(f"{rounds * len(files)} files, {taken} accepted, {longest:.3f} s at most")


if __name__ == "__main__":
    main(
        int(sys.argv[1]),
        int(sys.argv[2]),
        Path(sys.argv[3]),
        [Path(file).read_bytes() for file in sys.argv[4:]],
    )

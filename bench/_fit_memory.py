"""Resident memory of a process that fits once and predicts once. Run by fit.py, on Linux.

It imports one contender and otherwise only NumPy, and prints MB of resident memory: after the
imports, the peak, and the peak over the imports. The latter includes modules that a library loads
in its first fit; "over_first_fit" is the peak over the memory after a fit on 32 sequences.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path

import numpy as np

from peers.fit_task import Array, Labels, Task


def write(file: Path, X: list[Array], y: Labels, X_test: list[Array]) -> None:
    """Write the data for the child process."""
    lengths, lengths_test = [len(x) for x in X], [len(x) for x in X_test]
    values = np.concatenate([*X, *X_test])
    np.savez(file, values=values, y=y, lengths=lengths, lengths_test=lengths_test)


def _read(file: str) -> tuple[list[Array], Labels, list[Array]]:
    with np.load(file) as data:
        ends = np.cumsum(np.concatenate([data["lengths"], data["lengths_test"]]))
        sequences = np.split(data["values"], ends[:-1])
        return sequences[: len(data["lengths"])], data["y"], sequences[len(data["lengths"]) :]


def _resident(key: str) -> float:
    """Resident memory in MB: VmRSS, the current value, or VmHWM, the peak."""
    found = re.search(rf"{key}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    if found is None:
        raise RuntimeError(f"/proc/self/status has no {key}")
    return int(found[1]) / 1024


def main() -> None:
    module, variant, file, settings = sys.argv[1:]
    fit = importlib.import_module(module).VARIANTS[variant]
    task = Task(**json.loads(settings))
    imports = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    X, y, X_test = _read(file)
    fit(X[:32], y[:32], Task(epochs=1, threads=task.threads))(X_test[:32])
    first_fit = _resident("VmRSS")
    fit(X, y, task)(X_test)
    peak = _resident("VmHWM")
    print(
        json.dumps(
            {
                "imports": imports,
                "peak": peak,
                "over_imports": peak - imports,
                "over_first_fit": peak - first_fit,
            }
        )
    )


if __name__ == "__main__":
    main()

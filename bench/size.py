"""Size of the runtime on disk, its import time and memory, beside those of the peers.

A wheel is unpacked and measured: that of --wheel, else one that pip builds; --installed measures
the installed skrnn. Each figure is the median over fresh interpreters, interleaved: the time to
import a library after NumPy, with bytecode, and resident memory over bare NumPy after the import,
and after loading a classifier (LSTM, I = H = 64, ten classes) and predicting once from 100 steps.
"skrnn" has the estimators, which need scikit-learn; "skrnn.runtime" is for devices.

"installed" counts the files of the package itself, "requires" those of its requirements besides
NumPy. MB are 10^6 bytes.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from _environment import environment
from _harness import PEERS, TOLERANCE, duration
from _report import RESULTS, busy, write

RUNTIME = "skrnn.runtime"
DISTRIBUTIONS = {RUNTIME: "scikit-rnn", "skrnn": "scikit-rnn"}
HERE = Path(__file__).parent
TARGETS = {"wheel": 3e6, "import": 0.060, "memory": 10e6}
COLUMNS = ("", "installed", "requires", "import", "resident, imported", "resident, predicted")
WIDTHS = (14, 9, 9, 9, 18, 19)

Run = dict[str, Any]


def megabytes(size: float | None) -> str:
    return "-" if size is None else f"{size / 1e6:.{2 if size < 1e8 else 0}f} MB"


# ---- On disk ----


def build(folder: Path) -> Path:
    """The wheel of this checkout."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
    subprocess.run([*command, str(folder), str(HERE.parent)], check=True)
    return next(folder.glob("scikit_rnn-*.whl"))


def distribution(name: str, folder: Path | None) -> importlib.metadata.Distribution | None:
    """The distribution of this name, in ``folder`` or on Python's path; None if not installed."""
    path = {} if folder is None else {"path": [str(folder)]}
    return next(iter(importlib.metadata.distributions(name=name, **path)), None)


def size(found: importlib.metadata.Distribution) -> int:
    """Bytes of a distribution's files."""
    files = (Path(str(found.locate_file(file))) for file in found.files or ())
    return sum(file.stat().st_size for file in files if file.is_file())


def requirements(found: importlib.metadata.Distribution, seen: set[str]) -> set[str]:
    """Names of its installed requirements, with their own and ``seen``; without extras."""
    for line in found.requires or ():
        name = re.split(r"[^\w.-]", line, maxsplit=1)[0].lower().replace("_", "-")
        needed = None if "extra ==" in line or name in seen else distribution(name, None)
        if needed is not None:
            seen = requirements(needed, seen | {name})
    return seen


def on_disk(library: str, folder: Path | None) -> tuple[int | None, int | None]:
    """Bytes of the package, and of its requirements besides NumPy. The runtime has no others."""
    ours = library in DISTRIBUTIONS
    found = distribution(DISTRIBUTIONS.get(library, library), folder if ours else None)
    if found is None:
        return None, None
    names = set[str]() if library == RUNTIME else requirements(found, {"numpy"}) - {"numpy"}
    others = (distribution(name, None) for name in names)
    return size(found), sum(size(other) for other in others if other is not None)


# ---- In fresh interpreters ----


@dataclass(frozen=True)
class Interpreters:
    """Fresh interpreters, with our package in ``folder`` (None: the installed one).

    ``work`` holds the models, and the bytecode of all libraries, whether or not the environment
    lets Python write it elsewhere.
    """

    work: Path
    folder: Path | None

    def run(self, script: str, *arguments: str) -> str:
        """The output of a script of bench/."""
        places = [str(self.folder)] if self.folder else []
        places += filter(None, [os.environ.get("PYTHONPATH")])
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(places),
            "PYTHONPYCACHEPREFIX": str(self.work / "bytecode"),
            "PYTHONDONTWRITEBYTECODE": "",
        }
        command = [sys.executable, str(HERE / script), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip().splitlines()[-1])
        return done.stdout

    def measure(self, library: str) -> Run:
        """Measure a library in a fresh interpreter."""
        return dict(json.loads(self.run("_size_child.py", library, str(self.work))))

    def first(self, library: str) -> str | None:
        """The reason why a library cannot be measured, else None. Also writes its bytecode."""
        try:
            self.measure(library)
        except RuntimeError as error:
            return str(error)
        return None

    def runs(self, libraries: list[str], rounds: int) -> dict[str, list[Run]]:
        """Runs of each library, interleaved."""
        found: dict[str, list[Run]] = {library: [] for library in libraries}
        for turn in range(rounds):
            for k in range(len(libraries)):
                library = libraries[(turn + k) % len(libraries)]
                found[library].append(self.measure(library))
        return found


def check(runs: dict[str, list[Run]], folder: Path | None) -> None:
    """Stop unless all predictions agree, and ours were made by the package in ``folder``."""
    expected = np.array(runs[RUNTIME][0]["answer"])
    for library, of_library in runs.items():
        error = np.abs(np.array(of_library[0]["answer"]) - expected).max()
        if not error <= TOLERANCE:
            raise SystemExit(f"{library} and {RUNTIME} differ by {error:.1e}")
        file = Path(of_library[0]["file"])
        if folder and library in DISTRIBUTIONS and not file.is_relative_to(folder):
            raise SystemExit(f"{file} was measured in place of the wheel; uninstall it")


def median(runs: list[Run], key: str) -> float | None:
    values = [run[key] for run in runs]
    return None if None in values else statistics.median(values)


# ---- Output ----


def show(cells: Iterable[str]) -> None:
    padded = (cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True))
    print(f"| {' | '.join(padded)} |", flush=True)


def verdict(what: str, value: float | None, target: float, shown: Any) -> dict[str, Any]:
    """Print and return whether a value is below its target."""
    reached = None if value is None else value < target
    word = {None: "not measured", True: "yes", False: "no"}[reached]
    print(f"{what}: {'-' if value is None else shown(value)}; target < {shown(target)}: {word}")
    return {"what": what, "value": value, "target": target, "reached": reached}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--wheel", type=Path, help="an existing wheel to measure")
    which.add_argument("--installed", action="store_true", help="measure the installed skrnn")
    parser.add_argument("--rounds", type=int, default=15, help="interpreters of each library")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--json", type=Path, default=RESULTS / "size.json")
    parser.add_argument("--quick", action="store_true", help="three rounds")
    return parser.parse_args()


def compare(given: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Measure and print all figures; return them for the JSON file."""
    wheel = folder = None
    if not given.installed:
        wheel = given.wheel or build(work)
        folder = work / "unpacked"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)

    interpreters = Interpreters(work, folder)
    notes = interpreters.run("_size_models.py", str(work), *given.peers).splitlines()
    libraries = []
    for library in [RUNTIME, "skrnn", *given.peers]:
        trouble = interpreters.first(library)
        if trouble and library not in given.peers:
            raise SystemExit(f"{library}: {trouble}")
        if trouble:
            notes.append(f"{library} left out: {trouble}")
        else:
            libraries.append(library)
    for note in notes:
        print(note)
    rounds = 3 if given.quick else given.rounds
    runs = interpreters.runs(libraries, rounds)
    check(runs, folder)

    print(f"\nBeside NumPy, {rounds} interpreters each\n")
    show(COLUMNS)
    show("-" * width for width in WIDTHS)
    cases = []
    for library, of_library in runs.items():
        package, required = on_disk(library, folder)
        keys = ("import_seconds", "memory_imported", "memory_predicted")
        seconds, imported, predicted = (median(of_library, key) for key in keys)
        show(
            [
                library,
                megabytes(package),
                megabytes(required),
                duration(seconds),
                megabytes(imported),
                megabytes(predicted),
            ]
        )
        cases.append(
            {
                "library": library,
                "installed": package,
                "requires": required,
                **dict(zip(keys, (seconds, imported, predicted), strict=True)),
                "all_import_seconds": [run["import_seconds"] for run in of_library],
            }
        )
    together = [run for of_library in runs.values() for run in of_library]
    numpy = {key: median(together, f"numpy_{key}") for key in ("seconds", "memory")}
    print(
        f"\nNumPy itself: {duration(numpy['seconds'])} to import, "
        f"{megabytes(numpy['memory'])} with the interpreter"
    )
    us = cases[0]
    bytes_of_wheel = wheel.stat().st_size if wheel else None
    return {
        "versions": {library: of_library[0]["version"] for library, of_library in runs.items()},
        "notes": notes,
        "wheel": wheel.name if wheel else None,
        "numpy": numpy,
        "summaries": [
            verdict("wheel", bytes_of_wheel, TARGETS["wheel"], megabytes),
            verdict("import over NumPy", us["import_seconds"], TARGETS["import"], duration),
            verdict("memory, imported", us["memory_imported"], TARGETS["memory"], megabytes),
            verdict("memory, predicted", us["memory_predicted"], TARGETS["memory"], megabytes),
        ],
        "cases": cases,
    }


def main() -> None:
    given = options()
    warning = busy()
    if warning:
        print(warning)
    with tempfile.TemporaryDirectory() as work:
        found = compare(given, Path(work))
    versions = found.pop("versions")
    report = {"question": "size", **environment(versions, None), **found}
    report["notes"] += [warning] if warning else []
    write(given.json, report)
    print(f"\nwritten: {given.json}")


if __name__ == "__main__":
    main()

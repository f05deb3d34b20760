"""What can this machine do at most? float32 multiply-adds a second, one thread and all.

python bench/peak.py --threads 1 2
"""

from __future__ import annotations

import ctypes
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parent / "cpp" / "fma_peak.cpp"


class UnknownPeakError(RuntimeError):
    """The peak cannot be measured here."""


@cache
def _library() -> ctypes.CDLL:
    names = (os.environ.get("CXX"), "c++", "g++", "clang++")
    compiler = next((path for name in names if name and (path := shutil.which(name))), None)
    if compiler is None:
        raise UnknownPeakError("no C++ compiler found: the FMA peak is not measured")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "fma_peak.so"
        flags = ["-std=c++17", "-O3", "-shared", "-fPIC", "-pthread"]
        command = [compiler, *flags, str(SOURCE), "-o", str(library)]
        built = subprocess.run(command, capture_output=True, text=True)
        if built.returncode:
            raise UnknownPeakError(f"{compiler} could not build {SOURCE.name}:\n{built.stderr}")
        loaded = ctypes.CDLL(str(library))
    loaded.fma_peak_isa.restype = ctypes.c_char_p
    if loaded.fma_peak_isa() == b"none":
        raise UnknownPeakError("this CPU has no FMA: its peak is not measured")
    loaded.fma_peak_gflops.argtypes = [ctypes.c_int, ctypes.c_double]
    loaded.fma_peak_gflops.restype = ctypes.c_double
    return loaded


def probe(threads: int, seconds: float = 0.002) -> Callable[[], float]:
    """A function that measures GFLOP/s of ``threads`` threads together, in ``seconds``."""
    measure = _library().fma_peak_gflops
    return lambda: float(measure(threads, seconds))


def main() -> None:
    from _harness import Bench

    bench = Bench("peak", __doc__)
    for threads in bench.threads:
        rates = [probe(threads)() for _ in range(200)]
        quartiles = statistics.quantiles(rates, n=4)
        bench.note(
            f"FMA peak, {threads} thread(s): {quartiles[1]:.1f} GFLOP/s "
            f"(quartiles {quartiles[0]:.1f} and {quartiles[2]:.1f}, "
            f"{_library().fma_peak_isa().decode()})"
        )
    bench.finish()


if __name__ == "__main__":
    main()

"""Measured limits of this machine: float32 multiply-adds per second, bytes per second from caches.

Two programs of cpp/ are built as shared libraries with the system's C++ compiler when needed.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

SOURCES = Path(__file__).parent / "cpp"
Probe = Callable[[], float]


class UnknownLimitError(RuntimeError):
    """A limit of this machine cannot be measured."""


@cache
def _library(program: str) -> ctypes.CDLL:
    names = (os.environ.get("CXX"), "c++", "g++", "clang++")
    compiler = next((path for name in names if name and (path := shutil.which(name))), None)
    if compiler is None:
        raise UnknownLimitError("no C++ compiler found: the machine's limits are not measured")
    source = SOURCES / f"{program}.cpp"
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / f"{program}.so"
        flags = ["-std=c++17", "-O3", "-shared", "-fPIC", "-pthread"]
        command = [compiler, *flags, str(source), "-o", str(library)]
        built = subprocess.run(command, capture_output=True, text=True)
        if built.returncode:
            raise UnknownLimitError(f"{compiler} could not build {source.name}:\n{built.stderr}")
        loaded = ctypes.CDLL(str(library))
    isa = getattr(loaded, f"{program}_isa")
    isa.restype = ctypes.c_char_p
    if isa() == b"none":
        raise UnknownLimitError(f"{source.name} supports no instruction set of this CPU")
    return loaded


def isa() -> str:
    """The instruction set of the measurements."""
    return str(_library("fma_peak").fma_peak_isa().decode())


def fma_peak(threads: int, seconds: float = 0.002) -> Probe:
    """A probe of the GFLOP/s of ``threads`` threads together, in ``seconds``."""
    measure = _library("fma_peak").fma_peak_gflops
    measure.argtypes, measure.restype = [ctypes.c_int, ctypes.c_double], ctypes.c_double
    return partial(measure, threads, seconds)


def read_bandwidth(threads: int, size: int, seconds: float = 0.002) -> Probe:
    """A probe of the GB/s of ``threads`` threads together that read ``size`` bytes repeatedly.

    Each thread reads its share, from the cache that holds it.
    """
    measure = _library("read_bandwidth").read_bandwidth_gbs
    measure.argtypes = [ctypes.c_int, ctypes.c_longlong, ctypes.c_double]
    measure.restype = ctypes.c_double
    return partial(measure, threads, size, seconds)

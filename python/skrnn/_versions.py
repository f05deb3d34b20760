"""Versions of installed packages, and the instruction set and threads in use."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from skrnn import _core

_PACKAGES = ("numpy", "scikit-learn", "safetensors")


def report() -> str:
    """Return the text that `skrnn.show_versions` prints."""
    lines = []
    for title, facts in _sections().items():
        lines.append(title)
        lines += [f"  {name:<16} {value}" for name, value in facts.items()]
    return "\n".join(lines)


def _sections() -> dict[str, dict[str, str]]:
    return {
        f"scikit-rnn {_core.__version__}": {
            "instruction set": f"{_core.active_isa()} ({_core.isa_lanes()} float32 lanes)",
            "available": ", ".join(_core.available_isas()),
            "compiled": ", ".join(_core.compiled_isas()),
            "cells": ", ".join(_core.cells()),
            "OpenMP": "yes" if _core.has_openmp() else "no",
            "threads": str(_core.max_threads()),
            "compiler": _core.compiler,
        },
        "System": {
            "Python": sys.version.replace("\n", " "),
            "executable": sys.executable,
            "platform": platform.platform(),
            "CPU": _cpu_name(),
        },
        "Packages": {name: _version(name) for name in _PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _cpu_name() -> str:
    """Return the vendor's name of the processor, if the system has it."""
    try:
        if sys.platform == "darwin":
            command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.check_output(command, text=True).strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    except (OSError, subprocess.CalledProcessError):
        pass
    return platform.processor() or platform.machine()

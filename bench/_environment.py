"""The machine, versions and threads of a benchmark run."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

# Instruction sets of recurrent kernels, best first, by Linux's names.
FLAGS = ("avx512f", "avx2", "fma", "avx", "sve", "asimd")


def _cpu() -> tuple[str, list[str]]:
    """The name of the CPU, and its instruction sets among FLAGS (known on Linux only)."""
    name, flags = platform.processor() or platform.machine(), set[str]()
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                name = value.strip()
            elif key.strip() in ("flags", "Features"):
                flags = set(value.split())
    return name, [flag for flag in FLAGS if flag in flags]


def cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _git(*command: str) -> str | None:
    folder = Path(__file__).parent
    try:
        done = subprocess.run(["git", "-C", str(folder), *command], capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def environment(versions: dict[str, str], isa: str | None) -> dict[str, Any]:
    """CPU, instruction sets, versions, commit and date. ``isa`` is the one our kernels use."""
    cpu, flags = _cpu()
    changes = _git("status", "--porcelain", "--untracked-files=no")
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes": None if changes is None else bool(changes),
        "cpu": cpu,
        "cpu_flags": flags,
        "cores": cores(),
        "isa": isa,
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "versions": {"numpy": np.__version__, **versions},
    }

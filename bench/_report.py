"""Output of benchmarks: the results folder, and a warning if the machine was busy at the start."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def busy() -> str | None:
    """A warning if other processes were running when the benchmark started, else None."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load <= 0.3:
        return None
    return f"load average {load:.1f} before the start: other processes disturb the figures"


def write(file: Path, report: dict[str, Any]) -> None:
    """Write the JSON file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        json.dumps(report, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8"
    )

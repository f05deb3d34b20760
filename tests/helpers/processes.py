"""Python in a separate process, for settings that are fixed once per process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run_python(
    *arguments: str, check: bool = True, **environment: str | None
) -> subprocess.CompletedProcess[str]:
    """Run ``python *arguments`` with the tests importable; None removes a variable.

    A process that hangs is ended after a minute and fails the test.
    """
    tests = str(Path(__file__).parent.parent)
    variables: dict[str, str | None] = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [tests, os.environ.get("PYTHONPATH")])),
        **environment,
    }
    process = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if check:
        assert process.returncode == 0, process.stderr
    return process

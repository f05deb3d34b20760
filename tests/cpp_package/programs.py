"""The C++ package that is tested, and how the programs of examples/cpp are started.

Building the package takes minutes, so it has to exist (see CONTRIBUTING.md). SKRNN_CPP_PREFIX names
the folder where it is installed; SKRNN_CPP_TOOLCHAIN, if it is for another processor, CMake's
toolchain file with a compiler and an emulator.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from skrnn import _core

ROOT = Path(__file__).parent.parent.parent
PREFIX = os.environ.get("SKRNN_CPP_PREFIX")
TOOLCHAIN = os.environ.get("SKRNN_CPP_TOOLCHAIN")
CMAKE = shutil.which("cmake")

# Marks of the tests in this folder.
NEEDED = [
    pytest.mark.skipif(PREFIX is None, reason="SKRNN_CPP_PREFIX names no C++ package"),
    pytest.mark.skipif(CMAKE is None, reason="needs CMake"),
]

# The instruction sets of the package's processor.
ISAS = ["neon"] if TOOLCHAIN else _core.available_isas()


def run(launcher: list[str], *arguments: Any, isa: str = ISAS[0], **options: Any) -> Any:
    """Run a program with an instruction set."""
    environment = {**os.environ, "SKRNN_ISA": isa}
    command = [*launcher, *map(str, arguments)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False, **options
    )

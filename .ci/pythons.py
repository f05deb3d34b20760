"""The oldest or the newest Python of this machine that scikit-rnn supports.

Usage: pythons.py oldest|newest

Searches PATH, PYENV_ROOT (or ~/.pyenv), and the Python that runs it, which is preferred if there
are several of one version. Prints the path of the interpreter.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Fails unless the Python can make environments and build extension modules, and is a final release.
USABLE = """
import ensurepip, pathlib, sys, sysconfig
assert sys.version_info[:2] == (3, {minor})
assert sys.version_info.releaselevel == "final"
assert pathlib.Path(sysconfig.get_path("include"), "Python.h").is_file()
"""


def supported() -> list[int]:
    """Minor versions of Python that pyproject.toml names, lowest first."""
    classifiers = (ROOT / "pyproject.toml").read_text()
    return sorted({int(minor) for minor in re.findall(r'Python :: 3\.(\d+)"', classifiers)})


def candidates(minor: int) -> list[str]:
    """Paths where a Python of this version may be, the preferred path first."""
    name = f"python3.{minor}"
    own = [sys.executable] if sys.version_info.minor == minor else []
    on_path = shutil.which(name)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    installed = sorted(map(str, pyenv.glob(f"3.{minor}.*/bin/{name}")))
    return own + ([on_path] if on_path else []) + installed


def is_usable(python: str, minor: int) -> bool:
    """Whether a Python runs and is suitable; pyenv has names of Pythons that do not run."""
    command = [python, "-c", USABLE.format(minor=minor)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def main() -> int:
    """Print the path; return the exit status."""
    found = {}
    for minor in supported():
        usable = (python for python in candidates(minor) if is_usable(python, minor))
        python = next(usable, None)
        if python is not None:
            found[minor] = python
    if len(found) == 1:
        print(f"there is only one Python here, 3.{next(iter(found))}", file=sys.stderr)
    print(found[min(found) if sys.argv[1] == "oldest" else max(found)])
    return 0


if __name__ == "__main__":
    sys.exit(main())

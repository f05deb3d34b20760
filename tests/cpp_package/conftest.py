from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from programs import CMAKE, PREFIX, ROOT, TOOLCHAIN
from skrnn import _core


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, moved to another folder."""
    return Path(shutil.copytree(PREFIX, tmp_path_factory.mktemp("package") / "elsewhere"))


@pytest.fixture(scope="session")
def launchers(package: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The examples, built against the package: the commands that start them, by name."""
    build = tmp_path_factory.mktemp("example")
    configure = ["-S", ROOT / "examples" / "cpp", "-B", build, f"-DCMAKE_PREFIX_PATH={package}"]
    if TOOLCHAIN:
        configure.append(f"-DCMAKE_TOOLCHAIN_FILE={ROOT / TOOLCHAIN}")
    for command in (configure, ["--build", build, "--config", "Release"]):
        done = subprocess.run([CMAKE, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    emulator = []
    if TOOLCHAIN:
        words = re.search(r"EMULATOR (.+)\)", (ROOT / TOOLCHAIN).read_text())
        emulator = words[1].split()
    return {
        path.stem: [*emulator, str(path)]
        for name in ("forecast", "stream", "watch", "write_text")
        for path in build.rglob(f"{name}*")
        if path.name in (name, f"{name}.exe")
    }


@pytest.fixture(scope="session")
def launcher(launchers: dict[str, list[str]]) -> list[str]:
    return launchers["stream"]


@pytest.fixture
def in_python() -> Iterator[Callable[[str], None]]:
    """A function that selects the program's instruction set in Python, if this processor has it."""
    before = _core.active_isa()

    def select(isa: str) -> None:
        if isa in _core.available_isas():
            _core.select_isa(isa)

    yield select
    _core.select_isa(before)

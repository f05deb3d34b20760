"""The installed package agrees with pyproject.toml."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

import skrnn
from skrnn import _core

ROOT = Path(__file__).parent.parent
DISTRIBUTION = importlib.metadata.distribution("scikit-rnn")


def test_version_is_the_same_everywhere():
    declared = re.search(r'^version = "(.+?)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert declared is not None
    assert declared[1] == DISTRIBUTION.version == skrnn.__version__ == _core.__version__


def test_licences_are_named_and_shipped():
    assert DISTRIBUTION.metadata["License-Expression"] == "BSD-3-Clause AND MPL-2.0"
    shipped = DISTRIBUTION.metadata.get_all("License-File")
    assert set(shipped) == {"LICENSE", "LICENSES/MPL-2.0.txt"}
    for name in shipped:
        assert DISTRIBUTION.read_text(f"licenses/{name}") == (ROOT / name).read_text()


def test_type_information_is_shipped():
    folder = Path(skrnn.__file__).parent
    assert (folder / "py.typed").is_file()
    assert (folder / "_core.pyi").is_file()


def test_the_wheel_holds_no_cpp_package():
    suffixes = {Path(str(file)).suffix for file in DISTRIBUTION.files}
    assert not suffixes & {".h", ".a", ".lib", ".cmake"}, suffixes


def test_extras():
    extras = {"examples", "onnx", "plot", "torch", "test", "bench"}
    assert set(DISTRIBUTION.metadata.get_all("Provides-Extra")) == extras


def test_import_needs_numpy_only():
    # On an edge device only NumPy is installed.
    code = (
        "import sys, skrnn, skrnn.kernels;"
        "heavy = {'sklearn', 'scipy', 'safetensors', 'torch', 'pandas'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_git_holds_no_third_party_code():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "cpp"], check=True, capture_output=True, text=True
    ).stdout
    assert "cpp/vendor" not in listing
    assert "Eigen/" not in listing

"""The codebase agrees with itself."""

from __future__ import annotations

import ast
import importlib.metadata
import re
from pathlib import Path

import pytest

import reference
import skrnn
from helpers.support import LAYERS
from skrnn import _core

ROOT = Path(__file__).parent.parent


def test_every_cell_has_a_twin() -> None:
    assert set(skrnn.cells()) == set(reference.CELLS)


def test_every_cell_has_a_python_class() -> None:
    assert set(skrnn.cells()) == set(LAYERS)


def test_a_cell_has_one_stem_in_both_rooms() -> None:
    """The kernel in cpp/src/cells/x.h has its twin in tests/reference/x.py."""
    cells = ROOT / "cpp" / "src" / "cells"
    if not cells.is_dir():
        pytest.skip("needs the sources")
    kernels = {path.stem for path in cells.iterdir()}
    twins = {path.stem for path in (ROOT / "tests" / "reference").glob("*.py")}
    for cell in skrnn.cells():
        twin = type(reference.CELLS[cell]).__module__.rpartition(".")[2]
        assert cell.startswith(twin)
        assert twin in kernels & twins


def quoted_in_python(path: Path) -> set[str]:
    """Every string in a module's code."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return {node.value for node in nodes if isinstance(node, ast.Constant)}


def quoted_in_cpp(path: Path) -> set[str]:
    """Every string in a file's code."""
    code = re.sub("//.*", "", path.read_text())
    return set(re.findall(r'"(\w+)"', code))


def test_cells_are_listed_beside_their_equations_alone() -> None:
    """Elsewhere a file may have a cell for its default, and knows no other.

    The classes that PyTorch has, too, are named after cells.
    """
    if not (ROOT / "cpp" / "src").is_dir():
        pytest.skip("needs the sources")
    cells = set(skrnn.cells())
    exempt = {"python/skrnn/kernels/_pytorch.py"}
    for folder, pattern, quoted in [
        ("python/skrnn", "*.py", quoted_in_python),
        ("cpp", "*.h", quoted_in_cpp),
        ("cpp", "*.cpp", quoted_in_cpp),
    ]:
        for path in (ROOT / folder).rglob(pattern):
            name = path.relative_to(ROOT).as_posix()
            if name in exempt or name.startswith(("cpp/src/cells/", "cpp/vendor/")):
                continue
            assert len(cells & quoted(path)) <= 1, name


def test_the_versions_agree() -> None:
    assert skrnn.__version__ == _core.__version__ == importlib.metadata.version("scikit-rnn")

"""The codebase agrees with itself."""

from __future__ import annotations

import importlib.metadata
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


def test_the_versions_agree() -> None:
    assert skrnn.__version__ == _core.__version__ == importlib.metadata.version("scikit-rnn")

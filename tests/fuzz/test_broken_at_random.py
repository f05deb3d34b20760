"""Thousands of files broken at random, each refused or loaded.

For other seeds and longer runs: load_broken_files.py and, guided by coverage, fuzz_load.py.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from helpers.model_files import header_of, with_header
from helpers.processes import run_python
from mutations import Mutator

FOLDER = Path(__file__).parent
FILES = sorted((FOLDER.parent / "artifacts").glob("version_*/*.skrnn"))
ROUNDS = 100  # of each file


@pytest.mark.skipif(sys.platform != "linux", reason="bounds memory as Linux can")
def test_they_are_loaded_or_refused(tmp_path: Path) -> None:
    """In bounded time and memory; see load_broken_files.py."""
    program = str(FOLDER / "load_broken_files.py")
    output = run_python(program, "0", str(ROUNDS), str(tmp_path), *map(str, FILES)).stdout
    count, taken = int(output.split()[0]), int(output.split()[2])
    assert count == ROUNDS * len(FILES) >= 5000
    # Most are refused, but not all: a flipped bit of a weight makes another weight.
    assert 0.05 * count < taken < 0.5 * count


def test_mutations_are_reproducible() -> None:
    """A header that is read and written is unchanged, and a seed always gives the same files."""
    files = [path.read_bytes() for path in FILES]
    for data in files:
        assert header_of(with_header(data, header_of(data))) == header_of(data)
    one, other = Mutator(5, files), Mutator(5, files)
    broken = [one(data) for data in files]
    assert broken == [other(data) for data in files]
    assert all(mine != data for mine, data in zip(broken, files, strict=True))
    json.dumps(header_of(files[0]))

"""Dependencies between folders of the C++ sources, and folders that use libraries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CPP = ROOT / "cpp"
PUBLIC = CPP / "include" / "skrnn"

pytestmark = pytest.mark.skipif(not CPP.is_dir(), reason="needs the sources")

# The other folders whose headers a folder includes.
DEPENDENCIES: dict[str, set[str]] = {
    "base": set(),
    "layer": {"base"},
    # The kernels, which are compiled once for each instruction set. Other folders call them through
    # the table of layer/kernel_table.h, and do not include them.
    "simd": {"layer"},
    "cells": {"simd"},
    "optimizers": {"simd"},
    "isa": {"cells", "optimizers", "simd"},
    "losses": {"base", "layer"},
    "decoding": {"base", "layer", "losses"},
    "network": {"base", "layer"},
    "training": {"base", "decoding", "layer", "losses", "network"},
    "serving": {"base", "decoding", "layer", "losses", "network"},
    "files": {"base", "losses", "serving"},
    "bindings": {"base", "layer", "network", "serving", "training"},
}

# The folder of each public header: the one with the definitions.
PUBLIC_HEADERS = {
    "activations": "layer",
    "anomaly_stream": "serving",
    "batch": "layer",
    "cell": "layer",
    "forecaster": "serving",
    "generation": "serving",
    "isa": "layer",
    "layer": "layer",
    "linear_chain": "training",
    "loss": "losses",
    "model": "serving",
    "network": "network",
    "sampler": "decoding",
    "schedule": "training",
    "stream": "serving",
    "threads": "base",
    "trainer": "training",
    "window_stream": "serving",
    "windows": "network",
}

# Libraries, and the folders that include them.
LIBRARIES = {"Eigen/": {"simd"}, "omp.h": {"base"}, "pybind11/": {"bindings"}}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)


@cache
def sources() -> list[Path]:
    folders = CPP / "bindings", CPP / "include", CPP / "src"
    return sorted(path for folder in folders for path in folder.rglob("*.[ch]*"))


def includes(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (quote, name) of each include."""
    yield from INCLUDE.findall(path.read_text(encoding="utf-8"))


def folder_of(path: Path) -> str:
    if path.is_relative_to(PUBLIC):
        return PUBLIC_HEADERS[path.stem]
    return path.parent.name


def folder_of_include(name: str, path: Path) -> str:
    """Return the folder of a file that `path` includes in quotes."""
    folder, _, file = name.rpartition("/")
    if folder == "skrnn":
        return PUBLIC_HEADERS[Path(file).stem]
    return folder or folder_of(path)


def test_every_folder_and_every_public_header_is_listed() -> None:
    folders = {path.parent.name for path in sources() if not path.is_relative_to(PUBLIC)}
    assert folders == set(DEPENDENCIES)
    assert {path.stem for path in PUBLIC.iterdir()} == set(PUBLIC_HEADERS)


def test_no_circular_dependencies() -> None:
    TopologicalSorter(DEPENDENCIES).prepare()  # raises CycleError


@pytest.mark.parametrize("folder", DEPENDENCIES)
def test_a_folder_depends_on_those_in_the_table(folder: str) -> None:
    found = {
        folder_of_include(name, path): f"{path.relative_to(CPP)} includes {name}"
        for path in sources()
        if folder_of(path) == folder
        for quote, name in includes(path)
        if quote == '"' and folder_of_include(name, path) != folder
    }
    assert set(found) == DEPENDENCIES[folder], found


def test_no_circular_includes() -> None:
    src = CPP / "src"
    known = {
        path.relative_to(src).as_posix(): path for path in sources() if path.is_relative_to(src)
    }
    known |= {f"skrnn/{path.name}": path for path in PUBLIC.iterdir()}
    known |= {path.name: path for path in (CPP / "bindings").iterdir()}
    graph = {
        path: {known[name] for quote, name in includes(path) if quote == '"'}
        for path in known.values()
    }
    TopologicalSorter(graph).prepare()


def test_public_headers_include_the_standard_library_and_one_another() -> None:
    for path in PUBLIC.iterdir():
        for quote, name in includes(path):
            is_standard = quote == "<" and re.fullmatch(r"c?[a-z_]+", name)
            assert is_standard or name.startswith("skrnn/"), f"{path.name} includes {name}"


@pytest.mark.parametrize("library", LIBRARIES)
def test_only_its_folders_include_a_library(library: str) -> None:
    seen = {
        folder_of(path)
        for path in sources()
        for _, name in includes(path)
        if name.startswith(library)
    }
    assert seen == LIBRARIES[library]

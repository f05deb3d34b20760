"""The rooms of the C++ sources keep to their arrows, and libraries to their rooms."""

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

# The rooms whose headers a room includes, its own apart.
ARROWS: dict[str, set[str]] = {
    "base": set(),
    "layer": {"base"},
    # The kernels, which are compiled once for each instruction set. What calls them does so through
    # the table of layer/kernel_table.h, and includes none of them.
    "simd": {"layer"},
    "cells": {"simd"},
    "optimizers": {"simd"},
    "isa": {"cells", "optimizers", "simd"},
    "losses": {"base", "layer"},
    "decoding": {"base", "layer"},
    "network": {"base", "layer"},
    "training": {"base", "decoding", "layer", "losses", "network"},
    "serving": {"base", "decoding", "layer", "losses", "network"},
    "files": {"base", "losses", "serving"},
    "bindings": {"base", "layer", "network", "serving", "training"},
}

# The room that a public header belongs to: the one that defines what it declares.
PUBLIC_ROOMS = {
    "activations": "layer",
    "batch": "layer",
    "cell": "layer",
    "isa": "layer",
    "layer": "layer",
    "linear_chain": "training",
    "loss": "losses",
    "model": "serving",
    "network": "network",
    "schedule": "training",
    "stream": "serving",
    "threads": "base",
    "trainer": "training",
}

# Libraries, and the rooms that see them.
LIBRARIES = {"Eigen/": {"simd"}, "omp.h": {"base"}, "pybind11/": {"bindings"}}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)


@cache
def sources() -> list[Path]:
    folders = CPP / "bindings", CPP / "include", CPP / "src"
    return sorted(path for folder in folders for path in folder.rglob("*.[ch]*"))


def includes(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (quote, name) of each include."""
    yield from INCLUDE.findall(path.read_text(encoding="utf-8"))


def room_of(path: Path) -> str:
    if path.is_relative_to(PUBLIC):
        return PUBLIC_ROOMS[path.stem]
    return path.parent.name


def room_of_include(name: str, path: Path) -> str:
    """Return the room of a file that `path` includes in quotes."""
    folder, _, file = name.rpartition("/")
    if folder == "skrnn":
        return PUBLIC_ROOMS[Path(file).stem]
    return folder or room_of(path)


def test_every_room_and_every_public_header_is_listed() -> None:
    rooms = {path.parent.name for path in sources() if not path.is_relative_to(PUBLIC)}
    assert rooms == set(ARROWS)
    assert {path.stem for path in PUBLIC.iterdir()} == set(PUBLIC_ROOMS)


def test_the_arrows_form_no_circle() -> None:
    TopologicalSorter(ARROWS).prepare()  # raises CycleError


@pytest.mark.parametrize("room", ARROWS)
def test_a_room_includes_what_the_table_says(room: str) -> None:
    found = {
        room_of_include(name, path): f"{path.relative_to(CPP)} includes {name}"
        for path in sources()
        if room_of(path) == room
        for quote, name in includes(path)
        if quote == '"' and room_of_include(name, path) != room
    }
    assert set(found) == ARROWS[room], found


def test_no_files_include_one_another() -> None:
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
def test_a_library_stays_in_its_rooms(library: str) -> None:
    seen = {
        room_of(path)
        for path in sources()
        for _, name in includes(path)
        if name.startswith(library)
    }
    assert seen == LIBRARIES[library]

"""The codebase agrees with itself."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import reference
import skrnn
from helpers.support import LAYERS
from skrnn import _core

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "python" / "skrnn"

# What a room of the package, or a file beside the rooms, may import of the others; the functions'
# own imports count. `skrnn._core` is open to all.
ARROWS: dict[str, set[str]] = {
    "_parameters": set(),
    "_versions": set(),
    "_warnings": set(),
    "kernels": set(),
    "_sequences": {"_warnings"},
    "_targets": {"_sequences"},
    "preprocessing": {"_sequences"},
    "_serving": {"_sequences", "_targets", "preprocessing"},
    "_files": {"_parameters", "_sequences", "_serving", "_targets", "preprocessing"},
    "_training": {"_files", "_sequences", "_warnings"},
    "callbacks": {"_parameters", "_training"},
    "_estimators": {
        "_files",
        "_parameters",
        "_sequences",
        "_serving",
        "_targets",
        "_training",
        "callbacks",
    },
    "metrics": {"_sequences", "_targets", "_warnings"},
    "plotting": {"_estimators", "_serving"},
    "runtime": {"_files", "_sequences", "_serving", "_targets"},
    "__init__": {
        "_estimators",
        "_files",
        "_sequences",
        "_serving",
        "_versions",
        "kernels",
        "runtime",
    },
    "__main__": {"__init__"},
}

# What has to do with NumPy alone, as do `import skrnn` and `skrnn.runtime`: files and whole rooms.
LIGHT = ("__init__", "runtime", "_sequences")

# Files may have 400 lines. Longer ones, and why they are not cut:
LONG: dict[str, str] = {}


def modules() -> dict[str, Path]:
    """The files of the package, by names such as "_files.reading" and "_files"."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = modules()


def room(module: str) -> str:
    return module.partition(".")[0]


def imports(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Full names of what is imported, of modules or of things in them."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where an arrow goes"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(name: str) -> str | None:
    """The module of the package that a full name is in, or None for what is elsewhere."""
    package, _, inner = name.partition(".")
    if package != "skrnn" or inner.partition(".")[0] == "_core":
        return None
    while inner and inner not in MODULES:
        inner = inner.rpartition(".")[0]
    return inner or "__init__"


def arrows() -> dict[str, set[str]]:
    """Of each file, the files that it imports."""
    found = {}
    for module, path in MODULES.items():
        names = imports(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        found[module] = {to for to in map(own, names) if to is not None} - {module}
    return found


def of_rooms(files: dict[str, set[str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for module, others in files.items():
        found.setdefault(room(module), set()).update(room(other) for other in others)
    return {name: others - {name} for name, others in found.items()}


def test_arrows_between_rooms_are_those_of_the_table() -> None:
    assert of_rooms(arrows()) == ARROWS


@pytest.mark.parametrize("graph", [arrows(), of_rooms(arrows())], ids=["files", "rooms"])
def test_no_imports_in_circles(graph: dict[str, set[str]]) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"these import each other: {' <- '.join(error.args[1])}")


def test_a_circle_would_be_seen() -> None:
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"c"}, "c": {"a"}}).prepare()


def at_once(module: str) -> list[str]:
    """What a file imports when it is loaded itself, and not in functions or for type checkers."""
    body = ast.parse(MODULES[module].read_text(encoding="utf-8")).body
    return list(imports(body))


@pytest.mark.parametrize("begin", LIGHT)
def test_what_needs_numpy_alone(begin: str) -> None:
    seen, ahead = set(), [module for module in MODULES if begin in (module, room(module))]
    assert ahead
    while ahead:
        module = ahead.pop()
        seen.add(module)
        for name in at_once(module):
            package, inner = name.partition(".")[0], own(name)
            allowed = {"skrnn", "numpy", *sys.stdlib_module_names}
            assert package in allowed, f"{module} imports {package}"
            # A file in a room loads the room's __init__ as well.
            ahead += [one for one in {inner, inner and room(inner)} - {None} - seen if one]


def test_no_file_is_too_long() -> None:
    """One subject a file: past 400 lines a second one has moved in, or the table says why not."""
    folders = [ROOT / name for name in ("python", "cpp", "tests", "bench")]
    paths = [
        path
        for folder in folders
        for suffix in ("py", "pyi", "h", "cpp")
        for path in folder.rglob(f"*.{suffix}")
        if "vendor" not in path.parts
    ]
    long = {
        path.relative_to(ROOT).as_posix()
        for path in paths
        if len(path.read_text(encoding="utf-8").splitlines()) > 400
    }
    assert long == set(LONG)


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

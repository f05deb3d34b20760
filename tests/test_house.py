"""Rules of the codebase: dependencies of the Python package, twins, lists and lengths of files."""

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
from skrnn import _core

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "python" / "skrnn"

# The allowed imports of each folder of the package, and of each file beside the folders; imports in
# functions count. All may import `skrnn._core`.
DEPENDENCIES: dict[str, set[str]] = {
    "_parameters": set(),
    "_versions": set(),
    "_warnings": set(),
    "kernels": set(),
    "_sequences": {"_warnings"},
    "_series": {"_sequences", "_warnings"},
    "_targets": {"_sequences"},
    "preprocessing": {"_sequences"},
    "_serving": {"_sequences", "_series", "_targets", "preprocessing"},
    "_files": {"_parameters", "_sequences", "_series", "_serving", "_targets", "preprocessing"},
    "_training": {"_files", "_sequences", "_warnings"},
    "callbacks": {"_parameters", "_training"},
    "_estimators": {
        "_files",
        "_parameters",
        "_sequences",
        "_series",
        "_serving",
        "_targets",
        "_training",
        "callbacks",
    },
    "metrics": {"_sequences", "_series", "_targets", "_warnings"},
    "model_selection": {"_sequences", "_series"},
    "plotting": {"_estimators", "_sequences", "_series", "_serving"},
    "runtime": {"_files", "_sequences", "_series", "_serving", "_targets"},
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

# Files and whole folders that may import only NumPy, for `import skrnn` and `skrnn.runtime`.
LIGHT = ("__init__", "runtime", "_sequences")

# Files may have 400 lines. Longer ones, with the reason:
LONG: dict[str, str] = {}


def modules() -> dict[str, Path]:
    """The files of the package by name, such as "_files.reading" and "_files"."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = modules()


def folder_of(module: str) -> str:
    return module.partition(".")[0]


def imports(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Full names of imported modules, or of imported names in modules."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports must be absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(name: str) -> str | None:
    """The module of the package that has a full name, or None if it is in another package."""
    package, _, inner = name.partition(".")
    if package != "skrnn" or inner.partition(".")[0] == "_core":
        return None
    while inner and inner not in MODULES:
        inner = inner.rpartition(".")[0]
    return inner or "__init__"


def imports_of_files() -> dict[str, set[str]]:
    """The files that each file imports."""
    found = {}
    for module, path in MODULES.items():
        names = imports(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        found[module] = {to for to in map(own, names) if to is not None} - {module}
    return found


def by_folder(files: dict[str, set[str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for module, others in files.items():
        found.setdefault(folder_of(module), set()).update(map(folder_of, others))
    return {name: others - {name} for name, others in found.items()}


FILES = imports_of_files()
FOLDERS = by_folder(FILES)


def test_folders_depend_on_those_in_the_table() -> None:
    assert FOLDERS == DEPENDENCIES


@pytest.mark.parametrize("graph", [FILES, FOLDERS], ids=["files", "folders"])
def test_no_circular_imports(graph: dict[str, set[str]]) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"these import each other: {' <- '.join(error.args[1])}")


def test_a_circle_is_detected() -> None:
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"c"}, "c": {"a"}}).prepare()


def at_once(module: str) -> list[str]:
    """The imports of a file when it is loaded, without those in functions or for type checkers."""
    body = ast.parse(MODULES[module].read_text(encoding="utf-8")).body
    return list(imports(body))


@pytest.mark.parametrize("begin", LIGHT)
def test_light_modules_import_only_numpy(begin: str) -> None:
    seen, ahead = set(), [module for module in MODULES if begin in (module, folder_of(module))]
    assert ahead
    while ahead:
        module = ahead.pop()
        seen.add(module)
        for name in at_once(module):
            package, inner = name.partition(".")[0], own(name)
            allowed = {"skrnn", "numpy", *sys.stdlib_module_names}
            assert package in allowed, f"{module} imports {package}"
            # A file in a folder also loads the folder's __init__.
            ahead += [one for one in {inner, inner and folder_of(inner)} - {None} - seen if one]


def test_no_file_is_too_long() -> None:
    """A file has at most 400 lines, unless the table gives a reason."""
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


def test_a_cell_has_one_stem_in_both_folders() -> None:
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


def test_cells_are_listed_only_beside_their_equations() -> None:
    """Another file may name one cell, its default.

    Except for the file of PyTorch's classes, which have the names of cells.
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

"""The examples in docstrings give the documented output."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from typing import Any

import pytest

import skrnn


def examples() -> list[Any]:
    names = [module.name for module in pkgutil.walk_packages(skrnn.__path__, "skrnn.")]
    modules = [importlib.import_module(name) for name in names if not name.endswith("__main__")]
    tests = [test for module in [skrnn, *modules] for test in doctest.DocTestFinder().find(module)]
    return [pytest.param(test, id=test.name) for test in tests if test.examples]


@pytest.mark.parametrize("example", examples())
def test_example(example: doctest.DocTest) -> None:
    if "frame" in example.name:
        pytest.importorskip("pandas")
    failures: list[str] = []
    doctest.DocTestRunner().run(example, out=failures.append)
    assert not failures, "".join(failures)

"""No function compiled for one instruction set can replace that of another."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from skrnn import _core

SCRIPT = Path(__file__).parent.parent / "cmake" / "check_symbols.py"
SPEC = importlib.util.spec_from_file_location("check_symbols", SCRIPT)
check_symbols = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(check_symbols)

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("nm") is None,
    reason="reads symbol tables in ELF files, with nm",
)

OWN = """
#define Eigen EigenAvx2
namespace Eigen { template <class T> __attribute__((noinline)) T twice(T a) { return a + a; } }
namespace skrnn::avx2 {
inline __attribute__((noinline)) float half(float a) { return a / 2; }
float run(float a) { return half(Eigen::twice(a)); }
}
"""
# The same code without a new name for Eigen, so that units of other instruction sets share it.
PLANTED = OWN.replace("#define Eigen EigenAvx2", "")


def compile_object(source: str, folder: Path) -> Path:
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("needs a C++ compiler")
    path = folder / "unit.cpp"
    path.write_text(source)
    unit = path.with_suffix(".o")
    subprocess.run([compiler, "-std=c++17", "-c", path, "-o", unit], check=True)
    return unit


def test_own_weak_symbols_pass(tmp_path):
    unit = compile_object(OWN, tmp_path)
    assert check_symbols.main(["avx2", str(unit)]) == 0


def test_planted_weak_symbol_fails(tmp_path, capsys):
    unit = compile_object(PLANTED, tmp_path)
    assert check_symbols.main(["avx2", str(unit)]) == 1
    assert "5Eigen5twice" in capsys.readouterr().out


def test_another_instruction_sets_names_fail(tmp_path):
    unit = compile_object(OWN, tmp_path)
    assert check_symbols.main(["avx512", str(unit)]) == 1


def test_module_exports_none_of_its_own_code():
    # Hidden symbols cannot be replaced by another library in the same process, such as one that
    # holds Eigen too.
    command = ["nm", "--dynamic", "--defined-only", "--format=posix", _core.__file__]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    names = [line.split()[0] for line in listing.splitlines()]
    assert "PyInit__core" in names
    assert not [name for name in names if "Eigen" in name or "skrnn" in name]

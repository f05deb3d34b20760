"""The choice of the instruction set, and the printed versions."""

from __future__ import annotations

import pytest

import skrnn
from helpers.processes import run_python
from helpers.support import says
from skrnn import _core

COMPILED = _core.compiled_isas()
AVAILABLE = _core.available_isas()


def test_the_instruction_sets_of_this_host() -> None:
    assert AVAILABLE
    assert set(AVAILABLE) <= set(COMPILED)
    assert [name for name in COMPILED if name in AVAILABLE] == AVAILABLE  # best first in both
    assert _core.active_isa() in AVAILABLE
    assert _core.isa_lanes() in (4, 8, 16)


@pytest.mark.parametrize("name", AVAILABLE)
def test_select_isa(name: str) -> None:
    before = _core.active_isa()
    try:
        _core.select_isa(name)
        assert _core.active_isa() == name
    finally:
        _core.select_isa(before)


@pytest.mark.parametrize("name", ["", "avx1024", "AVX2 ", *sorted(set(COMPILED) - set(AVAILABLE))])
def test_an_unavailable_instruction_set(name: str) -> None:
    before = _core.active_isa()
    with pytest.raises(ValueError, match=says(repr(name)[1:-1], *AVAILABLE)):
        _core.select_isa(name)
    assert _core.active_isa() == before


@pytest.mark.parametrize("name", AVAILABLE)
def test_the_environment_names_the_instruction_set(name: str) -> None:
    process = run_python("-c", "from skrnn import _core; print(_core.active_isa())", SKRNN_ISA=name)
    assert process.stdout.strip() == name


@pytest.mark.parametrize("value", [None, ""])
def test_without_the_environment_the_best_one_is_taken(value: str | None) -> None:
    process = run_python(
        "-c", "from skrnn import _core; print(_core.active_isa())", SKRNN_ISA=value
    )
    assert process.stdout.strip() == AVAILABLE[0]


@pytest.mark.parametrize("name", ["avx1024", *sorted(set(COMPILED) - set(AVAILABLE))])
def test_an_unusable_environment_stops_the_import(name: str) -> None:
    process = run_python("-c", "import skrnn", check=False, SKRNN_ISA=name)
    assert process.returncode == 1  # an exception, not a crash
    last_line = process.stderr.strip().splitlines()[-1]
    for part in ("SKRNN_ISA", name, *AVAILABLE):
        assert part in last_line


def test_python_m_skrnn_prints_the_versions() -> None:
    printed = run_python("-m", "skrnn").stdout
    for part in (skrnn.__version__, _core.active_isa(), *AVAILABLE, "OpenMP", "thread"):
        assert part in printed, part


def test_show_versions_prints_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    skrnn.show_versions()
    assert capsys.readouterr().out.strip() == run_python("-m", "skrnn").stdout.strip()


def test_importing_needs_numpy_only() -> None:
    script = "import sys; import skrnn; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = run_python("-c", script).stdout.split()
    assert "numpy" in loaded
    assert not {"sklearn", "scipy", "torch", "pandas", "joblib", "safetensors"} & set(loaded)

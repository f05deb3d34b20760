"""The kernels' descriptions of cells, against the twins and the parameters of networks."""

from __future__ import annotations

from typing import Any

import pytest

import reference
import skrnn
from helpers.support import says
from reference.cell import parameter_shapes
from skrnn import _core

every_cell = pytest.mark.parametrize("cell", skrnn.cells())
SIZES = [(1, 1), (3, 5), (7, 2)]  # I, H


def size(rule: tuple[int, int], input_size: int, hidden_size: int) -> int:
    return rule[0] * input_size + rule[1] * hidden_size


def shapes(cell: str, input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
    return {
        info["name"]: tuple(
            size(rule, input_size, hidden_size)
            for rule in (info["rows"], info["columns"])
            if rule is not None
        )
        for info in _core.cell_info(cell)["parameters"]
    }


@pytest.mark.parametrize("sizes", SIZES)
@every_cell
def test_parameters_are_those_of_the_twin(cell: str, sizes: tuple[int, int]) -> None:
    """Names, order and shapes."""
    expected = parameter_shapes(reference.CELLS[cell], *sizes)
    assert list(shapes(cell, *sizes).items()) == list(expected.items())


@every_cell
def test_states_are_those_of_the_twin(cell: str) -> None:
    states = _core.cell_info(cell)["states"]
    assert tuple(info["name"] for info in states) == reference.CELLS[cell].states
    assert all(info["width"] == (0, 1) for info in states)


@every_cell
def test_matrices_decay_and_vectors_may_be_missing(cell: str) -> None:
    for info in _core.cell_info(cell)["parameters"]:
        is_matrix = info["columns"] is not None
        assert (info["decays"], info["optional"]) == (is_matrix, not is_matrix)


@pytest.mark.parametrize("bidirectional", [False, True])
@every_cell
def test_a_network_has_the_parameters_of_its_cell(cell: str, bidirectional: bool) -> None:
    layout = _core.NetworkLayout(
        cell=cell, input_size=3, hidden_size=5, num_layers=2, bidirectional=bidirectional,
        output_size=1,
    )  # fmt: skip
    found = {name: shape for name, shape, _ in layout.parameters if name.startswith("rnn.")}
    suffixes = ["", "_reverse"] if bidirectional else [""]
    expected = {
        f"rnn.{name}_l{layer}{suffix}": shape
        for layer, inputs in enumerate([3, 5 * len(suffixes)])
        for suffix in suffixes
        for name, shape in shapes(cell, inputs, 5).items()
    }
    assert list(found.items()) == list(expected.items())


@pytest.mark.parametrize("call", [_core.cell_info, lambda cell: _core.Layer(cell, {})])
def test_an_unknown_cell(call: Any) -> None:
    with pytest.raises(ValueError, match=says("'elman'", *skrnn.cells())):
        call("elman")

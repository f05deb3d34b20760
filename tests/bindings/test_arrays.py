"""Arrays of other libraries: no copies, and no memory freed early or changed."""

from __future__ import annotations

import gc
import pickle
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import reference
from helpers.numpy_versions import DLPACK_IS_WRITEABLE
from helpers.problems import random_problem
from helpers.support import (
    assert_agrees,
    assert_same_bits,
    layer_of,
    packed_state,
    predict,
    solve,
    unpacked_state,
)
from skrnn import _core, kernels

writes_through_dlpack = pytest.mark.skipif(
    not DLPACK_IS_WRITEABLE, reason="this NumPy only reads through DLPack"
)
every_cell = pytest.mark.parametrize("cell", reference.CELLS)


class ArrayInterface:
    """An array with only __array_interface__."""

    def __init__(self, array: np.ndarray) -> None:
        self.owner = array
        self.__array_interface__ = array.__array_interface__


class DLPack:
    """An array with only DLPack, in methods of the class, as NumPy 1.24 requires."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


class Array:
    """An array with only __array__."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.array


def torch_tensor(array: np.ndarray) -> Any:
    torch = pytest.importorskip("torch", reason="uses tensors of PyTorch")
    return torch.from_numpy(array)


class Subclass(np.ndarray):
    pass


def subclass(array: np.ndarray) -> np.ndarray:
    return array.view(Subclass)


every_holder = pytest.mark.parametrize(
    "holder", [ArrayInterface, DLPack, Array, torch_tensor, subclass], ids=lambda h: h.__name__
)


@every_holder
@every_cell
def test_arrays_of_other_libraries(cell: str, holder: Callable[[np.ndarray], Any]) -> None:
    problem = random_problem(np.random.default_rng(80), cell)
    held = replace(
        problem,
        weights={name: holder(array) for name, array in problem.weights.items()},
        x=holder(problem.x),
        state=tuple(map(holder, problem.state)),
        dy=holder(problem.dy),
        dstate=tuple(map(holder, problem.dstate)),
    )
    lengths = holder(problem.lengths)
    assert_same_bits(solve(replace(held, lengths=lengths)), solve(problem))


@pytest.mark.parametrize(
    "holder",
    [ArrayInterface, pytest.param(DLPack, marks=writes_through_dlpack), torch_tensor, subclass],
)
@every_cell
def test_a_step_writes_into_arrays_of_other_libraries(
    cell: str, holder: Callable[[np.ndarray], Any]
) -> None:
    problem = random_problem(np.random.default_rng(81), cell)
    layer, state = layer_of(problem), packed_state(problem.state)
    expected = unpacked_state(layer.step(problem.x[0], state))
    memory = [np.full_like(s, np.nan) for s in problem.state]
    out = packed_state([holder(array) for array in memory])
    assert layer.step(holder(problem.x[0]), state, out) is out
    assert_same_bits(tuple(memory), expected)


def test_no_copy_of_the_input() -> None:
    problem = random_problem(
        np.random.default_rng(82), "rnn", n_steps=50, batch=40, input_size=200, hidden_size=1
    )
    layer = layer_of(problem)
    for holder in (ArrayInterface, DLPack, Array):
        x = holder(problem.x)
        layer.forward(x)
        tracemalloc.start()
        try:
            layer.forward(x)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < problem.x.nbytes / 10


@every_cell
def test_read_only_inputs_stay_as_they_are(cell: str) -> None:
    problem = random_problem(np.random.default_rng(83), cell)
    arrays = [
        *problem.weights.values(),
        problem.x,
        *problem.state,
        problem.lengths,
        problem.dy,
        *problem.dstate,
    ]
    copies = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    solve(problem)
    layer_of(problem).step(problem.x[0], packed_state(problem.state))
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@every_cell
def test_results_are_new_writeable_arrays(cell: str) -> None:
    problem = random_problem(np.random.default_rng(84), cell)
    for array in (*solve(problem).values(), *predict(problem).values()):
        assert array.dtype == np.float32
        assert array.flags.c_contiguous
        assert array.flags.writeable


@every_cell
def test_a_cache_keeps_what_backward_reads(cell: str) -> None:
    problem = random_problem(np.random.default_rng(85), cell, batch=30, hidden_size=50)
    layer = layer_of(problem)

    def forward() -> Any:
        """Run forward on arrays and lengths without other references."""
        *_, cache = layer.forward(
            problem.x.copy(),
            packed_state([s.copy() for s in problem.state]),
            lengths=problem.lengths.copy(),
            train=True,
        )
        return cache

    cache = forward()
    gc.collect()
    litter = [np.full_like(problem.x, np.nan) for _ in range(8)]
    expected = solve(problem, layer)
    gradients = layer.backward(cache, problem.dy, packed_state(problem.dstate))
    del litter
    for name, array in gradients.items():
        assert_same_bits(array, expected[f"d{name}"], name)


@every_cell
def test_a_cache_and_a_layer_are_freed(cell: str) -> None:
    problem = random_problem(np.random.default_rng(86), cell)

    def references() -> list[int]:
        return [sys.getrefcount(a) for a in (problem.x, problem.dy, *problem.state)]

    before = references()
    for _ in range(3):
        solve(problem)
        layer = layer_of(problem)
        layer.step(problem.x[0], packed_state(problem.state))
        for wrong in (problem.x.astype(float), "x"):
            with pytest.raises((TypeError, ValueError)):
                layer.forward(wrong, packed_state(problem.state))
    del layer
    gc.collect()
    assert references() == before


@every_cell
def test_repr_of_a_layer(cell: str) -> None:
    problem = random_problem(np.random.default_rng(87), cell, biases=("bias_ih",), reverse=True)
    layer = layer_of(problem)
    assert (layer.cell, layer.input_size, layer.hidden_size) == (cell, 3, 5)
    assert layer.reverse is True
    assert layer.isa == _core.active_isa()
    assert layer.parameters.keys() - problem.weights.keys() == {"bias_hh"}
    assert layer.parameters["bias_hh"] is None
    for name, given in problem.weights.items():
        array = layer.parameters[name]
        assert_same_bits(array, given, name)
        assert not array.flags.writeable


@pytest.mark.parametrize("cell", ["rnn", "rnn_relu", "lstm", "gru", "gru_reset_before"])
def test_layers_of_pytorch_have_their_parameters_as_attributes(cell: str) -> None:
    layer = layer_of(random_problem(np.random.default_rng(87), cell, biases=("bias_ih",)))
    for name, array in layer.parameters.items():
        assert getattr(layer, name) is array


@every_cell
def test_weights_by_position_or_by_name(cell: str) -> None:
    problem = random_problem(np.random.default_rng(92), cell)
    by_name = kernels.Layer(cell, **problem.weights, reverse=problem.reverse)
    by_place = kernels.Layer(cell, *problem.weights.values(), reverse=problem.reverse)
    expected = solve(problem)
    assert_same_bits(solve(problem, by_name), expected)
    assert_same_bits(solve(problem, by_place), expected)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@every_cell
def test_pickled_layers_compute_the_same(cell: str, protocol: int) -> None:
    problem = random_problem(np.random.default_rng(88), cell, biases=("bias_hh",), reverse=True)
    layer = layer_of(problem)
    again = pickle.loads(pickle.dumps(layer, protocol))
    assert type(again) is type(layer)
    assert_same_bits(solve(problem, again), solve(problem, layer))
    assert_agrees(solve(problem, again), problem)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_cache_is_not_pickled(protocol: int) -> None:
    problem = random_problem(np.random.default_rng(89), "gru")
    *_, cache = layer_of(problem).forward(problem.x, train=True)
    with pytest.raises(TypeError, match="cache"):
        pickle.dumps(cache, protocol)


class CopyingArray(DLPack):
    """An array whose __array__ copies, and whose DLPack shares memory."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.array.copy()


@writes_through_dlpack
def test_an_output_is_written_and_not_its_copy() -> None:
    problem = random_problem(np.random.default_rng(90), "gru")
    layer = layer_of(problem)
    x_t = np.ascontiguousarray(problem.x[0])
    out = CopyingArray(np.full_like(problem.state[0], np.nan))
    layer.step(x_t, problem.state[0], out)
    assert_same_bits(out.array, layer.step(x_t, problem.state[0]))


def test_lengths_may_be_a_range() -> None:
    problem = random_problem(np.random.default_rng(91), "gru", ragged=False)
    layer = layer_of(problem)
    assert_same_bits(
        layer.forward(problem.x, lengths=range(1, 5)),
        layer.forward(problem.x, lengths=[1, 2, 3, 4]),
    )

"""Refusals of wrong arguments: messages name the argument, its value and the expected values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skrnn
from helpers.calls import (
    GRU,
    LSTM,
    Target,
    gru_backward,
    gru_forward,
    gru_step,
    lstm_backward,
    lstm_forward,
    lstm_step,
)
from helpers.problems import random_problem
from helpers.support import LAYERS, layer_of, says
from skrnn import _core, kernels

# ---- Constructors ----


@pytest.mark.parametrize("cell", LAYERS)
def test_weights_that_do_not_fit_each_other(cell: str) -> None:
    good = random_problem(np.random.default_rng(71), cell).weights
    gates = len(good["weight_hh"]) // 5
    wrong = {
        "weight_ih": np.zeros((gates * 6, 3), np.float32),
        "weight_hh": np.zeros((gates * 5, 4), np.float32),
        "bias_ih": np.zeros(gates * 5 + 1, np.float32),
        "bias_hh": np.zeros(gates * 5 - 1, np.float32),
    }
    for name, array in wrong.items():
        # weight_ih sets H, so the message names weight_hh
        at_fault = "weight_hh" if name == "weight_ih" else name
        came = good["weight_hh"] if name == "weight_ih" else array
        with pytest.raises(ValueError, match=says(at_fault, str(came.shape))):
            LAYERS[cell](**{**good, name: array})


@pytest.mark.parametrize("shape", [(19, 3), (0, 3), (20, 0)])
def test_weights_of_an_impossible_shape(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=says("weight_ih", "4*H", str(shape))):
        kernels.LSTM(np.zeros(shape, np.float32), LSTM.weights["weight_hh"])


def test_weights_of_another_cell() -> None:
    with pytest.raises(ValueError, match=says("weight_", "(15, ")):
        kernels.LSTM(**GRU.weights)


@pytest.mark.parametrize("cell", LAYERS)
def test_missing_weights(cell: str) -> None:
    weight_ih = random_problem(np.random.default_rng(71), cell).weights["weight_ih"]
    with pytest.raises(TypeError, match="weight_hh"):
        LAYERS[cell](weight_ih=weight_ih)
    with pytest.raises(TypeError, match="weight_hh"):
        LAYERS[cell](weight_ih, None)


@pytest.mark.parametrize("cell", skrnn.cells())
def test_unknown_parameters(cell: str) -> None:
    weights = random_problem(np.random.default_rng(73), cell).weights
    with pytest.raises(TypeError, match=says(cell, "'weight_ih'", "'gain'")):
        kernels.Layer(cell, **weights, gain=np.ones(5, np.float32))
    with pytest.raises(TypeError, match=says(cell, "weight_ih", f"got {len(weights) + 1}")):
        kernels.Layer(cell, *weights.values(), None)
    with pytest.raises(TypeError, match=says("weight_ih", "by place and by name")):
        kernels.Layer(cell, weights["weight_ih"], **weights)


@pytest.mark.parametrize("cell", [None, 3, b"lstm", ["lstm"]], ids=repr)
def test_a_cell_is_a_name(cell: Any) -> None:
    with pytest.raises(TypeError, match=says("cell: expected", "'gru'", repr(cell))):
        kernels.Layer(cell, **LSTM.weights)


@pytest.mark.parametrize("length", [4, 6])
def test_a_vector_of_another_size(length: int) -> None:
    weights = random_problem(np.random.default_rng(73), "lstm_peephole").weights
    weights["peephole_f"] = np.zeros(length, np.float32)
    with pytest.raises(ValueError, match=says("peephole_f", "H", str(weights["peephole_f"].shape))):
        kernels.Layer("lstm_peephole", **weights)


@pytest.mark.parametrize("wrong", [1, 0, None, "yes", np.ones(2)])
def test_flags_are_booleans(wrong: Any) -> None:
    with pytest.raises(TypeError, match="reverse"):
        kernels.LSTM(**LSTM.weights, reverse=wrong)
    with pytest.raises(TypeError, match="reset_after"):
        kernels.GRU(**GRU.weights, reset_after=wrong)
    with pytest.raises(TypeError, match="train"):
        layer_of(GRU).forward(GRU.x, train=wrong)
    if wrong is not None:
        with pytest.raises(TypeError, match="reverse"):
            layer_of(GRU).forward(GRU.x, reverse=wrong)


@pytest.mark.parametrize("wrong", ["tahn", "", "ReLU", "sigmoid"])
def test_unknown_nonlinearity(wrong: str) -> None:
    weights = random_problem(np.random.default_rng(72), "rnn").weights
    with pytest.raises(ValueError, match=says("nonlinearity", repr(wrong), "'tanh'", "'relu'")):
        kernels.RNN(**weights, nonlinearity=wrong)


def test_options_are_keyword_only() -> None:
    with pytest.raises(TypeError):
        kernels.LSTM(*LSTM.weights.values(), True)
    with pytest.raises(TypeError):
        layer_of(GRU).forward(GRU.x, None, GRU.lengths)


# ---- States ----


@pytest.mark.parametrize(
    "target", [lstm_forward, lstm_backward, lstm_step], ids=lambda t: t.__name__
)
def test_an_lstm_state_is_a_pair(target: Target) -> None:
    function, good = target()
    for name in good.keys() & {"state", "dstate", "out"}:
        h, c = good[name]
        with pytest.raises(TypeError, match=says(name, "tuple", "ndarray")):
            function(**{**good, name: h})
        for wrong in ((), (h,), (h, c, h)):
            with pytest.raises(ValueError, match=says(name, "tuple", str(len(wrong)))):
                function(**{**good, name: wrong})


@pytest.mark.parametrize("target", [gru_forward, gru_backward, gru_step], ids=lambda t: t.__name__)
def test_the_state_of_other_cells_is_one_array(target: Target) -> None:
    function, good = target()
    for name in good.keys() & {"state", "dstate", "out"}:
        for wrong in ((good[name], good[name]), (good[name],), [good[name]]):
            with pytest.raises(TypeError, match=says(name, "array", type(wrong).__name__)):
                function(**{**good, name: wrong})


# ---- lengths ----


@pytest.mark.parametrize(
    ("lengths", "parts"),
    [
        ([1, 2, 3, 6], ("6", "T = 5", "index 3")),
        ([1, 0, 3, 5], ("0", "1..T", "index 1")),
        ([-1, 2, 3, 5], ("-1", "1..T", "index 0")),
        (np.array([1, 2, 2**63, 3], np.uint64), (str(2**63), "index 2")),
        ([1, 2, 10**30, 3], ("1..T", "index 2")),
        ([1, 2, 3], ("B = 4", "3")),
        ([1, 2, 3, 4, 5], ("B = 4", "5")),
        (np.empty(0, np.int64), ("B = 4", "0")),
        (np.ones((4, 1), np.int64), ("1-D", "(4, 1)")),
        (np.ones(4), ("integers", "float64")),
        (np.ones(4, np.float32), ("integers", "float32")),
        (np.ones(4, bool), ("integers", "bool")),
        (np.array(["1", "2", "3", "4"]), ("integers", "<U1")),
    ],
    ids=str,
)
def test_lengths_out_of_range(lengths: Any, parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=says("lengths", *parts)):
        layer_of(GRU).forward(GRU.x, lengths=lengths)


@pytest.mark.parametrize(
    "lengths",
    [[1.0, 2, 3, 4], ["1", 2, 3, 4], [True, 2, 3, 4], [None] * 4, "1234", 4, 4.0, {1, 2, 3, 4}],
    ids=str,
)
def test_lengths_of_another_type(lengths: Any) -> None:
    with pytest.raises(TypeError, match=says("lengths", "integers")):
        layer_of(GRU).forward(GRU.x, lengths=lengths)


def test_no_length_fits_a_batch_without_steps() -> None:
    empty = np.zeros((0, 4, 3), np.float32)
    with pytest.raises(ValueError, match=says("lengths", "T = 0")):
        layer_of(GRU).forward(empty, lengths=[1, 1, 1, 1])


# ---- n_jobs ----


def test_n_jobs() -> None:
    layer = layer_of(GRU)
    *_, cache = layer.forward(GRU.x, train=True)
    for call in (
        lambda n_jobs: layer.forward(GRU.x, n_jobs=n_jobs),
        lambda n_jobs: layer.backward(cache, GRU.dy, n_jobs=n_jobs),
    ):
        for good in (None, 1, 2, -1, -100, 10**30, np.int64(2)):
            call(good)
        with pytest.raises(ValueError, match=says("n_jobs", "0")):
            call(0)
        for wrong in (1.0, "2", True, [1]):
            with pytest.raises(TypeError, match=says("n_jobs", repr(wrong))):
                call(wrong)


# ---- backward ----


def test_a_cache_belongs_to_its_layer() -> None:
    layer, twin = layer_of(GRU), layer_of(GRU)
    *_, cache = layer.forward(GRU.x, train=True)
    with pytest.raises(ValueError, match=says("cache", "another layer")):
        twin.backward(cache, GRU.dy)
    with pytest.raises(ValueError, match=says("cache", "another layer")):
        layer_of(LSTM).backward(cache, LSTM.dy)


@pytest.mark.parametrize("wrong", [None, {}, 1, np.zeros(3, np.float32), layer_of(GRU)], ids=type)
def test_objects_that_are_not_a_cache(wrong: Any) -> None:
    with pytest.raises(TypeError, match=says("cache", type(wrong).__name__)):
        layer_of(GRU).backward(wrong, GRU.dy)


def test_a_cache_has_no_constructor() -> None:
    layer = layer_of(GRU)
    with pytest.raises(TypeError):
        layer.backward(_core.Cache.__new__(_core.Cache), GRU.dy)
    with pytest.raises(TypeError):
        _core.Cache()


def test_a_layer_without_its_constructor() -> None:
    hollow = kernels.GRU.__new__(kernels.GRU)
    with pytest.raises(TypeError, match="__init__"):
        hollow.step(GRU.x[0])
    with pytest.raises(TypeError, match="__init__"):
        hollow.forward(GRU.x)


def test_backward_without_gradients() -> None:
    layer = layer_of(GRU)
    *_, cache = layer.forward(GRU.x, train=True)
    with pytest.raises((TypeError, ValueError), match=says("dy", "dstate")):
        layer.backward(cache, None)


def test_the_gradient_of_another_batch() -> None:
    function, good = gru_backward()
    with pytest.raises(ValueError, match=says("dy", "(5, 4, 5)", "(4, 4, 5)")):
        function(**{**good, "dy": GRU.dy[:4]})


# ---- step ----


def test_out_is_written_to() -> None:
    frozen = np.zeros((4, 5), np.float32)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match=says("out", "read-only")):
        layer_of(GRU).step(GRU.x[0], out=frozen)
    with pytest.raises(ValueError, match=says("out[1]", "read-only")):
        layer_of(LSTM).step(LSTM.x[0], out=(np.zeros_like(frozen), frozen))


def test_out_that_only_gives_a_copy() -> None:
    class Copies:
        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
            return np.zeros((4, 5), np.float32)

    with pytest.raises(TypeError, match=says("out", "Copies")):
        layer_of(GRU).step(GRU.x[0], out=Copies())


@pytest.mark.parametrize("given_state", [True, False])
def test_h_and_c_need_memory_of_their_own(given_state: bool) -> None:
    layer, state = layer_of(LSTM), LSTM.state if given_state else None
    memory = np.zeros((5, 5), np.float32)
    for out in ((memory[:4], memory[:4]), (memory[:4], memory[1:])):
        with pytest.raises(ValueError, match=says("out", "overlap")):
            layer.step(LSTM.x[0], state, out)
    h, _ = LSTM.state
    with pytest.raises(ValueError, match=says("out", "overlap")):
        layer.step(LSTM.x[0], state, (h, h))


def test_wrong_calls_of_step() -> None:
    layer, x_t = layer_of(GRU), GRU.x[0]
    with pytest.raises(TypeError, match="x_t"):
        layer.step()
    with pytest.raises(TypeError, match="positional"):
        layer.step(x_t, None, None, None)
    with pytest.raises(TypeError, match="'outt'"):
        layer.step(x_t, outt=None)
    with pytest.raises(TypeError, match="x_t"):
        layer.step(x_t, x_t=x_t)


def test_a_failed_step_changes_nothing() -> None:
    out = np.full((4, 5), 7, np.float32)
    with pytest.raises(ValueError, match="state"):
        layer_of(GRU).step(GRU.x[0], np.zeros((3, 5), np.float32), out)
    assert np.all(out == 7)

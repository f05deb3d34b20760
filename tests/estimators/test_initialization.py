"""Initial parameters have the distributions of their sources."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from helpers.processes import run_python
from skrnn import _core, kernels
from skrnn._training.initialization import fill_gates, initial_parameters, named_views

CHANNELS, HIDDEN, OUTPUTS = 7, 40, 5
KEEPING = 1 / (1 + np.exp(-1.0))  # a gate with only a bias of one


def start(cell: str, **settings: Any) -> dict[str, np.ndarray]:
    model = _core.NetworkLayout(
        cell=cell,
        hidden_size=HIDDEN,
        output_size=OUTPUTS,
        **{"input_size": CHANNELS, "num_layers": 2, "bidirectional": True} | settings,
    )
    arena = initial_parameters(model, cell, HIDDEN, np.random.default_rng(0))
    return named_views(model, arena)


@pytest.mark.parametrize("cell", _core.cells())
def test_recurrent_weights_are_orthogonal(cell: str) -> None:
    found = [w for name, w in start(cell).items() if ".weight_hh" in name]
    assert len(found) == 4
    for weight in found:
        for gate in weight.reshape(-1, HIDDEN, HIDDEN).astype(float):
            np.testing.assert_allclose(gate @ gate.T, np.eye(HIDDEN), atol=1e-6)


def test_bits_do_not_depend_on_threads_of_linear_algebra() -> None:
    """From some 300 units on, LAPACK's QR has other bits with another number of threads."""

    def drawn(threads: int) -> np.ndarray:
        gates = np.zeros((1, 520, 520))
        with threadpool_limits(limits=threads, user_api="blas"):
            before = threadpool_info()
            fill_gates(gates, {"name": "w", "initial": "orthogonal"}, np.random.default_rng(0))
            assert threadpool_info() == before
        return gates

    one = drawn(1)
    for threads in (2, 3):
        np.testing.assert_array_equal(drawn(threads), one)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_process_forked_while_another_thread_draws() -> None:
    """It has neither the lock of that thread, for which it would wait for ever, nor its limit."""
    script = """
import os, signal, threading, time, warnings
import numpy as np
from threadpoolctl import threadpool_info
from skrnn._training.initialization import fill_gates

warnings.simplefilter("ignore", DeprecationWarning)  # of forks with threads, as intended
before, qr, begun = threadpool_info(), np.linalg.qr, threading.Event()

def slow_qr(a):
    begun.set()
    time.sleep(0.3)
    return qr(a)

def draw():
    rng = np.random.default_rng(0)
    fill_gates(np.zeros((1, 4, 4)), {"name": "w", "initial": "orthogonal"}, rng)

np.linalg.qr = slow_qr
thread = threading.Thread(target=draw)
thread.start()
begun.wait()
child = os.fork()
if child == 0:
    signal.alarm(30)
    limited = threadpool_info() != before
    draw()
    os._exit(limited)
thread.join()
print(os.waitpid(child, 0)[1], threadpool_info() == before)
"""
    assert run_python("-c", script).stdout.split() == ["0", "True"]


@pytest.mark.parametrize("cell", _core.cells())
def test_input_weights_are_those_of_glorot_and_bengio(cell: str) -> None:
    """Their variance is 2 / (fan in + fan out), for each gate separately."""
    for name, weight in start(cell).items():
        if ".weight_ih" in name or name == "head.weight":
            fan_out = OUTPUTS if name == "head.weight" else HIDDEN
            variance = 2 / (weight.shape[1] + fan_out)
            assert np.abs(weight).max() <= np.sqrt(3 * variance) * (1 + 1e-6)
            assert np.mean(weight.astype(float) ** 2) == pytest.approx(variance, rel=0.15)


def test_steps_to_come_and_projections_are_drawn() -> None:
    """A projection of zeros would have no gradient, and equal steps would stay equal."""
    size, steps = 50, 30
    views = start(
        "gru", projection_size=size, pooling="horizon", horizon=steps, bidirectional=False
    )
    assert views["projection.weight"].shape == (size, CHANNELS)
    variance = 2 / (size + CHANNELS)
    assert np.mean(views["projection.weight"].astype(float) ** 2) == pytest.approx(
        variance, rel=0.2
    )
    assert views["horizon.weight"].shape == (steps, size)
    assert views["horizon.weight"].std() == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("end", ["l0", "l0_reverse", "l1", "l1_reverse"])
def test_lstm_keeps_its_state(end: str) -> None:
    """With zero weights, c' = sigmoid(1) c."""
    bias_ih, bias_hh = _biases(start("lstm"), end)
    lstm = kernels.LSTM(*_no_weights(4), bias_ih, bias_hh)
    h, c = np.random.default_rng(0).normal(size=(2, 3, HIDDEN)).astype(np.float32)
    _, c_next = lstm.step(np.zeros((3, CHANNELS), np.float32), (h, c))
    np.testing.assert_allclose(c_next, KEEPING * c, rtol=1e-5)


@pytest.mark.parametrize("end", ["l0", "l0_reverse", "l1", "l1_reverse"])
@pytest.mark.parametrize("cell", ["gru", "gru_reset_before"])
def test_gru_keeps_its_state(cell: str, end: str) -> None:
    """With zero weights, h' = (1 - z) tanh(0) + z h, and z = sigmoid(2)."""
    bias_ih, bias_hh = _biases(start(cell), end)
    gru = kernels.GRU(*_no_weights(3), bias_ih, bias_hh, reset_after=cell == "gru")
    h = np.random.default_rng(0).normal(size=(3, HIDDEN)).astype(np.float32)
    h_next = gru.step(np.zeros((3, CHANNELS), np.float32), h)
    np.testing.assert_allclose(h_next, h / (1 + np.exp(-2)), rtol=1e-5)


@pytest.mark.parametrize("end", ["l0", "l0_reverse", "l1", "l1_reverse"])
def test_an_lstm_with_peepholes_starts_as_one_without(end: str) -> None:
    """From the same seed: the same numbers, and peepholes of zero."""
    plain, found = start("lstm"), start("lstm_peephole")
    for name, array in found.items():
        if ".peephole_" in name:
            np.testing.assert_array_equal(array, np.zeros(HIDDEN))
        else:
            np.testing.assert_array_equal(array, plain[name], err_msg=name)
    assert {f"rnn.peephole_{gate}_{end}" for gate in "ifo"} <= found.keys()


@pytest.mark.parametrize("cell", _core.cells())
def test_attention_starts_as_the_mean(cell: str) -> None:
    parameters = start(cell, pooling="attention")
    attention = [w for name, w in parameters.items() if name.startswith("attention")]
    assert attention
    for weight in attention:
        assert not weight.any()


def test_embedding_is_small() -> None:
    weight = start("lstm", input_size=500, embedding_size=20)["embedding.weight"]
    assert weight.std() == pytest.approx(0.1, rel=0.05)
    assert abs(weight.mean()) < 0.005


def _no_weights(gates: int) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.zeros((gates * HIDDEN, CHANNELS), np.float32),
        np.zeros((gates * HIDDEN, HIDDEN), np.float32),
    )


def _biases(parameters: dict[str, np.ndarray], end: str) -> tuple[np.ndarray, np.ndarray]:
    return parameters[f"rnn.bias_ih_{end}"], parameters[f"rnn.bias_hh_{end}"]

"""Valid calls of every kind, for tests that replace one argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from helpers.problems import random_problem
from helpers.support import layer_of
from skrnn import kernels

# A problem of each kind of state: T = 5, B = 4, I = 3, H = 5.
LSTM = random_problem(np.random.default_rng(70), "lstm")
GRU = random_problem(np.random.default_rng(70), "gru")

# Each target returns a function and valid arguments; a test replaces one of them.
Target = Callable[[], tuple[Callable[..., Any], dict[str, Any]]]


def constructor() -> tuple[Callable[..., Any], dict[str, Any]]:
    return kernels.LSTM, dict(LSTM.weights)


def lstm_forward() -> tuple[Callable[..., Any], dict[str, Any]]:
    return layer_of(LSTM).forward, {"x": LSTM.x, "state": LSTM.state, "lengths": LSTM.lengths}


def gru_forward() -> tuple[Callable[..., Any], dict[str, Any]]:
    return layer_of(GRU).forward, {"x": GRU.x, "state": GRU.state[0], "lengths": GRU.lengths}


def lstm_backward() -> tuple[Callable[..., Any], dict[str, Any]]:
    layer = layer_of(LSTM)
    *_, cache = layer.forward(LSTM.x, LSTM.state, lengths=LSTM.lengths, train=True)
    return layer.backward, {"cache": cache, "dy": LSTM.dy, "dstate": LSTM.dstate}


def gru_backward() -> tuple[Callable[..., Any], dict[str, Any]]:
    layer = layer_of(GRU)
    *_, cache = layer.forward(GRU.x, GRU.state[0], lengths=GRU.lengths, train=True)
    return layer.backward, {"cache": cache, "dy": GRU.dy, "dstate": GRU.dstate[0]}


def lstm_step() -> tuple[Callable[..., Any], dict[str, Any]]:
    out = tuple(np.empty((4, 5), np.float32) for _ in range(2))
    return layer_of(LSTM).step, {"x_t": LSTM.x[0], "state": LSTM.state, "out": out}


def gru_step() -> tuple[Callable[..., Any], dict[str, Any]]:
    out = np.empty((4, 5), np.float32)
    return layer_of(GRU).step, {"x_t": GRU.x[0], "state": GRU.state[0], "out": out}


TARGETS = [
    constructor,
    lstm_forward,
    gru_forward,
    lstm_backward,
    gru_backward,
    lstm_step,
    gru_step,
]

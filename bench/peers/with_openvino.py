"""OpenVINO's side of each benchmark, in its own operations."""

from __future__ import annotations

from itertools import cycle, islice
from typing import Any

import numpy as np
import openvino as ov
import openvino.opset13 as ops

from _problems import Array, Problem
from peers.contender import Contender, repeated

WHO = "openvino"
VERSION = ov.__version__
CORE = ov.Core()
GATES = {"lstm": (1, 0, 2, 3), "gru": (1, 0, 2), "rnn": (0,)}  # f,i,c,o and z,r,h


def _compile(model: Any, threads: int) -> Any:
    # On CPUs with bf16 the latency hint would otherwise compute in bf16. Pinning would bind the
    # threads that the next contender uses.
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": threads,
        "ENABLE_CPU_PINNING": False,
    }
    return CORE.compile_model(model, "CPU", settings)


def _parameters(problem: Problem) -> tuple[list[Array], dict[str, Any]]:
    """W, R, B of OpenVINO's operations, and their attributes."""

    def weight(name: str) -> Array:
        return problem.reordered(name, GATES[problem.cell])

    w, r = weight("weight_ih"), weight("weight_hh")
    b_ih, b_hh = weight("bias_ih"), weight("bias_hh")
    attributes: dict[str, Any] = {"hidden_size": problem.H}
    if problem.cell != "gru":
        return [w, r, b_ih + b_hh], attributes
    # linear_before_reset keeps the hidden bias of the candidate apart.
    H = problem.H
    bias = np.concatenate([(b_ih + b_hh)[: 2 * H], b_ih[2 * H :], b_hh[2 * H :]])
    return [w, r, bias], {**attributes, "linear_before_reset": True}


def _cell(problem: Problem, x: Any, states: list[Any]) -> list[Any]:
    weights, attributes = _parameters(problem)
    constants = [ops.constant(weight) for weight in weights]
    if problem.cell == "rnn":
        attributes |= {"activations": ["tanh"], "activations_alpha": [], "activations_beta": []}
    make = {"lstm": ops.lstm_cell, "gru": ops.gru_cell, "rnn": ops.rnn_cell}[problem.cell]
    return list(make(x, *states, *constants, **attributes).outputs())


def _shared(array: Array) -> Any:
    """A tensor on the array's memory: the array must outlive it."""
    return ov.Tensor(array, shared_memory=True)


def step(problem: Problem, threads: int) -> list[Contender]:
    """State in the model's own variables, and state that alternates between two requests."""
    B, H = problem.B, problem.H
    names = problem.states

    x = ops.parameter([B, problem.I], np.float32)
    kept = [ops.read_value(ops.constant(np.zeros((B, H), np.float32)), name) for name in names]
    after = _cell(problem, x, kept)
    # assign() does not take a single output of a node; a conversion to its own type costs nothing.
    nodes = [ops.convert(value, "f32") for value in after]
    sinks = [ops.assign(node, name) for node, name in zip(nodes, names, strict=True)]
    stateful = _compile(
        ov.Model([ops.result(value) for value in after], sinks, [x], "stateful"), threads
    ).create_infer_request()
    stateful.get_input_tensor().data[:] = problem.x[0]

    def with_variables(n: int) -> list[Array]:
        stateful.reset_state()
        infer = stateful.infer
        for _ in range(n):
            infer(share_outputs=True)
        return [stateful.get_output_tensor(k).data for k in range(len(names))]

    x = ops.parameter([B, problem.I], np.float32)
    before = [ops.parameter([B, H], np.float32) for _ in names]
    plain = _compile(ov.Model(_cell(problem, x, before), [x, *before], "cell"), threads)
    carried = [[np.zeros((B, H), np.float32) for _ in names] for _ in range(2)]
    requests = []
    for source, target in (carried, carried[::-1]):
        request = plain.create_infer_request()
        request.get_input_tensor(0).data[:] = problem.x[0]
        for k in range(len(names)):
            request.set_input_tensor(k + 1, _shared(source[k]))
            request.set_output_tensor(k, _shared(target[k]))
        requests.append(request)

    def in_turn(n: int) -> list[Array]:
        even, odd = (request.infer for request in requests)
        for array in carried[0]:
            array[:] = 0.0
        for _ in range(n // 2):
            even(share_outputs=True)
            odd(share_outputs=True)
        if n % 2:
            even(share_outputs=True)
        return carried[n % 2]

    def result(outputs: list[Array]) -> dict[str, Array]:
        return {name: array.copy() for name, array in zip(names, outputs, strict=True)}

    return [
        Contender(WHO, "model's own state", with_variables, lambda: result(with_variables(5))),
        Contender(WHO, "two requests", in_turn, lambda: result(in_turn(5))),
    ]


def _network(problem: Problem, x: Any, states: list[Any]) -> list[Any]:
    """The probabilities, and the new states."""
    after = _cell(problem, x, states)
    weight, bias = (ops.constant(problem.head[name]) for name in ("weight", "bias"))
    logits = ops.add(ops.matmul(after[0], weight, False, True), bias)
    return [ops.softmax(logits, 1).output(0), *after]


def stream(problem: Problem, threads: int) -> list[Contender]:
    """The network, in the same two variants; x is written into the array that is read."""
    B, H = problem.B, problem.H
    names, rows = problem.states, list(problem.x)

    x = ops.parameter([B, problem.I], np.float32)
    kept = [ops.read_value(ops.constant(np.zeros((B, H), np.float32)), name) for name in names]
    probabilities, *after = _network(problem, x, kept)
    nodes = [ops.convert(value, "f32") for value in after]
    sinks = [ops.assign(node, name) for node, name in zip(nodes, names, strict=True)]
    stateful = _compile(
        ov.Model([ops.result(probabilities)], sinks, [x], "stateful"), threads
    ).create_infer_request()

    x = ops.parameter([B, problem.I], np.float32)
    before = [ops.parameter([B, H], np.float32) for _ in names]
    plain = _compile(ov.Model(_network(problem, x, before), [x, *before], "network"), threads)
    carried = [[np.zeros((B, H), np.float32) for _ in names] for _ in range(2)]
    requests = []
    for source, target in (carried, carried[::-1]):
        request = plain.create_infer_request()
        for k in range(len(names)):
            request.set_input_tensor(k + 1, _shared(source[k]))
            request.set_output_tensor(k + 1, _shared(target[k]))
        requests.append(request)

    def run(n: int, requests: list[Any]) -> Array:
        ways = [(request.get_input_tensor(0).data, request.infer) for request in requests]
        for x_t, (x, infer) in zip(islice(cycle(rows), n), cycle(ways), strict=False):
            x[:] = x_t
            infer(share_outputs=True)
        return requests[(n - 1) % len(requests)].get_output_tensor(0).data

    def with_variables(n: int) -> Array:
        stateful.reset_state()
        return run(n, [stateful])

    def in_turn(n: int) -> Array:
        for array in carried[0]:
            array[:] = 0.0
        return run(n, requests)

    return [
        Contender(
            WHO,
            "model's own state",
            with_variables,
            lambda: {"probabilities": with_variables(problem.T).copy()},
        ),
        Contender(
            WHO, "two requests", in_turn, lambda: {"probabilities": in_turn(problem.T).copy()}
        ),
    ]


def forward(problem: Problem, threads: int) -> list[Contender]:
    """Batch first, as in OpenVINO's operations, to avoid two transpositions."""
    T, B, H = problem.T, problem.B, problem.H
    weights, attributes = _parameters(problem)
    constants = [ops.constant(weight[None]) for weight in weights]
    zeros = [ops.constant(np.zeros((B, 1, H), np.float32)) for _ in problem.states]
    lengths = ops.constant(np.full(B, T, np.int32))
    x = ops.parameter([B, T, problem.I], np.float32)
    make = {"lstm": ops.lstm_sequence, "gru": ops.gru_sequence, "rnn": ops.rnn_sequence}
    if problem.cell == "rnn":
        attributes |= {"activations": ["tanh"]}
    layer = make[problem.cell](x, *zeros, lengths, *constants, direction="forward", **attributes)

    request = _compile(ov.Model(layer.outputs(), [x], "sequence"), threads).create_infer_request()
    request.get_input_tensor().data[:] = problem.x.transpose(1, 0, 2)

    def work() -> None:
        request.infer(share_outputs=True)

    def result() -> dict[str, Array]:
        work()
        y, *states = (request.get_output_tensor(k).data for k in range(1 + len(problem.states)))
        names = zip(problem.states, states, strict=True)
        return {
            "y": y.reshape(B, T, H).transpose(1, 0, 2).copy(),
            **{name: state.reshape(B, H).copy() for name, state in names},
        }

    return [Contender(WHO, "infer", repeated(work), result)]

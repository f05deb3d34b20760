"""ONNX Runtime's side of each benchmark."""

from __future__ import annotations

from itertools import cycle, islice
from typing import Any

import numpy as np
import onnxruntime as ort

from _problems import Array, Problem
from peers.contender import Contender, repeated
from peers.onnx_model import onnx_model

WHO = "onnxruntime"
VERSION = ort.__version__


def _session(model: bytes, threads: int) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _value(*shape: int) -> Any:
    return ort.OrtValue.ortvalue_from_numpy(np.zeros(shape, np.float32))


def _on(array: Array) -> Any:
    """A value on the array's memory, which is not copied on a CPU."""
    return ort.OrtValue.ortvalue_from_numpy(array)


def step(problem: Problem, threads: int) -> list[Contender]:
    """Plain ``run``, and two IO bindings between which the state alternates."""
    session = _session(onnx_model(problem, carried_state=True), threads)
    states = problem.states
    shape = (1, problem.B, problem.H)

    def plain(n: int) -> list[Array]:
        feed = {"x": problem.x, **{name: np.zeros(shape, np.float32) for name in states}}
        run = session.run
        for _ in range(n):
            outputs = run(None, feed)
            feed.update(zip(states, outputs, strict=True))
        return list(outputs)

    x = ort.OrtValue.ortvalue_from_numpy(problem.x)
    carried = [[_value(*shape) for _ in states] for _ in range(2)]
    bindings = []
    for source, target in (carried, carried[::-1]):
        binding = session.io_binding()
        binding.bind_ortvalue_input("x", x)
        for name, before, after in zip(states, source, target, strict=True):
            binding.bind_ortvalue_input(name, before)
            binding.bind_ortvalue_output(f"{name}_out", after)
        bindings.append(binding)

    def bound(n: int) -> list[Array]:
        run, (even, odd) = session.run_with_iobinding, bindings
        for value in carried[0]:
            value.update_inplace(np.zeros(shape, np.float32))
        for _ in range(n // 2):
            run(even)
            run(odd)
        if n % 2:
            run(even)
        return [value.numpy() for value in carried[n % 2]]

    def result(outputs: list[Array]) -> dict[str, Array]:
        return {
            name: output.reshape(problem.B, problem.H).copy()
            for name, output in zip(states, outputs, strict=True)
        }

    return [
        Contender(WHO, "run", plain, lambda: result(plain(5))),
        Contender(WHO, "run_with_iobinding", bound, lambda: result(bound(5))),
    ]


def stream(problem: Problem, threads: int) -> list[Contender]:
    """The network, in the same two variants. With bindings, x is written to the array they read."""
    session = _session(onnx_model(problem, carried_state=True), threads)
    states, rows = problem.states, list(problem.x[:, None])
    shape = (1, problem.B, problem.H)

    def plain(n: int) -> Array:
        feed = {name: np.zeros(shape, np.float32) for name in states}
        run = session.run
        for x_t in islice(cycle(rows), n):
            feed["x"] = x_t
            probabilities, *after = run(None, feed)
            feed.update(zip(states, after, strict=True))
        return probabilities

    x = np.zeros_like(rows[0])
    probabilities = np.zeros((problem.B, len(problem.head["bias"])), np.float32)
    carried = [[np.zeros(shape, np.float32) for _ in states] for _ in range(2)]
    bindings = []
    for source, target in (carried, carried[::-1]):
        binding = session.io_binding()
        binding.bind_ortvalue_input("x", _on(x))
        binding.bind_ortvalue_output("probabilities", _on(probabilities))
        for name, before, after in zip(states, source, target, strict=True):
            binding.bind_ortvalue_input(name, _on(before))
            binding.bind_ortvalue_output(f"{name}_out", _on(after))
        bindings.append(binding)

    def bound(n: int) -> Array:
        run = session.run_with_iobinding
        for array in carried[0]:
            array[:] = 0.0
        for x_t, binding in zip(islice(cycle(rows), n), cycle(bindings), strict=False):
            x[:] = x_t
            run(binding)
        return probabilities

    return [
        Contender(WHO, "run", plain, lambda: {"probabilities": plain(problem.T).copy()}),
        Contender(
            WHO, "run_with_iobinding", bound, lambda: {"probabilities": bound(problem.T).copy()}
        ),
    ]


def forward(problem: Problem, threads: int) -> list[Contender]:
    session = _session(onnx_model(problem, carried_state=False), threads)
    B, H = problem.B, problem.H
    outputs = {"y": _value(problem.T, 1, B, H)}
    outputs |= {name: _value(1, B, H) for name in problem.states}
    binding = session.io_binding()
    binding.bind_ortvalue_input("x", ort.OrtValue.ortvalue_from_numpy(problem.x))
    for name, value in outputs.items():
        binding.bind_ortvalue_output(name if name == "y" else f"{name}_out", value)

    def work() -> None:
        session.run_with_iobinding(binding)

    def result() -> dict[str, Array]:
        work()
        shapes = {"y": (problem.T, B, H)}
        return {
            name: value.numpy().reshape(shapes.get(name, (B, H))).copy()
            for name, value in outputs.items()
        }

    return [Contender(WHO, "run_with_iobinding", repeated(work), result)]

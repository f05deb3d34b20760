"""scikit-rnn's side of each benchmark."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

import numpy as np

import skrnn
from _problems import Array, Problem
from peers.contender import Contender, repeated
from skrnn import RNNClassifier, _core, kernels

WHO = "skrnn"
VERSION = skrnn.__version__
CLASSES: dict[str, Any] = {"lstm": kernels.LSTM, "gru": kernels.GRU, "rnn": kernels.RNN}


def isa() -> str:
    """The instruction set of the kernels."""
    return _core.active_isa()


def _layer(problem: Problem) -> Any:
    return CLASSES[problem.cell](**problem.weights)


def _names(problem: Problem, state: Any) -> dict[str, Array]:
    states = state if isinstance(state, tuple) else (state,)
    return dict(zip(problem.states, states, strict=True))


def step(problem: Problem, _threads: int) -> list[Contender]:
    """A step with a carried state; with ``out=`` it alternates between two sets of arrays."""
    layer, x = _layer(problem), problem.x[0]

    def zeros() -> Any:
        arrays = tuple(np.zeros((problem.B, problem.H), np.float32) for _ in problem.states)
        return arrays if len(arrays) == 2 else arrays[0]

    def with_out(n: int) -> Any:
        step, even, odd = layer.step, zeros(), zeros()
        for _ in range(n // 2):
            step(x, even, out=odd)
            step(x, odd, out=even)
        if n % 2:
            return step(x, even, out=odd)
        return even

    def without_out(n: int) -> Any:
        step, state = layer.step, zeros()
        for _ in range(n):
            state = step(x, state)
        return state

    return [
        Contender(WHO, "out=", with_out, lambda: _names(problem, with_out(5))),
        Contender(WHO, "new arrays", without_out, lambda: _names(problem, without_out(5))),
    ]


def classifier(problem: Problem) -> RNNClassifier:
    """A fitted estimator with the problem's weights and head."""
    classes = np.arange(len(problem.head["bias"]))
    X = [np.zeros((1, problem.I), np.float32)] * len(classes)
    estimator = RNNClassifier(
        problem.cell, problem.H, pooling="last", standardize=False, max_iter=1
    ).fit(X, classes)
    layer = {f"rnn.{name}_l0": array for name, array in problem.weights.items()}
    estimator.params_ = {**layer, **{f"head.{name}": a for name, a in problem.head.items()}}
    return estimator


def stream(problem: Problem, _threads: int) -> list[Contender]:
    """A step of the network to probabilities, as the peers do; and one to the label, as predict.

    A step runs on the calling thread, for any n_jobs of the estimator.
    """
    estimator, rows = classifier(problem), list(problem.x[:, 0])

    def contender(who: str, method: str) -> Contender:
        stream = estimator.stream(method=method)

        def run(n: int) -> Any:
            step, answer = stream.step, None
            stream.reset()
            for x_t in islice(cycle(rows), n):
                answer = step(x_t)
            return answer

        def result() -> dict[str, Array]:
            answer = run(problem.T)
            if method == "predict":
                return {"label": answer}
            return {"probabilities": answer, "label": answer.argmax(axis=1)}

        return Contender(who, f"stream().step, {method}", run, result)

    return [contender(WHO, "predict_proba"), contender(f"{WHO}, labels", "predict")]


def forward(problem: Problem, threads: int) -> list[Contender]:
    layer = _layer(problem)

    def work() -> Any:
        return layer.forward(problem.x, n_jobs=threads)

    def result() -> dict[str, Array]:
        y, state = work()
        return {"y": y, **_names(problem, state)}

    return [Contender(WHO, "forward", repeated(work), result)]


def _training_pass(problem: Problem, threads: int) -> Callable[[], tuple[Array, dict[str, Array]]]:
    # The layer is made anew each time: an optimiser changes the weights between two passes, so
    # packing them is part of the cost.
    def work() -> tuple[Array, dict[str, Array]]:
        layer = _layer(problem)
        y, _, cache = layer.forward(problem.x, lengths=problem.lengths, train=True, n_jobs=threads)
        return y, layer.backward(cache, problem.dy, n_jobs=threads)

    return work


def training(problem: Problem, threads: int) -> list[Contender]:
    work = _training_pass(problem, threads)

    def result() -> dict[str, Array]:
        y, gradients = work()
        names = ("x", "weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return {"y": y, **{f"d{name}": gradients[name] for name in names}}

    return [Contender(WHO, "forward + backward", repeated(work), result)]


def ragged(problem: Problem, threads: int) -> list[Contender]:
    return training(problem, threads)


def classification(problem: Problem, threads: int) -> list[Contender]:
    """Gradients of the mean cross entropy of all rows, as in an update of a Trainer."""
    classes = len(problem.head["bias"])
    layout = _core.NetworkLayout(
        cell=problem.cell, input_size=problem.I, hidden_size=problem.H, output_size=classes
    )
    trainer = _core.Trainer(layout, loss="cross_entropy")
    weights = {f"rnn.{name}_l0": array for name, array in problem.weights.items()}
    weights |= {f"head.{name}": array for name, array in problem.head.items()}
    arena = np.concatenate([weights[name].ravel() for name, _, _ in layout.parameters])
    values = np.ascontiguousarray(problem.x.swapaxes(0, 1)).reshape(-1, problem.I)
    offsets = problem.T * np.arange(problem.B + 1)
    targets = problem.classes[:, None].astype(np.float32)

    def work() -> tuple[float, Array]:
        return trainer.gradient(arena, values, offsets, targets, n_jobs=threads)

    def result() -> dict[str, Array]:
        loss, gradient = work()
        head = {
            f"d{name}": gradient[offset : offset + weights[name].size].reshape(shape)
            for name, shape, offset in layout.parameters
            if name.startswith("head.")
        }
        return {"loss": np.float32([loss]), **head}

    return [Contender(WHO, "Trainer.gradient", repeated(work), result)]


def crf(problem: Problem, threads: int) -> list[Contender]:
    """The loss as a Trainer has it, the sorting of sequences and new arrays included."""
    T, B, K = problem.x.shape
    emissions = np.ascontiguousarray(problem.x.swapaxes(0, 1)).reshape(B * T, K)
    offsets = T * np.arange(B + 1)
    targets = problem.classes_of_steps.T.reshape(-1, 1).astype(np.float32)
    names = ("transitions", "start", "end")
    scores = np.concatenate([problem.weights[name].ravel() for name in names])

    def work() -> tuple[float, Array, Array]:
        return _core.chain_loss(emissions, offsets, targets, scores, n_jobs=threads)

    def result() -> dict[str, Array]:
        loss, demissions, flat = work()
        parts = np.split(flat, [K * K, K * K + K])
        return {
            "loss": np.float32([loss]),
            "emissions": demissions.reshape(B, T, K).swapaxes(0, 1).reshape(-1),
            **dict(zip(names, parts, strict=True)),
        }

    return [Contender(WHO, "chain_loss", repeated(work), result)]

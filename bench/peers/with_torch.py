"""PyTorch's side of each benchmark."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import cycle, islice
from typing import Any

import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from _problems import Array, Problem
from peers.contender import Contender, repeated
from peers.crf_torch import crf

__all__ = ["crf"]  # made elsewhere

WHO = "torch"
VERSION = torch.__version__
LAYERS: dict[str, Any] = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}
CELLS: dict[str, Any] = {
    "lstm": torch.nn.LSTMCell,
    "gru": torch.nn.GRUCell,
    "rnn": torch.nn.RNNCell,
}
WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def _load(kind: Any, problem: Problem, suffix: str) -> Any:
    module = kind(problem.I, problem.H)
    with torch.no_grad():
        for name in WEIGHTS:
            getattr(module, name + suffix).copy_(torch.from_numpy(problem.weights[name]))
    return module


def _layer(problem: Problem) -> Any:
    return _load(LAYERS[problem.cell], problem, "_l0")


def _names(problem: Problem, state: Any) -> dict[str, Array]:
    states = state if isinstance(state, tuple) else (state,)
    return {
        name: value.numpy().reshape(problem.B, problem.H)
        for name, value in zip(problem.states, states, strict=True)
    }


def _zeros(problem: Problem, *shape: int) -> Any:
    tensors = tuple(torch.zeros(*shape, problem.H) for _ in problem.states)
    return tensors if len(tensors) == 2 else tensors[0]


def step(problem: Problem, threads: int) -> list[Contender]:
    """``nn.LSTM`` called with one step, and ``nn.LSTMCell``, in inference mode."""
    layer, cell = _layer(problem), _load(CELLS[problem.cell], problem, "")
    x = torch.from_numpy(problem.x)

    @torch.inference_mode()
    def with_layer(n: int) -> Any:
        state = _zeros(problem, 1, problem.B)
        for _ in range(n):
            _, state = layer(x, state)
        return state

    @torch.inference_mode()
    def with_cell(n: int) -> Any:
        state, x_t = _zeros(problem, problem.B), x[0]
        for _ in range(n):
            state = cell(x_t, state)
        return state

    def result(run: Callable[[int], Any]) -> dict[str, Array]:
        return _names(problem, run(5))

    prepare = partial(torch.set_num_threads, threads)
    return [
        Contender(WHO, name, run, partial(result, run), prepare)
        for name, run in (
            (f"nn.{LAYERS[problem.cell].__name__}", with_layer),
            (f"nn.{CELLS[problem.cell].__name__}", with_cell),
        )
    ]


def _head(problem: Problem) -> Callable[[Any], Any]:
    """The dense layer and the softmax of a classifier, of h of shape (B, H)."""
    weight, bias = (torch.from_numpy(problem.head[name]) for name in ("weight", "bias"))
    return lambda h: torch.softmax(torch.nn.functional.linear(h, weight, bias), -1)


def stream(problem: Problem, threads: int) -> list[Contender]:
    """The same two, with their head. The tensor x on the array's memory is made beforehand."""
    layer, cell = _layer(problem), _load(CELLS[problem.cell], problem, "")
    to_probabilities = _head(problem)
    rows = list(torch.from_numpy(problem.x))
    rows_of_one_step = [x_t[None] for x_t in rows]

    @torch.inference_mode()
    def with_layer(n: int) -> Array:
        state = _zeros(problem, 1, problem.B)
        for x_t in islice(cycle(rows_of_one_step), n):
            y, state = layer(x_t, state)
            probabilities = to_probabilities(y[0]).numpy()
        return probabilities

    @torch.inference_mode()
    def with_cell(n: int) -> Array:
        state = _zeros(problem, problem.B)
        for x_t in islice(cycle(rows), n):
            state = cell(x_t, state)
            h = state[0] if isinstance(state, tuple) else state
            probabilities = to_probabilities(h).numpy()
        return probabilities

    def result(run: Callable[[int], Array]) -> dict[str, Array]:
        return {"probabilities": run(problem.T)}

    prepare = partial(torch.set_num_threads, threads)
    return [
        Contender(WHO, name, run, partial(result, run), prepare)
        for name, run in (
            (f"nn.{LAYERS[problem.cell].__name__}", with_layer),
            (f"nn.{CELLS[problem.cell].__name__}", with_cell),
        )
    ]


def forward(problem: Problem, threads: int) -> list[Contender]:
    layer, x = _layer(problem), torch.from_numpy(problem.x)

    @torch.inference_mode()
    def run(n: int) -> Any:
        for _ in range(n):
            y, state = layer(x)
        return y, state

    def result() -> dict[str, Array]:
        y, state = run(1)
        return {"y": y.numpy(), **_names(problem, state)}

    return [Contender(WHO, "forward", run, result, partial(torch.set_num_threads, threads))]


def _gradient_contender(
    variant: str,
    threads: int,
    forward: Callable[[], Any],
    inputs: dict[str, Any],
    dy: Any,
) -> Contender:
    # autograd.grad returns the gradients; .backward() would also add them to .grad.
    def work() -> tuple[Any, tuple[Any, ...]]:
        y = forward()
        return y, torch.autograd.grad(y, tuple(inputs.values()), dy)

    def result() -> dict[str, Array]:
        y, gradients = work()
        arrays = {
            f"d{name}": gradient.numpy() for name, gradient in zip(inputs, gradients, strict=True)
        }
        return {"y": y.detach().numpy(), **arrays}

    prepare = partial(torch.set_num_threads, threads)
    return Contender(WHO, variant, repeated(work), result, prepare)


def _weights(layer: Any) -> dict[str, Any]:
    return {name: getattr(layer, name + "_l0") for name in WEIGHTS}


def training(problem: Problem, threads: int) -> list[Contender]:
    layer, dy = _layer(problem), torch.from_numpy(problem.dy)
    x = torch.from_numpy(problem.x).requires_grad_()

    inputs = {"x": x, **_weights(layer)}
    return [_gradient_contender("forward + backward", threads, lambda: layer(x)[0], inputs, dy)]


def ragged(problem: Problem, threads: int) -> list[Contender]:
    """Packing inside and outside the timed region, the latter with sorted sequences."""
    layer, dy = _layer(problem), torch.from_numpy(problem.dy)
    x = torch.from_numpy(problem.x).requires_grad_()
    lengths = torch.from_numpy(problem.lengths)

    def pack_each_time() -> Any:
        packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
        return pad_packed_sequence(layer(packed)[0])[0]

    order = torch.argsort(lengths, descending=True)
    with torch.no_grad():
        packed_x = pack_padded_sequence(x[:, order], lengths[order])
        packed_dy = pack_padded_sequence(dy[:, order], lengths[order]).data
    data = packed_x.data.clone().requires_grad_()
    ready = PackedSequence(data, packed_x.batch_sizes)

    weights = _weights(layer)
    packed = _gradient_contender(
        "packed beforehand",
        threads,
        lambda: layer(ready)[0].data,
        {"packed x": data, **weights},
        packed_dy,
    )
    # Its rows are in another order, so only the gradients of the weights can be compared.
    comparable = {f"d{name}" for name in WEIGHTS}
    return [
        _gradient_contender("packed each time", threads, pack_each_time, {"x": x, **weights}, dy),
        Contender(
            WHO,
            packed.variant,
            packed.run,
            lambda: {k: v for k, v in packed.result().items() if k in comparable},
            packed.prepare,
        ),
    ]


def padded(problem: Problem, threads: int) -> list[Contender]:
    """The ragged batch run to full length: dy is zero past each end, so gradients are the same."""
    contender = training(problem, threads)[0]

    def result() -> dict[str, Array]:
        return {k: v for k, v in contender.result().items() if k != "y"}

    return [
        Contender("torch, padded", "run to full length", contender.run, result, contender.prepare)
    ]


def classification(problem: Problem, threads: int) -> list[Contender]:
    """``nn.functional.cross_entropy`` of a dense layer on the last h."""
    layer, x = _layer(problem), torch.from_numpy(problem.x)
    head = {
        f"head.{name}": torch.from_numpy(a).requires_grad_() for name, a in problem.head.items()
    }
    targets = torch.from_numpy(problem.classes)
    weights = (*head.values(), *_weights(layer).values())

    def work() -> tuple[Any, tuple[Any, ...]]:
        logits = torch.nn.functional.linear(layer(x)[0][-1], *head.values())
        loss = torch.nn.functional.cross_entropy(logits, targets)
        return loss, torch.autograd.grad(loss, weights)

    def result() -> dict[str, Array]:
        loss, gradients = work()
        named = dict(zip(head, gradients, strict=False))
        return {
            "loss": loss.detach().numpy().reshape(1),
            **{f"d{name}": gradient.numpy() for name, gradient in named.items()},
        }

    prepare = partial(torch.set_num_threads, threads)
    return [Contender(WHO, "cross_entropy", repeated(work), result, prepare)]

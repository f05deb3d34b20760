"""Tokens a second that a language model of letters writes, called from Python.

One sequence, temperature 1, an LSTM of two layers of 256 units, 65 letters, an embedding of 256:
``_core.Generation`` against the same weights in PyTorch, in a loop with ``torch.multinomial`` under
``torch.inference_mode``, through ``nn.LSTM`` and through a cell for each layer. "each" asks for one
token a call, as a program does that shows text while it is written.

The probabilities of all letters are compared first; the letters are drawn from other random numbers
in each library.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from _harness import US, Bench, Target, duration, ratio, target_cells
from _problems import Array, Problem, uniform
from peers.contender import Contender

TARGET = Target(10.0)
TOKENS, HIDDEN, LAYERS = 65, 256, 2
PREFIX = 1
TOLERANCE = 1e-6  # of probabilities, after CHECKED letters
CHECKED = np.random.default_rng(0).integers(0, TOKENS, 30)


def parameters() -> dict[str, Array]:
    """Names and shapes are PyTorch's."""
    rng, bound = np.random.default_rng(1), HIDDEN**-0.5
    named = {"embedding.weight": uniform(rng, 1.0, (TOKENS, HIDDEN))}
    for layer in range(LAYERS):
        for weight in ("weight_ih", "weight_hh"):
            named[f"rnn.{weight}_l{layer}"] = uniform(rng, bound, (4 * HIDDEN, HIDDEN))
        for bias in ("bias_ih", "bias_hh"):
            named[f"rnn.{bias}_l{layer}"] = uniform(rng, bound, (4 * HIDDEN,))
    named["head.weight"] = uniform(rng, bound, (TOKENS, HIDDEN))
    named["head.bias"] = uniform(rng, bound, (TOKENS,))
    return named


def ours(named: dict[str, Array]) -> list[Contender]:
    from skrnn import _core

    layout = _core.NetworkLayout(
        cell="lstm",
        input_size=TOKENS,
        embedding_size=HIDDEN,
        hidden_size=HIDDEN,
        num_layers=LAYERS,
        pooling="every_step",
        output_size=TOKENS,
    )
    arena = np.zeros(layout.num_parameters, np.float32)
    for name, shape, offset in layout.parameters:
        array = named[name]
        assert array.shape == tuple(shape)
        arena[offset : offset + array.size] = array.ravel()
    model = _core.Model(layout, arena, loss="cross_entropy")

    def generation() -> _core.Generation:
        return _core.Generation(_core.Stream(model), _core.Sampler(), [[PREFIX]])

    def at_once(n: int) -> object:
        return generation().advance(n)

    def each(n: int) -> object:
        advance, token = generation().advance, 0
        for _ in range(n):
            token = int(advance(1)[0][0, 0])
        return token

    def result() -> dict[str, Array]:
        return {"probabilities": _core.Stream(model).process(CHECKED)[-1].astype(np.float32)}

    return [
        Contender(US, "advance(n)", at_once, result),
        Contender(f"{US}, each", "advance(1)", each, result),
    ]


def torchs(named: dict[str, Array], threads: int) -> list[Contender]:
    import torch
    from torch import nn

    tensors = {name: torch.from_numpy(array) for name, array in named.items()}
    embedding = nn.Embedding.from_pretrained(tensors["embedding.weight"])
    layer = nn.LSTM(HIDDEN, HIDDEN, LAYERS)
    cells = [nn.LSTMCell(HIDDEN, HIDDEN) for _ in range(LAYERS)]
    head = nn.Linear(HIDDEN, TOKENS)
    with torch.no_grad():
        for name, value in layer.named_parameters():
            value.copy_(tensors[f"rnn.{name}"])
        for k, cell in enumerate(cells):
            for name, value in cell.named_parameters():
                value.copy_(tensors[f"rnn.{name}_l{k}"])
        head.weight.copy_(tensors["head.weight"])
        head.bias.copy_(tensors["head.bias"])

    def with_layer() -> Callable[[torch.Tensor], torch.Tensor]:
        zeros = torch.zeros(LAYERS, 1, HIDDEN)
        state = (zeros, zeros)

        def step(token: torch.Tensor) -> torch.Tensor:
            nonlocal state
            y, state = layer(embedding(token).view(1, 1, HIDDEN), state)
            return torch.softmax(head(y.view(1, HIDDEN)), -1)

        return step

    def with_cells() -> Callable[[torch.Tensor], torch.Tensor]:
        zeros = torch.zeros(1, HIDDEN)
        states = [(zeros, zeros)] * LAYERS

        def step(token: torch.Tensor) -> torch.Tensor:
            x = embedding(token.view(1))
            for k, cell in enumerate(cells):
                states[k] = cell(x, states[k])
                x = states[k][0]
            return torch.softmax(head(x), -1)

        return step

    @torch.inference_mode()
    def write(begin: Callable[[], Callable[[torch.Tensor], torch.Tensor]], n: int) -> object:
        step, token, letters = begin(), torch.tensor([PREFIX]), []
        for _ in range(n):
            token = torch.multinomial(step(token), 1)
            letters.append(int(token))
        return letters

    @torch.inference_mode()
    def result(begin: Callable[[], Callable[[torch.Tensor], torch.Tensor]]) -> dict[str, Array]:
        step = begin()
        for token in torch.from_numpy(CHECKED):
            probabilities = step(token)
        return {"probabilities": probabilities.numpy()}

    prepare = partial(torch.set_num_threads, threads)
    return [
        Contender("torch", name, partial(write, begin), partial(result, begin), prepare)
        for name, begin in (("nn.LSTM", with_layer), ("nn.LSTMCell", with_cells))
    ]


def main() -> None:
    bench = Bench("generation", __doc__)
    named = parameters()
    problem = Problem("lstm", 1, 1, HIDDEN, HIDDEN, note=f"{LAYERS} layers, {TOKENS} tokens")
    for threads in bench.threads:
        bench.table(
            f"A letter, {threads} thread(s): time · torch ÷ us",
            ["case", "us", "us, each", "torch", "torch ÷ us", "target", "reached"],
        )
        contenders = ours(named)
        if "torch" in bench.peers:
            contenders += torchs(named, threads)
        bench.agree(contenders, TOLERANCE)
        measurement = bench.measure(contenders)
        best = bench.ratios(measurement).get("torch")
        bench.record(problem, threads, measurement, kind="generation", best_peer_over_us=best)
        bench.row(
            [
                problem.label,
                duration(measurement.best(US)),
                duration(measurement.best(f"{US}, each")),
                duration(measurement.best("torch")),
                *target_cells(best, TARGET.least),
            ]
        )
        print()
        each = measurement.best(f"{US}, each")
        if best is not None and each is not None:
            torch_time = measurement.best("torch")
            assert torch_time is not None
            print(f"one token a call: torch ÷ us {ratio(torch_time / each)}")
    bench.finish()


if __name__ == "__main__":
    main()

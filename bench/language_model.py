"""Time of an epoch of a language model, from Python: `RNNLanguageModel.partial_fit`, and PyTorch.

"letters" is the model of `quality/tinyshakespeare.py`, without the dropout of states, which
PyTorch's LSTM does not have; "words" a softmax over 10,000 words behind two layers of 200 units, as
"small" in Zaremba et al., 2014. One text is cut into the rows of a minibatch; states are carried
from window to window; Adam, gradients clipped to a norm of 1. The text is drawn from a random
chain, in which two tokens of three are what a table says to follow. Each library has its own
initial weights: what is compared beside the time is the loss after some epochs.

GFLOP/s counts the products of the layers and the head, three times those of a forward pass.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from _harness import US, Bench, Target, duration, rate_cell, target_cells
from _problems import Problem
from peers.contender import Contender, repeated
from peers.language_task import Task, Tokens

WINDOWS, EPOCHS = 12, 3
TASKS = {
    Task("letters", 65, 64, 512, 1, 32, 64, 0.3): Target(1.5),
    Task("words", 10_000, 200, 200, 2, 20, 35, 0.0): Target(2.0),
}


def text_of(task: Task) -> Tokens:
    """Some windows of a random chain."""
    rng = np.random.default_rng(0)
    n = task.batch * task.window * WINDOWS + 1
    follows = rng.integers(0, task.tokens, task.tokens)
    text = rng.integers(0, task.tokens, n)
    for i in np.flatnonzero(rng.random(n - 1) < 2 / 3) + 1:
        text[i] = follows[text[i - 1]]
    text[0] = task.tokens - 1
    return text


def ours(text: Tokens, task: Task, threads: int) -> Callable[[], float]:
    """A function that trains for one epoch."""
    from skrnn import RNNLanguageModel

    model = RNNLanguageModel(
        "lstm",
        task.hidden,
        num_layers=task.layers,
        embedding_size=task.embedding,
        dropout=task.dropout,
        learning_rate_init=task.rate,
        clip_norm=task.clip,
        batch_size=task.batch,
        tbptt=task.window,
        random_state=0,
        n_jobs=threads,
    )

    def epoch() -> float:
        return float(model.partial_fit(text).loss_curve_[-1])

    return epoch


def torchs(text: Tokens, task: Task, threads: int) -> Callable[[], float]:
    """A function that trains for one epoch."""
    import torch

    from peers.language_torch import Training

    torch.set_num_threads(threads)
    return Training(text, task).epoch


def contender(who: str, epoch: Callable[[], float], threads: int) -> Contender:
    """One that only trains."""
    if who == US:
        return Contender(who, "partial_fit", repeated(epoch), dict)
    import torch

    return Contender(who, "nn.LSTM", repeated(epoch), dict, partial(torch.set_num_threads, threads))


def main() -> None:
    bench = Bench("language_model", __doc__)
    makers = {US: ours} | ({"torch": torchs} if "torch" in bench.peers else {})
    for threads in bench.threads:
        bench.table(
            f"An epoch, {threads} thread(s): time · torch ÷ us",
            ["case", "us", "GFLOP/s", "torch", "torch ÷ us", "target", "reached"],
        )
        losses = {}
        for task, target in TASKS.items():
            text = text_of(task)
            epochs = {who: make(text, task, threads) for who, make in makers.items()}
            for who, epoch in epochs.items():
                losses[task.name, who] = [epoch() for _ in range(EPOCHS)][-1]
            measurement = bench.measure(
                [contender(who, epoch, threads) for who, epoch in epochs.items()]
            )
            best = bench.ratios(measurement).get("torch")
            problem = Problem(
                "lstm",
                task.window,
                task.batch,
                task.embedding,
                task.hidden,
                note=f"{task.name}, {task.layers} layer(s), {task.tokens} tokens",
            )
            bench.record(problem, threads, measurement, kind="epoch", best_peer_over_us=best)
            us = measurement.best(US)
            products = task.products * (len(text) - 1)
            bench.row(
                [
                    problem.label,
                    duration(us),
                    rate_cell(products / us / 1e9 if us else None),
                    duration(measurement.best("torch")),
                    *target_cells(best, target.least),
                ]
            )
        print()
        for (name, who), loss in losses.items():
            print(f"{name}, {who}: loss of epoch {EPOCHS} {loss:.3f}")
    bench.finish()


if __name__ == "__main__":
    main()

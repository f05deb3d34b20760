"""Training against PyTorch: two bidirectional layers on a ragged batch, twenty updates."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import pytest

from helpers.engines import engine_of, named
from helpers.network_problems import random_network_problem
from reference.network import Network

pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

import torch

from helpers.network_peers import TorchNetwork
from helpers.peers import MODULES

LENGTHS = (7, 12, 1, 9, 12, 4)
SOLVERS = {
    "adam": lambda p, rate: torch.optim.Adam(p, rate),
    "adamw": lambda p, rate: torch.optim.AdamW(p, rate, weight_decay=0.0),
    "sgd": lambda p, rate: torch.optim.SGD(p, rate, momentum=0.9, nesterov=True),
    "rmsprop": lambda p, rate: torch.optim.RMSprop(p, rate),
}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Run PyTorch on one thread, which is faster for small networks, above all on busy cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize(
    ("cell", "pooling", "loss", "solver"),
    [
        *[(cell, "last", "cross_entropy", "adam") for cell in MODULES],
        *[
            ("gru", pooling, "squared_error", "adam")
            for pooling in ("mean", "max", "attention", "last_mean_max", None)
        ],
        *[("lstm", "last", "squared_error", solver) for solver in SOLVERS],
    ],
)
def test_loss_curves_agree(cell: str, pooling: str | None, loss: str, solver: str) -> None:
    rate = 0.02 if solver == "sgd" else 0.005
    problem = random_network_problem(
        np.random.default_rng(0),
        Network(cell, 2, True, pooling),
        lengths=LENGTHS,
        input_size=4,
        hidden_size=8,
        output_size=3,
        loss=loss,
    )
    engine = engine_of(
        problem, solver=solver, learning_rate=rate, clip_norm=1.0, batch_size=len(LENGTHS)
    )
    network = TorchNetwork(copy.deepcopy(problem))
    optimizer = SOLVERS[solver](network.parameters(), rate)
    theirs, ours = [], []
    for epoch in range(20):
        theirs.append(network.solve().loss)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        ours.append(engine.run_epoch(epoch)["loss"])
    assert theirs[-1] < theirs[0]
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)
    for name, parameter in network.named_parameters():
        np.testing.assert_allclose(
            named(engine.model, engine.parameters)[name],
            parameter.detach().numpy(),
            rtol=0,
            atol=2e-3,
            err_msg=name,
        )

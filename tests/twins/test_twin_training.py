"""The twins together: whole runs of training, against PyTorch and on a learnable task."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from helpers.network_problems import NetworkProblem, random_network_problem
from reference.dropout import draw_masks
from reference.losses import LOSSES
from reference.network import Network
from reference.optimizers import OPTIMIZERS
from reference.optimizers.schedules import one_cycle
from reference.training import arena, training_step, views


@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_ten_steps_are_pytorch_s(solver: str) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    from helpers.network_peers import TorchNetwork
    from helpers.optimizer_peers import in_pytorch

    network = Network("lstm", num_layers=2, bidirectional=True, pooling="attention")
    problem = random_network_problem(
        np.random.default_rng(0), network, input_size=5, embedding_size=3, loss="cross_entropy"
    )
    their_network = TorchNetwork(problem)
    ours, theirs = OPTIMIZERS[solver](0.01), in_pytorch(solver, their_network.parameters(), 0.01)
    n_clipped = 0
    for step in range(10):
        rate, clip_norm = 0.05 * one_cycle(step, 10), 0.1 if step % 2 else None
        solution = problem.solve()
        problem.parameters = training_step(problem.parameters, solution, ours, rate, clip_norm)

        their_solution = their_network.solve()
        assert solution.loss == pytest.approx(their_solution.loss, rel=1e-9)
        if clip_norm:
            norm = torch.nn.utils.clip_grad_norm_(their_network.parameters(), clip_norm)
            n_clipped += int(norm > clip_norm)
        theirs.param_groups[0]["lr"] = rate
        theirs.step()
    assert n_clipped
    for name, parameter in their_network.named_parameters():
        np.testing.assert_allclose(
            problem.parameters[name], parameter.detach(), atol=1e-9, err_msg=name
        )


def test_an_arena_and_its_views_are_the_same_numbers() -> None:
    rng = np.random.default_rng(0)
    arrays = {"a": rng.standard_normal((2, 3)), "b": rng.standard_normal(4)}
    flat = arena(arrays)
    assert flat.shape == (10,)
    for name, view in views(flat, arrays).items():
        np.testing.assert_array_equal(view, arrays[name])


def problem_of_the_first_token() -> NetworkProblem:
    """The first token as the target, after up to seven others: a task that needs memory."""
    rng = np.random.default_rng(0)
    network = Network("gru")
    problem = random_network_problem(
        rng,
        network,
        lengths=rng.integers(1, 8, 24).tolist(),
        input_size=3,
        embedding_size=4,
        hidden_size=6,
        output_size=3,
        loss="cross_entropy",
    )
    return replace(problem, targets=np.array([tokens[0] for tokens in problem.batch]))


@pytest.mark.parametrize("rate", [0.0, 0.2])
def test_it_learns_to_remember_the_first_token(rate: float) -> None:
    problem = problem_of_the_first_token()
    optimizer = OPTIMIZERS["adam"]()
    n_epochs = 50
    for epoch in range(n_epochs):
        problem.masks = [
            draw_masks(0, epoch, i, n_steps=len(x), hidden_size=6, recurrent_dropout=rate)
            for i, x in enumerate(problem.batch)
        ]
        problem.parameters = training_step(
            problem.parameters, problem.solve(), optimizer, 0.1 * one_cycle(epoch, n_epochs)
        )
    problem.masks = [draw_masks(0, 0, 0, n_steps=1, hidden_size=6) for _ in problem.batch]
    probabilities = LOSSES["cross_entropy"].link(problem.solve().outputs)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), problem.targets)

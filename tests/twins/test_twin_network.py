"""The twin of the network against finite differences, PyTorch and invariants."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

import reference
from helpers.network_problems import NetworkProblem, random_network_problem
from helpers.slopes import slopes
from reference.cell import sigmoid
from reference.dropout import INPUT_VECTORS, Masks
from reference.network import Network
from reference.spelling import Words

CELLS = sorted(reference.CELLS)
POOLINGS = ["last", "mean", "max", "attention", "last_mean_max", None]

# Each pooling and each kind of input once, through both sizes of stack.
TOPOLOGIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "last": ({"pooling": "last"}, {}),
    "last_both": ({"pooling": "last", "bidirectional": True, "num_layers": 2}, {}),
    "mean": ({"pooling": "mean"}, {"loss": "cross_entropy"}),
    "max": ({"pooling": "max", "bidirectional": True}, {}),
    "attention": (
        {"pooling": "attention", "bidirectional": True},
        {"loss": "cross_entropy", "embedding_size": 2, "input_size": 3},
    ),
    "every_step": ({"pooling": None, "num_layers": 2}, {"loss": "cross_entropy"}),
    "tokens": ({"pooling": None}, {"embedding_size": 2, "input_size": 3}),
    "words": (
        {"pooling": None},
        {"embedding_size": 2, "input_size": 3, "characters": (4, 2, 3), "loss": "cross_entropy"},
    ),
    "sided": (
        {"pooling": None},
        {"embedding_size": 2, "input_size": 3, "side_channels": 2, "loss": "cross_entropy"},
    ),
    "sided_words": (
        {"pooling": None, "bidirectional": True},
        {"embedding_size": 2, "input_size": 3, "characters": (4, 2, 3), "side_channels": 2},
    ),
    "projected": (
        {"pooling": "mean", "num_layers": 2, "bidirectional": True},
        {"projection_size": 4, "input_size": 3},
    ),
    "horizon": (
        {"pooling": "horizon", "num_layers": 2},
        {"projection_size": 3, "steps": 3},
    ),
    "horizon_covered": (
        {"pooling": "horizon"},
        {"projection_size": 3, "steps": 3, "future_covariates": 2},
    ),
    "tied": (
        {"pooling": None, "tie_weights": True, "num_layers": 2},
        {"loss": "cross_entropy", "input_size": 4},
    ),
}


def problem_of(cell: str, topology: str, seed: int = 0, **options: Any) -> NetworkProblem:
    of_network, of_problem = TOPOLOGIES[topology]
    return random_network_problem(
        np.random.default_rng(seed), Network(cell, **of_network), **{**of_problem, **options}
    )


def assert_gradients_are_slopes(problem: NetworkProblem) -> None:
    solution = problem.solve()
    gradients = solution.gradients
    assert gradients.keys() == problem.parameters.keys()
    assert solution.loss == problem.loss_alone()
    for name, parameter in problem.parameters.items():
        numeric = slopes(problem.loss_alone, parameter)
        np.testing.assert_allclose(gradients[name], numeric, atol=2e-9, err_msg=name)


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_every_gradient_is_the_slope_of_the_loss(cell: str, topology: str) -> None:
    assert_gradients_are_slopes(problem_of(cell, topology, lengths=(2, 3), hidden_size=2))


@pytest.mark.parametrize("topology", ["last_both", "every_step"])
@pytest.mark.parametrize("cell", CELLS)
def test_every_gradient_is_the_slope_of_the_loss_under_dropout(cell: str, topology: str) -> None:
    problem = problem_of(
        cell, topology, lengths=(3, 2), hidden_size=2, dropout=0.4, recurrent_dropout=0.4
    )
    for masks in problem.masks:  # every kind of mask drops some units and keeps some
        for kind in (masks.output, masks.recurrent):
            assert len(np.unique(np.concatenate([np.ravel(mask) for mask in kind.values()]))) == 2
    assert_gradients_are_slopes(problem)


@pytest.mark.parametrize("topology", ["last_both", "words", "projected"])
def test_every_gradient_is_the_slope_of_the_loss_under_dropout_of_the_input(topology: str) -> None:
    words = topology == "words"
    problem = problem_of(
        "lstm",
        topology,
        lengths=(2, 3),
        hidden_size=2,
        input_dropout=0.4,
        word_dropout=0.4 if words else 0.0,
    )
    dropped = np.concatenate([mask.output[INPUT_VECTORS].ravel() for mask in problem.masks])
    assert len(np.unique(dropped)) == 2
    if words:
        kept = np.concatenate([mask.keeps_token for mask in problem.masks])
        assert len(np.unique(kept)) == 2
    assert_gradients_are_slopes(problem)


def test_a_dropped_token_is_token_0_with_its_own_letters() -> None:
    problem = problem_of("gru", "words", word_dropout=0.5)
    without = replace(
        problem,
        batch=[
            Words(np.where(masks.keeps_token, words.tokens, 0), words.letters)
            for words, masks in zip(problem.batch, problem.masks, strict=True)
            if isinstance(words, Words)
        ],
        masks=[Masks() for _ in problem.masks],
    )
    np.testing.assert_array_equal(problem.solve().outputs, without.solve().outputs)


@pytest.mark.parametrize("cell", CELLS)
def test_letters_without_weights_are_no_letters(cell: str) -> None:
    """A stack that does not look at the states of the letters reads embeddings alone."""
    problem = problem_of(cell, "words")
    weight = problem.parameters["rnn.weight_ih_l0"]
    weight[:, 2:] = 0
    tokens = replace(
        problem,
        batch=[words.tokens for words in problem.batch if isinstance(words, Words)],
        parameters={
            name: weight[:, :2] if array is weight else array
            for name, array in problem.parameters.items()
            if not name.startswith("characters.")
        },
    )
    np.testing.assert_allclose(problem.solve().outputs, tokens.solve().outputs, atol=1e-15)


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("cell", ["rnn", "rnn_relu", "lstm", "gru"])
def test_pytorch_agrees(cell: str, topology: str) -> None:
    pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    from helpers.network_peers import TorchNetwork

    problem = problem_of(cell, topology, hidden_size=5, lengths=(2, 6, 1, 4, 6))
    ours, theirs = problem.solve(), TorchNetwork(problem).solve()
    np.testing.assert_allclose(ours.outputs, theirs.outputs, atol=1e-13)
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-13)
    assert ours.gradients.keys() == theirs.gradients.keys()
    for name, gradient in ours.gradients.items():
        np.testing.assert_allclose(gradient, theirs.gradients[name], atol=1e-13, err_msg=name)


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_names_and_shapes_are_those_of_pytorch_in_its_order(cell: str, topology: str) -> None:
    pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    from helpers.network_peers import TorchNetwork

    problem = problem_of(cell, topology)
    ours = [(name, array.shape) for name, array in problem.parameters.items()]
    theirs = [(name, tuple(p.shape)) for name, p in TorchNetwork(problem).named_parameters()]
    assert ours == theirs


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_a_batch_is_the_weighted_mean_of_its_sequences(topology: str) -> None:
    problem = problem_of("gru", topology, dropout=0.3, recurrent_dropout=0.3)
    whole = problem.solve()
    forward = partial(problem.network.forward, problem.parameters)
    rows = [len(forward(x)[0]) for x in problem.batch]
    ends = np.cumsum(rows)
    loss = 0.0
    gradients = {name: np.zeros_like(p) for name, p in problem.parameters.items()}
    for i, (end, n) in enumerate(zip(ends, rows, strict=True)):
        own = slice(end - n, end)
        weights = problem.weights[own]
        alone = replace(
            problem,
            batch=[problem.batch[i]],
            masks=[problem.masks[i]],
            targets=problem.targets[own],
            weights=weights,
        ).solve()
        np.testing.assert_allclose(whole.outputs[own], alone.outputs, atol=1e-15)
        share = weights.sum() / problem.weights.sum()
        loss += share * alone.loss
        for name, gradient in alone.gradients.items():
            gradients[name] += share * gradient
    assert whole.loss == pytest.approx(loss, rel=1e-13)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(whole.gradients[name], gradient, atol=1e-14, err_msg=name)


def test_a_step_of_weight_zero_is_read_but_has_no_loss() -> None:
    """If only the last step has a weight, pooling None is the same as "last"."""
    steps = problem_of("lstm", "every_step")
    ends = np.cumsum([len(x) for x in steps.batch]) - 1
    only_last = np.zeros(len(steps.weights))
    only_last[ends] = steps.weights[ends]
    pooled = replace(
        steps,
        network=replace(steps.network, pooling="last"),
        targets=steps.targets[ends],
        weights=steps.weights[ends],
    ).solve()
    masked = replace(steps, weights=only_last).solve()
    assert masked.loss == pytest.approx(pooled.loss, rel=1e-14)
    for name, gradient in masked.gradients.items():
        np.testing.assert_allclose(gradient, pooled.gradients[name], atol=1e-15, err_msg=name)


@pytest.mark.parametrize("cell", CELLS)
def test_a_reversed_batch_swaps_the_directions(cell: str) -> None:
    """Pooling "last" takes each direction after its last step."""
    problem = random_network_problem(
        np.random.default_rng(1), Network(cell, bidirectional=True), hidden_size=3
    )
    swapped = {}
    for name, parameter in problem.parameters.items():
        if name == "head.weight":
            swapped[name] = np.roll(parameter, 3, axis=1)
        elif name.endswith("_reverse"):
            swapped[name.removesuffix("_reverse")] = parameter
        elif name.startswith("rnn."):
            swapped[name + "_reverse"] = parameter
        else:
            swapped[name] = parameter
    flipped = replace(problem, batch=[x[::-1] for x in problem.batch], parameters=swapped)
    np.testing.assert_allclose(flipped.solve().outputs, problem.solve().outputs, atol=1e-14)


@pytest.mark.parametrize("topology", ["last_both", "every_step"])
def test_masks_of_ones_are_no_masks(topology: str) -> None:
    problem = problem_of("lstm", topology, dropout=0.5, recurrent_dropout=0.5)
    ones = [
        Masks(
            {layer: np.ones_like(mask) for layer, mask in masks.output.items()},
            {place: np.ones_like(mask) for place, mask in masks.recurrent.items()},
        )
        for masks in problem.masks
    ]
    with_ones = replace(problem, masks=ones).solve()
    without = replace(problem, masks=[Masks() for _ in problem.batch]).solve()
    np.testing.assert_array_equal(with_ones.outputs, without.outputs)
    for name, gradient in with_ones.gradients.items():
        np.testing.assert_array_equal(gradient, without.gradients[name], err_msg=name)


def test_dropping_a_unit_is_dropping_the_weights_that_read_it() -> None:
    problem = problem_of("gru", "last_both")
    gone = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 1.0])
    masks = [Masks({0: np.tile(gone, (len(x), 1)), 1: gone}) for x in problem.batch]
    readers = {"rnn.weight_ih_l1", "rnn.weight_ih_l1_reverse", "head.weight"}
    pruned = {n: p * gone if n in readers else p for n, p in problem.parameters.items()}
    dropped = replace(problem, masks=masks).solve()
    np.testing.assert_allclose(
        dropped.outputs, replace(problem, parameters=pruned).solve().outputs, atol=1e-15
    )
    for name in readers:
        np.testing.assert_array_equal(dropped.gradients[name][:, gone == 0], 0)


@pytest.mark.parametrize("cell", ["rnn", "rnn_relu", "lstm", "gru", "gru_reset_before"])
def test_a_recurrent_mask_acts_only_in_the_recurrent_product(cell: str) -> None:
    """The equations again, with m h for h in products with weight_hh and h itself elsewhere.

    The twin masks columns of weight_hh, independently of the cell, so these cells are enough.
    """
    problem = random_network_problem(
        np.random.default_rng(2), Network(cell, pooling=None), lengths=(5,), recurrent_dropout=0.5
    )
    m = problem.masks[0].recurrent[0, 0]
    assert 0 < np.count_nonzero(m) < len(m)
    p = {name.removeprefix("rnn."): array for name, array in problem.parameters.items()}
    gates = reference.CELLS[cell].gates
    w = np.split(p["weight_hh_l0"], gates)
    b = np.split(p["bias_hh_l0"], gates)

    h, c, outputs = np.zeros(3), np.zeros(3), []
    for x in problem.batch[0]:
        a = np.split(p["weight_ih_l0"] @ x + p["bias_ih_l0"], gates)
        u = [w[g] @ (m * h) + b[g] for g in range(gates)]
        if cell == "rnn":
            h = np.tanh(a[0] + u[0])
        elif cell == "rnn_relu":
            h = np.maximum(a[0] + u[0], 0)
        elif cell == "lstm":
            c = sigmoid(a[1] + u[1]) * c + sigmoid(a[0] + u[0]) * np.tanh(a[2] + u[2])
            h = sigmoid(a[3] + u[3]) * np.tanh(c)
        elif cell == "gru":
            r, z = sigmoid(a[0] + u[0]), sigmoid(a[1] + u[1])
            h = (1 - z) * np.tanh(a[2] + r * u[2]) + z * h
        else:
            r, z = sigmoid(a[0] + u[0]), sigmoid(a[1] + u[1])
            h = (1 - z) * np.tanh(a[2] + w[2] @ (r * (m * h)) + b[2]) + z * h
        outputs.append(p["head.weight"] @ h + p["head.bias"])
    np.testing.assert_allclose(problem.solve().outputs, outputs, atol=1e-14)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("cell", CELLS)
def test_sequences_of_one_step(cell: str, pooling: str | None) -> None:
    """With one step every pooling is that step."""
    rng = np.random.default_rng(3)
    problem = random_network_problem(rng, Network(cell, pooling=pooling), lengths=(1, 1))
    weight = problem.parameters["head.weight"]
    copies = 3 if pooling == "last_mean_max" else 1
    summed = problem.parameters | {"head.weight": sum(np.split(weight, copies, axis=1))}
    last = replace(problem, network=Network(cell), parameters=summed).solve()
    ours = problem.solve()
    np.testing.assert_allclose(ours.outputs, last.outputs, rtol=1e-13)
    for name, gradient in last.gradients.items():
        expected = np.tile(gradient, copies) if name == "head.weight" else gradient
        np.testing.assert_allclose(ours.gradients[name], expected, atol=1e-15, err_msg=name)

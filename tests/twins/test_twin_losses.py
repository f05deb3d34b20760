"""The twins of losses against finite differences, PyTorch and the statistics that they estimate."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from helpers.slopes import slopes
from reference.cell import Array
from reference.losses import (
    LOSSES,
    GaussianNLL,
    Huber,
    Loss,
    Quantile,
    weighted_mean,
    weighted_mean_gradient,
)
from reference.losses.loss import Targets

# Every loss with its defaults, and again with other parameters.
VARIANTS: dict[str, Loss] = {
    **LOSSES,
    "huber_0.3": Huber(delta=0.3),
    "quantile_0.7": Quantile(levels=(0.7,)),
    "gaussian_nll_2": GaussianNLL(bound=2.0),
}


def random_rows(name: str, n: int = 6, k: int = 3) -> tuple[Array, Targets]:
    """Outputs (n, columns) and targets that fit the loss."""
    rng = np.random.default_rng(0)
    columns, loss = k, VARIANTS[name]
    targets: Targets = rng.standard_normal((n, k))
    if name == "cross_entropy":
        targets = rng.integers(k, size=n)
    elif name == "binary_cross_entropy":
        targets = rng.integers(2, size=(n, k)).astype(float)
    elif name == "poisson":
        targets = rng.poisson(2.0, (n, k)).astype(float)
    elif isinstance(loss, Quantile):
        columns = k * len(loss.levels)
    elif isinstance(loss, GaussianNLL):
        columns = 2 * k
    return 2 * rng.standard_normal((n, columns)), targets


@pytest.mark.parametrize("name", VARIANTS)
def test_the_gradient_is_the_slope_of_the_loss(name: str) -> None:
    loss = VARIANTS[name]
    outputs, targets = random_rows(name)
    assert loss.loss(outputs, targets).shape == (6,)
    numeric = slopes(lambda: float(loss.loss(outputs, targets).sum()), outputs)
    np.testing.assert_allclose(loss.gradient(outputs, targets), numeric, atol=2e-9)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_gradient_of_a_minibatch_is_the_slope_of_the_weighted_mean(name: str) -> None:
    loss = VARIANTS[name]
    outputs, targets = random_rows(name)
    weights = np.array([1.0, 0.0, 2.5, 0.5, 0.0, 1.0])
    numeric = slopes(lambda: weighted_mean(loss.loss(outputs, targets), weights), outputs)
    gradient = weighted_mean_gradient(loss.gradient(outputs, targets), weights)
    np.testing.assert_allclose(gradient, numeric, atol=2e-9)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_row_of_weight_zero_does_not_count(name: str) -> None:
    loss = VARIANTS[name]
    outputs, targets = random_rows(name)
    weights = np.array([1.0, 0.0, 2.5, 0.5, 0.0, 1.0])
    there = weights > 0
    losses, gradient = loss.loss(outputs, targets), loss.gradient(outputs, targets)
    assert weighted_mean(losses, weights) == pytest.approx(
        weighted_mean(losses[there], weights[there]), rel=1e-14
    )
    whole = weighted_mean_gradient(gradient, weights)
    np.testing.assert_array_equal(whole[~there], 0)
    np.testing.assert_allclose(
        whole[there], weighted_mean_gradient(gradient[there], weights[there]), rtol=1e-14
    )


def test_without_any_weight_loss_and_gradient_are_zero() -> None:
    assert weighted_mean(np.ones(2), np.zeros(2)) == 0
    np.testing.assert_array_equal(weighted_mean_gradient(np.ones((2, 3)), np.zeros(2)), 0)


@pytest.mark.parametrize("name", sorted(VARIANTS.keys() - {"cross_entropy"}))
def test_the_loss_is_a_mean_over_targets(name: str) -> None:
    """The loss of K targets is the mean of their single losses."""
    loss = VARIANTS[name]
    outputs, targets = random_rows(name, k=3)
    by_target = np.split(outputs.reshape(6, -1), 3, axis=1)
    if isinstance(loss, GaussianNLL):
        by_target = [outputs[:, [k, 3 + k]] for k in range(3)]
    one_by_one = [loss.loss(o, targets[:, [k]]) for k, o in enumerate(by_target)]
    np.testing.assert_allclose(loss.loss(outputs, targets), np.mean(one_by_one, axis=0), rtol=1e-13)


def in_pytorch(name: str) -> Callable[[Any, Any], Any]:
    """PyTorch's loss of each output, or of each row."""
    import torch
    from torch import nn

    loss: Any = VARIANTS[name]

    def quantile(outputs: Any, targets: Any) -> Any:
        tau = torch.tensor(loss.levels, dtype=torch.float64)
        error = targets[:, :, None] - outputs.reshape(*targets.shape, -1)
        return torch.maximum(tau * error, (tau - 1) * error).flatten(1)

    def gaussian_nll(outputs: Any, targets: Any) -> Any:
        mean, raw = outputs.chunk(2, dim=1)
        variance = torch.exp(loss.bound * torch.tanh(raw / loss.bound))
        return nn.GaussianNLLLoss(reduction="none")(mean, targets, variance)

    losses: dict[str, Callable[[Any, Any], Any]] = {
        "cross_entropy": nn.CrossEntropyLoss(reduction="none"),
        "binary_cross_entropy": nn.BCEWithLogitsLoss(reduction="none"),
        "squared_error": lambda o, y: nn.MSELoss(reduction="none")(o, y) / 2,
        "absolute_error": nn.L1Loss(reduction="none"),
        "huber": nn.HuberLoss(reduction="none"),
        "huber_0.3": nn.HuberLoss(reduction="none", delta=0.3),
        "quantile": quantile,
        "quantile_0.7": quantile,
        "gaussian_nll": gaussian_nll,
        "gaussian_nll_2": gaussian_nll,
        "poisson": nn.PoissonNLLLoss(log_input=True, reduction="none"),
    }
    return losses[name]


@pytest.mark.parametrize("name", VARIANTS)
def test_pytorch_agrees(name: str) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    loss = VARIANTS[name]
    outputs, targets = random_rows(name)
    theirs = torch.tensor(outputs, requires_grad=True)
    losses = in_pytorch(name)(theirs, torch.tensor(targets))
    losses = losses if losses.ndim == 1 else losses.mean(dim=1)
    losses.sum().backward()
    np.testing.assert_allclose(loss.loss(outputs, targets), losses.detach(), atol=1e-13)
    np.testing.assert_allclose(loss.gradient(outputs, targets), theirs.grad, atol=1e-13)


def test_class_weights_are_those_of_pytorch() -> None:
    """nn.CrossEntropyLoss(weight=) divides by the sum of weights, as the weighted mean does."""
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    outputs, targets = random_rows("cross_entropy")
    class_weight = np.array([0.5, 1.0, 3.0])
    theirs = torch.nn.CrossEntropyLoss(weight=torch.tensor(class_weight))
    expected = float(theirs(torch.tensor(outputs), torch.tensor(targets)))
    losses = LOSSES["cross_entropy"].loss(outputs, targets)
    assert weighted_mean(losses, class_weight[targets]) == pytest.approx(expected, rel=1e-14)


def test_probabilities_are_likelihoods() -> None:
    """exp(-l) is the link's probability of the target."""
    rows = np.arange(6)
    outputs, targets = random_rows("cross_entropy")
    loss = LOSSES["cross_entropy"]
    probability = loss.link(outputs)
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-15)
    np.testing.assert_allclose(np.exp(-loss.loss(outputs, targets)), probability[rows, targets])

    outputs, targets = random_rows("binary_cross_entropy", k=1)
    loss = LOSSES["binary_cross_entropy"]
    yes = loss.link(outputs)
    happened = np.where(targets == 1, yes, 1 - yes)[:, 0]
    np.testing.assert_allclose(np.exp(-loss.loss(outputs, targets)), happened)

    outputs, targets = random_rows("poisson", k=1)
    loss = LOSSES["poisson"]
    likelihood = stats.poisson.logpmf(targets, loss.link(outputs))[:, 0]
    factorial = [math.lgamma(y + 1) for y in targets[:, 0]]
    np.testing.assert_allclose(loss.loss(outputs, targets), -likelihood - factorial, atol=1e-12)

    outputs, targets = random_rows("gaussian_nll", k=1)
    loss = LOSSES["gaussian_nll"]
    mean, std = loss.link(outputs).T
    density = stats.norm.logpdf(targets[:, 0], mean, std)
    normaliser = np.log(2 * np.pi) / 2
    np.testing.assert_allclose(loss.loss(outputs, targets), -density - normaliser, atol=1e-12)


@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy"])
def test_logits_of_any_size(name: str) -> None:
    """The loss of a certain prediction is zero if correct, and its logit if wrong."""
    sizes = np.array([[1e3], [1e5], [1e300]])
    outputs = np.hstack([sizes, 0 * sizes]) if name == "cross_entropy" else sizes
    right = np.zeros(3, int) if name == "cross_entropy" else np.ones((3, 1))
    loss = LOSSES[name]
    np.testing.assert_array_equal(loss.loss(outputs, right), 0)
    np.testing.assert_array_equal(loss.loss(outputs, 1 - right), sizes[:, 0])
    assert np.isfinite(loss.gradient(outputs, 1 - right)).all()


def test_the_deviation_of_a_gaussian_is_bounded() -> None:
    loss = LOSSES["gaussian_nll"]
    raw = np.array([[0.0, -1e6], [0.0, -0.1], [0.0, 0.1], [0.0, 1e6]])
    std = loss.link(raw)[:, 1]
    np.testing.assert_allclose(std, np.exp([-5, -0.05, 0.05, 5]), rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("squared_error", np.mean),
        ("absolute_error", np.median),
        ("quantile", lambda y: np.quantile(y, [0.1, 0.5, 0.9])),
        ("poisson", lambda y: np.log(np.mean(y))),
        ("gaussian_nll", lambda y: [np.mean(y), 10 * np.arctanh(np.log(np.var(y)) / 10)]),
    ],
)
def test_the_best_constant_is_the_statistic_of_the_loss(name: str, expected: Any) -> None:
    """At the minimum the loss does not decrease: its one-sided slopes bracket 0."""
    y = np.random.default_rng(0).gamma(2.0, size=101)[:, None]
    best = np.atleast_1d(expected(y))
    loss = LOSSES[name]

    def mean_loss(constant: Array) -> float:
        return float(loss.loss(np.tile(constant, (len(y), 1)), y).mean())

    for column in range(len(best)):
        for eps in (-1e-3, 1e-3):
            beside = best.copy()
            beside[column] += eps
            assert mean_loss(beside) > mean_loss(best)

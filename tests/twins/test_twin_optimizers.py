"""The twins of the optimisers, clipping and schedules against PyTorch, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reference.optimizers import OPTIMIZERS
from reference.optimizers.clipping import clip
from reference.optimizers.lazy import lazy_step
from reference.optimizers.schedules import constant, cosine, one_cycle, plateau

NEEDS_TORCH = "compares with PyTorch, which is not installed"


@pytest.mark.parametrize("alpha", [0.0, 0.1])
@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_pytorch_takes_the_same_steps(solver: str, alpha: float) -> None:
    torch = pytest.importorskip("torch", reason=NEEDS_TORCH)
    from helpers.optimizer_peers import in_pytorch

    rng = np.random.default_rng(0)
    theta = rng.standard_normal(7)
    parameter = torch.nn.Parameter(torch.tensor(theta))
    ours, theirs = OPTIMIZERS[solver](alpha=alpha), in_pytorch(solver, [parameter], alpha)
    for _ in range(50):
        # gradients of all magnitudes, some of them 0, and a rate that changes from step to step
        gradient = rng.standard_normal(7) * 10.0 ** rng.integers(-6, 3, 7)
        gradient[rng.integers(7)] = 0
        learning_rate = 10.0 ** rng.uniform(-3, -1)
        theta = ours.step(theta, gradient, learning_rate)
        theirs.param_groups[0]["lr"] = learning_rate
        parameter.grad = torch.tensor(gradient)
        theirs.step()
        np.testing.assert_allclose(theta, parameter.detach(), rtol=1e-12, atol=1e-13)


def test_lazy_adam_is_pytorch_s_sparse_adam() -> None:
    torch = pytest.importorskip("torch", reason=NEEDS_TORCH)
    rng = np.random.default_rng(1)
    theta = rng.standard_normal((5, 3))
    parameter = torch.nn.Parameter(torch.tensor(theta))
    ours, theirs = OPTIMIZERS["adam"](), torch.optim.SparseAdam([parameter], lr=0.05)
    for step in range(40):
        rows = rng.choice(5, rng.integers(1, 4), replace=False) if step else np.arange(4)
        gradient = np.zeros((5, 3))
        gradient[rows] = rng.uniform(0.5, 2, (len(rows), 3)) * rng.choice([-1, 1], (len(rows), 3))
        touched = np.zeros((5, 3), bool)
        touched[rows] = True
        theta = lazy_step(ours, theta, gradient, 0.05, touched)
        parameter.grad = torch.sparse_coo_tensor(
            torch.tensor(rows[None]), torch.tensor(gradient[rows]), (5, 3), check_invariants=True
        )
        theirs.step()
        # SparseAdam adds its eps of 1e-8 before it corrects the second moment, Adam after: of
        # roots that begin at 0.03 times 0.5, a relative difference below 1e-6 in steps of 0.05.
        np.testing.assert_allclose(theta, parameter.detach(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_a_step_does_not_change_its_arguments(solver: str) -> None:
    theta, gradient = np.ones(3), np.array([1.0, 0.0, -2.0])
    moved = OPTIMIZERS[solver]().step(theta, gradient, 0.1)
    np.testing.assert_array_equal(theta, 1)
    np.testing.assert_array_equal(gradient, [1, 0, -2])
    np.testing.assert_array_equal(np.sign(theta - moved), [1, 0, -1])


@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_it_minimises_a_quadratic(solver: str) -> None:
    curvature, bottom = np.array([1.0, 10.0]), np.array([3.0, -2.0])
    theta, optimizer = np.zeros(2), OPTIMIZERS[solver]()
    n_steps = 2000
    for step in range(n_steps):
        gradient = curvature * (theta - bottom)
        theta = optimizer.step(theta, gradient, 0.05 * cosine(step, n_steps))
    np.testing.assert_allclose(theta, bottom, atol=1e-4)


@pytest.mark.parametrize("solver", ["adam", "adamw"])
def test_the_first_step_of_adam_is_the_learning_rate(solver: str) -> None:
    """m' = g and v' = g^2, so every parameter changes by lr, for any gradient."""
    theta = OPTIMIZERS[solver]().step(np.zeros(3), np.array([1e3, -1.0, 1e-3]), 0.01)
    np.testing.assert_allclose(theta, [-0.01, 0.01, -0.01], rtol=1e-4)


def test_decoupled_decay_does_not_depend_on_the_gradient() -> None:
    """AdamW shrinks by lr alpha; Adam adds the decay of 1 to the gradient: one step of lr."""
    theta, none = np.array([10.0]), np.zeros(1)
    assert OPTIMIZERS["adamw"](alpha=0.5).step(theta, none, 0.1) == pytest.approx(9.5)
    assert OPTIMIZERS["adam"](alpha=0.5).step(theta, none, 0.1) == pytest.approx(9.9)


@pytest.mark.parametrize("size", [1e-3, 0.999999, 1.0, 1.1, 1e3, 0.0])
def test_clipping_is_pytorch_s(size: float) -> None:
    torch = pytest.importorskip("torch", reason=NEEDS_TORCH)
    direction = np.random.default_rng(0).standard_normal(9)
    gradient = size * direction / np.linalg.norm(direction)
    # PyTorch's norm is over several parameters; ours is over the arena of all
    parameters = [torch.nn.Parameter(torch.zeros(n, dtype=torch.float64)) for n in (4, 5)]
    for parameter, part in zip(parameters, np.split(gradient, [4]), strict=True):
        parameter.grad = torch.tensor(part)
    their_norm = torch.nn.utils.clip_grad_norm_(parameters, max_norm=1.0)
    clipped, norm = clip(gradient, max_norm=1.0)
    assert norm == pytest.approx(float(their_norm), rel=1e-14)
    theirs = np.concatenate([parameter.grad.numpy() for parameter in parameters])
    np.testing.assert_allclose(clipped, theirs, rtol=1e-14)


def test_clipping_keeps_the_direction() -> None:
    clipped, norm = clip(np.array([30.0, 40.0]), max_norm=1.0)
    assert norm == 50
    np.testing.assert_allclose(clipped, [0.6, 0.8], rtol=1e-6)


def rates_in_pytorch(make: Any, n_steps: int) -> list[float]:
    torch = pytest.importorskip("torch", reason=NEEDS_TORCH)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(torch.optim.lr_scheduler, optimizer)
    rates = []
    for _ in range(n_steps):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return rates


@pytest.mark.parametrize("total_steps", [1, 2, 7, 100])
def test_cosine_is_pytorch_s(total_steps: int) -> None:
    expected = rates_in_pytorch(lambda s, o: s.CosineAnnealingLR(o, total_steps), total_steps)
    ours = [cosine(step, total_steps) for step in range(total_steps)]
    np.testing.assert_allclose(ours, expected, rtol=1e-9)  # PyTorch's is a recurrence


@pytest.mark.parametrize("total_steps", [4, 10, 11, 100])
def test_one_cycle_is_pytorch_s(total_steps: int) -> None:
    expected = rates_in_pytorch(
        lambda s, o: s.OneCycleLR(o, max_lr=1.0, total_steps=total_steps, cycle_momentum=False),
        total_steps - 1,  # PyTorch refuses a step after the last
    )
    ours = [one_cycle(step, total_steps) for step in range(total_steps)]
    np.testing.assert_allclose(ours[:-1], expected, rtol=1e-13)
    assert ours[-1] == pytest.approx(1 / 25 / 1e4)


@pytest.mark.parametrize("total_steps", [1, 2, 3, 4, 50])
def test_every_schedule_stays_between_0_and_1(total_steps: int) -> None:
    for schedule in (constant, cosine, one_cycle):
        rates = [schedule(step, total_steps) for step in range(total_steps)]
        assert all(0 < rate <= 1 for rate in rates)
    assert one_cycle(0, 1) == 1


@pytest.mark.parametrize("patience", [0, 1, 4])
@pytest.mark.parametrize("seed", range(3))
def test_plateau_is_pytorch_s(seed: int, patience: int) -> None:
    torch = pytest.importorskip("torch", reason=NEEDS_TORCH)
    rng = np.random.default_rng(seed)
    losses = np.exp(-np.arange(40) / 10) + 0.1 * rng.standard_normal(40)
    losses[20] = np.nan  # never an improvement
    history = losses.tolist()
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=patience, threshold=1e-2, threshold_mode="abs", eps=0
    )
    for epoch, loss in enumerate(history):
        rate = plateau(history[:epoch], factor=0.5, patience=patience, tol=1e-2)
        assert rate == optimizer.param_groups[0]["lr"]
        scheduler.step(loss)
    assert rate < 1


def test_plateau_waits_for_more_than_its_patience() -> None:
    falls, stands = [3.0, 2.0, 1.0], [1.0, 1.1, 1.0, 0.99995]  # by less than tol at the end
    assert plateau([]) == 1
    assert plateau([*falls, *stands]) == 1
    assert plateau([*falls, *stands, 1.0]) == 0.2
    assert plateau([*falls, *stands, 1.0, 0.5]) == 0.2  # a rate never rises again

"""The loss of a linear-chain CRF and its gradient, by the engine, against the float64 twin."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.chains import ChainProblem, parts, random_problem
from reference.cell import Array
from reference.linear_chain import LinearChain
from skrnn import _core

FORBIDDEN = -10_000.0


@pytest.fixture(params=_core.available_isas(), autouse=True)
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every test on every instruction set."""
    before = _core.active_isa()
    _core.select_isa(request.param)
    yield request.param
    _core.select_isa(before)


def engine(
    problem: ChainProblem, weights: Array | None = None, n_jobs: int = 1
) -> tuple[float, Array, LinearChain]:
    """As `ChainProblem.solve`, in float32."""
    lengths = np.diff(problem.offsets)
    rows = None if weights is None else np.repeat(weights, lengths).astype(np.float32)
    loss, demissions, flat = _core.chain_loss(*problem.arrays(), rows, n_jobs=n_jobs)
    K = len(problem.chain.start)
    between, start, end = np.split(flat, [K * K, K * K + K])
    return loss, demissions, LinearChain(between.reshape(K, K), start, end)


def assert_agrees(problem: ChainProblem, weights: Array | None = None) -> None:
    """To the rounding of float32: of the steps' sum, and of probabilities before targets go off."""
    loss, demissions, gradient = engine(problem, weights)
    expected_loss, expected, expected_gradient = problem.solve(weights)
    assert loss == pytest.approx(expected_loss, rel=1e-6, abs=2e-6)
    lengths = np.diff(problem.offsets)
    share = np.ones(len(lengths)) if weights is None else weights
    share = share / (share @ lengths)
    np.testing.assert_allclose(demissions, expected, rtol=0, atol=3e-6 * share.max())
    pairs = sum(w * problem.chain.pairs(e) for w, e in zip(share, problem.emissions, strict=True))
    scale = max(share.sum(), np.max(pairs))
    for got, wanted in zip(parts(gradient), parts(expected_gradient), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=3e-6 * scale)


@pytest.mark.parametrize("K", [1, 2, 3, 4, 7, 8, 9, 16, 17, 45, 130])
def test_any_number_of_labels(K: int) -> None:
    assert_agrees(random_problem(np.random.default_rng(K), K))


@pytest.mark.parametrize("lengths", [(1,), (1, 1, 1), (2,), (256,), (300, 1, 257, 2), (1000,)])
def test_any_length(lengths: tuple[int, ...]) -> None:
    assert_agrees(random_problem(np.random.default_rng(0), 5, lengths))


@given(data=st.data())
def test_any_problem(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    lengths = data.draw(st.lists(st.integers(1, 20), min_size=1, max_size=12))
    weights = rng.uniform(0.2, 3, len(lengths)) if data.draw(st.booleans()) else None
    problem = random_problem(
        rng,
        data.draw(st.integers(1, 20)),
        lengths,
        scale=data.draw(st.sampled_from([0.0, 1.0, 10.0])),
        emission_scale=data.draw(st.sampled_from([0.1, 3.0, 30.0])),
    )
    if weights is not None:
        weights = weights.astype(np.float32).astype(np.float64)
    assert_agrees(problem, weights)


def test_the_loss_of_what_is_certain_is_zero() -> None:
    """Perfect emissions: a negative log-likelihood is never below zero, and here hardly above."""
    problem = random_problem(np.random.default_rng(1), 9, (40, 5, 1), scale=0.1)
    for e, y in zip(problem.emissions, problem.labels, strict=True):
        e[...] = -40
        e[np.arange(len(y)), y] = 40
    loss, demissions, _ = engine(problem)
    assert -1e-7 < loss < 1e-6
    np.testing.assert_allclose(demissions, 0, atol=1e-7)
    wrong = random_problem(np.random.default_rng(2), 9, (40, 5, 1), scale=0.1)
    wrong.emissions = [-e for e in problem.emissions]
    assert engine(wrong)[0] > 1


def test_a_sequence_is_independent_of_its_company() -> None:
    """The same bits of the gradient in any minibatch, whatever else is in it."""
    problem = random_problem(np.random.default_rng(3), 17, (4, 30, 1, 9, 9, 2, 300, 30))
    shares = np.split(engine(problem)[1], problem.offsets[1:-1])
    others = random_problem(np.random.default_rng(4), 17, (30, 7, 9, 1, 9, 2, 1, 326))
    others.chain = problem.chain
    others.emissions[0], others.labels[0] = problem.emissions[1], problem.labels[1]
    others.emissions[1:] = [1e3 * e for e in others.emissions[1:]]
    # As many steps, by which the mean divides.
    assert others.offsets[-1] == problem.offsets[-1]
    company = engine(others)[1][: len(shares[1])]
    np.testing.assert_array_equal(company, shares[1])


def test_threads_change_no_bit() -> None:
    rng = np.random.default_rng(5)
    problem = random_problem(rng, 33, rng.integers(1, 80, 90))
    problem.emissions[7] *= 1e4  # one that goes through log space
    weights = rng.choice([0.0, 0.5, 2.0], len(problem.labels))

    def bits(n_jobs: int) -> list[bytes]:
        loss, demissions, gradient = engine(problem, weights, n_jobs)
        arrays = np.float64(loss), demissions, *parts(gradient)
        return [np.asarray(array).tobytes() for array in arrays]

    one = bits(1)
    assert bits(2) == one
    assert bits(3) == one


def test_a_sequence_without_weight_counts_nothing() -> None:
    """Not even if it holds no numbers, and labels that are none."""
    problem = random_problem(np.random.default_rng(6), 6, (5, 9, 3))
    expected = ChainProblem(problem.chain, problem.emissions[::2], problem.labels[::2])
    problem.emissions[1][...] = np.nan
    problem.labels[1] = np.full(9, np.nan)
    loss, demissions, gradient = engine(problem, np.array([1.0, 0.0, 1.0]))
    expected_loss, expected_rows, expected_gradient = engine(expected)
    assert loss == expected_loss
    np.testing.assert_array_equal(demissions[5:14], 0)
    np.testing.assert_array_equal(np.delete(demissions, slice(5, 14), axis=0), expected_rows)
    for got, wanted in zip(parts(gradient), parts(expected_gradient), strict=True):
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("emission_scale", [1.0, 100.0, 1e4])
@pytest.mark.parametrize("K", [3, 17])
def test_forbidden_transitions(K: int, emission_scale: float) -> None:
    """Against emissions of any strength; their gradient is zero unless a target has them."""
    rng = np.random.default_rng(K)
    problem = random_problem(rng, K, (30, 4, 1, 12), emission_scale=emission_scale)
    chain = problem.chain
    forbidden = rng.random((K, K)) < 0.4
    forbidden[np.arange(K), (np.arange(K) + 1) % K] = False  # a way on from everywhere
    chain.between[forbidden] = FORBIDDEN
    chain.start[0] = chain.end[1] = FORBIDDEN
    for i, y in enumerate(problem.labels):  # targets that obey
        y[0] = 2 if len(y) == 1 else 1
        for t in range(1, len(y)):
            allowed = [k for k in np.flatnonzero(~forbidden[y[t - 1]]) if k != 1]
            y[t] = rng.choice(allowed)
        problem.labels[i] = y
    assert_agrees(problem)
    _, _, gradient = engine(problem)
    if emission_scale < 1e4:  # there an emission outweighs what is forbidden
        np.testing.assert_array_equal(gradient.between[forbidden], 0)
        assert gradient.start[0] == 0
        assert gradient.end[1] == 0


@pytest.mark.parametrize("size", [1e4, 1e6, 3e37])
def test_huge_emissions(size: float) -> None:
    """The largest path takes everything, without overflow."""
    problem = random_problem(np.random.default_rng(8), 5, (6, 3, 1))
    for i, e in enumerate(problem.emissions):
        problem.emissions[i] = (size * np.sign(e)).astype(np.float32).astype(np.float64)
    loss, demissions, gradient = engine(problem)
    expected_loss, expected, _ = problem.solve()
    assert loss == pytest.approx(expected_loss, rel=1e-6)
    assert np.isfinite(demissions).all()
    assert all(np.isfinite(part).all() for part in parts(gradient))
    if size < 1e5:  # float64 itself loses the transitions beside larger emissions
        np.testing.assert_allclose(demissions, expected, atol=1e-6)


def test_what_float32_would_lose_comes_back() -> None:
    """A path behind by hundreds of nats at both ends, and the only one through the middle.

    The scaled recursions drop it forward at the first step and backward at the last, so that no
    comparison of the two could tell.
    """
    for behind in (20.0, 45.0, 95.0, 300.0, 5_000.0):
        problem = random_problem(np.random.default_rng(9), 3, (9,), scale=0.3)
        problem.chain.between[0, 1:] = problem.chain.between[1:, 0] = -1e5
        (e,) = problem.emissions
        e[0, 0] -= behind
        e[-1, 0] -= behind
        e[1:-1, 1:] -= behind / 2
        assert_agrees(problem)


def test_what_is_no_number_is_not_hidden() -> None:
    for bad in (np.nan, np.inf):
        problem = random_problem(np.random.default_rng(10), 4, (5, 3))
        problem.emissions[0][2, 1] = bad
        assert not np.isfinite(engine(problem)[0])


def test_against_pytorch() -> None:
    """The forward algorithm on padded sequences, with a mask."""
    torch = pytest.importorskip("torch")
    problem = random_problem(np.random.default_rng(11), 12, (9, 4, 1, 7))
    B, T, K = len(problem.labels), 9, 12
    lengths = np.diff(problem.offsets)
    padded, mask = np.zeros((B, T, K)), np.arange(T) < lengths[:, None]
    padded[mask] = np.concatenate(problem.emissions)
    labels = np.zeros((B, T), np.int64)
    labels[mask] = np.concatenate(problem.labels)
    e, between, start, end = (
        torch.tensor(a, dtype=torch.float64, requires_grad=True)
        for a in (padded, *parts(problem.chain))
    )
    y, runs, rows = torch.tensor(labels), torch.tensor(mask), torch.arange(B)
    alpha, score = start + e[:, 0], start[y[:, 0]] + e[rows, 0, y[:, 0]]
    for t in range(1, T):
        onward = torch.logsumexp(alpha[:, :, None] + between, 1) + e[:, t]
        alpha = torch.where(runs[:, t, None], onward, alpha)
        step = between[y[:, t - 1], y[:, t]] + e[rows, t, y[:, t]]
        score = score + torch.where(runs[:, t], step, 0.0)
    score = score + end[y[rows, torch.tensor(lengths) - 1]]
    loss = (torch.logsumexp(alpha + end, 1) - score).sum() / lengths.sum()
    loss.backward()
    got, demissions, gradient = engine(problem)
    assert got == pytest.approx(loss.item(), rel=1e-6)
    np.testing.assert_allclose(demissions, e.grad.numpy()[mask], atol=1e-7)
    for tensor, part in zip((between, start, end), parts(gradient), strict=True):
        np.testing.assert_allclose(part, tensor.grad.numpy(), atol=3e-7)

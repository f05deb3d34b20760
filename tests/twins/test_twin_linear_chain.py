"""The twin of the linear-chain CRF against all paths, finite differences and PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.chains import ChainProblem, parts, random_problem
from helpers.slopes import slopes
from reference.linear_chain import LinearChain


@pytest.fixture(params=[(1, 4), (2, 1), (2, 6), (3, 4), (4, 3)])
def problem(request: pytest.FixtureRequest) -> ChainProblem:
    K, T = request.param
    return random_problem(np.random.default_rng(K), K, (T,))


def test_sums_over_all_paths(problem: ChainProblem) -> None:
    chain, (emissions,) = problem.chain, problem.emissions
    paths = list(chain.paths(len(emissions)))
    scores = np.array([chain.score(emissions, path) for path in paths])
    log_z = np.log(np.exp(scores).sum())
    assert chain.log_partition(emissions) == pytest.approx(log_z, rel=1e-13)
    probabilities = np.exp(scores - chain.log_partition(emissions))
    assert probabilities.sum() == pytest.approx(1, rel=1e-12)

    K = len(chain.start)
    marginals, pairs = np.zeros_like(emissions), np.zeros((K, K))
    for path, p in zip(paths, probabilities, strict=True):
        marginals[np.arange(len(path)), path] += p
        np.add.at(pairs, (path[:-1], path[1:]), p)
    np.testing.assert_allclose(chain.marginals(emissions), marginals, rtol=1e-12)
    np.testing.assert_allclose(chain.pairs(emissions), pairs, rtol=1e-12)


def test_viterbi_is_the_best_of_all_paths(problem: ChainProblem) -> None:
    (emissions,) = problem.emissions
    best = problem.chain.ranked_paths(emissions)[0]
    np.testing.assert_array_equal(problem.chain.best_path(emissions), best)


def test_of_equal_paths_the_first_labels_win() -> None:
    chain = LinearChain(np.zeros((3, 3)), np.zeros(3), np.zeros(3))
    emissions = np.zeros((4, 3))
    np.testing.assert_array_equal(chain.best_path(emissions), 0)
    np.testing.assert_array_equal(chain.ranked_paths(emissions)[1], [1, 0, 0, 0])


def test_gradients_are_slopes(problem: ChainProblem) -> None:
    chain, (emissions,), (labels,) = problem.chain, problem.emissions, problem.labels
    demissions, gradient = chain.gradient(emissions, labels)

    def loss() -> float:
        return chain.loss(emissions, labels)

    np.testing.assert_allclose(slopes(loss, emissions), demissions, atol=1e-9)
    for array, expected in zip(parts(chain), parts(gradient), strict=True):
        np.testing.assert_allclose(slopes(loss, array), expected, atol=1e-9)


def test_against_autograd(problem: ChainProblem) -> None:
    torch = pytest.importorskip("torch")
    chain, (emissions,), (labels,) = problem.chain, problem.emissions, problem.labels
    e, between, start, end = (
        torch.tensor(a, requires_grad=True) for a in (emissions, *parts(chain))
    )
    alpha = start + e[0]
    for t in range(1, len(e)):
        alpha = torch.logsumexp(alpha[:, None] + between, 0) + e[t]
    y = torch.tensor(labels)
    score = start[y[0]] + e[range(len(y)), y].sum() + between[y[:-1], y[1:]].sum() + end[y[-1]]
    loss = torch.logsumexp(alpha + end, 0) - score
    loss.backward()
    assert chain.loss(emissions, labels) == pytest.approx(loss.item(), rel=1e-12, abs=1e-12)
    demissions, gradient = chain.gradient(emissions, labels)
    np.testing.assert_allclose(demissions, e.grad.numpy(), atol=1e-13)
    for tensor, expected in zip((between, start, end), parts(gradient), strict=True):
        got = np.zeros_like(expected) if tensor.grad is None else tensor.grad.numpy()
        np.testing.assert_allclose(got, expected, atol=1e-13)

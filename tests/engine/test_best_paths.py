"""What a model with transitions serves: marginals, Viterbi paths, the n best paths."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from helpers.chains import random_chain, random_problem, served
from reference.linear_chain import LinearChain
from skrnn import _core

FORBIDDEN = -10_000.0


@pytest.mark.parametrize("K", [1, 2, 3, 17, 45, 130])
def test_marginals_and_viterbi_are_those_of_the_twin(K: int) -> None:
    problem = random_problem(np.random.default_rng(K), K, (5, 1, 12, 300, 2))
    model, tokens, offsets = served(problem.chain, problem.emissions)
    marginals = model.predict(tokens, offsets)
    expected = np.concatenate([problem.chain.marginals(e) for e in problem.emissions])
    np.testing.assert_allclose(marginals, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(marginals.sum(axis=1), 1, rtol=1e-14)
    labels, scores = model.best_paths(tokens, offsets)
    assert labels.shape == (1, len(tokens))
    assert scores.shape == (1, 5)
    assert labels.dtype == np.int64
    for i, e in enumerate(problem.emissions):
        path = labels[0, offsets[i] : offsets[i + 1]]
        np.testing.assert_array_equal(path, problem.chain.best_path(e))
        assert scores[0, i] == pytest.approx(-problem.chain.loss(e, path), rel=1e-9, abs=1e-12)
        assert scores[0, i] <= 1e-12


@pytest.mark.parametrize(("K", "T"), [(1, 3), (2, 1), (2, 5), (3, 4), (4, 3)])
@pytest.mark.parametrize("integers", [False, True])
def test_n_best_against_all_paths(K: int, T: int, integers: bool) -> None:
    """With integers there are many ties, which the first labels win."""
    rng = np.random.default_rng(K + T)
    chain, emissions = random_chain(rng, K), [rng.standard_normal((T, K)) for _ in range(3)]
    if integers:
        chain = LinearChain(
            *(rng.integers(0, 2, a.shape) + 0.0 for a in (chain.between, chain.start, chain.end))
        )
        emissions = [rng.integers(1, 3, (T, K)) + 0.0 for _ in emissions]
    emissions = [e.astype(np.float32).astype(np.float64) for e in emissions]
    model, tokens, offsets = served(chain, emissions)
    n = K**T + 2
    labels, scores = model.best_paths(tokens, offsets, n)
    np.testing.assert_allclose(np.exp(scores).sum(axis=0), 1, rtol=1e-12)
    np.testing.assert_array_equal(scores[-2:], -np.inf)
    assert (np.diff(scores[:-2], axis=0) <= 0).all()
    for i, e in enumerate(emissions):
        for p, path in enumerate(chain.ranked_paths(e)):
            np.testing.assert_array_equal(labels[p, offsets[i] : offsets[i + 1]], path)
            assert scores[p, i] == pytest.approx(-chain.loss(e, path), rel=1e-9, abs=1e-12)
    for fewer in (1, 2, K**T):
        some, of_some = model.best_paths(tokens, offsets, n=fewer, n_jobs=2)
        np.testing.assert_array_equal(some, labels[:fewer])
        np.testing.assert_array_equal(of_some, scores[:fewer])


def test_what_is_forbidden_is_never_predicted() -> None:
    """B, I, O of one kind: I follows B or I, whatever the emissions say."""
    rng = np.random.default_rng(0)
    chain = LinearChain(np.zeros((3, 3)), np.zeros(3), np.zeros(3))
    chain.between[2, 1] = chain.start[1] = FORBIDDEN
    emissions = [(30 * rng.standard_normal((T, 3))).astype(np.float32) + 0.0 for T in (1, 2, 9, 99)]
    for e in emissions:
        e[:, 1] += 40
    model, tokens, offsets = served(chain, emissions)
    labels, scores = model.best_paths(tokens, offsets, n=2)
    for first, last in itertools.pairwise(offsets):
        for path in labels[:, first:last]:
            assert path[0] != 1
            assert not ((path[:-1] == 2) & (path[1:] == 1)).any()
    assert np.isfinite(scores).all()
    marginals = model.predict(tokens, offsets)
    np.testing.assert_array_equal(marginals[offsets[:-1], 1], 0)


def test_underflow_of_all_but_what_is_forbidden() -> None:
    """Where every path is forbidden the least forbidden one is taken, with its probability."""
    chain = LinearChain(np.full((2, 2), FORBIDDEN), np.zeros(2), np.zeros(2))
    chain.between[1, 0] = 2 * FORBIDDEN
    emissions = [np.float32([[1, 2], [3, 1], [0.5, 0.25]]).astype(np.float64)]
    model, tokens, offsets = served(chain, emissions)
    np.testing.assert_allclose(
        model.predict(tokens, offsets), chain.marginals(emissions[0]), atol=1e-9
    )
    labels, _ = model.best_paths(tokens, offsets)
    np.testing.assert_array_equal(labels[0], chain.best_path(emissions[0]))


def test_company_and_threads_change_no_bit() -> None:
    rng = np.random.default_rng(1)
    problem = random_problem(rng, 9, rng.integers(1, 60, 300))
    model, tokens, offsets = served(problem.chain, problem.emissions)
    marginals = model.predict(tokens, offsets, n_jobs=1)
    labels, scores = model.best_paths(tokens, offsets, 3, n_jobs=1)
    for n_jobs in (2, 3):
        np.testing.assert_array_equal(model.predict(tokens, offsets, n_jobs=n_jobs), marginals)
        again = model.best_paths(tokens, offsets, 3, n_jobs=n_jobs)
        np.testing.assert_array_equal(again[0], labels)
        np.testing.assert_array_equal(again[1], scores)
    for i in (0, 7, 299):
        rows = slice(offsets[i], offsets[i + 1])
        alone = tokens[rows], np.array([0, offsets[i + 1] - offsets[i]])
        np.testing.assert_array_equal(model.predict(*alone), marginals[rows])
        some, of_some = model.best_paths(*alone, 3)
        np.testing.assert_array_equal(some, labels[:, rows])
        np.testing.assert_array_equal(of_some[:, 0], scores[:, i])


def test_refusals() -> None:
    sizes = {"cell": "gru", "input_size": 2, "hidden_size": 3, "output_size": 4}
    with pytest.raises(ValueError, match=r"transitions .* need pooling 'every_step'"):
        _core.NetworkLayout(**sizes, transitions=True)
    layout = _core.NetworkLayout(**sizes, pooling="every_step", transitions=True)
    names = [name for name, _, _ in layout.parameters]
    assert names[-5:] == ["head.weight", "head.bias", "crf.transitions", "crf.start", "crf.end"]
    shapes = {name: shape for name, shape, _ in layout.parameters}
    assert shapes["crf.transitions"] == (4, 4)
    assert shapes["crf.start"] == shapes["crf.end"] == (4,)
    arena = np.zeros(layout.num_parameters, np.float32)
    with pytest.raises(ValueError, match="needs loss 'cross_entropy', got 'poisson'"):
        _core.Trainer(layout, target_columns=4, loss="poisson")
    with pytest.raises(ValueError, match="needs loss 'cross_entropy', got 'poisson'"):
        _core.Model(layout, arena, loss="poisson", targets=4)
    with pytest.raises(ValueError, match="tbptt must be 0 with transitions"):
        _core.Trainer(layout, loss="cross_entropy", tbptt=5)
    model = _core.Model(layout, arena, loss="cross_entropy")
    with pytest.raises(ValueError, match="labels of a sequence together"):
        _core.Stream(model)
    data = np.zeros((3, 2), np.float32), np.array([0, 3])
    for n in (0, -1):
        with pytest.raises(ValueError, match=f"n must be at least 1, got {n}"):
            model.best_paths(*data, n)
    plain = _core.NetworkLayout(**sizes, pooling="every_step")
    other = _core.Model(plain, np.zeros(plain.num_parameters, np.float32), loss="cross_entropy")
    with pytest.raises(ValueError, match="without transitions has no best paths"):
        other.best_paths(*data)

"""Weights of sequences: their meaning, and that only their ratios matter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cases import KINDS, SUPERVISED, Case, assert_same_bits, on, outcomes, ragged
from skrnn import RNNRegressor


def padded(case: Case) -> tuple[list[Any], Any, np.ndarray]:
    """The data of a case among other sequences, of weight zero."""
    X, y = case.data()
    rng = np.random.default_rng(1)
    at = np.sort(rng.permutation(2 * len(X))[: len(X)])
    among = [X[i % 3] for i in range(2 * len(X))]
    if y.dtype == object:  # targets of steps, as many as those have
        targets = ragged(y[i % 3][::-1] for i in range(2 * len(X)))
    else:
        targets = np.concatenate([y, y])[rng.permutation(2 * len(X))]
    weight = np.zeros(2 * len(X))
    for i, x, target in zip(at, X, y, strict=True):
        among[i], targets[i], weight[i] = x, target, 1.0
    return among, targets, weight


@pytest.mark.parametrize("settings", [{}, {"batch_size": 100}, {"early_stopping": True}], ids=str)
@on(SUPERVISED)
def test_sequences_of_weight_zero_are_left_out(case: Case, settings: dict[str, Any]) -> None:
    X, y = case.data()
    settings = {**settings, "validation_fraction": 0.25, "dropout": 0.1}
    without = case.make(**settings).fit(X, y)
    among, targets, weight = padded(case)
    model = case.make(**settings).fit(among, targets, sample_weight=weight)
    assert_same_bits(model.params_, without.params_)
    assert_same_bits(outcomes(model, X), outcomes(without, X))
    assert model.loss_curve_ == without.loss_curve_
    assert model.validation_scores_ == without.validation_scores_
    one, other = case.make().partial_fit(X, y), case.make()
    assert_same_bits(other.partial_fit(among, targets, sample_weight=weight).params_, one.params_)


def test_a_class_of_weight_zero_is_known() -> None:
    X, y = KINDS[0].data()
    model = KINDS[0].make().fit([*X, X[0]], [*y, "other"], sample_weight=[*np.ones(len(X)), 0])
    assert model.classes_.tolist() == ["high", "low", "other"]
    assert model.predict_proba(X).shape == (len(X), 3)


def test_targets_of_weight_zero_do_not_set_the_scale() -> None:
    X, y = KINDS[1].data()
    plain = KINDS[1].make().fit(X, y)
    model = KINDS[1].make().fit([*X, X[0]], [*y, 1e9], sample_weight=[*np.ones(len(X)), 0])
    assert_same_bits(model.predict(X), plain.predict(X))


@on(SUPERVISED)
def test_only_ratios_of_weights_matter(case: Case) -> None:
    X, y = case.data()
    rng = np.random.default_rng(0)
    weight = rng.uniform(0.5, 2, len(X))
    expected = case.make().fit(X, y, sample_weight=weight).params_
    for scale in (0.5, 2.0**-200, 2.0**900):
        assert_same_bits(case.make().fit(X, y, sample_weight=scale * weight).params_, expected)
    ones = case.make().fit(X, y, sample_weight=np.full(len(X), 3))
    assert_same_bits(ones.params_, case.make().fit(X, y).params_)


@on([case for case in SUPERVISED if not case.words])  # strings are numbered by how often they come
def test_weight_two_is_a_sequence_twice(case: Case) -> None:
    # One minibatch of all sequences, so that the shuffle does not matter.
    X, y = case.data()
    settings = {"batch_size": 100, "clip_norm": None, "solver": "sgd"}
    weight = np.where(np.arange(len(X)) % 3 == 0, 2, 1)
    at = np.repeat(np.arange(len(X)), weight)
    weighted = case.make(**settings).fit(X, y, sample_weight=weight)
    repeated = case.make(**settings).fit([X[i] for i in at], y[at])
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-5)
    for one, other in zip(outcomes(weighted, X), outcomes(repeated, X), strict=True):
        if one.dtype.kind == "f":
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_weights_decide_between_targets_that_contradict() -> None:
    X = [np.ones((2, 1))] * 40
    y = np.arange(40) % 2
    settings = {"max_iter": 200, "n_iter_no_change": 200, "learning_rate_init": 0.02}
    model = RNNRegressor(hidden_size=4, batch_size=40, **settings, random_state=0, n_jobs=1)
    model.fit(X, y, sample_weight=np.where(y == 1, 3.0, 1.0))
    np.testing.assert_allclose(model.predict(X), 0.75, atol=0.02)


@on(KINDS)
def test_scores_are_weighted(case: Case) -> None:
    X, y = case.data()
    model = case.fitted()
    weight = np.arange(len(X)) % 3
    at = np.repeat(np.arange(len(X)), weight)
    expected = model.score([X[i] for i in at], y[at])
    assert model.score(X, y, sample_weight=weight) == pytest.approx(expected)

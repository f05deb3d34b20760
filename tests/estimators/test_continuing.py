"""Continued training: warm_start and partial_fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cases import ALL, CASES, KINDS, Case, assert_same_bits, on, outcomes
from helpers.support import says


@on(ALL)
def test_continued_fits_are_one_long_fit(case: Case) -> None:
    X, y = case.data()
    settings = {"dropout": 0.2, "recurrent_dropout": 0.1}
    once = case.make(**settings, max_iter=6).fit(X, y)
    twice = case.make(**settings, max_iter=2, warm_start=True).fit(X, y)
    twice.set_params(max_iter=4).fit(X, y)
    assert_same_bits(twice.params_, once.params_)
    assert twice.loss_curve_ == once.loss_curve_
    assert twice.n_iter_ == 6


@on(CASES)
def test_calls_of_partial_fit_are_epochs(case: Case) -> None:
    X, y = case.data()
    model = case.make(max_iter=3).fit(X, y)
    parts = case.make()
    for _ in range(3):
        assert parts.partial_fit(X, y) is parts
    assert_same_bits(parts.params_, model.params_)
    assert_same_bits(outcomes(parts, X), outcomes(model, X))


@on(ALL)
def test_without_warm_start_a_fit_begins_anew(case: Case) -> None:
    X, y = case.data()
    fresh = case.make().fit(X, y)
    again = case.make()
    again.set_params(hidden_size=9, cell="rnn").fit(X, y)
    again.set_params(**case.make().get_params()).fit(X, y)
    assert_same_bits(again.params_, fresh.params_)
    assert again.loss_curve_ == fresh.loss_curve_


@on(KINDS)
def test_partial_fit_learns_from_parts(case: Case) -> None:
    X, y = case.data(n=60)
    model = case.make(hidden_size=16)
    for _ in range(60):
        for at in range(0, 60, 20):
            model.partial_fit(X[at : at + 20], y[at : at + 20])
    assert model.score(X, y) > 0.8


def test_the_first_call_gets_all_classes() -> None:
    X, y = KINDS[0].data()
    low = [x for x, label in zip(X, y, strict=True) if label == "low"]
    high = [x for x, label in zip(X, y, strict=True) if label == "high"]
    model = KINDS[0].make().partial_fit(low, ["low"] * len(low), classes=["low", "mid", "high"])
    assert model.classes_.tolist() == ["high", "low", "mid"]
    assert model.predict_proba(X).shape == (len(X), 3)
    model.partial_fit(high, ["high"] * len(high))
    model.partial_fit(high, ["high"] * len(high), classes=["low", "mid", "high"])
    with pytest.raises(ValueError, match=says("'other'", "'high', 'low', 'mid'")):
        model.partial_fit(high, ["other"] * len(high))
    with pytest.raises(ValueError, match=says("'low'", "classes", "'high'")):
        KINDS[0].make().partial_fit(low, ["low"] * len(low), classes=["high", "mid"])
    with pytest.raises(ValueError, match=says("classes", "'high', 'low', 'mid'", "same")):
        model.partial_fit(high, ["high"] * len(high), classes=["high", "low"])
    with pytest.raises(ValueError, match=says("Input classes contains", "1e400 at index 1")):
        KINDS[0].make().partial_fit(low, [1] * len(low), classes=[1, 10**400])
    for wrong in ("low", [["low"], ["mid"]]):
        with pytest.raises(ValueError, match=r"classes has shape .*; expected \(n_classes,\)"):
            KINDS[0].make().partial_fit(low, ["low"] * len(low), classes=wrong)


@pytest.mark.parametrize("learning_rate", ["cosine", "one_cycle"])
@on(KINDS)
def test_a_schedule_begins_anew_with_each_fit(case: Case, learning_rate: str) -> None:
    X, y = case.data()
    model = case.make(learning_rate=learning_rate, warm_start=True, max_iter=8).fit(X, y)
    before = {name: array.copy() for name, array in model.params_.items()}
    first = np.mean([np.abs(a).mean() for a in before.values()])
    model.fit(X, y)
    moved = np.mean([np.abs(model.params_[name] - before[name]).mean() for name in before])
    assert moved > 0.01 * first


@pytest.mark.parametrize("learning_rate", ["cosine", "one_cycle", "plateau"])
@on(KINDS)
def test_partial_fit_ignores_schedules(case: Case, learning_rate: str) -> None:
    X, y = case.data()
    scheduled, constant = case.make(learning_rate=learning_rate), case.make()
    for _ in range(3):
        scheduled.partial_fit(X, y)
        constant.partial_fit(X, y)
    assert_same_bits(scheduled.params_, constant.params_)


@pytest.mark.parametrize("then", ["adam", "adamw", "sgd", "rmsprop"])
@pytest.mark.parametrize("first", ["adam", "sgd", "rmsprop"])
@on(KINDS)
def test_another_solver_continues(case: Case, first: str, then: str) -> None:
    X, y = case.data()
    model = case.make(solver=first, warm_start=True).fit(X, y)
    model.set_params(solver=then).fit(X, y)
    assert all(np.isfinite(array).all() for array in model.params_.values())
    assert model.loss_curve_[-1] < model.loss_curve_[0]


OTHER_NETWORKS = {"cell": "gru", "hidden_size": 7, "num_layers": 2, "bidirectional": True}


@pytest.mark.parametrize(
    ("case", "name"),
    [
        pytest.param(case, name, id=f"{case.name}-{name}")
        for case in CASES
        for name, value in OTHER_NETWORKS.items()
        if case.make().get_params().get(name, value) != value
    ],
)
def test_another_network_cannot_continue(case: Case, name: str) -> None:
    X, y = case.data()
    model = case.fitted(warm_start=True)
    before = outcomes(model, X)
    old = model.get_params()[name]
    with pytest.raises(ValueError, match=says("architecture", "warm_start=False")):
        model.set_params(**{name: OTHER_NETWORKS[name]}).fit(X, y)
    assert_same_bits(outcomes(model.set_params(**{name: old}), X), before)


@on(KINDS)
def test_other_channels_cannot_continue(case: Case) -> None:
    X, y = case.data()
    model = case.fitted(warm_start=True)
    with pytest.raises(ValueError, match=says("3 features", "expecting 2")):
        model.fit([np.ones((2, 3))] * len(X), y)
    model.set_params(warm_start=False).fit([np.ones((2, 3))] * len(X), y)
    assert model.n_features_in_ == 3


# ---- Settings changed after fit ----


@pytest.mark.parametrize(
    ("fitted", "changed"),
    [
        ({"cell": "rnn"}, {"cell": "rnn_relu"}),
        ({"cell": "gru"}, {"cell": "gru_reset_before"}),
        ({"pooling": "last"}, {"pooling": "mean"}),
        ({"hidden_size": 6}, {"hidden_size": 7}),
        ({"embedding_size": None}, {"embedding_size": 3}),
    ],
)
@on(KINDS)
def test_predictions_are_those_of_the_network_that_was_fitted(
    case: Case, fitted: dict[str, Any], changed: dict[str, Any]
) -> None:
    X, _ = case.data()
    model = case.fitted(**fitted)
    before = outcomes(model, X)
    ((name, value),) = changed.items()
    model.set_params(**changed)
    with pytest.raises(ValueError, match=says(f"{name}={value!r}", f"{fitted[name]!r}")):
        model.predict(X)
    model.set_params(**fitted, max_iter=1, learning_rate_init=9.0, random_state=5)
    assert_same_bits(outcomes(model, X), before)


def test_predictions_are_those_of_the_loss_that_was_fitted() -> None:
    X, _ = KINDS[1].data()
    model = KINDS[1].fitted()
    for loss in ("poisson", "quantile", "gaussian_nll"):
        with pytest.raises(ValueError, match=says(f"loss={loss!r}", "'squared_error'")):
            model.set_params(loss=loss).predict(X)
    before = model.set_params(loss="auto").predict(X)
    assert_same_bits(model.set_params(loss="squared_error").predict(X), before)

"""Early stopping, validation data, and their scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import get_scorer, make_scorer, max_error, mean_absolute_error

import skrnn
from cases import CASES, KINDS, NUMBERS, SUPERVISED, Case, assert_same_bits, on, outcomes
from skrnn import RNNTagger, Sequences
from skrnn.metrics import token_accuracy


def split(case: Case) -> tuple[Any, Any, Any, Any]:
    X, y = case.data(n=40)
    return X[:24], y[:24], X[24:], y[24:]


@on(CASES)
def test_the_parameters_of_the_best_epoch_are_kept(case: Case) -> None:
    X, y, X_val, y_val = split(case)
    model = case.make(max_iter=40, learning_rate_init=0.05, early_stopping=True)
    model.fit(X, y, **case.held_out(X_val, y_val))
    assert len(model.validation_scores_) == len(model.loss_curve_) == model.n_iter_
    assert model.score(X_val, y_val) == max(model.validation_scores_)
    best = int(np.argmax(model.validation_scores_))
    short = case.make(max_iter=best + 1, learning_rate_init=0.05).fit(X, y)
    assert_same_bits(model.params_, short.params_)


@on(CASES)
def test_a_part_is_held_out(case: Case) -> None:
    X, y = case.data(n=40)
    model = case.make(early_stopping=True, validation_fraction=0.25, max_iter=10).fit(X, y)
    assert len(model.validation_scores_) == model.n_iter_
    none = case.make(max_iter=10).fit(X, y)
    assert none.validation_scores_ is None
    assert model.loss_curve_ != none.loss_curve_


@on(KINDS)
def test_it_stops_when_patience_ends(case: Case) -> None:
    X, y, X_val, y_val = split(case)
    settings = {"early_stopping": True, "n_iter_no_change": 3, "tol": 1e9, "max_iter": 50}
    model = case.make(**settings).fit(X, y, X_val=X_val, y_val=y_val)
    assert model.n_iter_ == 4  # the first epoch is an improvement
    by_loss = case.make(n_iter_no_change=3, tol=1e9, max_iter=50).fit(X, y)
    assert by_loss.n_iter_ == 4


@on(NUMBERS)
def test_validation_data_that_only_watches(case: Case) -> None:
    X, y, X_val, y_val = split(case)
    plain = case.make().fit(X, y)
    for form in (list, Sequences):
        watched = case.make().fit(X, y, **case.held_out(form(X_val), y_val))
        assert_same_bits(watched.params_, plain.params_)
        assert watched.validation_scores_[-1] == watched.score(X_val, y_val)
        assert len(watched.validation_scores_) == watched.n_iter_


@on(KINDS)
def test_each_epoch_of_warm_starts_has_its_score(case: Case) -> None:
    """NaN for epochs without validation, before and after."""
    X, y, X_val, y_val = split(case)
    held_out = {"X_val": X_val, "y_val": y_val}
    model = case.make(warm_start=True, max_iter=3, learning_rate="constant")
    watched = (
        case.make(max_iter=9, learning_rate="constant").fit(X, y, **held_out).validation_scores_
    )
    assert model.fit(X, y).validation_scores_ is None
    model.fit(X, y, **held_out)
    assert_same_bits(model.validation_scores_, [np.nan] * 3 + watched[3:6])
    model.fit(X, y)
    expected = [np.nan] * 3 + watched[3:6] + [np.nan] * 3
    assert_same_bits(model.validation_scores_, expected)
    assert len(model.loss_curve_) == model.n_iter_ == 9


def test_a_file_with_scores_of_the_last_epochs_only(tmp_path: Path) -> None:
    """As written by earlier versions."""
    X, y, X_val, y_val = split(KINDS[0])
    model = KINDS[0].make(warm_start=True, max_iter=2).fit(X, y).fit(X, y, X_val=X_val, y_val=y_val)
    scores = model.validation_scores_
    model._history = replace(model._history, scores=scores[2:])
    model.save(tmp_path / "model.skrnn")
    assert_same_bits(skrnn.load(tmp_path / "model.skrnn").validation_scores_, scores)


# ---- Scoring ----


@pytest.mark.parametrize("scoring", ["accuracy", "neg_log_loss", "roc_auc", "f1_macro"])
def test_names_for_classes(scoring: str) -> None:
    X, y, X_val, y_val = split(KINDS[0])
    model = KINDS[0].make(scoring=scoring, early_stopping=True, max_iter=8)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    assert get_scorer(scoring)(model, X_val, y_val) == max(model.validation_scores_)


@pytest.mark.parametrize(
    "scoring", ["r2", "neg_mean_absolute_error", "neg_root_mean_squared_error"]
)
def test_names_for_numbers(scoring: str) -> None:
    X, y, X_val, y_val = split(KINDS[1])
    model = KINDS[1].make(scoring=scoring, early_stopping=True, max_iter=8)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    assert get_scorer(scoring)(model, X_val, y_val) == max(model.validation_scores_)


LABELS = next(case for case in CASES if case.name == "classifier-labels")


@pytest.mark.parametrize(
    ("case", "settings", "says"),
    [
        (KINDS[1], {"loss": "quantile", "scoring": "r2"}, "loss='quantile'"),
        (KINDS[1], {"loss": "quantile", "scoring": "neg_mean_absolute_error"}, "loss='quantile'"),
        (KINDS[1], {"scoring": "accuracy"}, "continuous"),
        (KINDS[1], {"scoring": "neg_log_loss"}, "predict_proba"),
        (KINDS[0], {"scoring": "r2"}, "loss='auto'"),
        (KINDS[0], {"scoring": "f1"}, "pos_label"),
        (LABELS, {"scoring": "balanced_accuracy"}, "multilabel-indicator"),
    ],
    ids=str,
)
def test_a_scorer_that_does_not_fit_is_refused_before_the_first_epoch(
    case: Case, settings: dict[str, Any], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    X, y, X_val, y_val = split(case)
    for early_stopping in (False, True):
        model = case.make(**settings, early_stopping=early_stopping, verbose=True)
        refused = rf"scoring='{settings['scoring']}' does not fit.*{says}.*scoring=None"
        with pytest.raises(ValueError, match=refused):
            model.fit(X, y, X_val=X_val, y_val=y_val)
        assert capsys.readouterr().out == ""
        assert not hasattr(model, "params_")
    case.make(**settings).fit(X, y)  # without validation it scores nothing


def test_scorers_that_do_not_fit_labels_of_steps_are_refused() -> None:
    X, y = [["a", "b"], ["b"]] * 5, [["A", "B"], ["B"]] * 5
    for early_stopping in (False, True):
        model = RNNTagger(hidden_size=3, scoring="accuracy", early_stopping=early_stopping)
        refused = r"scoring='accuracy' does not fit RNNTagger with this y: .*skrnn\.metrics"
        with pytest.raises(ValueError, match=refused):
            model.fit(X, y, X_val=X, y_val=y)
    model = RNNTagger(hidden_size=3, max_iter=2, scoring=make_scorer(token_accuracy))
    assert len(model.fit(X, y, X_val=X, y_val=y).validation_scores_) == 2


def test_one_quantile_is_one_prediction() -> None:
    X, y, X_val, y_val = split(KINDS[1])
    model = KINDS[1].make(loss="quantile", quantiles=[0.5], scoring="r2")
    assert len(model.fit(X, y, X_val=X_val, y_val=y_val).validation_scores_) == model.n_iter_


def by_number(estimator: Any, X: Any, y: Any) -> float:
    """A scorer without weights."""
    return -float(np.abs(estimator.predict(X) - y).mean())


def by_class(estimator: Any, X: Any, y: Any) -> float:
    return float(np.mean(estimator.predict(X) == y))


@on(KINDS)
def test_callables(case: Case) -> None:
    X, y, X_val, y_val = split(case)
    scoring = by_class if case is KINDS[0] else by_number
    model = case.make(scoring=scoring, early_stopping=True, max_iter=8)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    assert scoring(model, X_val, y_val) == max(model.validation_scores_)


def test_scores_are_weighted_if_the_scorer_takes_weights() -> None:
    X, y = KINDS[1].data(n=40)
    weight = np.linspace(0.1, 5, 40)
    settings = {"early_stopping": True, "validation_fraction": 0.5, "max_iter": 3}

    def scores(scoring: Any, **options: Any) -> list[float]:
        return KINDS[1].make(scoring=scoring, **settings).fit(X, y, **options).validation_scores_

    weighs = make_scorer(mean_absolute_error, greater_is_better=False)
    assert scores(weighs, sample_weight=weight) == scores(
        "neg_mean_absolute_error", sample_weight=weight
    )
    # These take no weights.
    for scoring in (by_number, make_scorer(max_error, greater_is_better=False)):
        assert len(scores(scoring, sample_weight=weight)) == 3


@on(SUPERVISED)
def test_weights_of_validation_data(case: Case) -> None:
    """The scores are those of the estimator's `score`, and training does not use the weights."""
    X, y, X_val, y_val = split(case)
    held_out = {"X_val": X_val, "y_val": y_val}
    weight = np.linspace(0.1, 5, len(X_val))
    plain = case.make().fit(X, y, **held_out)
    model = case.make().fit(X, y, **held_out, sample_weight_val=weight)
    assert_same_bits(model.params_, plain.params_)
    assert model.validation_scores_ != plain.validation_scores_
    assert model.validation_scores_[-1] == model.score(X_val, y_val, sample_weight=weight)
    assert len(model.validation_scores_) == model.n_iter_


def test_weights_of_validation_data_choose_the_epoch() -> None:
    X, y, X_val, y_val = split(KINDS[1])
    weight = np.where(np.arange(len(X_val)) < 3, 100.0, 0.01)
    settings = {"early_stopping": True, "max_iter": 30, "learning_rate_init": 0.05}
    model = KINDS[1].make(scoring="neg_mean_absolute_error", **settings)
    model.fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=weight)
    best = -mean_absolute_error(y_val, model.predict(X_val), sample_weight=weight)
    assert best == max(model.validation_scores_)


def test_validation_data_of_weight_zero_is_left_out() -> None:
    """Also for a scorer without weights."""
    X, y, X_val, y_val = split(KINDS[1])
    weight = (np.arange(len(X_val)) % 2).astype(float)
    for scoring in (None, by_number):
        model = KINDS[1].make(scoring=scoring)
        some = model.fit(X, y, X_val=X_val[1::2], y_val=y_val[1::2]).validation_scores_
        weighted = model.fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=weight)
        assert weighted.validation_scores_ == some


def test_an_error_of_a_scorer_is_raised() -> None:
    def broken(*_: Any) -> float:
        raise ValueError("the scorer failed")

    X, y = KINDS[0].data()
    model = KINDS[0].make(scoring=broken, early_stopping=True)
    with pytest.raises(ValueError, match="the scorer failed"):
        model.fit(X, y)


def test_a_nan_score_is_never_the_best() -> None:
    scores = iter([np.nan, 0.5, np.nan, 0.25])

    def scripted(*_: Any) -> float:
        return next(scores)

    X, y = KINDS[0].data()
    X_val, y_val = X[:4], y[:4]
    model = KINDS[0].make(scoring=scripted, early_stopping=True)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    assert_same_bits(model.params_, KINDS[0].make(max_iter=2).fit(X, y).params_)


# ---- Truncated backpropagation, schedules ----


@on([case for case in CASES if case.name in ("classifier", "regressor", "classifier-tokens")])
def test_cuts_longer_than_the_sequences_change_nothing(case: Case) -> None:
    X, y = case.data()
    whole = case.make().fit(X, y)
    cut = case.make(tbptt=7).fit(X, y)
    assert_same_bits(cut.params_, whole.params_)
    shorter = case.make(tbptt=2).fit(X, y)
    assert shorter.loss_curve_ != whole.loss_curve_
    assert_same_bits(outcomes(shorter.set_params(tbptt=None), X), outcomes(shorter, X))


@pytest.mark.parametrize("learning_rate", ["constant", "cosine", "one_cycle", "plateau"])
@pytest.mark.parametrize("solver", ["adam", "adamw", "sgd", "rmsprop"])
@on(KINDS)
def test_solvers_and_schedules_learn(case: Case, solver: str, learning_rate: str) -> None:
    X, y = case.data()
    rate = 0.1 if solver == "sgd" else 0.01
    model = case.make(
        solver=solver,
        learning_rate=learning_rate,
        learning_rate_init=rate,
        hidden_size=16,
        max_iter=100,
        n_iter_no_change=100,
        alpha=1e-4,
    ).fit(X, y)
    assert model.loss_curve_[-1] < 0.6 * model.loss_curve_[0]

"""The end of training, reductions of the learning rate, and the epoch that is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fits import At, assert_same_fit, data, make
from skrnn._training.loop import PLATEAU_EPOCHS, PLATEAU_FACTOR, Judge, Patience, Plan
from skrnn.preprocessing import PerStep


def steps(values: list[float], tol: float = 0.0, epochs: int = 3) -> list[bool]:
    patience = Patience(tol, epochs)
    return [patience.step(value) for value in values]


def test_patience_ends_after_its_number_of_epochs_without_a_rise() -> None:
    assert steps([1, 2, 2, 2, 2]) == [False, False, False, False, True]
    assert steps([1, 0, 0, 1.5, 0, 0, 0]) == [False] * 6 + [True]


def test_a_rise_is_more_than_tol() -> None:
    assert steps([1, 1.5, 2.0], tol=0.5, epochs=1) == [False, True, True]
    assert steps([1, 1.75, 2.5], tol=0.5, epochs=1) == [False, False, False]


def test_nan_is_no_rise_and_does_not_affect_later_epochs() -> None:
    nan = float("nan")
    assert steps([nan, 1, nan, nan, 2, nan, nan, nan]) == [False] * 7 + [True]


def judge(**options: Any) -> Judge:
    plan: dict[str, Any] = {
        "max_iter": 100,
        "chosen": False,
        "tol": 0.0,
        "n_iter_no_change": 50,
        "early_stopping": False,
        "schedule": "constant",
        "n_jobs": 1,
        "score": None,
        "begin_epoch": lambda: None,
        "end_epoch": lambda: False,
    }
    return Judge(Plan(**plan | options))


def test_the_rate_is_reduced_if_the_loss_stagnates() -> None:
    one = judge(schedule="plateau")
    rates = []
    for _ in range(2 * PLATEAU_EPOCHS + 1):
        one.update(1.0, None)
        rates.append(one.learning_rate_scale)
    expected = [1.0] * PLATEAU_EPOCHS + [PLATEAU_FACTOR] * PLATEAU_EPOCHS + [PLATEAU_FACTOR**2]
    assert rates == expected


def test_with_early_stopping_the_score_decides_and_the_loss_does_not() -> None:
    one = judge(early_stopping=True, n_iter_no_change=2)
    seen = []
    for loss, score in [(1.0, 0.5), (2.0, 0.7), (0.5, 0.7), (0.4, 0.6)]:
        one.update(loss, score)
        seen.append((one.is_best, one.stop))
    assert seen == [(True, False), (True, False), (False, False), (False, True)]


def test_without_early_stopping_the_score_is_only_recorded() -> None:
    one = judge(n_iter_no_change=2)
    for loss in (3.0, 2.0, 1.0):
        one.update(loss, -loss)
        assert not one.stop
        assert not one.is_best


def scored(scores: list[float]) -> Any:
    given = iter(scores)
    return lambda *_: next(given)


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([0.1, 0.3, 0.2, 0.3], 2),  # the first of equals
        ([float("nan"), 0.1, 0.5, 0.2], 3),
        ([0.1, float("nan"), 0.3, float("nan")], 3),
        ([float("nan")] * 4, 4),  # no best epoch: the last
        ([-5.0, -3.0, -4.0, -6.0], 2),
    ],
    ids=str,
)
def test_the_best_epoch_is_kept(scores: list[float], best: int) -> None:
    X, y = data()
    model = make(early_stopping=True, max_iter=4, scoring=scored(scores))
    model.fit(X, y, X_val=X, y_val=y)
    np.testing.assert_array_equal(model.validation_scores_, scores)
    alone = make(max_iter=best).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), alone.predict_proba(X))


def test_validation_alone_changes_nothing() -> None:
    X, y = data()
    watched = make().fit(X, y, X_val=X, y_val=y)
    alone = make().fit(X, y)
    assert watched.loss_curve_ == alone.loss_curve_
    np.testing.assert_array_equal(watched.predict_proba(X), alone.predict_proba(X))
    assert watched.validation_scores_[-1] == watched.score(X, y)


def test_a_loss_that_is_not_finite_restores_the_epoch_before() -> None:
    """Parameters and the optimiser's state; the warning is at the line that called fit."""
    X, y = data("regressor")
    settings: dict[str, Any] = {"loss": "poisson", "clip_norm": None, "learning_rate_init": 1e3}
    model = make("regressor", **settings)
    with pytest.warns(ConvergenceWarning, match="learning_rate_init") as caught:
        model.fit(X, np.abs(y))
    assert caught[0].filename == __file__
    assert model.n_iter_ == len(model.loss_curve_) < model.max_iter
    assert np.isfinite(model.loss_curve_).all()
    for array in model.params_.values():
        assert np.isfinite(array).all()
    if model.n_iter_:
        alone = make("regressor", **settings | {"max_iter": model.n_iter_}).fit(X, np.abs(y))
        assert_same_fit(model, alone)


def test_a_loss_that_is_not_finite_in_the_first_epoch_restores_the_initial_state() -> None:
    X, y = data("regressor")
    settings: dict[str, Any] = {"loss": "poisson", "clip_norm": None}
    model = make("regressor", learning_rate_init=1e30, **settings)
    with pytest.warns(ConvergenceWarning, match="epoch 1;"):
        model.fit(X, np.abs(y))
    assert model.n_iter_ == 0
    beginning = make("regressor", learning_rate_init=1e-30, max_iter=1, **settings)
    beginning.fit(X, np.abs(y))
    for name, array in beginning.params_.items():
        np.testing.assert_allclose(model.params_[name], array, rtol=0, atol=1e-25)


def test_early_stopping_of_one_epoch() -> None:
    model = make(early_stopping=True, max_iter=1).fit(*data())
    assert len(model.validation_scores_) == 1


def test_partial_fit_warns_of_it_too() -> None:
    X, y = data("regressor")
    model = make("regressor", loss="poisson", clip_norm=None, learning_rate_init=1e30)
    with pytest.warns(ConvergenceWarning, match="not finite") as caught:
        model.partial_fit(X, np.abs(y)).partial_fit(X, np.abs(y))
    assert {str(warning.filename) for warning in caught} == {__file__}


def test_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    X, y = data()
    model = make(max_iter=2, verbose=True, warm_start=True).fit(X, y, X_val=X, y_val=y)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"Epoch {i}: loss {model.loss_curve_[i - 1]:.6g}, "
        f"validation score {model.validation_scores_[i - 1]:.6g}"
        for i in (1, 2)
    ]
    model.fit(X, y)  # without validation: no score, not an old one
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"Epoch {i}: loss {model.loss_curve_[i - 1]:.6g}" for i in (3, 4)]


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle"])
def test_the_training_loss_does_not_stop_schedules_that_end(schedule: str) -> None:
    to_the_end = judge(schedule=schedule, n_iter_no_change=2)
    for _ in range(10):
        to_the_end.update(1.0, None)
        assert not to_the_end.stop
    by_score = judge(schedule=schedule, n_iter_no_change=2, early_stopping=True)
    stops = []
    for _ in range(3):
        by_score.update(1.0, 0.5)
        stops.append(by_score.stop)
    assert stops == [False, False, True]


# ---- Training that ends too soon ----

IMPROVING: dict[str, Any] = {
    "learning_rate": "constant",
    "max_iter": 4,
    "n_iter_no_change": 2,
    "tol": 0.0,
}


def test_a_small_max_iter_warns_at_the_line_of_the_user() -> None:
    X, y = data()
    too_soon = r"(?s)max_iter=4 .*training loss.*tol=0 .*n_iter_no_change=2 .*Raise max_iter"
    with pytest.warns(ConvergenceWarning, match=too_soon) as caught:
        model = make(**IMPROVING).fit(X, y)
    assert model.n_iter_ == 4
    with pytest.warns(ConvergenceWarning, match=too_soon) as in_a_pipeline:
        make_pipeline(PerStep(StandardScaler()), make(**IMPROVING)).fit(X, y)
    with pytest.warns(ConvergenceWarning, match=too_soon) as in_folds:
        cross_val_score(make(**IMPROVING), X, y, cv=2)
    for record in (caught, in_a_pipeline, in_folds):
        assert {warning.filename for warning in record} == {__file__}


def test_the_warning_names_a_default_max_iter_as_such() -> None:
    settings = IMPROVING | {"max_iter": None, "batch_size": 1, "learning_rate_init": 1e-4}
    chosen = r"epoch 25, which max_iter=None chose .*Set max_iter to a larger number"
    with pytest.warns(ConvergenceWarning, match=chosen):
        make(**settings).fit(*data())


def test_with_early_stopping_the_warning_names_the_score() -> None:
    X, y = data()
    rising = make(early_stopping=True, scoring=scored([0.1, 0.2, 0.3, 0.4]), **IMPROVING)
    with pytest.warns(ConvergenceWarning, match="while the validation score still improved"):
        rising.fit(X, y, X_val=X, y_val=y)


@pytest.mark.parametrize(
    "settings",
    [
        {"tol": 1e9},  # ended by tol
        {"n_iter_no_change": 3, "tol": 1e9},  # in the very last epoch
        {"n_iter_no_change": 4},  # as large as max_iter, so that it never applies
        {"learning_rate": "cosine"},
        {"learning_rate": "one_cycle"},
        {"learning_rate": "cosine", "early_stopping": True, "validation_fraction": 0.3},
    ],
    ids=str,
)
def test_fits_that_end_by_their_settings_are_silent(settings: dict[str, Any]) -> None:
    make(**IMPROVING | settings).fit(*data())  # a warning is an error here


def test_epochs_one_by_one_are_silent() -> None:
    model = make(**IMPROVING)
    for _ in range(6):
        model.partial_fit(*data())
    make(**IMPROVING).set_callbacks(At(3, lambda: True)).fit(*data())

"""EarlyStopping ends a fit by its settings, and changes nothing else."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fits import At, Recorder, assert_same_fit, data, make
from helpers.support import says
from skrnn.callbacks import Checkpoint, EarlyStopping


@pytest.mark.parametrize("target", [0.6, 0.3])
def test_target_of_the_loss(target: float) -> None:
    model = make().set_callbacks(EarlyStopping("loss", target=target)).fit(*data())
    assert model.loss_curve_[-1] <= target < model.loss_curve_[-2]
    assert_same_fit(model, make(max_iter=model.n_iter_).fit(*data()))


def test_target_of_the_score() -> None:
    X, y = data()
    stop = EarlyStopping(target=0.75)
    model = make(max_iter=50).set_callbacks(stop).fit(X, y, X_val=X, y_val=y)
    assert model.score(X, y) == model.validation_scores_[-1] >= 0.75
    assert max(model.validation_scores_[:-1]) < 0.75


def test_the_score_is_the_estimators() -> None:
    """Negative losses as scores: larger is better, too."""
    X, y = data("regressor")
    stop = EarlyStopping(target=-1.5)
    model = make("regressor", scoring="neg_mean_absolute_error", max_iter=50)
    model.set_callbacks(stop).fit(X, y, X_val=X, y_val=y)
    assert model.validation_scores_[-2] < -1.5 <= model.validation_scores_[-1]
    assert np.abs(model.predict(X) - y).mean() <= 1.5


@pytest.mark.parametrize("monitor", ["loss", "validation_score"])
@pytest.mark.parametrize("tol", [0.0, 0.05])
def test_stagnation(monitor: str, tol: float) -> None:
    """It stops if the last three epochs were no better than the best before, and not sooner."""
    X, y = data()
    stop = EarlyStopping(monitor, n_iter_no_change=3, tol=tol)
    model = make(learning_rate_init=0.4, max_iter=100, n_iter_no_change=100)
    model.set_callbacks(stop).fit(X, y, X_val=X[::2], y_val=y[::2])
    curve = np.array(model.validation_scores_)
    if monitor == "loss":
        curve = -np.array(model.loss_curve_)
    still = [
        all(curve[i] <= curve[:i].max() + tol for i in range(end - 3, end))
        for end in range(4, len(curve) + 1)
    ]
    assert len(curve) < 100
    assert still == [False] * (len(still) - 1) + [True]


def test_the_best_epoch_is_kept_with_early_stopping() -> None:
    X, y = data()
    settings = {"early_stopping": True, "learning_rate_init": 0.2, "max_iter": 30}
    model = make(**settings).set_callbacks(EarlyStopping(n_iter_no_change=2))
    model.fit(X, y, X_val=X[:20], y_val=y[:20])
    assert model.score(X[:20], y[:20]) == max(model.validation_scores_)
    assert model.n_iter_ < 30


def test_time_limit() -> None:
    model = make(max_iter=10**6, n_iter_no_change=10**6)
    start = time.perf_counter()
    model.set_callbacks(EarlyStopping(max_seconds=0.3)).fit(*data())
    assert 0.3 <= time.perf_counter() - start < 10
    assert model.n_iter_ > 1


def test_a_fit_ended_by_the_time_limit_is_resumed(tmp_path: Path) -> None:
    slow = At(2, lambda: time.sleep(0.2))
    soon = EarlyStopping(max_seconds=0.2)
    file = Checkpoint(tmp_path / "fit.checkpoint")
    model = make().set_callbacks(file, slow, soon).fit(*data())
    assert model.n_iter_ == 3
    model.set_callbacks(file, EarlyStopping(max_seconds=1000)).fit(*data())
    assert_same_fit(model, make().fit(*data()))


def test_a_resumed_fit_stops_at_the_same_epoch(tmp_path: Path) -> None:
    X, y = data()
    stop = EarlyStopping("loss", n_iter_no_change=4, tol=0.05)
    settings = {"learning_rate_init": 0.1, "max_iter": 100, "n_iter_no_change": 100}
    whole = make(**settings).set_callbacks(stop).fit(X, y)
    assert whole.n_iter_ < 100
    for order in (1, -1):
        file = Checkpoint(tmp_path / f"{order}.checkpoint", every=3)
        kill = At(whole.n_iter_ - 2, lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make(**settings).set_callbacks(*[file, stop][::order], kill).fit(X, y)
        for _ in range(2):  # the second, of a completed fit, ends at once
            model = make(**settings).set_callbacks(*[file, stop][::order]).fit(X, y)
            assert_same_fit(model, whole)


@pytest.mark.parametrize("monitor", ["loss", "validation_score"])
def test_a_warm_start_is_judged_by_its_own_epochs(monitor: str) -> None:
    X, y = data()
    stop = EarlyStopping(monitor, n_iter_no_change=2, tol=100)
    model = make(warm_start=True).set_callbacks(stop)
    # The first epoch is always an improvement.
    assert model.fit(X, y, X_val=X, y_val=y).n_iter_ == 3
    assert model.fit(X, y, X_val=X, y_val=y).n_iter_ == 6


def test_one_object_serves_many_fits() -> None:
    stop = EarlyStopping("loss", n_iter_no_change=2, tol=100)
    assert [make().set_callbacks(stop).fit(*data()).n_iter_ for _ in range(2)] == [3, 3]


def test_the_estimators_own_rule_may_stop_earlier() -> None:
    stop = EarlyStopping("loss", n_iter_no_change=10)
    assert make(tol=100, n_iter_no_change=2).set_callbacks(stop).fit(*data()).n_iter_ == 3


def test_missing_scores() -> None:
    with pytest.raises(ValueError, match=says("validation_score", "X_val", "early_stopping=True")):
        make().set_callbacks(EarlyStopping(target=1.0)).fit(*data())
    # A time limit alone needs no curve.
    make().set_callbacks(EarlyStopping(max_seconds=100)).fit(*data())


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({}, ("n_iter_no_change", "target", "max_seconds")),
        ({"monitor": "val_loss", "target": 1.0}, ("monitor='val_loss'", "'validation_score'")),
        ({"n_iter_no_change": 0}, ("n_iter_no_change=0", "1 or more")),
        ({"n_iter_no_change": 2, "tol": -1.0}, ("tol=-1.0",)),
        ({"target": float("nan")}, ("target=nan",)),
        ({"target": "high"}, ("target='high'",)),
        ({"max_seconds": 0}, ("max_seconds=0",)),
    ],
    ids=str,
)
def test_bad_settings(settings: dict[str, Any], parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=says("EarlyStopping", *parts)):
        EarlyStopping(**settings)


def test_repr() -> None:
    stop = EarlyStopping("loss", target=0.5)
    assert repr(stop).startswith("EarlyStopping(monitor='loss', n_iter_no_change=None")
    assert not Recorder().calls

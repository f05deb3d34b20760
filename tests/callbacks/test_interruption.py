"""Ctrl-C ends a fit, and the best that was learned by then is kept."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from fits import At, Recorder, assert_same_fit, data, interrupt, make

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends itself a POSIX signal")


@pytest.fixture(autouse=True)
def _heeds_sigint() -> Iterator[None]:
    """A shell starts what runs in its background with SIGINT ignored, and Python leaves it so."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def ctrl_c() -> None:
    """Press it soon: the engine is at work by then."""
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()


def assert_usable(model: Any) -> None:
    assert np.isfinite(model.predict_proba(data()[0])).all()
    assert model.n_iter_ == len(model.loss_curve_)
    assert not hasattr(model, "_run")


@pytest.mark.parametrize("epochs", [1, 4])
def test_between_epochs(epochs: int) -> None:
    model = make().set_callbacks(At(epochs, interrupt, "begin"))
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data())
    assert_usable(model)
    assert_same_fit(model, make(max_iter=epochs).fit(*data()))


def test_the_best_epoch_is_kept() -> None:
    X, y = data()
    X_val, y_val = X[:20], y[:20]
    settings = {"learning_rate_init": 0.3, "n_iter_no_change": 100, "max_iter": 30}
    model = make(early_stopping=True, **settings).set_callbacks(At(20, interrupt))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y, X_val=X_val, y_val=y_val)
    assert model.score(X_val, y_val) == max(model.validation_scores_)
    best = int(np.argmax(model.validation_scores_)) + 1
    alone = make(**settings | {"max_iter": best}).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), alone.predict_proba(X))
    assert best < model.n_iter_ == 21


def test_in_the_middle_of_an_epoch() -> None:
    """The last epoch that was completed is kept, and everything says the same."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(200, 2)) for _ in range(200)]
    y = rng.integers(0, 2, 200)
    settings = {"hidden_size": 32, "max_iter": 100_000, "n_iter_no_change": 100_000}
    recorder = Recorder()
    model = make(**settings).set_callbacks(recorder, At(0, ctrl_c, "begin"))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert recorder.told[-1] == ("teardown", "fit", 0)
    assert model.n_iter_ == len(model.loss_curve_)
    if model.n_iter_:
        assert_same_fit(model, make(**settings | {"max_iter": model.n_iter_}).fit(X, y))


def test_in_the_first_epoch() -> None:
    """What was learned of it is better than nothing."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(1000, 2)) for _ in range(3000)]
    y = np.array([x[-1, 0] > 0 for x in X])
    model = make(hidden_size=64, learning_rate_init=0.01)
    model.set_callbacks(At(0, ctrl_c, "begin"))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert model.n_iter_ == 0
    assert model.loss_curve_ == []
    untouched = make(hidden_size=64, learning_rate_init=1e-30, max_iter=1).fit(X[:1], y[:1])
    name = "rnn.weight_ih_l0"
    assert np.isfinite(model.params_[name]).all()
    assert not np.array_equal(model.params_[name], untouched.params_[name])
    model.predict(X[:10])


def test_in_the_middle_of_a_score() -> None:
    """An epoch without its score is not counted."""
    X, y = data()
    calls = []

    def scoring(estimator: Any, X: Any, y: Any) -> float:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return float(estimator.score(X, y))

    model = make(scoring=scoring)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y, X_val=X, y_val=y)
    assert len(model.validation_scores_) == model.n_iter_ == 3
    alone = make(max_iter=3).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), alone.predict_proba(X))


def test_a_warm_start_goes_on_from_there() -> None:
    model = make(warm_start=True).set_callbacks(At(4, interrupt))
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data())
    model.set_callbacks().set_params(max_iter=7).fit(*data())
    assert_same_fit(model, make().fit(*data()))

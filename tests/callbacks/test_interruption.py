"""Fits ended by Ctrl-C keep the best parameters so far."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import skrnn
from fits import At, Recorder, assert_same_fit, data, interrupt, make
from skrnn._estimators.fitting import TrainableEstimator
from skrnn.callbacks import EarlyStopping

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends itself a POSIX signal")


@pytest.fixture(autouse=True)
def _handles_sigint() -> Iterator[None]:
    """Restore the handler: background processes of a shell start with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def ctrl_c() -> None:
    """Send SIGINT after a short time, when the engine is running."""
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
    """The last completed epoch is kept, in the parameters and in all curves."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(200, 2)) for _ in range(200)]
    y = rng.integers(0, 2, 200)
    settings = {"hidden_size": 32, "max_iter": 5_000, "n_iter_no_change": 5_000}
    recorder = Recorder()
    model = make(**settings).set_callbacks(recorder, At(0, ctrl_c, "begin"))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert recorder.calls[-1] == ("teardown", "fit", 0)
    assert model.n_iter_ == len(model.loss_curve_)
    if model.n_iter_:
        assert_same_fit(model, make(**settings | {"max_iter": model.n_iter_}).fit(X, y))


def test_in_the_first_epoch() -> None:
    """The parameters of the unfinished epoch are kept."""
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


def test_a_warm_start_continues_from_the_interrupted_fit() -> None:
    model = make(warm_start=True).set_callbacks(At(4, interrupt))
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data())
    model.set_callbacks().set_params(max_iter=7).fit(*data())
    assert_same_fit(model, make().fit(*data()))


# ---- At any line ----

OURS = str(Path(skrnn.__file__).parent)
Line = tuple[str, int]  # a file, and the number of one of its lines


@contextmanager
def traced(at_line: Callable[[Line], None], files: str = OURS) -> Iterator[None]:
    """Call a function before each executed line of the files, of skrnn, whose path begins so.

    The function that holds the lock of a fit is left out. Python checks for Ctrl-C after calls and
    at jumps, so that ``with lock:`` always releases it; a trace function could raise in between.
    """

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(files):
            return None
        if event == "line" and not holds_the_lock(frame):
            at_line((frame.f_code.co_filename, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def interrupts(line: Line, time: int) -> Callable[[Line], None]:
    """Return a function that raises KeyboardInterrupt the n-th time that it is given a line."""
    left = time

    def at_line(executed: Line) -> None:
        nonlocal left
        left -= executed == line
        if left == 0:
            left = -1
            raise KeyboardInterrupt

    return at_line


def holds_the_lock(frame: FrameType) -> bool:
    if frame.f_code is not TrainableEstimator._learn.__code__:
        return False
    lock = frame.f_locals.get("running")
    return lock is not None and lock.locked()


@pytest.mark.parametrize("how", ["fit", "early_stopping", "partial_fit", "warm_start"])
def test_at_any_line(how: str) -> None:
    """Whole epochs are kept, or the state before the fit, and nothing else of the fit.

    Each line is interrupted the first time that it is executed, and the last time.
    """
    X, y = data(n=12)
    options: dict[str, Any] = {"max_iter": 2, "early_stopping": how == "early_stopping"}
    begun = make(warm_start=how == "warm_start", **options)
    fresh = make(**options).fit(X, y)
    if how in ("warm_start", "partial_fit"):
        begun.fit(X, y)
    method = "partial_fit" if how == "partial_fit" else "fit"

    def copy() -> Any:
        return pickle.loads(pickle.dumps(begun))

    whole = getattr(copy(), method)(X, y)
    executed: Counter[Line] = Counter()
    model = copy()
    with traced(lambda line: executed.update([line])):
        getattr(model, method)(X, y)
    assert len(executed) > 100
    for where in {(line, time) for line, last in executed.items() for time in (1, last)}:
        model = copy()
        with pytest.raises(KeyboardInterrupt), traced(interrupts(*where), where[0][0]):
            getattr(model, method)(X, y)
        assert vars(model).keys() in (vars(whole).keys(), vars(begun).keys()), where
        if hasattr(model, "params_"):
            assert model.n_iter_ == len(model.loss_curve_), where
            assert model.loss_curve_ == whole.loss_curve_[: model.n_iter_], where
            assert np.isfinite(model.score(X, y)), where
            if model.n_iter_ == whole.n_iter_:
                assert_same_fit(model, whole)
        assert vars(pickle.loads(pickle.dumps(model))).keys() == vars(model).keys(), where
        clone(model)
        assert_same_fit(model.set_params(warm_start=False).fit(X, y), fresh)


# ---- One fit at a time ----


class Meddles(At):
    """A callback that calls a method of an estimator at the end of the second epoch."""

    def __init__(self, call: Any) -> None:
        super().__init__(1, call)
        self.errors: list[str] = []

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
        if context.task_name == "epoch" and context.task_id == self.epoch:
            with pytest.raises(RuntimeError, match="is being fitted") as error:
                self.action(estimator)
            self.errors.append(str(error.value))
        return False


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_callback_cannot_fit_the_estimator(method: str) -> None:
    X, y = data()
    model = make()
    for whose in (lambda _: model, lambda estimator: estimator):
        meddles = Meddles(lambda e, whose=whose: getattr(whose(e), method)(X, y))
        model.set_callbacks(meddles).fit(X, y)
        assert len(meddles.errors) == 1
        assert_same_fit(model, make().fit(X, y))


def test_a_callback_can_fit_a_copy() -> None:
    X, y = data()
    fits = []

    class Copies(Recorder):
        def on_fit_task_end(self, _: Any, __: Any, *, fitted_estimator: Any = None) -> bool:
            fits.append(fitted_estimator.set_callbacks().fit(X, y))
            return False

    model = make(max_iter=3).set_callbacks(Copies()).fit(X, y)
    assert len(fits) == 4
    for one in (model, *fits):
        assert_same_fit(one, make(max_iter=3).fit(X, y))


def test_another_thread_cannot_fit_the_estimator() -> None:
    X, y = data()
    model = make()
    at_work, done = threading.Event(), threading.Event()

    def wait() -> bool:
        at_work.set()
        assert done.wait(60)
        return False

    model.set_callbacks(At(1, wait))
    thread = threading.Thread(target=model.fit, args=(X, y))
    thread.start()
    assert at_work.wait(60)
    try:
        for method in (model.fit, model.partial_fit):
            with pytest.raises(RuntimeError, match=r"RNNClassifier is being fitted.*clone"):
                method(X, y)
        with pytest.raises(NotFittedError):
            model.predict(X)
    finally:
        done.set()
        thread.join()
    assert_same_fit(model, make().fit(X, y))


def test_a_refused_fit_leaves_the_estimator_unchanged() -> None:
    X, y = data()
    model = make().fit(X, y)
    before = pickle.dumps(model)
    wider, others = [np.tile(x, 2) for x in X], np.array(["a", "b"] * 20)
    with pytest.raises(ValueError, match="X_val has 2 features"):
        model.fit(wider, others, X_val=X, y_val=y)
    with pytest.raises(ValueError, match="monitor"):
        model.set_callbacks(EarlyStopping(n_iter_no_change=1)).fit(wider, others)
    assert pickle.dumps(model.set_callbacks()) == before


def test_a_detector_has_its_threshold() -> None:
    """That of the parameters that are kept."""
    X, _ = data("detector")
    model = make("detector").set_callbacks(At(3, interrupt, "begin"))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    expected = make("detector", max_iter=3).fit(X)
    assert_same_fit(model, expected)
    assert model.offset_ == expected.offset_
    np.testing.assert_array_equal(model.score_samples(X[0]), expected.score_samples(X[0]))

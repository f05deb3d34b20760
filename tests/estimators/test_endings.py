"""Fits that end early: interrupted, diverged, or with numbers at the edge of float32."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import skrnn
from cases import CASES, FORECASTERS, KINDS, NUMBERS, Case, assert_same_bits, on, outcomes
from skrnn import Sequences

PACKAGE = str(Path(skrnn.__file__).parent)
IN_MAIN_THREAD = threading.current_thread() is threading.main_thread()
needs_timer = pytest.mark.skipif(
    not hasattr(signal, "setitimer") or not IN_MAIN_THREAD, reason="no timer that interrupts"
)


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    """Raise KeyboardInterrupt after some seconds, in a function of the package.

    In a finalizer that the garbage collector calls, Python ignores an exception, and a fit without
    end would go on. If it is in one, or in any other function, the timer comes again.
    """

    def press(_: int, frame: FrameType | None) -> None:
        if frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, press)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.001)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def is_usable(model: Any, case: Case) -> None:
    X, y = case.data()
    for found in outcomes(model, X):
        assert found.dtype.kind != "f" or np.isfinite(found).all()
    for array in model.params_.values():
        assert np.isfinite(array).all()
        assert array.base is None
    assert len(model.loss_curve_) == model.n_iter_
    assert np.isfinite(model.loss_curve_).all()
    assert_same_bits(outcomes(model, X), outcomes(model, X))
    model.set_params(max_iter=2, learning_rate_init=0.01, solver="adam")
    fresh = case.make(max_iter=2, **{k: v for k, v in model.get_params().items() if k in CHANGED})
    assert_same_bits(model.fit(X, y).params_, fresh.fit(X, y).params_)


CHANGED = ("early_stopping", "hidden_size", "scoring", "tol", "n_iter_no_change", "clip_norm")


# Of which the network that is interrupted is not that of calibration.
UNCALIBRATED = [case for case in FORECASTERS if case.make().calibration is None]


@needs_timer
@on([*CASES, *UNCALIBRATED])
def test_an_interrupted_fit_keeps_its_parameters(case: Case) -> None:
    X, y = case.data()
    model = case.make(max_iter=10**9, tol=0, n_iter_no_change=10**9)
    with pytest.raises(KeyboardInterrupt), interrupted_after(0.1):
        model.fit(X, y)
    assert model.n_iter_ > 0
    # The last completed epoch counts, not the unfinished one.
    same = case.make(max_iter=model.n_iter_, tol=0, n_iter_no_change=10**9).fit(X, y)
    assert_same_bits(model.params_, same.params_)
    is_usable(model, case)


@needs_timer
@on(KINDS)
def test_an_interrupted_fit_keeps_the_best_epoch(case: Case) -> None:
    X, y = case.data(n=40)
    model = case.make(
        max_iter=10**9, tol=0, n_iter_no_change=10**9, early_stopping=True, learning_rate_init=0.05
    )
    with pytest.raises(KeyboardInterrupt), interrupted_after(0.2):
        model.fit(X[:24], y[:24], X_val=X[24:], y_val=y[24:])
    assert model.score(X[24:], y[24:]) == max(model.validation_scores_)


@needs_timer
@on(KINDS)
def test_the_first_epoch_can_be_interrupted(case: Case) -> None:
    X, y = case.data(n=2000)
    model = case.make(hidden_size=64, batch_size=1, num_layers=2)
    started = time.perf_counter()
    many, targets = Sequences(X * 10), np.tile(y, 10)
    with pytest.raises(KeyboardInterrupt), interrupted_after(0.3):
        model.fit(many, targets)
    assert time.perf_counter() - started < 5
    assert model.n_iter_ == 0
    assert np.isfinite(model.predict_proba(X) if case is KINDS[0] else model.predict(X)).all()


# ---- Divergence ----


def remedies(epoch: str = r"\d+") -> str:
    return rf"(?s)not finite.*epoch {epoch}.*StandardScaler.*learning_rate_init.*clip_norm"


# Learning rates that overflow float32. With these units and targets the second minibatch does.
EXPLOSIVE = {"cell": "rnn_relu", "learning_rate_init": 1e30, "clip_norm": None, "solver": "sgd"}


@pytest.mark.parametrize("batch_size", [8, 1000])
@pytest.mark.parametrize("early_stopping", [False, True])
@on(CASES)
def test_divergence_warns_and_leaves_a_usable_model(
    case: Case, batch_size: int, early_stopping: bool
) -> None:
    X, y = case.data()
    model = case.make(
        **EXPLOSIVE,
        batch_size=batch_size,
        early_stopping=early_stopping,
        validation_fraction=0.25,
        max_iter=20,
    )
    with pytest.warns(ConvergenceWarning, match=remedies()):
        model.fit(X, y)
    for found in outcomes(model, X):
        assert found.dtype.kind != "f" or np.isfinite(found).all()
    for array in model.params_.values():
        assert np.isfinite(array).all()
    assert np.isfinite(model.loss_curve_).all()
    assert model.n_iter_ == len(model.loss_curve_) < 20
    # With the advice of the warning it continues, with the same solver.
    model.set_params(warm_start=True, learning_rate_init=1e-3, clip_norm=1.0, max_iter=2)
    assert np.isfinite(model.fit(X, y).loss_curve_).all()
    assert model.n_iter_ >= 2


@on(KINDS)
def test_the_warning_names_the_epoch(case: Case) -> None:
    X, y = case.data()
    model = case.make(**EXPLOSIVE, batch_size=1000)
    with pytest.warns(ConvergenceWarning, match=remedies("1")):
        model.fit(X, y)
    # It points to the user's line, not to the library's.
    with pytest.warns(ConvergenceWarning) as record:
        model.fit(X, y)
    assert record[0].filename == __file__


@on([case for case in NUMBERS if not case.tokens])
def test_huge_inputs(case: Case) -> None:
    X, y = case.data()
    for scale in (1e15, 1e30):
        huge = [(x * scale).astype(np.float32) for x in X]
        model = case.make(max_iter=20)
        for cell in ("lstm", "gru", "rnn"):  # cells with bounded states
            model.set_params(cell=cell).fit(huge, y)
            assert all(np.isfinite(array).all() for array in model.params_.values())
            for found in outcomes(model, huge):
                assert found.dtype.kind != "f" or np.isfinite(found).all()


@on(KINDS)
def test_tiny_inputs_and_long_sequences(case: Case) -> None:
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(length, 2)) * 1e-40 for length in (1, 3000, 2, 700, 5, 1)]
    y = case.data(n=6)[1]
    model = case.make(max_iter=2).fit(X, y)
    assert len(model.predict(X)) == 6
    assert all(np.isfinite(array).all() for array in model.params_.values())


# ---- Small data ----


@on(CASES)
def test_one_sequence_of_one_step(case: Case) -> None:
    X, y = case.data()
    model = case.make().fit(X[:1], y[:1])
    assert X[0].shape[0] == 1
    for found, several in zip(outcomes(model, X[:1]), outcomes(model, X), strict=True):
        assert found.shape == (1, *several.shape[1:])


@on(NUMBERS)
def test_sequences_of_one_step(case: Case) -> None:
    X, _ = case.data()
    ones = [x[:1] for x in X]
    y = case.targets(ones)
    model = case.make().fit(ones, y)
    assert_same_bits(outcomes(case.make().fit(np.stack(ones), y), ones), outcomes(model, ones))


# ---- Output of verbose ----


@on(KINDS)
def test_verbose_prints_each_epoch(case: Case, capsys: Any) -> None:
    X, y = case.data()
    case.make(max_iter=3).fit(X, y)
    assert capsys.readouterr().out == ""
    model = case.make(max_iter=3, verbose=True).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["Epoch 1", "Epoch 2", "Epoch 3"]
    for line, loss in zip(lines, model.loss_curve_, strict=True):
        assert f"{loss:.6g}" in line
    model = case.make(max_iter=2, verbose=1).fit(X, y, X_val=X, y_val=y)
    lines = capsys.readouterr().out.splitlines()
    for line, score in zip(lines, model.validation_scores_, strict=True):
        assert f"{score:.6g}" in line

"""Fits that resume from a checkpoint, and those that are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score

from fits import ESTIMATORS, VARIANTS, At, Recorder, assert_same_fit, data, interrupt, make
from helpers.support import says
from killed import KilledError, begun, kill, resumed
from skrnn import RNNClassifier
from skrnn.callbacks import Checkpoint

# ---- Resuming ----


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("kind", ESTIMATORS)
def test_a_resumed_fit_ends_like_an_uninterrupted_one(kind: str, variant: str, path: Path) -> None:
    settings = VARIANTS[variant] | {"n_iter_no_change": 30}
    begun(path, kind=kind, **settings)
    assert_same_fit(resumed(path, kind, **settings), make(kind, **settings).fit(*data(kind)))


def test_with_weights_and_validation_data(path: Path) -> None:
    X, y = data()
    X_val, y_val = data(seed=1)
    options = {"sample_weight": np.linspace(0, 1, 40), "X_val": X_val, "y_val": y_val}
    settings = {"early_stopping": True, "class_weight": "balanced", "n_iter_no_change": 30}
    model = make(**settings).set_callbacks(Checkpoint(path), At(5, kill))
    with pytest.raises(KilledError):
        model.fit(X, y, **options)
    model = make(**settings).set_callbacks(Checkpoint(path)).fit(X, y, **options)
    assert_same_fit(model, make(**settings).fit(X, y, **options))


def test_a_completed_fit_is_returned_at_once(path: Path) -> None:
    first = resumed(path)
    begins = []

    class Begun(Recorder):
        def on_fit_task_begin(self, _estimator: Any, context: Any, *, X: Any = None) -> None:
            if context.task_name == "epoch" and X is not None:
                begins.append(context.task_id)

    again = make().set_callbacks(Checkpoint(path), Begun()).fit(*data())
    assert begins == []
    assert_same_fit(again, first)
    np.testing.assert_array_equal(again.predict(data()[0]), first.predict(data()[0]))


@pytest.mark.parametrize("variant", ["plain", "early_stopping", "dropout", "plateau"])
def test_more_epochs(variant: str, path: Path) -> None:
    """A completed fit continues with a larger max_iter."""
    settings = VARIANTS[variant] | {"n_iter_no_change": 30}
    resumed(path, **settings | {"max_iter": 8})
    whole = make(**settings | {"max_iter": 14}).fit(*data())
    assert_same_fit(resumed(path, **settings | {"max_iter": 14}), whole)


def test_more_epochs_than_one(path: Path) -> None:
    settings = VARIANTS["early_stopping"]
    resumed(path, **settings | {"max_iter": 1})
    assert_same_fit(resumed(path, **settings), make(**settings).fit(*data()))


def test_a_resumed_fit_calls_hooks_once_per_epoch(path: Path) -> None:
    begun(path)
    recorder, another = Recorder(), Recorder()
    make().set_callbacks(Checkpoint(path), recorder).fit(*data())
    make().set_callbacks(another).fit(*data())
    assert recorder.calls == another.calls


def test_a_converged_fit_does_not_continue_with_more_epochs(path: Path) -> None:
    settings = VARIANTS["early_stopping"]
    first = resumed(path, **settings)
    assert first.n_iter_ < first.max_iter
    assert_same_fit(resumed(path, **settings | {"max_iter": 100}), first)


def test_settings_that_may_change(path: Path) -> None:
    begun(path, n_jobs=1)
    assert_same_fit(resumed(path, n_jobs=2, verbose=0), make().fit(*data()))


@pytest.mark.parametrize("schedule", ["constant", "one_cycle"])
def test_the_same_number_of_epochs_chosen_or_given(path: Path, schedule: str) -> None:
    """Both are the same fit, bit for bit."""
    settings = {"learning_rate": schedule, "batch_size": 1, "n_iter_no_change": 1000}
    begun(path, max_iter=None, **settings)
    given = resumed(path, max_iter=25, **settings)  # 1,000 updates, 40 per epoch
    assert_same_fit(given, make(max_iter=None, **settings).fit(*data()))


def test_the_seed_of_the_file_if_none_is_given(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the held-out part is the same, too."""
    settings: dict[str, Any] = {"random_state": None, "early_stopping": True}
    begun(path, 3, **settings)
    one = resumed(path, **settings)
    seed = one._history.seed
    # The random_state of this seed is not known, so the draw is replaced.
    history = type(one._history)(seed=seed)
    monkeypatch.setattr(type(one), "_begin", lambda self: setattr(self, "_history", history))
    assert_same_fit(one, make(**settings).fit(*data()))


def test_a_warm_start_is_resumed_too(path: Path) -> None:
    def model() -> Any:
        return make(warm_start=True).fit(*data())

    whole = model().fit(*data())
    with pytest.raises(KilledError):
        model().set_callbacks(Checkpoint(path), At(4, kill)).fit(*data())
    again = model().set_callbacks(Checkpoint(path)).fit(*data())
    assert_same_fit(again, whole)
    assert again.n_iter_ == 24
    with pytest.raises(ValueError, match=says("another fit", "went on from")):
        again.fit(*data())


@pytest.mark.parametrize("solver", ["adam", "rmsprop"])
def test_a_resumed_fit_continues_like_any_other(path: Path, solver: str) -> None:
    begun(path, warm_start=True)
    one = resumed(path, warm_start=True).set_callbacks()
    other = make(warm_start=True).fit(*data())
    for model in (one, other):
        model.set_params(solver=solver).fit(*data())
    assert_same_fit(one, other)


def test_an_interrupted_fit_is_resumed(path: Path) -> None:
    model = make().set_callbacks(Checkpoint(path), At(4, interrupt))
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data())
    model.set_callbacks(Checkpoint(path)).fit(*data())
    assert_same_fit(model, make().fit(*data()))


@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize(
    ("solver", "rate", "epochs"),
    # In two of these an epoch ends with a finite loss, and has to be undone after the next.
    [("sgd", 30, 2), ("adam", 10, 3), ("rmsprop", 1, 5), ("adam", 100, 1), ("sgd", 1e30, 0)],
)
def test_a_fit_that_diverged_diverges_again(
    solver: str, rate: float, epochs: int, every: int, path: Path
) -> None:
    X, y = data("regressor")
    settings: dict[str, Any] = {"cell": "rnn_relu", "clip_norm": None, "batch_size": 1000}
    model = make("regressor", loss="poisson", solver=solver, learning_rate_init=rate, **settings)
    with pytest.warns(ConvergenceWarning, match="not finite"):
        alone = clone(model).fit(X, np.abs(y))
    assert alone.n_iter_ == epochs
    for _ in range(2):
        model.set_callbacks(Checkpoint(path, every=every))
        with pytest.warns(ConvergenceWarning, match="not finite"):
            model.fit(X, np.abs(y))
        assert path.exists() == (epochs > 0)
        assert model.loss_curve_ == alone.loss_curve_
        for name, array in alone.params_.items():
            np.testing.assert_array_equal(model.params_[name], array)


# ---- Refusing ----


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({"hidden_size": 6}, ("hidden_size was 5 and is 6",)),
        ({"tol": 1e-3}, ("tol was 0.0001 and is 0.001",)),
        ({"cell": "lstm", "alpha": 0.1}, ("cell was 'gru' and is 'lstm'", "alpha was 0.0")),
        ({"random_state": 4}, ("random_state differs",)),
        ({"random_state": None}, ("random_state differs",)),
        ({"early_stopping": True}, ("early_stopping was False and is True",)),
        ({"max_iter": 5}, ("9 epochs", "max_iter=5")),
    ],
    ids=str,
)
def test_other_settings(settings: dict[str, Any], parts: tuple[str, ...], path: Path) -> None:
    begun(path)
    content = path.read_bytes()
    with pytest.raises(ValueError, match=says(str(path), "another path", *parts)):
        resumed(path, **settings)
    assert path.read_bytes() == content


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle"])
def test_schedules_that_depend_on_max_iter(schedule: str, path: Path) -> None:
    begun(path, learning_rate=schedule)
    with pytest.raises(ValueError, match="max_iter was 12 and is 13"):
        resumed(path, learning_rate=schedule, max_iter=13)


def test_other_data(path: Path) -> None:
    begun(path)
    X, y = data()
    other = [x.copy() for x in X]
    other[7][0, 0] += 1e-6
    cases: list[tuple[str, dict[str, Any]]] = [
        ("X differs", {"X": other}),
        ("X differs", {"X": X[1:] + X[:1]}),
        ("y differs", {"y": y[::-1]}),
        ("y differs", {"y": np.where(y == "low", "small", "large")}),
        ("sample_weight differs", {"sample_weight": np.ones(40)}),
        ("X_val differs; y_val differs", {"X_val": X, "y_val": y}),
    ]
    for message, options in cases:
        with pytest.raises(ValueError, match=message):
            make().set_callbacks(Checkpoint(path)).fit(**{"X": X, "y": y, **options})


def test_forms_of_the_same_data(path: Path) -> None:
    begun(path)
    X, y = data()
    form = np.empty(len(X), object)
    form[:] = X
    model = make().set_callbacks(Checkpoint(path)).fit(form, list(y))
    assert_same_fit(model, make().fit(X, y))


def test_another_estimator(path: Path) -> None:
    begun(path)
    with pytest.raises(ValueError, match="estimator was RNNClassifier and is RNNRegressor"):
        resumed(path, "regressor")


def test_settings_with_the_same_text_in_another_process(path: Path) -> None:
    begun(path, scoring=max, class_weight={"low": np.float64(2), "high": 1})
    resumed(path, scoring=max, class_weight={"low": np.float64(2), "high": 1})
    resumed(path, scoring=max, class_weight={"low": 2.0, "high": 1}, hidden_size=np.int64(5))


# ---- Folders: a file for each fit ----


def test_a_search_is_resumed(tmp_path: Path) -> None:
    def search(*callbacks: Any) -> Any:
        model = make(max_iter=4).set_callbacks(Checkpoint(tmp_path), *callbacks)
        grid = {"hidden_size": [3, 4], "random_state": [0, 1]}
        return GridSearchCV(model, grid, cv=2, error_score="raise").fit(*data())

    fits = []

    class Fits(Recorder):
        def on_fit_task_begin(self, _estimator: Any, context: Any, *, X: Any = None) -> None:
            if context.task_name == "epoch" and X is not None:
                fits.append(len(X))
                if len(fits) == 13:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(Fits())
    assert len(list(tmp_path.iterdir())) == 3
    whole = search(Fits())
    assert len(list(tmp_path.iterdir())) == 9
    assert len(fits) - 1 == 4 * 9  # no epoch twice
    alone = GridSearchCV(make(max_iter=4), whole.param_grid, cv=2).fit(*data())
    scores = alone.cv_results_["mean_test_score"]
    np.testing.assert_array_equal(whole.cv_results_["mean_test_score"], scores)
    assert_same_fit(whole.best_estimator_, alone.best_estimator_)


def test_one_file_is_not_for_many_fits(path: Path) -> None:
    model = make().set_callbacks(Checkpoint(path))
    with pytest.raises(ValueError, match="another fit: X differs; y differs"):
        cross_val_score(model, *data(), cv=2, error_score="raise")


# ---- Arguments ----


@pytest.mark.parametrize("every", [0, -1, 1.5, True, None])
def test_bad_every(every: Any) -> None:
    with pytest.raises(ValueError, match=says("Checkpoint", f"every={every}", "1 or more")):
        Checkpoint("path", every=every)


def test_bad_path() -> None:
    with pytest.raises(TypeError, match="path"):
        Checkpoint(3)  # type: ignore[arg-type]


def test_one_checkpoint_per_estimator(path: Path) -> None:
    with pytest.raises(ValueError, match="one Checkpoint"):
        make().set_callbacks(Checkpoint(path), Checkpoint(path)).fit(*data())


def test_no_epoch_no_file(path: Path) -> None:
    with pytest.raises(KilledError):
        make().set_callbacks(Checkpoint(path), At(0, kill, "begin")).fit(*data())
    assert not path.exists()
    assert isinstance(resumed(path), RNNClassifier)

"""Hooks of callbacks in a fit: scikit-learn's protocol, in any of its releases."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from fits import ESTIMATORS, At, Recorder, assert_same_fit, data, make
from skrnn.callbacks import Checkpoint, EarlyStopping


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_a_fit_is_a_task_and_so_is_each_epoch(kind: str) -> None:
    recorder = Recorder()
    model = make(kind, max_iter=3).set_callbacks(recorder)
    assert model.fit(*data(kind)) is model
    assert recorder.calls == [
        ("setup", "fit", 0),
        ("begin", "fit", 0),
        *[(what, "epoch", i) for i in range(3) for what in ("begin", "end")],
        ("end", "fit", 0),
        ("teardown", "fit", 0),
    ]


def test_callbacks_change_nothing_and_leave_nothing() -> None:
    model = make().set_callbacks(Recorder()).fit(*data())
    alone = make().fit(*data())
    assert_same_fit(model, alone)
    assert vars(model).keys() - vars(alone).keys() == {"_skl_callbacks"}


def test_arguments_that_a_hook_requests() -> None:
    """Training data and weights, and an estimator as if fit had stopped here."""
    X, y = data()
    weights = np.linspace(1, 2, len(X))
    models = []

    class Curious(Recorder):
        def on_fit_task_end(
            self,
            _estimator: Any,
            _context: Any,
            *,
            X: Any = None,
            y: Any = None,
            metadata: Any = None,
            fitted_estimator: Any = None,
        ) -> bool:
            assert len(X) == len(y) == len(metadata["sample_weight"]) == 40
            assert set(y) == {"high", "low"}
            np.testing.assert_array_equal(metadata["sample_weight"], weights)
            assert fitted_estimator.score(X, y) >= 0
            models.append(fitted_estimator)
            return False

    model = make(max_iter=4).set_callbacks(Curious()).fit(X, y, sample_weight=weights)
    assert len(models) == 5  # four epochs and the whole fit
    for epochs, one in enumerate(models[:4], 1):
        alone = make(max_iter=epochs).fit(X, y, sample_weight=weights)
        np.testing.assert_array_equal(one.predict_proba(X), alone.predict_proba(X))
        assert one.n_iter_ == epochs
        assert one.loss_curve_ == alone.loss_curve_
    np.testing.assert_array_equal(models[4].predict_proba(X), model.predict_proba(X))


def test_held_out_data_is_not_training_data() -> None:
    sizes = []

    class Curious(Recorder):
        def on_fit_task_begin(self, _estimator: Any, _context: Any, *, X: Any = None) -> None:
            sizes.append(len(X))

    make(early_stopping=True, validation_fraction=0.25).set_callbacks(Curious()).fit(*data())
    assert set(sizes) == {30}


def test_a_callback_stops_the_fit() -> None:
    others = Recorder()
    stop = At(2, lambda: True)
    model = make().set_callbacks(stop, others).fit(*data())
    assert model.n_iter_ == 3
    assert_same_fit(model, make(max_iter=3).fit(*data()))
    assert ("end", "epoch", 2) in others.calls
    assert others.calls[-2:] == [("end", "fit", 0), ("teardown", "fit", 0)]


def test_an_error_of_a_callback_is_raised_and_the_model_is_usable() -> None:
    def fail() -> None:
        raise RuntimeError("the callback failed")

    recorder = Recorder()
    model = make().set_callbacks(recorder, At(1, fail))
    with pytest.raises(RuntimeError, match="the callback failed"):
        model.fit(*data())
    assert recorder.calls[-1] == ("teardown", "fit", 0)
    assert_same_fit(model, make(max_iter=2).fit(*data()))


@pytest.mark.parametrize("moment", ["begin", "end"])
@pytest.mark.parametrize("change", [{"hidden_size": 9}, {"cell": "lstm"}, {"num_layers": 2}])
def test_a_callback_cannot_change_the_network(change: dict[str, Any], moment: str) -> None:
    """The fit raises, and the estimator is usable once the parameter is set back."""
    ((name, value),) = change.items()
    before = make().get_params()[name]

    class Meddler(At):
        def _act(self, context: Any) -> bool:
            if context.task_name == "epoch" and context.task_id == 2:
                self.estimator.set_params(**change)
            return False

        def setup(self, estimator: Any, context: Any) -> None:  # noqa: ARG002
            self.estimator = estimator

    model = make().set_callbacks(Meddler(2, None, moment))
    with pytest.raises(ValueError, match=f"{name}={value!r} is another.*{name}={before!r}"):
        model.fit(*data())
    with pytest.raises(ValueError, match="set it back"):
        model.predict(data()[0])
    model.set_params(**{name: before})
    assert_same_fit(model, make(max_iter=2 if moment == "begin" else 3).fit(*data()))


def test_refused_data_calls_no_callback() -> None:
    recorder = Recorder()
    model = make().set_callbacks(recorder)
    X, y = data()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X[1:], y)
    assert recorder.calls == []
    assert not hasattr(model, "_callback_fit_ctx")


def test_partial_fit_calls_no_callback() -> None:
    recorder = Recorder()
    make().set_callbacks(recorder).partial_fit(*data())
    assert recorder.calls == []


def test_callbacks_are_set_anew_each_time() -> None:
    first, second = Recorder(), Recorder()
    model = make(max_iter=1).set_callbacks(first).set_callbacks(second).fit(*data())
    assert second.calls
    assert not first.calls
    count = len(second.calls)
    model.set_callbacks().fit(*data())
    assert len(second.calls) == count


def test_clones_share_callbacks_and_copies_keep_them() -> None:
    recorder = Recorder()
    model = make(max_iter=1).set_callbacks(recorder)
    clone(model).fit(*data())
    assert recorder.calls
    stop = EarlyStopping("loss", n_iter_no_change=1, tol=10)
    copy = pickle.loads(pickle.dumps(make().set_callbacks(stop)))
    assert copy.fit(*data()).n_iter_ == 2


class WithoutTeardown:
    def setup(self) -> None: ...

    def on_fit_task_begin(self) -> None: ...

    def on_fit_task_end(self) -> None: ...


@pytest.mark.parametrize("callback", [Recorder, None, print, WithoutTeardown()], ids=str)
def test_objects_that_are_not_callbacks(callback: Any) -> None:
    with pytest.raises(TypeError, match="callbacks must be instances"):
        make().set_callbacks(callback)


@pytest.mark.parametrize(
    "callback", [EarlyStopping(max_seconds=1), Checkpoint("never written")], ids=str
)
def test_our_callbacks_are_for_our_estimators(callback: Any) -> None:
    pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from 1.9 on")
    from sklearn.linear_model import LogisticRegression

    with pytest.raises(TypeError, match="not on LogisticRegression"):
        LogisticRegression().set_callbacks(callback).fit([[0.0], [1.0]], [0, 1])

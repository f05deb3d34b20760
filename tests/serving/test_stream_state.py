"""State of a stream: kept, copied, pickled, set, refused; and its lifetime."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import signal
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

import reference
import skrnn
from helpers.processes import run_python
from helpers.support import says
from streams import (
    LABELS,
    assert_same,
    classifier,
    multilabel,
    regressor,
    same_state,
    steps,
)

POOLINGS = ("last", "mean", "max", "last_mean_max")
SIZES = {"hidden_size": 5, "num_layers": 2}


@pytest.mark.parametrize("cell", skrnn.cells())
@pytest.mark.parametrize("pooling", POOLINGS)
def test_contents(cell: str, pooling: str) -> None:
    stream = classifier(cell=cell, pooling=pooling, **SIZES).stream(3)
    for n_steps in (0, 4):
        stream.process(steps(n_steps, 3))
        state = stream.state
        states = set(reference.CELLS[cell].states)
        assert set(state) == states | {"steps"} | ({"pooled"} if pooling != "last" else set())
        assert state["steps"].tolist() == [n_steps] * 3
        assert state["steps"].dtype == np.int64
        for name in states:
            assert (state[name].shape, state[name].dtype) == ((2, 3, 5), np.float32)
            assert state[name].any() == (n_steps > 0)
        if pooling != "last":
            assert (state["pooled"].shape, state["pooled"].dtype) == (
                (3, 10 if pooling == "last_mean_max" else 5),
                np.float64,
            )


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("before", [0, 3, 4])  # none, odd and even
def test_continuing_from_a_state(cell: str, pooling: str, before: int) -> None:
    """In the same stream after more steps, in another one, and after a pickle."""
    X = steps(12, 3)
    model = classifier(cell=cell, pooling=pooling, **SIZES)
    stream = model.stream(3, method="predict_proba")
    expected = stream.process(X)[before:]
    stream.reset()
    stream.process(X[:before])
    state = stream.state
    for n_steps in (0, 1, 4):
        stream.process(steps(n_steps, 3, seed=5))
        stream.state = state
        assert_same(stream.process(X[before:]), expected)
    other = model.stream(3, method="predict_proba")
    other.step(X[7])
    other.state = pickle.loads(pickle.dumps(state))
    assert_same(np.array([other.step(x_t) for x_t in X[before:]]), expected)


def test_a_state_is_a_copy() -> None:
    """Writing to a state that was read or set does not change the stream."""
    stream = classifier(pooling="mean", **SIZES).stream(3)
    stream.process(steps(5, 3))
    kept = copy.deepcopy(stream.state)
    for array in stream.state.values():
        array[...] = 0
    assert same_state(stream.state, kept)
    given = copy.deepcopy(kept)
    stream.state = given
    for array in given.values():
        array[...] = 0
    assert same_state(stream.state, kept)


def test_sequences_can_be_moved_by_hand() -> None:
    """One axis of a state is the sequences: the states of three streams make that of one."""
    model, X = classifier(pooling="mean", **SIZES), steps(9, 3)
    alone = [model.stream() for _ in range(3)]
    for b, stream in enumerate(alone):
        stream.process(X[:5, b])
    states = [stream.state for stream in alone]
    together = model.stream(3)
    together.state = {
        name: np.concatenate([state[name] for state in states], axis=-2 if array.ndim > 1 else 0)
        for name, array in states[0].items()
    }
    assert_same(together.process(X[5:]), model.stream(3).process(X)[5:])


def test_in_another_process(tmp_path: Path) -> None:
    model, X = classifier(LABELS["object"], pooling="max", **SIZES), steps(9, 2)
    stream = model.stream(2)
    expected = stream.process(X)
    stream.reset()
    stream.process(X[:4])
    path = tmp_path / "pickle"
    path.write_bytes(pickle.dumps((model, stream.state, X[4:], expected[4:])))
    script = (
        "import pickle, sys\n"
        "model, state, X, expected = pickle.load(open(sys.argv[1], 'rb'))\n"
        "stream = model.stream(2)\n"
        "stream.state = state\n"
        "print((stream.process(X) == expected).all())"
    )
    # The script does not close its file.
    assert run_python("-W", "ignore::ResourceWarning", "-c", script, str(path)).stdout == "True\n"


# ---- Invalid states ----


def changed(name: str, change: Callable[[np.ndarray], Any]) -> Callable[[dict[str, Any]], Any]:
    return lambda state: {**state, name: change(state[name])}


def with_first(value: Any) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        array = array.copy()
        array.flat[-1] = value
        return array

    return change


NONSENSE: dict[str, tuple[Callable[[dict[str, Any]], Any], type[Exception], list[str]]] = {
    "None": (lambda _: None, TypeError, ["expected a dict", "NoneType"]),
    "a list": (lambda state: [*state.items()], TypeError, ["expected a dict", "list"]),
    "empty": (lambda _: {}, ValueError, ["'h', 'c', 'pooled', 'steps'", "[]"]),
    "one missing": (lambda s: {k: s[k] for k in s if k != "c"}, ValueError, ["same architecture"]),
    "one more": (lambda state: {**state, "x": 1}, ValueError, ["same architecture", "'x'"]),
    "another name": (
        lambda s: {{"c": "C"}.get(k, k): v for k, v in s.items()},
        ValueError,
        ["'C'"],
    ),
    "a list for an array": (changed("h", lambda a: a.tolist()), TypeError, ["state['h']", "list"]),
    "another dtype": (changed("h", np.float64), ValueError, ["state['h']", "float32", "float64"]),
    "another order": (changed("h", lambda a: a.astype(">f4")), ValueError, ["state['h']", ">f4"]),
    "float32 sums": (changed("pooled", np.float32), ValueError, ["state['pooled']", "float64"]),
    "unsigned steps": (changed("steps", np.uint64), ValueError, ["state['steps']", "uint64"]),
    "another rank": (changed("h", lambda a: a[0]), ValueError, ["(2, 3, 5)", "(3, 5)"]),
    "other layers": (changed("c", lambda a: a[:1]), ValueError, ["(2, 3, 5)", "(1, 3, 5)"]),
    "other batch": (changed("steps", lambda a: a[:2]), ValueError, ["(3,)", "(2,)"]),
    "transposed": (changed("pooled", lambda a: a.T), ValueError, ["(3, 5)", "(5, 3)"]),
    "no numbers": (changed("c", lambda a: a[:, :0]), ValueError, ["(2, 0, 5)"]),
    "NaN in h": (changed("h", with_first(np.nan)), ValueError, ["state['h']: holds NaN"]),
    "NaN in c": (changed("c", with_first(np.nan)), ValueError, ["state['c']: holds NaN"]),
    "infinity in h": (changed("h", with_first(np.inf)), ValueError, ["state['h']: holds inf"]),
    "infinity in sums": (changed("pooled", with_first(np.inf)), ValueError, ["holds inf"]),
    "sums beyond float32": (changed("pooled", with_first(-1e300)), ValueError, ["holds -1e+300"]),
    "NaN in sums": (changed("pooled", with_first(np.nan)), ValueError, ["holds NaN"]),
    "negative steps": (changed("steps", with_first(-1)), ValueError, ["state['steps']", "-1"]),
    "overflowing steps": (
        changed("steps", with_first(2**63 - 1)),
        ValueError,
        ["state['steps']", str(2**63 - 1)],
    ),
}


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense(nonsense: str) -> None:
    stream = classifier(pooling="mean", **SIZES).stream(3)
    stream.process(steps(4, 3))
    before = stream.state
    make, error, words = NONSENSE[nonsense]
    with pytest.raises(error, match=says("state", *words)):
        stream.state = make(before)
    assert same_state(stream.state, before)


def test_any_layout_of_a_good_state() -> None:
    stream = classifier(pooling="mean", **SIZES).stream(3)
    stream.process(steps(4, 3))
    before = stream.state
    stream.reset()
    stream.state = {name: np.asfortranarray(before[name]) for name in reversed([*before])}
    assert same_state(stream.state, before)
    stream.reset()
    twice = {name: np.repeat(array, 2, axis=-1)[..., ::2] for name, array in before.items()}
    for array in twice.values():
        array.flags.writeable = False
    stream.state = twice
    assert same_state(stream.state, before)


# ---- Interruption ----


@pytest.fixture
def _handles_sigint() -> Iterator[None]:
    """Restore the handler: background processes of a shell start with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press_ctrl_c() -> threading.Timer:
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    return timer


@pytest.mark.usefixtures("_handles_sigint")
@pytest.mark.skipif(os.name == "nt", reason="sends itself a POSIX signal")
@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_ctrl_c_leaves_the_stream_as_it_was(pooling: str, tokens: bool) -> None:
    embedding = {"embedding_size": 2} if tokens else {}
    model = classifier(pooling=pooling, hidden_size=40, **embedding)
    X, long = steps(9, 2, tokens=tokens), steps(300_000, 2, tokens=tokens)
    stream = model.stream(2, method="predict_proba")
    stream.process(X)
    before = stream.state
    timer = press_ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        stream.process(long)
    timer.join()
    assert same_state(stream.state, before)
    other = model.stream(2, method="predict_proba")
    assert_same(other.process(np.concatenate([X, X]))[9:], stream.process(X))


@pytest.mark.usefixtures("_handles_sigint")
@pytest.mark.skipif(os.name == "nt", reason="sends itself a POSIX signal")
def test_ctrl_c_after_the_state_has_diverged() -> None:
    """The restored state has NaN, which the setter refuses."""
    model = diverging()
    stream = model.stream()
    stream.process(np.ones(200))
    before = stream.state
    assert np.isnan(before["h"]).all()
    timer = press_ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        stream.process(np.ones(2_000_000))
    timer.join()
    assert same_state(stream.state, before)
    stream.reset()
    assert_same(stream.step([1.0]), model.predict([[[1.0]]]))


def diverging() -> Any:
    """A network whose state doubles at each step, to infinity, and then to 0 * infinity."""
    model = regressor(cell="rnn_relu", hidden_size=40, channels=1)
    for name, array in model.params_.items():
        array[...] = 1.0
        if name == "rnn.weight_hh_l0":
            array[...] = 2 * np.eye(40)
    return model


def test_divergence_is_the_same_in_stream_and_predict() -> None:
    model, X = diverging(), np.ones((150, 1, 1))
    answers = model.stream().process(X)
    assert not np.isfinite(answers[-1])
    for t in (0, 40, 80, 100, 149):
        np.testing.assert_array_equal(answers[t], model.predict([X[: t + 1, 0]]))


# ---- Lifetimes ----

MODELS = [classifier, multilabel, regressor]


@pytest.mark.parametrize("make", MODELS)
def test_a_stream_outlives_its_estimator(make: Any) -> None:
    model, X = make(), steps(6, 2)
    expected = model.stream(2).process(X)
    stream = model.stream(2)
    alive = weakref.ref(model)
    del model
    gc.collect()
    assert alive() is None
    assert_same(stream.process(X), expected)


@pytest.mark.parametrize("make", MODELS)
def test_a_later_fit_does_not_change_a_stream(make: Any) -> None:
    model, X = make(), steps(6, 2)
    expected = model.stream(2).process(X)
    streams = [model.stream(2) for _ in range(4)]
    for array in model.params_.values():
        array[...] = 0
    assert_same(streams[0].process(X), expected)
    y = [[1, 0, 1, 0], [0, 1, 1, 0]] if make is multilabel else [1, 0]
    model.set_params(hidden_size=3, cell="gru").fit(list(X.transpose(1, 0, 2)), y)
    assert_same(streams[1].process(X), expected)
    model.set_params(hidden_size=9)
    assert_same(streams[2].process(X), expected)
    for name in list(vars(model)):
        delattr(model, name)
    assert_same(streams[3].process(X), expected)


@pytest.mark.parametrize("make", MODELS)
def test_a_stream_does_not_change_its_estimator(make: Any) -> None:
    model, X = make(), steps(6, 2)
    before = pickle.dumps(model)
    stream = model.stream(2)
    expected = stream.process(X)
    assert pickle.dumps(model) == before
    for other in (pickle.loads(before), copy.deepcopy(model), copy.copy(model)):
        assert_same(other.stream(2).process(X), expected)
    assert not hasattr(clone(model), "params_")


def test_a_stream_cannot_be_pickled_but_its_state_can() -> None:
    stream = classifier().stream()
    for action in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=r"cannot pickle '.*Stream'"):
            action(stream)


def test_labels_that_are_objects_are_shared_and_released() -> None:
    class Label(str):
        """A string that is not interned, and allows weak references."""

    labels = [Label(f"label {i}") for i in range(3)]
    model = classifier(np.array(labels, object))
    model.classes_ = np.array(labels, object)
    alive = [weakref.ref(label) for label in labels]
    stream, X = model.stream(2), steps(20, 2)
    answers = stream.process(X)
    assert {id(label) for label in answers.ravel()} <= {id(label) for label in labels}
    assert {id(label) for x_t in X for label in stream.step(x_t)} <= {id(x) for x in labels}
    del labels, model, answers
    gc.collect()
    assert all(label() is not None for label in alive)  # the stream may still return them
    del stream
    gc.collect()
    assert all(label() is None for label in alive)


def test_a_stream_without_init() -> None:
    Stream = type(classifier().stream())
    empty = Stream.__new__(Stream)
    for use in (
        lambda s: s.step([1]),
        lambda s: s.process([1]),
        lambda s: s.reset(),
        lambda s: s.state,
    ):
        with pytest.raises(TypeError, match="__init__"):
            use(empty)
    for wrong in (None, 1, classifier()):
        with pytest.raises(TypeError):
            Stream.step(wrong, [1])

"""step, process and predict give the same bits, for every kind of model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import skrnn
from skrnn import _core
from streams import (
    LABELS,
    LOSSES,
    as_if_ended,
    assert_same,
    assert_streams,
    classifier,
    multilabel,
    regressor,
    steps,
)

pytestmark = pytest.mark.usefixtures("isa")

POOLINGS = ("last", "mean", "max", "last_mean_max")
BATCHES = (1, 2, 3, 50)

cells = pytest.mark.parametrize("cell", skrnn.cells())
poolings = pytest.mark.parametrize("pooling", POOLINGS)


@cells
@poolings
@pytest.mark.parametrize(("num_layers", "hidden_size"), [(1, 1), (1, 35), (2, 7), (3, 17)])
def test_networks(cell: str, pooling: str, num_layers: int, hidden_size: int) -> None:
    model = classifier(cell=cell, pooling=pooling, num_layers=num_layers, hidden_size=hidden_size)
    for batch in BATCHES:
        assert_streams(model, steps(6, batch))


@cells
@poolings
def test_tokens(cell: str, pooling: str) -> None:
    model = classifier(cell=cell, pooling=pooling, embedding_size=5)
    for batch in BATCHES:
        assert_streams(model, steps(6, batch, tokens=True))


@cells
def test_large_networks(cell: str) -> None:
    """Networks of several tiles, with steps long enough to release the GIL."""
    model = classifier(cell=cell, hidden_size=130)
    batch = 1 + 1_000_000 // sum(array.size for array in model.params_.values())
    assert_streams(model, steps(3, 1))
    assert_streams(model, steps(3, batch))


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("batch", BATCHES)
def test_labels(labels: str, batch: int) -> None:
    model = classifier(LABELS[labels], hidden_size=9)
    X = steps(12, batch, seed=3)
    assert_streams(model, X)
    answers = model.stream(batch).process(X)
    assert answers.dtype == model.classes_.dtype
    if batch == 50:
        assert set(answers.ravel().tolist()) == set(LABELS[labels].tolist())


@pytest.mark.parametrize("batch", BATCHES)
def test_several_labels(batch: int) -> None:
    model = multilabel(cell="gru")
    X = steps(12, batch)
    assert_streams(model, X)
    flags = model.stream(batch).process(X)
    assert flags.shape == (12, batch, 4)
    assert flags.dtype == np.int64


def test_one_class() -> None:
    X = steps(5, 2)
    model = skrnn.RNNClassifier("gru", 3, max_iter=1)
    model.fit(list(X.transpose(1, 0, 2)), ["only", "only"])
    assert_streams(model, X)


@pytest.mark.parametrize("columns", [None, 1, 3])
@pytest.mark.parametrize("loss", LOSSES)
@poolings
def test_numbers(loss: str, columns: int | None, pooling: str) -> None:
    model = regressor(columns, pooling=pooling, **LOSSES[loss])
    for batch in (1, 3):
        assert_streams(model, steps(8, batch))
    shape = () if columns is None else (columns,)
    quantiles = {"quantile": (4,), "one quantile": (1,)}.get(loss, ())
    assert model.stream(3).step(steps(1, 3)[0]).shape == (3, *shape, *quantiles)


def test_answers_do_not_depend_on_the_other_sequences() -> None:
    model, X = classifier(hidden_size=35, pooling="mean"), steps(9, 5)
    together = model.stream(5, method="predict_proba").process(X)
    for b in range(5):
        alone = model.stream(method="predict_proba").process(X[:, b])
        assert_same(alone, np.ascontiguousarray(together[:, b : b + 1]))


def test_a_stream_keeps_its_instruction_set(isa: str) -> None:
    model, X = classifier(hidden_size=35), steps(6, 2)
    expected = as_if_ended(model, X, "predict_proba")
    streams = [model.stream(2, method="predict_proba") for _ in range(2)]
    for other in _core.available_isas():
        _core.select_isa(other)
        try:
            assert_same(streams[0].process(X), expected)
            assert_same(np.array([streams[1].step(x_t) for x_t in X]), expected)
        finally:
            _core.select_isa(isa)
        for stream in streams:
            stream.reset()


# ---- Any order of calls ----

SPLIT = {
    (pooling, batch): (classifier(pooling=pooling, num_layers=2), steps(23, batch))
    for pooling in POOLINGS
    for batch in (1, 3)
}


@given(
    st.sampled_from(list(SPLIT)),
    st.sampled_from(["predict", "predict_proba"]),
    st.lists(st.integers(-1, 9)),
)
@settings(max_examples=30)
def test_blocks_and_steps_in_any_mixture(
    of: tuple[str, int], method: str, sizes: list[int]
) -> None:
    """-1 stands for a step, other numbers for a block."""
    model, X = SPLIT[of]
    stream = model.stream(X.shape[1], method=method)
    expected = stream.process(X)
    stream.reset()
    answers: list[Any] = []
    for size in [*sizes, len(X)]:
        if size == -1 and len(answers) < len(X):
            answers.append(stream.step(X[len(answers)]))
        elif size != -1:
            answers.extend(stream.process(X[len(answers) : len(answers) + size]))
    assert_same(np.array(answers, expected.dtype), expected)


@given(st.lists(st.tuples(st.integers(0, 15), st.one_of(st.none(), st.integers(0, 2)))))
@settings(max_examples=30)
def test_a_reset_begins_new_sequences(resets: list[tuple[int, int | None]]) -> None:
    """Each sequence has the steps since its own last reset; the others are unaffected."""
    for pooling in POOLINGS:
        model, X = SPLIT[pooling, 3]
        stream = model.stream(3, method="predict_proba")
        begin = [0, 0, 0]
        for t, x_t in enumerate(X[:16]):
            for when, which in resets:
                if when == t:
                    stream.reset() if which is None else stream.reset(which)
                    for b in range(3) if which is None else [which]:
                        begin[b] = t
            answers = stream.step(x_t)
            if t in (0, 7, 15):
                parts = [X[begin[b] : t + 1, b] for b in range(3)]
                assert_same(answers, model.predict_proba(parts))
        assert stream.state["steps"].tolist() == [16 - b for b in begin]


def test_no_steps() -> None:
    stream = classifier().stream(2)
    before = stream.state
    assert stream.process(np.empty((0, 2, 3))).shape == (0, 2)
    assert stream.state["steps"].tolist() == before["steps"].tolist() == [0, 0]

"""The same numbers give the same bits: again, on other threads, in other forms and batches."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import ALL, CASES, KINDS, NUMBERS, Case, assert_same_bits, on, outcomes, taken
from skrnn import RNNClassifier, RNNRegressor, Sequences


@on(ALL)
def test_fitting_again_gives_the_same_bits(case: Case) -> None:
    X, y = case.data()
    model = case.make(dropout=0.2, recurrent_dropout=0.1, early_stopping=True)
    first = model.fit(X, y).params_
    curve = model.loss_curve_
    assert_same_bits(model.fit(X, y).params_, first)
    assert model.loss_curve_ == curve
    fresh = case.make(dropout=0.2, recurrent_dropout=0.1, early_stopping=True).fit(X, y)
    assert_same_bits(fresh.params_, first)


@on(ALL)
def test_number_of_threads_does_not_matter(case: Case) -> None:
    X, y = case.data(n=70)
    settings = {"hidden_size": 20, "batch_size": 32, "dropout": 0.2, "recurrent_dropout": 0.1}
    models = [case.make(**settings, n_jobs=n).fit(X, y) for n in (1, 2, 5)]
    for model in models[1:]:
        assert_same_bits(model.params_, models[0].params_)
        assert_same_bits(outcomes(model, X), outcomes(models[0], X))


@on(KINDS)
def test_random_states(case: Case) -> None:
    X, y = case.data()

    def bits(random_state: Any) -> Any:
        return case.make(random_state=random_state).fit(X, y).params_["head.weight"].tobytes()

    assert bits(3) == bits(np.int64(3)) == bits(np.random.RandomState(3))
    assert bits(3) != bits(4)
    assert bits(None) != bits(None)
    shared = np.random.RandomState(3)
    assert bits(shared) != bits(shared)


@on(ALL)
def test_several_threads_predict_at_once(case: Case) -> None:
    model = case.fitted()
    X, _ = case.data(n=60, seed=1)
    expected = outcomes(model, X)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: outcomes(model, X), range(8)):
            assert_same_bits(found, expected)


# ---- Other sequences and their order ----


@on(ALL)
def test_a_prediction_does_not_depend_on_the_others(case: Case) -> None:
    model = case.fitted()
    X, _ = case.data(n=40, seed=1)
    every = outcomes(model, X)
    for i in range(len(X)):
        assert_same_bits(outcomes(model, [X[i]]), [found[i : i + 1] for found in every])
    rng = np.random.default_rng(0)
    for size in (2, 3, 17, 40):
        at = rng.permutation(len(X))[:size]
        assert_same_bits(outcomes(model, taken(X, at)), [found[at] for found in every])


@pytest.mark.parametrize("cell", ["rnn", "rnn_relu", "lstm", "gru", "gru_reset_before"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_other_sequences_do_not_matter_to_large_networks(cell: str, bidirectional: bool) -> None:
    # Enough sequences for several blocks of the prediction, and units for several tiles.
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(length, 3)) for length in rng.integers(1, 60, 600)]
    model = RNNRegressor(
        cell, 37, bidirectional=bidirectional, num_layers=2, max_iter=1, random_state=0, n_jobs=1
    ).fit(X[:20], np.arange(20.0))
    every = model.predict(X)
    assert_same_bits(np.concatenate([model.predict(X[:7]), model.predict(X[7:])]), every)
    for i in rng.integers(0, 600, 10):
        assert_same_bits(model.predict([X[i]]), every[i : i + 1])
    assert_same_bits(model.set_params(n_jobs=2).predict(X), every)


@given(st.data())
def test_any_subset_in_any_order(data: st.DataObject) -> None:
    lengths = data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=30))
    X = [np.sin(np.arange(2.0 * n).reshape(n, 2) + n) for n in lengths]
    every = MODEL.predict_log_proba(X)
    at = data.draw(st.lists(st.integers(0, len(X) - 1), min_size=1, max_size=40))
    assert_same_bits(MODEL.predict_log_proba(taken(X, at)), every[at])


MODEL = RNNClassifier(hidden_size=9, max_iter=1, random_state=0, n_jobs=1).fit(
    np.sin(np.arange(40.0)).reshape(5, 4, 2), [0, 1, 2, 3, 0]
)

# ---- Forms of the same numbers ----


def objects(X: list[np.ndarray]) -> np.ndarray:
    array = np.empty(len(X), object)
    for i, x in enumerate(X):
        array[i] = x
    return array


FORMS: dict[str, Callable[[list[np.ndarray]], Any]] = {
    "tuple": tuple,
    "object array": objects,
    "Sequences": Sequences,
    "lists of lists": lambda X: [x.tolist() for x in X],
    "big endian": lambda X: [x.astype(x.dtype.newbyteorder(">")) for x in X],
    "Fortran": lambda X: [np.asfortranarray(x) for x in X],
    "not contiguous": lambda X: [np.repeat(x, 2, axis=0)[::2] for x in X],
    "backwards": lambda X: [x[::-1].copy()[::-1] for x in X],
    "mixed": lambda X: [x.tolist() if i % 2 else x for i, x in enumerate(X)],
}
FLOATS = {
    "float64": lambda X: [x.astype(np.float64) for x in X],
    "long double": lambda X: [x.astype(np.longdouble) for x in X],
    "objects": lambda X: [x.astype(object) for x in X],
    "channels of another array": lambda X: [np.repeat(x, 2, axis=1)[:, ::2] for x in X],
}
INTEGERS = {name: lambda X, name=name: [x.astype(name) for x in X] for name in ("i1", "u2", "i8")}


@on(NUMBERS)
def test_forms_of_the_same_sequences(case: Case) -> None:
    X, y = case.data()
    expected = outcomes(case.make().fit(X, y), X)
    for form in (FORMS | (INTEGERS if case.tokens else FLOATS)).values():
        model = case.make().fit(form(X), y)
        assert_same_bits(outcomes(model, form(X)), expected)


@on(NUMBERS)
def test_equal_lengths_as_one_array(case: Case) -> None:
    X, y = case.data()
    X = [np.resize(x, (4, *x.shape[1:])) for x in X]
    y = case.targets(X) if y.dtype == object else y
    expected = outcomes(case.make().fit(X, y), X)
    block = np.stack(X)
    for form in (block, np.asfortranarray(block), block[::-1].copy()[::-1]):
        assert_same_bits(outcomes(case.make().fit(form, y), form), expected)


@on(KINDS)
def test_univariate_series_in_a_table(case: Case) -> None:
    X, y = case.data()
    table = np.stack([np.resize(x, 4) for x in X])
    rows = list(table)
    model = case.make().fit(table, y)
    assert model.n_features_in_ == 4
    expected = outcomes(case.make().fit(rows, y), rows)
    assert_same_bits(outcomes(model, table), expected)
    assert_same_bits(outcomes(model, table.tolist()), expected)
    # The number of steps may differ from that in fit.
    assert len(model.predict([[1.0], [2.0, 3.0]])) == 2


@on(CASES)
def test_forms_of_the_same_targets(case: Case) -> None:
    X, y = case.data()
    expected = case.make().fit(X, y).params_
    forms = [y.tolist(), np.asfortranarray(y), np.repeat(y, 2, axis=0)[::2]]
    if y.dtype.kind in "fi":
        forms += [y.astype(y.dtype.newbyteorder(">"))]
    if y.dtype.kind == "f":
        forms += [y.astype(object)]
    pd = pytest.importorskip("pandas")
    forms += [pd.Series(y) if y.ndim == 1 else pd.DataFrame(y)]
    for form in forms:
        assert_same_bits(case.make().fit(X, form).params_, expected)

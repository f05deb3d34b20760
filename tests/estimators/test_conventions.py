"""scikit-learn's conventions for estimators, on sequences of different lengths."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import io
import pickle
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags

from cases import ALL, CASES, NUMBERS, Case, assert_same_bits, on, outcomes
from skrnn import Sequences


@on(ALL)
def test_a_clone_has_the_parameters_and_nothing_learned(case: Case) -> None:
    model = case.fitted()
    twin = clone(model)
    assert twin.get_params() == model.get_params()
    assert not [name for name in vars(twin) if name not in twin.get_params()]
    assert repr(twin) == repr(clone(case.make()))


@on(ALL)
def test_parameters_are_stored_as_they_are_given(case: Case) -> None:
    for name in case.make().get_params():
        value = object()
        assert getattr(case.make(**{name: value}), name) is value
        model = case.make()
        assert model.set_params(**{name: value}) is model
        assert model.get_params()[name] is value
    with pytest.raises(ValueError, match="hiden_size"):
        case.make().set_params(hiden_size=3)


@on(CASES)
def test_nothing_is_predicted_before_fit(case: Case) -> None:
    X, _ = case.data()
    for name in ("predict", "predict_proba", "predict_log_proba"):
        if hasattr(case.make(), name):
            with pytest.raises(NotFittedError, match=type(case.make()).__name__):
                getattr(case.make(), name)(X)
    with pytest.raises(NotFittedError):
        case.make().score(*case.data())


@on(CASES)
def test_fit_changes_no_parameter_and_adds_what_it_documents(case: Case) -> None:
    model = case.make()
    before = copy.deepcopy(model.get_params())
    assert model.fit(*case.data()) is model
    assert model.get_params() == before
    learned = [name for name in vars(model) if name not in before and not name.startswith("_")]
    documentation = inspect.getdoc(type(model))  # Python takes its indentation off from 3.13 on
    for name in learned:
        assert name.endswith("_")
        assert f"\n{name} : " in documentation
    assert model.n_iter_ == len(model.loss_curve_) == case.make().max_iter
    assert model.n_features_in_ == (1 if case.reads_tokens else 2)
    for name, array in model.params_.items():
        assert isinstance(name, str)
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
    model.predict(case.data()[0])
    assert [name for name in vars(model) if name not in before and name[0] != "_"] == learned


@on(CASES)
def test_it_learns_something(case: Case) -> None:
    X, y = case.data()
    first, model = (case.make(max_iter=n, hidden_size=16).fit(X, y) for n in (1, 60))
    assert model.loss_curve_[-1] < model.loss_curve_[0] == first.loss_curve_[0]
    assert model.score(X, y) > first.score(X, y)
    assert model.loss_curve_[-1] < model.loss_curve_[0] - 0.1


@on(ALL)
def test_repr(case: Case) -> None:
    for model in (case.make(), case.fitted()):
        assert type(model).__name__ in repr(model)
        assert type(model).__name__ in model._repr_html_()


# ---- The fitted state ----


def state_of(x: Any) -> None:
    """Fail for values that are neither NumPy nor plain Python."""
    if dataclasses.is_dataclass(x) or hasattr(x, "get_params"):
        x = vars(x)
    if isinstance(x, np.ndarray):
        assert x.dtype != object or all(isinstance(item, str) for item in x)
        assert x.base is None, "a view would put all of its base into the pickle"
    elif isinstance(x, dict):
        state_of(list(x))
        state_of(list(x.values()))
    elif isinstance(x, (list, tuple)):
        for item in x:
            state_of(item)
    else:
        assert x is None or isinstance(x, (bool, int, float, str, np.generic)), type(x)


@on(ALL)
def test_the_fitted_state_is_numpy_and_plain_python(case: Case) -> None:
    state_of(case.fitted())
    state_of(case.fitted(warm_start=True).fit(*case.data()))


def pickled(model: Any) -> Any:
    return pickle.loads(pickle.dumps(model))


def dumped(model: Any) -> Any:
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize("travel", [pickled, dumped, copy.deepcopy, copy.copy])
@on(ALL)
def test_a_copy_predicts_and_trains_on_as_the_original(case: Case, travel: Any) -> None:
    X, y = case.data()
    model = case.fitted(warm_start=True)
    twin = travel(model)
    assert_same_bits(outcomes(twin, X), outcomes(model, X))
    if travel is not copy.copy:  # which shares the fitted arrays
        assert_same_bits(twin.fit(X, y).params_, model.fit(X, y).params_)


@on(ALL)
def test_a_model_from_memory_mapped_files_predicts(case: Case, tmp_path: Any) -> None:
    X, _ = case.data()
    model = case.fitted()
    joblib.dump(model, tmp_path / "model")
    mapped = joblib.load(tmp_path / "model", mmap_mode="r")
    assert_same_bits(outcomes(mapped, X), outcomes(model, X))


def test_a_pickle_holds_the_parameters_once_and_the_optimiser() -> None:
    model = CASES[0].fitted(hidden_size=64)
    n = sum(array.size for array in model.params_.values())
    assert len(pickle.dumps(model)) < 4 * n * 3 + 10_000  # Adam stores two numbers of each


# ---- Inputs are unchanged ----


@on(ALL)
def test_inputs_are_not_written_to(case: Case) -> None:
    X, y = case.data()
    weight = np.linspace(1, 2, len(X))
    weighted = {"sample_weight": weight} if case.supervised else {}
    before = copy.deepcopy((X, y, weight))
    for array in [*X, weight] if y is None else [*X, weight, y]:
        array.flags.writeable = False
    model = case.make(early_stopping=True, validation_fraction=0.3)
    model.fit(X, y, **weighted)
    outcomes(model, X)
    model.score(X, y, **weighted)
    for one, other in zip([*X, weight], [*before[0], before[2]], strict=True):
        assert_same_bits(one, other)
    if y is not None:
        assert_same_bits(y, before[1])


@on(NUMBERS)
def test_memory_mapped_and_read_only_input(case: Case, tmp_path: Any) -> None:
    X, y = case.data()
    expected = outcomes(case.make().fit(X, y), X)
    joblib.dump((X, y, Sequences(X)), tmp_path / "data")
    mapped, targets, sequences = joblib.load(tmp_path / "data", mmap_mode="r")
    assert isinstance(mapped[0], np.memmap)
    for form in (mapped, sequences):
        assert_same_bits(outcomes(case.make().fit(form, targets), form), expected)


@on(CASES)
def test_tags_of_the_input(case: Case) -> None:
    """Tokens are strings, or integers from 0 on, so a table of numbers is not valid input."""
    tags = get_tags(case.make()).input_tags
    assert tags.two_d_array is tags.three_d_array is not case.reads_tokens
    assert tags.categorical is tags.positive_only is case.reads_tokens
    assert tags.string is case.reads_tokens
    assert not any([tags.allow_nan, tags.sparse])

"""Saving and loading: a file keeps the whole model."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from sklearn.base import clone
from sklearn.pipeline import Pipeline

import skrnn
from helpers.bits import assert_same
from helpers.model_files import description_of
from models import (
    SMALL,
    SUBJECTS,
    answers,
    classifier,
    frames,
    input_of,
    model_of,
    of_labels,
    regressor,
    sequences,
    table,
    validated,
)
from skrnn import RNNClassifier, RNNRegressor
from skrnn._files.description import FORMAT_VERSION
from skrnn.callbacks import EarlyStopping
from skrnn.preprocessing import TokenEncoder

ESTIMATORS = [
    name for name in SUBJECTS if not name.startswith(("scaler", "imputer", "steps", "encoder"))
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.skrnn"


def reloaded(model: Any, path: Path) -> Any:
    skrnn.save(model, path)
    return skrnn.load(path)


# ---- The same model ----


@pytest.mark.parametrize("name", SUBJECTS)
def test_it_answers_with_the_same_bits(name: str, path: Path) -> None:
    model, X = model_of(name), input_of(name)
    loaded = reloaded(model, path)
    assert type(loaded) is type(model)
    assert_same(answers(loaded, X), answers(model, X))


@pytest.mark.parametrize("name", SUBJECTS)
def test_it_is_saved_again_as_the_same_bytes(name: str, path: Path) -> None:
    loaded = reloaded(model_of(name), path)
    saved = path.read_bytes()
    skrnn.save(loaded, path)
    assert path.read_bytes() == saved


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_attribute_is_kept(name: str, path: Path) -> None:
    """All attributes, private ones too, except the state of the optimiser."""
    model = model_of(name)
    mine, other = dict(vars(model)), dict(vars(reloaded(model, path)))
    history, again = mine.pop("_history"), other.pop("_history")
    assert vars(again) == {**vars(history), "optimizer_state": None, "updates": 0}
    assert mine.keys() == other.keys()
    for key, value in mine.items():
        if isinstance(value, np.ndarray):
            assert_same(other[key], value)
        elif key == "params_":
            assert list(other[key]) == list(value)
            assert_same(list(other[key].values()), list(value.values()))
        elif key == "_learned_codec":
            assert type(other[key]) is type(value)
            learned, again = dict(vars(value)), dict(vars(other[key]))
            assert vars(again.pop("settings")) == vars(learned.pop("settings"))
            assert learned.keys() == again.keys()
            for field, facts in learned.items():
                assert_same(np.asarray(again[field]), np.asarray(facts))
        elif key == "_units" and value is not None:
            assert_same(list(vars(other[key]).values()), list(vars(value).values()))
        elif key in ("_fitted", "_reconstruction"):
            assert_same_fields(other[key], value)
        elif key == "quantiles":
            assert type(other[key]) is type(value)
            assert np.array_equal(other[key], value)
        else:
            assert other[key] == value
            assert type(other[key]) is type(value)


def assert_same_fields(one: Any, other: Any) -> None:
    """Assert that dataclasses of arrays and values, or of other dataclasses, are the same."""
    assert type(one) is type(other)
    if is_dataclass(other):
        for field in fields(other):
            assert_same_fields(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(other, (list, np.ndarray)):
        assert_same(one, other)
    else:
        assert one == other


@pytest.mark.parametrize("name", ["tokens", "scaler three", "encoder words"])
def test_a_loaded_model_can_be_cloned_and_pickled(name: str, path: Path) -> None:
    model, X = model_of(name), input_of(name)
    loaded = reloaded(model, path)
    assert_same(answers(pickle.loads(pickle.dumps(loaded)), X), answers(model, X))
    refitted = clone(loaded).fit(X, np.arange(len(X)) % 2)
    assert_same(answers(refitted, X), answers(clone(model).fit(X, np.arange(len(X)) % 2), X))


def test_another_process_predicts_the_same_bits(path: Path) -> None:
    model, X = model_of("one target"), sequences()
    model.save(path)
    np.save(path.with_suffix(".npy"), X[6])
    program = (
        "import sys, numpy as np, skrnn\n"
        "print(skrnn.load(sys.argv[1]).predict([np.load(sys.argv[2])])[0].hex())"
    )
    arguments = [sys.executable, "-c", program, str(path), str(path.with_suffix(".npy"))]
    output = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    assert output.strip() == model.predict(X[6:7])[0].hex()


def test_score_and_stream_of_a_loaded_model(path: Path) -> None:
    model, X = model_of("classes str"), sequences()
    loaded = reloaded(model, path)
    y = model.predict(X)
    assert loaded.score(X, y) == 1.0
    stream = loaded.stream(method="predict_proba")
    assert_same(stream.process(X[6])[-1], model.predict_proba(X[6:7]))


def test_numpy_scalars_become_python_numbers(path: Path) -> None:
    weights = {np.str_("a"): np.float64(2.5), "b": 1}
    model = classifier(["a", "b"], class_weight=weights, hidden_size=np.int64(4))
    loaded = reloaded(model, path)
    assert loaded.get_params() == model.get_params()
    assert type(loaded.hidden_size) is int


def test_curves_with_values_that_json_cannot_represent(path: Path) -> None:
    model = validated()
    curve = [float("nan"), float("-inf"), float("inf"), 0.1 + 0.2, -0.0]
    model._history = replace(model._history, losses=tuple(curve), scores=tuple(curve))
    model.validation_scores_ = curve
    loaded = reloaded(model, path)
    assert list(map(repr, loaded.validation_scores_)) == list(map(repr, curve))


# ---- Continued training ----


@pytest.mark.parametrize("how", ["warm_start", "partial_fit"])
@pytest.mark.parametrize("make", [classifier, regressor, of_labels])
def test_training_continues_from_the_parameters(make: Any, how: str, path: Path) -> None:
    """As it does without a file if the optimiser's state is reset."""
    model, X = make(), sequences()
    loaded = reloaded(model, path)
    model._history = replace(model._history, optimizer_state=None, updates=0)
    y = model.predict(X)
    for one in (model, loaded):
        if how == "warm_start":
            one.set_params(warm_start=True, max_iter=3).fit(X, y)
        else:
            one.partial_fit(X, y)
    assert loaded.loss_curve_ == model.loss_curve_
    assert_same(answers(loaded, X), answers(model, X))


def test_callbacks_are_not_saved(path: Path) -> None:
    model = RNNRegressor(**SMALL).set_callbacks(EarlyStopping("loss", target=0.0))
    model.fit(sequences(), np.arange(24))
    assert not hasattr(reloaded(model, path), "_skl_callbacks")


# ---- Input is checked as before ----


def test_tables_keep_their_columns_and_names(path: Path) -> None:
    loaded = reloaded(model_of("table with names"), path)
    with pytest.raises(ValueError, match="feature names should match"):
        loaded.predict(table(True)[["z", "y", "x", "w"]])
    with pytest.raises(ValueError, match="X has 3 features, but RNNClassifier is expecting 4"):
        reloaded(model_of("table"), path).predict(table(False)[:, :3])


def test_frames_keep_the_names_of_their_channels(path: Path) -> None:
    loaded = reloaded(model_of("frames"), path)
    with pytest.raises(ValueError, match="feature names should match"):
        loaded.predict([pd.DataFrame({"a": [1.0], "y": [1.0], "z": [1.0]})])
    assert loaded.feature_names_in_.tolist() == frames()[0].columns.tolist()


def test_tokens_keep_their_number(path: Path) -> None:
    with pytest.raises(ValueError, match=r"holds token 6, but the tokens seen in fit were 0\.\.5"):
        reloaded(model_of("tokens"), path).predict([[1, 6]])


# ---- The file ----


def test_the_safetensors_package_reads_it(path: Path) -> None:
    model = model_of("two targets")
    model.save(path)
    tensors = load_file(path)
    assert set(tensors) == {*model.params_, "target.mean", "target.scale", "input.0", "input.1"}
    for name, array in model.params_.items():
        assert_same(tensors[name], array)
    assert_same(tensors["target.mean"], model._codec.mean)
    assert_same(tensors["target.scale"], model._codec.scale)
    assert_same(tensors["input.0"], model._units.mean)
    assert_same(tensors["input.1"], model._units.scale)
    with safe_open(path, "np") as file:
        assert set(file.metadata()) == {"skrnn"}


def test_a_file_of_the_safetensors_package_is_read(path: Path) -> None:
    """In any order of tensors, and with further metadata and tensors."""
    model, X = model_of("classes str"), sequences()
    model.save(path)
    tensors = {"extra.notes": np.arange(3, dtype=np.int16), **load_file(path)}
    with safe_open(path, "np") as file:
        metadata = {"author": "somebody", **file.metadata()}
    save_file(tensors, path, metadata)
    assert_same(answers(skrnn.load(path), X), answers(model, X))


def test_the_description_names_the_model(path: Path) -> None:
    model_of("cell gru").save(path)
    description = description_of(path)
    assert description["format_version"] == FORMAT_VERSION
    assert description["producer"] == f"scikit-rnn {skrnn.__version__}"
    assert description["network"] == {
        "cell": "gru",
        "input_size": 3,
        "embedding_size": 0,
        "hidden_size": 5,
        "num_layers": 1,
        "bidirectional": False,
        "pooling": "last_mean_max",
        "output_size": 3,
    }
    assert description["loss"]["name"] == "cross_entropy"
    assert description["input"] == {
        "operations": [
            {"operation": "subtract", "tensor": "input.0", "in_float64": True},
            {"operation": "divide", "tensor": "input.1", "in_float64": True},
        ]
    }
    assert description["estimator"]["fitted"]["standardized"]
    assert description["estimator"]["class"] == "RNNClassifier"
    assert description["pipeline"] is None


# ---- Refusals ----


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"random_state": np.random.RandomState(0)}, r"random_state=.*set_params\(random_state="),
        ({"scoring": lambda *_: 0.0}, r"scoring=.*set_params\(scoring=None\)"),
        ({"class_weight": {"a": 1.0, "b": 2.0, (1, 2): 3.0, "c": 1}}, "class_weight=.*keys"),
        ({"class_weight": {"a": 1.0, "b": 2.0, b"c": 3.0, "c": 1}}, "class_weight=.*bytes"),
        ({"quantiles": {0.5}}, r"quantiles=\{0\.5\}.*set"),
        ({"n_jobs": 2**70}, "n_jobs=.*64 bits"),
    ],
)
def test_parameters_that_json_cannot_hold(settings: Any, says: str, path: Path) -> None:
    make = regressor if "quantiles" in settings else classifier
    model = make().set_params(**settings)
    with pytest.raises(ValueError, match=says):
        model.save(path)
    assert not path.exists()


def test_parameters_that_fit_would_refuse(path: Path) -> None:
    with pytest.raises(ValueError, match="tol=-1"):
        regressor().set_params(tol=-1).save(path)


@pytest.mark.parametrize(
    "labels", [np.array([b"a", b"b"]), np.array(["2020-01-01", "2021-01-01"], "M8[D]")]
)
def test_classes_that_json_cannot_hold(labels: Any, path: Path) -> None:
    model = classifier(["a", "b"])
    model._set_codec(replace(model._learned_codec, classes=labels))
    with pytest.raises(ValueError, match="classes_ is an array of dtype"):
        model.save(path)


def test_text_that_utf_8_cannot_hold(path: Path) -> None:
    with pytest.raises(ValueError, match=r"classes_.*UTF-8"):
        classifier(np.array(["a", "\ud800"], object)).save(path)


def test_a_dtype_that_is_almost_all_padding(path: Path) -> None:
    with pytest.raises(ValueError, match=r"classes_.*shorten the dtype"):
        classifier(np.array(["a", "b"], "U2200000")).save(path)


@pytest.mark.parametrize(
    "settings",
    [{"hidden_size": 6}, {"pooling": "mean"}, {"cell": "lstm"}, {"embedding_size": 2}],
    ids=str,
)
def test_an_architecture_that_was_changed_since(settings: Any, path: Path) -> None:
    """Refused with the message of predict."""
    model = classifier().set_params(**settings)
    with pytest.raises(ValueError, match="is another architecture") as expected:
        model.predict(sequences(tokens=model.embedding_size is not None))
    with pytest.raises(ValueError, match=re.escape(str(expected.value))):
        model.save(path)


def test_a_loss_that_was_changed_since(path: Path) -> None:
    with pytest.raises(ValueError, match="is not the loss that the parameters were fitted with"):
        regressor().set_params(loss="poisson").save(path)


def test_parameters_that_are_no_numbers(path: Path) -> None:
    model = regressor()
    model.params_["head.bias"][0] = np.nan
    with pytest.raises(ValueError, match=r"head\.bias"):
        model.save(path)
    assert not path.exists()


class MyClassifier(RNNClassifier):
    pass


@pytest.mark.parametrize(
    "model", [TokenEncoder().fit(["a"]), "model", Pipeline([("e", TokenEncoder())]), RNNClassifier]
)
def test_objects_that_are_not_models(model: Any, path: Path) -> None:
    with pytest.raises(TypeError, match="expected an estimator of skrnn"):
        skrnn.save(model, path)


def test_one_class_is_enough(path: Path) -> None:
    model, X = classifier(["only"]), sequences()
    assert_same(answers(reloaded(model, path), X), answers(model, X))


def test_a_subclass_of_an_estimator(path: Path) -> None:
    X = sequences()
    model = MyClassifier(**SMALL).fit(X, np.arange(len(X)) % 2)
    with pytest.raises(
        TypeError, match="MyClassifier cannot be saved; expected an estimator of skrnn itself"
    ):
        model.save(path)


def test_unfitted_models(path: Path) -> None:
    with pytest.raises(ValueError, match="not fitted yet"):
        RNNClassifier().save(path)


def test_a_path_of_another_type() -> None:
    with pytest.raises(TypeError, match="path is 5"):
        skrnn.save(classifier(), 5)  # type: ignore[arg-type]
    for load in (skrnn.load, skrnn.runtime.load):
        with pytest.raises(TypeError, match="path is 5"):
            load(5)  # type: ignore[arg-type]

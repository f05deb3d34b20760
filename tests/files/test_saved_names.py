"""Names of channels and the form of the input are saved with a pipeline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import skrnn
import skrnn.runtime
from helpers.bits import assert_same
from helpers.model_files import header_of, sealed, with_header
from helpers.support import says
from models import SMALL, frames, sequences
from skrnn import RNNRegressor
from skrnn.preprocessing import PerStep


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pipeline.skrnn"


def fitted(X: Any) -> Any:
    steps = (PerStep(StandardScaler()), PerStep(MinMaxScaler()), RNNRegressor(**SMALL))
    return make_pipeline(*steps).fit(X, np.arange(len(X)))


def both(model: Any, path: Path) -> tuple[Any, Any]:
    """The loaded estimator and the predictor of a saved model."""
    skrnn.save(model, path)
    return skrnn.load(path), skrnn.runtime.load(path)


def changed(path: Path, change: Callable[[Any], None]) -> None:
    """Change the steps of a saved pipeline in its file."""
    header = header_of(path.read_bytes())
    change(header["__metadata__"]["skrnn"]["pipeline"]["steps"])
    path.write_bytes(sealed(with_header(path.read_bytes(), header)))


def test_swapped_channels_are_refused_with_the_same_message(path: Path) -> None:
    model = fitted(frames())
    swapped = [x[["y", "x", "z"]] for x in frames()]
    renamed = [x.rename(columns={"x": "a"}) for x in frames()]
    for wrong in (swapped, renamed):
        with pytest.raises(ValueError, match="feature names should match") as expected:
            model.predict(wrong)
        for one in both(model, path):
            with pytest.raises(ValueError, match="feature names") as found:
                one.predict(wrong)
            assert str(found.value) == str(expected.value)


def test_a_loaded_pipeline_with_names_is_the_saved_one(path: Path) -> None:
    model = fitted(frames())
    loaded, predictor = both(model, path)
    for mine, other in zip(model, loaded, strict=True):
        assert other.feature_names_in_.tolist() == mine.feature_names_in_.tolist() == [*"xyz"]
    assert loaded[:-1].get_feature_names_out().tolist() == [*"xyz"]
    assert vars(loaded[0].transformer_).keys() == vars(model[0].transformer_).keys()
    for one in (loaded, predictor):
        assert_same(one.predict(frames()), model.predict(frames()))
    with pytest.warns(UserWarning, match="valid feature names, but PerStep") as caught:
        assert_same(loaded.predict(sequences()), model.predict(frames()))
    assert len(caught) == 1
    # The runtime does not warn: served models usually get arrays in the same order.
    assert_same(predictor.predict(sequences()), model.predict(frames()))


def test_a_pipeline_without_names_accepts_any_names(path: Path) -> None:
    loaded, predictor = both(fitted(sequences()), path)
    assert not hasattr(loaded[0], "feature_names_in_")
    with pytest.warns(UserWarning, match="fitted without feature names"):
        expected = loaded.predict(frames())
    assert_same(predictor.predict(frames()), expected)


def test_columns_of_a_table_are_checked(path: Path) -> None:
    """They are the steps of one channel, and their names are not names of channels."""
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(24, 4)), columns=[*"wxyz"])
    model = fitted(table)
    loaded, predictor = both(model, path)
    for one in (model, loaded, predictor):
        assert_same(one.predict(table), model.predict(table))
        with pytest.raises(ValueError, match=says("feature names", "order")):
            one.predict(table[["x", "w", "y", "z"]])
        with pytest.raises(ValueError, match=says("feature names", "yet now missing")):
            one.predict(table[["w", "x"]])
        assert_same(one.predict(list(table.to_numpy())), model.predict(table))
    for one in (model, loaded):
        assert not hasattr(one[0], "feature_names_in_")
        with pytest.warns(UserWarning, match="valid feature names, but PerStep"):
            assert_same(one.predict(table.to_numpy()), model.predict(table))
    assert_same(
        predictor.predict(table.to_numpy()[:, :2]), model.predict(list(table.to_numpy()[:, :2]))
    )


def test_tables_without_names_may_be_of_any_length(path: Path) -> None:
    table = np.random.default_rng(0).normal(size=(24, 4))
    model = fitted(table)
    for one in both(model, path):
        for X in (table, table[:, :2], table[:, :1]):
            assert_same(one.predict(X), model.predict(X))


def test_one_sequence_is_not_several(path: Path) -> None:
    X = [x[:, :1] for x in sequences()]
    alone = RNNRegressor(**SMALL).fit(X, np.arange(len(X)))
    for model in (fitted(X), alone):
        with pytest.raises(ValueError, match=says("[X]", "fitted on sequences")) as expected:
            model.predict(X[6])
        for one in both(model, path):
            with pytest.raises(ValueError, match="fitted on sequences") as found:
                one.predict(X[6])
            assert str(found.value) == str(expected.value)
            assert_same(one.predict(X), model.predict(X))


def test_files_without_names(path: Path) -> None:
    """Files of earlier versions have none, and names are then not checked."""

    def forget(steps: Any) -> None:
        for step in steps:
            step.pop("saw_table")
            step.pop("feature_names_in")

    model = fitted(frames())
    skrnn.save(model, path)
    changed(path, forget)
    loaded, predictor = skrnn.load(path), skrnn.runtime.load(path)
    assert not hasattr(loaded[0], "feature_names_in_")
    swapped = [x[["y", "x", "z"]] for x in frames()]
    assert_same(predictor.predict(sequences()), model.predict(frames()))
    assert_same(predictor.predict(swapped), predictor.predict([x.to_numpy() for x in swapped]))


@pytest.mark.parametrize(
    ("name", "value", "parts"),
    [
        ("feature_names_in", ["x", "y"], ("steps[1]", "2 feature_names_in", "3 channels")),
        ("feature_names_in", ["x", "y", 1], ("steps[1].feature_names_in", "strings")),
        ("feature_names_in", "xyz", ("steps[1].feature_names_in", "list")),
        ("feature_names_in", None, ("steps[1].feature_names_in", "list")),
        ("saw_table", True, ("steps[1].saw_table", "one channel")),
        ("saw_table", 0, ("steps[1].saw_table", "bool")),
        ("saw_table", None, ("steps[1].saw_table", "bool")),
    ],
    ids=repr,
)
def test_damaged_files(name: str, value: Any, parts: tuple[str, ...], path: Path) -> None:
    skrnn.save(fitted(frames()), path)
    changed(path, lambda steps: steps[1].update({name: value}))
    for load in (skrnn.load, skrnn.runtime.load):
        with pytest.raises(ValueError, match=says(*parts)):
            load(path)

"""Names of channels and of columns, from data frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cases import KINDS, Case, assert_same_bits, on, outcomes
from helpers.support import says
from skrnn import Sequences

pd = pytest.importorskip("pandas")


def frames(X: list[np.ndarray], names: list[Any]) -> list[Any]:
    return [pd.DataFrame(x, columns=names) for x in X]


@on(KINDS)
def test_names_of_channels(case: Case) -> None:
    X, y = case.data()
    named = frames(X, ["speed", "angle"])
    model = case.make().fit(named, y)
    assert model.feature_names_in_.tolist() == ["speed", "angle"]
    assert model.n_features_in_ == 2
    assert_same_bits(outcomes(model, named), outcomes(case.make().fit(X, y), X))
    with pytest.raises(ValueError, match=says("feature names", "order")):
        model.predict([x[["angle", "speed"]] for x in named])
    with pytest.raises(ValueError, match=says("feature names", "other")):
        model.predict(frames(X, ["speed", "other"]))
    with pytest.warns(UserWarning, match="feature names"):
        model.predict(X)
    model.fit(X, y)
    assert not hasattr(model, "feature_names_in_")
    with pytest.warns(UserWarning, match="feature names"):
        model.predict(named)


@on(KINDS)
def test_names_of_sequences(case: Case) -> None:
    X, y = case.data()
    named = Sequences(frames(X, ["speed", "angle"]))
    for form in (named, list(named)):
        model = case.make().fit(form, y)
        assert model.feature_names_in_.tolist() == ["speed", "angle"]
        assert_same_bits(outcomes(model, form), outcomes(case.make().fit(X, y), X))
        with pytest.raises(ValueError, match=says("feature names", "order")):
            model.predict(Sequences(frames(X, ["angle", "speed"])))


@on(KINDS)
def test_only_some_columns_with_names(case: Case) -> None:
    X, y = case.data()
    with pytest.raises(TypeError, match=says("string names", "['speed', 1]")):
        case.make().fit(frames(X, ["speed", 1]), y)


@on(KINDS)
def test_tokens_have_no_names(case: Case) -> None:
    """Also if the estimator had some from an earlier fit."""
    X, y = case.data()
    model = case.make().fit(frames(X, ["speed", "angle"]), y)
    model.set_params(embedding_size=2).fit([np.arange(1 + len(x)) for x in X], y)
    assert not hasattr(model, "feature_names_in_")


@on(KINDS)
def test_frames_with_different_names(case: Case) -> None:
    X, y = case.data()
    named = frames(X, ["speed", "angle"])
    named[3] = named[3][["angle", "speed"]]
    with pytest.raises(ValueError, match=says("Sequence 3", "'angle', 'speed'", "same order")):
        case.make().fit(named, y)


@on(KINDS)
def test_channels_without_names(case: Case) -> None:
    X, y = case.data()
    for form in (frames(X, [0, 1]), [*frames(X[:1], ["a", "b"]), *X[1:]]):
        assert not hasattr(case.make().fit(form, y), "feature_names_in_")


@on(KINDS)
def test_names_of_the_columns_of_a_table(case: Case) -> None:
    X, y = case.data()
    table = pd.DataFrame(np.stack([np.resize(x, 3) for x in X]), columns=["jan", "feb", "mar"])
    model = case.make().fit(table, y)
    assert model.feature_names_in_.tolist() == ["jan", "feb", "mar"]
    values = table.to_numpy()
    assert_same_bits(outcomes(model, table), outcomes(case.make().fit(values, y), values))
    with pytest.raises(ValueError, match=says("feature names", "order")):
        model.predict(table[["feb", "jan", "mar"]])
    model.fit(list(values), y)
    assert not hasattr(model, "feature_names_in_")


@on(KINDS)
def test_two_columns_of_one_name(case: Case) -> None:
    X, y = case.data()
    twins = [pd.DataFrame(x, columns=["speed", "speed"]) for x in X]
    with pytest.raises(ValueError, match="X has several columns 'speed'"):
        case.make().fit(twins, y)
    model = case.make().fit(X, y)
    with pytest.raises(ValueError, match="X has several columns 'speed'"):
        model.predict(twins)

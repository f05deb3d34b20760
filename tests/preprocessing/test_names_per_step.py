"""Names of channels in PerStep and its transformers."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from helpers.support import says
from skrnn import RNNClassifier, Sequences
from skrnn.preprocessing import PerStep

RNG = np.random.default_rng(0)
ARRAYS = [RNG.normal([0, 50], [1, 20], (length, 2)) for length in (4, 1, 7, 2, 5, 3)]
Y = [0, 1, 0, 1, 0, 1]
SMALL: dict[str, Any] = {"hidden_size": 3, "max_iter": 2, "random_state": 0, "n_jobs": 1}


@pytest.fixture(params=["pandas", "polars"])
def frame(request: pytest.FixtureRequest) -> Any:
    """A function that makes a data frame from a dict."""
    return pytest.importorskip(request.param).DataFrame


def frames(frame: Any, *names: str) -> list[Any]:
    return [frame(dict(zip(names, x.T, strict=True))) for x in ARRAYS]


def gathered(frame: Any) -> Sequences:
    """The same sequences from one long frame."""
    stacked = np.concatenate(ARRAYS)
    ids = np.repeat(np.arange(len(ARRAYS)), [len(x) for x in ARRAYS])
    df = frame({"id": ids, "speed": stacked[:, 0], "angle": stacked[:, 1]})
    return Sequences.from_frame(df, by="id")


def forms(frame: Any) -> list[Any]:
    X = gathered(frame)
    return [frames(frame, "speed", "angle"), X, list(X)]


def test_names_of_fit_are_required(frame: Any) -> None:
    for X in forms(frame):
        scaler = PerStep(StandardScaler()).fit(X)
        assert scaler.feature_names_in_.tolist() == ["speed", "angle"]
        assert scaler.get_feature_names_out().tolist() == ["speed", "angle"]
        assert scaler.transform(X).channel_names == ("speed", "angle")
        swapped = [x[["angle", "speed"]] for x in frames(frame, "speed", "angle")]
        with pytest.raises(ValueError, match=says("feature names should match", "same order")):
            scaler.transform(swapped)
        with pytest.raises(ValueError, match=says("unseen at fit time", "time", "yet now missing")):
            scaler.transform(frames(frame, "time", "angle"))
        with pytest.raises(ValueError, match="input_features"):
            scaler.get_feature_names_out(["a", "b"])


def test_numbers_are_those_without_names(frame: Any) -> None:
    expected = PerStep(StandardScaler()).fit_transform(ARRAYS)
    for X in forms(frame):
        np.testing.assert_array_equal(
            PerStep(StandardScaler()).fit_transform(X).values, expected.values
        )


def test_names_on_one_side_only(frame: Any) -> None:
    named = frames(frame, "speed", "angle")
    scaler = PerStep(StandardScaler()).fit(named)
    with pytest.warns(
        UserWarning, match="does not have valid feature names, but PerStep"
    ) as caught:
        made = scaler.transform(ARRAYS)
    assert len(caught) == 1
    assert made.channel_names == ("speed", "angle")  # or the next step would warn, too
    scaler.fit(ARRAYS)
    assert not hasattr(scaler, "feature_names_in_")
    with pytest.warns(UserWarning, match="X has feature names, but PerStep was fitted without"):
        assert scaler.transform(named).channel_names is None


def test_names_of_the_output(frame: Any) -> None:
    X = gathered(frame)
    for inner, names in (
        (PCA(1), ("pca0",)),
        (make_pipeline(SimpleImputer(), StandardScaler()), ("speed", "angle")),
        (FunctionTransformer(), None),  # has no names of its output
        (FunctionTransformer(feature_names_out="one-to-one"), ("speed", "angle")),
        (make_pipeline(FunctionTransformer(np.abs), StandardScaler()), None),
    ):
        per_step = PerStep(inner)
        assert per_step.fit_transform(X).channel_names == names
        assert per_step.transform(X).channel_names == names
        assert PerStep(inner).fit_transform(ARRAYS).channel_names is None
    assert PerStep(StandardScaler()).fit_transform(X).keys.tolist() == X.keys.tolist()


def test_named_output_as_input(frame: Any) -> None:
    X = gathered(frame)
    pca = PerStep(PCA(2)).fit(X)
    back = pca.inverse_transform(pca.transform(X))
    assert back.channel_names == ("speed", "angle")
    np.testing.assert_allclose(back.values, X.values)


def by_name() -> Any:
    return ColumnTransformer(
        [("scaled", StandardScaler(), ["angle"])],
        remainder="passthrough",
        verbose_feature_names_out=False,
    )


def test_columns_by_name(frame: Any) -> None:
    expected = PerStep(StandardScaler()).fit_transform(ARRAYS).values[:, 1]
    for X in forms(frame):
        made = PerStep(by_name()).fit_transform(X)
        assert made.channel_names == ("angle", "speed")
        np.testing.assert_allclose(made.values[:, 0], expected)
        np.testing.assert_array_equal(made.values[:, 1], gathered(frame).values[:, 0])


def test_columns_by_name_in_a_search(frame: Any) -> None:
    """scikit-learn splits Sequences into lists, which keep the names."""
    model = make_pipeline(PerStep(by_name()), RNNClassifier(**SMALL))
    for X in forms(frame):
        scores = cross_val_score(model, X, Y, cv=2, error_score="raise")
        assert len(scores) == 2
        grid = {"perstep__transformer__scaled__with_mean": [True, False]}
        search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, Y)
        step, network = search.best_estimator_[0], search.best_estimator_[1]
        assert step.feature_names_in_.tolist() == ["speed", "angle"]
        assert network.feature_names_in_.tolist() == ["angle", "speed"]


def test_a_pipeline_refuses_swapped_channels_and_warns_once(frame: Any) -> None:
    named = frames(frame, "speed", "angle")
    steps = (PerStep(StandardScaler()), PerStep(StandardScaler()), RNNClassifier(**SMALL))
    model = make_pipeline(*steps).fit(named, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(named)
    with pytest.raises(ValueError, match=says("feature names", "order")):
        model.predict([x[["angle", "speed"]] for x in named])
    with pytest.warns(UserWarning, match="valid feature names, but PerStep") as caught:
        model.predict(ARRAYS)
    assert len(caught) == 1


def test_held_out_data_keeps_its_names(frame: Any) -> None:
    """Without names of the part held out by early_stopping there was a warning in each epoch."""
    named = frames(frame, "speed", "angle")
    settings = {**SMALL, "early_stopping": True, "validation_fraction": 0.4}
    RNNClassifier(**settings).fit(named, Y)


def test_categories_by_name(frame: Any) -> None:
    df = frame({"id": [0, 0, 1], "gear": [3.0, 1.0, 3.0], "speed": [0.5, 1.5, 2.5]})
    X = Sequences.from_frame(df, by="id")
    inner = ColumnTransformer(
        [("gear", OneHotEncoder(sparse_output=False), ["gear"])], remainder="passthrough"
    )
    made = PerStep(inner).fit_transform(X)
    assert made.channel_names == ("gear__gear_1.0", "gear__gear_3.0", "remainder__speed")


class Sees(TransformerMixin, BaseEstimator):
    """A transformer that records the input of fit."""

    def fit(self, X: Any, y: Any = None) -> Sees:  # noqa: ARG002
        self.seen_ = X
        return self

    def transform(self, X: Any) -> Any:
        return X


def test_transformers_get_frames_if_there_are_names(frame: Any) -> None:
    for X in forms(frame):
        seen = PerStep(Sees()).fit(X).transformer_.seen_
        assert list(seen.columns) == ["speed", "angle"]
    assert isinstance(PerStep(Sees()).fit(ARRAYS).transformer_.seen_, np.ndarray)


def test_pickle_and_clone(frame: Any) -> None:
    X = gathered(frame)
    fitted = PerStep(by_name()).fit(X)
    again = pickle.loads(pickle.dumps(fitted))
    assert again.transform(X).channel_names == ("angle", "speed")
    assert not hasattr(clone(fitted), "feature_names_in_")


def test_columns_of_a_table_are_checked(frame: Any) -> None:
    """They are steps: another order gives another series."""
    table = frame({"jan": [1.0, 2.0], "feb": [3.0, 4.0]})
    scaler = PerStep(StandardScaler()).fit(table)
    assert not hasattr(scaler, "feature_names_in_")
    assert scaler.transform(table).channel_names is None
    with pytest.raises(ValueError, match=says("feature names", "order")):
        scaler.transform(table[["feb", "jan"]])
    with pytest.warns(UserWarning, match="does not have valid feature names, but PerStep"):
        scaler.transform(table.to_numpy())
    scaler.transform([frame({"load": [1.0, 2.0]})])  # a sequence has channels, not columns
    with pytest.warns(UserWarning, match="has feature names, but PerStep"):
        scaler.fit(table.to_numpy()).transform(table)


# ---- One sequence in place of several ----


@pytest.mark.parametrize("channels", [1, 2])
def test_one_sequence_is_not_several(channels: int) -> None:
    """(T, C) would be T univariate series of C steps."""
    X = [x[:, :channels] for x in ARRAYS]
    x = X[0]
    scaler = PerStep(StandardScaler()).fit(X)
    model = make_pipeline(PerStep(StandardScaler()), RNNClassifier(**SMALL)).fit(X, Y)
    for method in (scaler.transform, scaler.inverse_transform, model.predict):
        for form in (x, x.tolist()):
            with pytest.raises(ValueError, match=says("[X]", f"(4, 1, {channels})", "PerStep")):
                method(form)
        assert len(method([x])) == 1


def test_a_table_is_not_one_sequence_after_fit_on_a_table() -> None:
    table = np.arange(6.0)[:, None]
    made = PerStep(StandardScaler()).fit(table).transform(table[:4])
    assert made.lengths.tolist() == [1] * 4

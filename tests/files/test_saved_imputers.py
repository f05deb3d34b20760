"""Imputers and other steps of pipelines around scalers: in files, and with the same bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import skrnn
import skrnn.runtime
from helpers.bits import assert_same
from models import IMPUTERS, SMALL, STEPS, input_of, model_of, sequences, stepped, with_gaps
from skrnn import RNNClassifier
from skrnn.preprocessing import PerStep

NAMES = [f"imputer {name}" for name in IMPUTERS] + [f"steps {name}" for name in STEPS]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.skrnn"


# ---- The same bits ----


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("fitted_on", [np.float32, np.float64])
@pytest.mark.parametrize("name", IMPUTERS)
def test_missing_values_are_filled_to_the_same_bits(
    name: str, fitted_on: Any, dtype: Any, path: Path
) -> None:
    pipeline = stepped(IMPUTERS[name], with_gaps(fitted_on))
    X = [x.astype(dtype) for x in with_gaps(np.float64)]
    skrnn.save(pipeline, path)
    expected = pipeline.predict_proba(X)
    for one in (skrnn.load(path), skrnn.runtime.load(path)):
        assert_same(one.predict_proba(X), expected)
    streams = [skrnn.runtime.load(path).stream(method="predict_proba")]
    streams += [
        skrnn.stream(model, method="predict_proba") for model in (pipeline, skrnn.load(path))
    ]
    for stream in streams:
        for t, x_t in enumerate(X[6]):
            assert_same(stream.step(x_t), pipeline.predict_proba([X[6][: t + 1]]))
        stream.reset()
        assert_same(stream.process(X[6])[-1:].reshape(1, -1), expected[6:7])


@pytest.mark.parametrize("name", NAMES)
def test_a_loaded_pipeline_is_the_saved_one(name: str, path: Path) -> None:
    """Saved again it gives the same file, and fitted again the same parameters."""
    pipeline, X = model_of(name), input_of(name)
    skrnn.save(pipeline, path)
    content, loaded = path.read_bytes(), skrnn.load(path)
    skrnn.save(loaded, path)
    assert path.read_bytes() == content
    assert [step for step, _ in loaded.steps] == [step for step, _ in pipeline.steps]
    assert repr(loaded) == repr(pipeline)
    y = np.arange(len(X)) % 2
    mine, other = (clone(one).fit(X, y) for one in (pipeline, loaded))
    assert_same(other.predict_proba(X), mine.predict_proba(X))


@pytest.mark.parametrize("name", IMPUTERS)
def test_a_loaded_imputer_is_the_saved_one(name: str, path: Path) -> None:
    pipeline = model_of(f"imputer {name}")
    skrnn.save(pipeline, path)
    for mine, other in zip(imputers(pipeline), imputers(skrnn.load(path)), strict=True):
        fitted, again = vars(mine), vars(other)
        assert again.keys() == fitted.keys()
        for key, value in fitted.items():
            np.testing.assert_array_equal(again[key], value)
            assert type(again[key]) is type(value)


def imputers(model: Any) -> list[Any]:
    """All imputers of a pipeline, also of inner pipelines."""
    if isinstance(model, SimpleImputer):
        return [model]
    if isinstance(model, Pipeline):
        return [found for _, step in model.steps for found in imputers(step)]
    return imputers(model.transformer_) if isinstance(model, PerStep) else []


def test_nan_is_for_models_that_fill_it(path: Path) -> None:
    """Other models refuse it, as estimators, predictors and streams."""
    X = with_gaps()
    for name in ("scaler standard", "steps passthrough alone", "classes str"):
        model = model_of(name)
        skrnn.save(model, path)
        for one in (model, skrnn.load(path), skrnn.runtime.load(path)):
            with pytest.raises(ValueError, match="NaN"):
                one.predict(X)
        for stream in (skrnn.stream(model), skrnn.runtime.load(path).stream()):
            with pytest.raises(ValueError, match="is NaN, which would spoil all that follows"):
                stream.process(X[6])


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e39])
def test_infinity_is_not_missing(value: float, path: Path) -> None:
    model = model_of("imputer mean")
    skrnn.save(model, path)
    X = with_gaps(np.float64)
    X[6][1, 2] = value
    for one in (model, skrnn.load(path), skrnn.runtime.load(path)):
        with pytest.raises(ValueError, match=r"[Ss]equence 6.*step 1.*channel 2"):
            one.predict(X)
    for stream in (skrnn.stream(model), skrnn.runtime.load(path).stream()):
        before = stream.state
        with pytest.raises(
            ValueError, match=r"channel 2 of sequence 0 at step 1 is .*(inf|1e\+39)"
        ):
            stream.process(X[6])
        assert stream.state["steps"] == before["steps"]


def test_a_constant_that_float32_cannot_hold() -> None:
    steps = [PerStep(SimpleImputer(strategy="constant", fill_value=1e39))]
    with pytest.raises(ValueError, match="too large for float32"):
        stepped(steps, with_gaps(np.float64))
    model = stepped(steps, sequences(dtype=np.float64))  # without missing values
    with pytest.raises(ValueError, match=r"is nan, and what fills it is too large for float32"):
        skrnn.stream(model).step([np.nan, 1.0, 1.0])


# ---- Refusals ----


def without_channel() -> list[np.ndarray]:
    """Sequences with one channel that is missing throughout."""
    X = with_gaps()
    for x in X:
        x[:, 1] = np.nan
    return X


@pytest.mark.filterwarnings("ignore:Skipping features without any observed values")
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@pytest.mark.parametrize("use", [skrnn.save, lambda model, _: skrnn.stream(model)])
@pytest.mark.parametrize(
    ("imputer", "X", "says"),
    [
        (SimpleImputer(add_indicator=True), with_gaps, "adds channels"),
        (SimpleImputer(missing_values=-1), sequences, r"fills -1 and not NaN; write np\.nan"),
        (SimpleImputer(strategy="constant", fill_value=1e39), sequences, r"fills with 1e\+39, whi"),
        (SimpleImputer(), without_channel, r"drops channel 1, .*fit it with keep_empty_features"),
    ],
    ids=["indicator", "missing", "too large", "dropped"],
)
def test_imputers_that_are_refused_with_the_reason(
    imputer: Any, X: Any, says: str, use: Any, path: Path
) -> None:
    model = stepped([PerStep(make_pipeline(imputer, StandardScaler()))], X())
    with pytest.raises(ValueError, match=f"step 'simpleimputer' in step 'perstep' of.*{says}"):
        use(model, path)
    assert not path.exists()


def test_a_channel_without_values_that_is_kept(path: Path) -> None:
    X = without_channel()
    model = stepped([PerStep(SimpleImputer(keep_empty_features=True))], X)
    skrnn.save(model, path)
    assert_same(skrnn.runtime.load(path).predict_proba(X), model.predict_proba(X))


def test_an_inner_pipeline_with_settings_that_a_file_cannot_hold(path: Path) -> None:
    model = model_of("imputer in a pipeline")
    memory = clone(model).set_params(perstep__transformer__memory=str(path.parent))
    memory.fit(with_gaps(), np.arange(24) % 2)
    with pytest.raises(
        ValueError, match=r"step 'perstep' of the pipeline has memory=.*before saving"
    ):
        skrnn.save(memory, path)
    skrnn.stream(memory)  # a stream needs no such settings


def test_an_inner_pipeline_replaced_after_fit(path: Path) -> None:
    model = stepped(IMPUTERS["in a pipeline"], with_gaps())
    model.set_params(perstep__transformer__simpleimputer__strategy="median")
    with pytest.raises(ValueError, match="another transformer"):
        skrnn.save(model, path)


# ---- Searches ----


def searches() -> list[Any]:
    pipeline = make_pipeline(PerStep(SimpleImputer()), RNNClassifier(**SMALL))
    grid = {"rnnclassifier__cell": ["gru"], "perstep__transformer__strategy": ["mean", "median"]}
    return [
        GridSearchCV(pipeline, grid, cv=2),
        RandomizedSearchCV(pipeline, grid, n_iter=1, cv=2, random_state=0),
        HalvingGridSearchCV(pipeline, grid, cv=2, random_state=0, factor=2, min_resources=12),
        make_pipeline(
            PerStep(SimpleImputer()), GridSearchCV(RNNClassifier(**SMALL), {"cell": ["rnn"]}, cv=2)
        ),
    ]


@pytest.mark.parametrize("search", searches(), ids=lambda search: type(search).__name__)
def test_a_search_is_saved_as_its_best_estimator(search: Any, path: Path) -> None:
    X = with_gaps()
    search.fit(X, np.arange(24) % 2)
    skrnn.save(search, path)
    expected = search.predict_proba(X)
    loaded = skrnn.load(path)
    assert type(loaded) is Pipeline
    for one in (loaded, skrnn.runtime.load(path)):
        assert_same(one.predict_proba(X), expected)
    for model in (search, loaded):
        stream = skrnn.stream(model, method="predict_proba")
        assert_same(stream.process(X[6])[-1], expected[6:7])


@pytest.mark.parametrize("use", [skrnn.save, lambda model, _: skrnn.stream(model)])
def test_a_search_without_a_best_estimator(use: Any, path: Path) -> None:
    search = searches()[0]
    with pytest.raises(NotFittedError, match="GridSearchCV"):
        use(search, path)
    search.set_params(refit=False).fit(with_gaps(), np.arange(24) % 2)
    with pytest.raises(
        ValueError, match=r"no best_estimator_.*refit=False; fit it with refit=True"
    ):
        use(search, path)
    assert not path.exists()

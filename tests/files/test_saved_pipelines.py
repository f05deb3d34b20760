"""Pipelines in files: scalers and encoders of text are saved with the estimator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from joblib import Memory
from sklearn.decomposition import PCA
from sklearn.pipeline import FunctionTransformer, Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

import skrnn
import skrnn.runtime
from helpers.bits import assert_same
from models import (
    CHANNELS,
    ENCODERS,
    EVENTS,
    SCALERS,
    SMALL,
    TEXTS,
    encoded,
    input_of,
    model_of,
    scaled,
    sequences,
)
from skrnn import RNNClassifier, RNNRegressor
from skrnn._serving.pipelines import SUPPORTED, operations_of
from skrnn.preprocessing import PerStep, TokenEncoder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pipeline.skrnn"


def both(model: Any, path: Path) -> tuple[Any, Any]:
    """The loaded estimator and the predictor of a saved model."""
    skrnn.save(model, path)
    return skrnn.load(path), skrnn.runtime.load(path)


# ---- Scalers ----


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.int16, np.float16])
@pytest.mark.parametrize("fitted_on", [np.float32, np.float64])
@pytest.mark.parametrize("name", SCALERS)
def test_scaled_to_the_same_bits(name: str, fitted_on: Any, dtype: Any, path: Path) -> None:
    """For every dtype, as the installed scikit-learn computes."""
    pipeline = scaled(SCALERS[name], fitted_on)
    X = [x.astype(dtype) for x in sequences(dtype=np.float64)]
    loaded, predictor = both(pipeline, path)
    for one in (loaded, predictor):
        assert_same(one.predict(X), pipeline.predict(X))
    stream = predictor.stream()
    assert_same(stream.process(X[6])[-1], pipeline.predict(X[6:7]))


@pytest.mark.parametrize("name", SCALERS)
def test_a_loaded_scaler_is_the_saved_one(name: str, path: Path) -> None:
    pipeline = model_of(f"scaler {name}")
    loaded, _ = both(pipeline, path)
    assert [step for step, _ in loaded.steps] == [step for step, _ in pipeline.steps]
    for (_, mine), (_, other) in zip(pipeline.steps[:-1], loaded.steps[:-1], strict=True):
        assert type(other.transformer) is type(mine.transformer)
        assert other.transformer.get_params() == mine.transformer.get_params()
        fitted, again = vars(mine.transformer_), vars(other.transformer_)
        assert again.keys() == fitted.keys()
        for key, value in fitted.items():
            np.testing.assert_array_equal(again[key], value)
            assert getattr(again[key], "dtype", None) == getattr(value, "dtype", None) or (
                np.ndim(value) == 0
            )


def test_loaded_scalers_continue_partial_fit(path: Path) -> None:
    pipeline = model_of("scaler standard")
    loaded, _ = both(pipeline, path)
    more = np.concatenate(sequences()) + 1
    mine, other = (one[0].transformer_ for one in (pipeline, loaded))
    before = mine.mean_.copy()
    np.testing.assert_array_equal(other.partial_fit(more).mean_, mine.partial_fit(more).mean_)
    assert (mine.mean_ != before).all()


@pytest.mark.parametrize("axis", ["standard", "min max", "max abs", "robust"])
def test_the_operations_compute_what_the_scaler_does(axis: str) -> None:
    """In float64, one after the other, they give the transformation bit for bit."""
    pipeline = model_of(f"scaler {axis}")
    X = np.concatenate(sequences(dtype=np.float64))
    Z = X.copy()
    ufuncs = {"subtract": np.subtract, "divide": np.divide, "multiply": np.multiply, "add": np.add}
    for name, values, _ in operations_of(pipeline):
        Z = ufuncs[name](Z, values)
    assert_same(Z, pipeline[0].transformer_.transform(X))


def test_an_estimator_alone_in_a_pipeline(path: Path) -> None:
    X, y = np.random.default_rng(0).normal(size=(20, 4)), np.arange(20) % 2
    pipeline = Pipeline([("net", RNNClassifier(**SMALL))], verbose=True).fit(X, y)
    loaded, predictor = both(pipeline, path)
    assert isinstance(loaded, Pipeline)
    assert loaded.verbose is True
    for one in (loaded, predictor):
        assert_same(one.predict_proba(X), pipeline.predict_proba(X))
        with pytest.raises(ValueError, match="X has 3 features, but RNNClassifier is expecting 4"):
            one.predict(X[:, :3])


def test_nan_and_other_channels_are_refused_with_the_same_messages(path: Path) -> None:
    pipeline = model_of("scaler standard")
    X = sequences()
    X[2][1, 1] = np.nan
    for one in (pipeline, *both(pipeline, path)):
        with pytest.raises(ValueError, match=r"NaN.* sequence 2|[Ss]equence 2.*NaN"):
            one.predict(X)
        with pytest.raises(ValueError, match=f"X has 2 features, but .* expecting {CHANNELS}"):
            one.predict([x[:, :2] for x in sequences()])


# ---- Texts ----


@pytest.mark.parametrize("name", ENCODERS)
def test_texts_are_encoded_as_before(name: str, path: Path) -> None:
    pipeline = model_of(f"encoder {name}")
    new = ["unseen words", b"the cat", np.array(["the", "cat"]), ("up", 3, None), [], "", "\n\n"]
    loaded, predictor = both(pipeline, path)
    assert vars(loaded[0]) == vars(pipeline[0])
    assert predictor.vocabulary_ == pipeline[0].vocabulary_
    for one in (loaded, predictor):
        for texts in (input_of(f"encoder {name}"), new, iter(new), np.array(["a", "the"])):
            texts = list(texts)
            assert_same(one.predict_proba(texts), pipeline.predict_proba(texts))


@pytest.mark.parametrize("wrong", ["one text", {"a": 1}, [5], [["a", ["b"]]], 5, []])
def test_input_without_texts_is_refused_with_the_same_message(wrong: Any, path: Path) -> None:
    pipeline = model_of("encoder words")
    with pytest.raises((TypeError, ValueError)) as expected:
        pipeline.predict(wrong)
    for one in both(pipeline, path):
        with pytest.raises(expected.type) as found:
            one.predict(wrong)
        assert str(found.value) == str(expected.value)


def test_a_stream_reads_numbers_of_tokens(path: Path) -> None:
    pipeline = model_of("encoder characters")
    _, predictor = both(pipeline, path)
    stream = predictor.stream(method="predict_proba")
    for character in "the cat?!":
        probabilities = stream.step(predictor.vocabulary_.get(character, 0))
    assert_same(probabilities, pipeline.predict_proba(["the cat?!"]))


# ---- Refusals ----


def fitted(*steps: Any, X: Any = None, **settings: Any) -> Any:
    X = sequences() if X is None else X
    return make_pipeline(*steps, RNNClassifier(**SMALL, **settings)).fit(X, np.arange(len(X)) % 2)


@pytest.mark.parametrize(
    "step",
    [
        PerStep(PCA(2)),
        FunctionTransformer(),
        PerStep(make_pipeline(StandardScaler(), PCA(2))),
        Pipeline([("inner", PerStep(StandardScaler()))]),
    ],
    ids=lambda step: getattr(step, "__class__", type(step)).__name__,
)
def test_steps_that_a_file_cannot_hold(step: Any, path: Path) -> None:
    pipeline = fitted(PerStep(MaxAbsScaler()), step)
    name = pipeline.steps[1][0]
    with pytest.raises(
        ValueError, match=f"step '{name}'( of|.* in step .* of) the pipeline"
    ) as error:
        skrnn.save(pipeline, path)
    assert SUPPORTED in str(error.value)
    assert not path.exists()


class MyScaler(StandardScaler):
    pass


def test_a_user_defined_scaler(path: Path) -> None:
    with pytest.raises(ValueError, match="the transformer MyScaler"):
        skrnn.save(fitted(PerStep(MyScaler())), path)


def test_clipping(path: Path) -> None:
    with pytest.raises(ValueError, match="clip=True"):
        skrnn.save(fitted(PerStep(MinMaxScaler(clip=True))), path)


def test_a_scaler_replaced_after_fit(path: Path) -> None:
    pipeline = fitted(PerStep(StandardScaler()))
    with pytest.raises(ValueError, match="another transformer"):
        skrnn.save(pipeline.set_params(perstep__transformer__with_mean=False), path)


def test_a_callable_analyzer(path: Path) -> None:
    pipeline = fitted(TokenEncoder(str.split), X=TEXTS, embedding_size=2)
    with pytest.raises(ValueError, match=r"'tokenencoder'.*a file holds no code"):
        skrnn.save(pipeline, path)


@pytest.mark.parametrize("token", [1.5, ("a", "b"), None, True, 2**70])
def test_tokens_that_json_cannot_hold(token: Any, path: Path) -> None:
    pipeline = fitted(TokenEncoder(), X=[*EVENTS, [token]], embedding_size=2)
    with pytest.raises(ValueError, match=r"token.*(strings or integers|64 bits)"):
        skrnn.save(pipeline, path)


def test_caches_and_other_settings_of_a_pipeline(path: Path, tmp_path: Path) -> None:
    pipeline = fitted(PerStep(StandardScaler())).set_params(memory=Memory(tmp_path, verbose=0))
    with pytest.raises(ValueError, match=r"set_params\(memory=None\)"):
        skrnn.save(pipeline, path)


def test_a_pipeline_that_ends_in_something_else(path: Path) -> None:
    pipeline = Pipeline([("scale", PerStep(StandardScaler()))]).fit(sequences())
    with pytest.raises(TypeError, match="a Pipeline that ends in PerStep"):
        skrnn.save(pipeline, path)


def test_a_step_that_is_not_fitted(path: Path) -> None:
    net = RNNRegressor(**SMALL).fit(sequences(), np.arange(24))
    with pytest.raises(ValueError, match="not fitted yet"):
        skrnn.save(make_pipeline(PerStep(StandardScaler()), net), path)


def test_steps_of_a_pipeline_that_was_fitted_in_parts(path: Path) -> None:
    """Also if the encoder has more tokens than the network: predict refuses them, as before."""
    encoder = TokenEncoder().fit(TEXTS)
    net = RNNClassifier(embedding_size=2, **SMALL)
    net.fit(encoder.transform(["the dog", "the"]), [0, 1])
    pipeline = make_pipeline(encoder, net)
    for one in (pipeline, *both(pipeline, path)):
        assert_same(one.predict_proba(["the", "dog"]), pipeline.predict_proba(["the", "dog"]))
        with pytest.raises(ValueError, match="but the tokens seen in fit were"):
            one.predict(["naïve"])


def test_a_clone_of_a_loaded_pipeline_learns_the_same(path: Path) -> None:
    from sklearn.base import clone

    pipeline = encoded(*ENCODERS["words by a pattern"])
    loaded, _ = both(pipeline, path)
    y = np.arange(len(TEXTS)) % 3
    mine, other = (clone(one).fit(TEXTS, y) for one in (pipeline, loaded))
    assert_same(other.predict_proba(TEXTS), mine.predict_proba(TEXTS))

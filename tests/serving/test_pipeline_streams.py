"""skrnn.stream: whole pipelines, step by step, with the same bits as predict."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FunctionTransformer, Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

import skrnn
from helpers.bits import assert_same
from helpers.support import says
from skrnn import RNNClassifier, RNNRegressor
from skrnn.preprocessing import PerStep, TokenEncoder
from streams import as_if_ended, classifier, methods_of, steps

SMALL: dict[str, Any] = {"hidden_size": 5, "max_iter": 1, "random_state": 0, "n_jobs": 1}
X = 100 + 30 * steps(6, 8)  # (T, B, C)


def pipeline(*before: Any, kind: Any = RNNClassifier, **settings: Any) -> Any:
    model = make_pipeline(*before, kind(**SMALL, **settings))
    return model.fit(list(X.transpose(1, 0, 2)), np.arange(X.shape[1]) % 3)


PIPELINES = {
    "scaler": lambda: pipeline(PerStep(StandardScaler())),
    "scalers": lambda: pipeline(PerStep(RobustScaler()), "passthrough", PerStep(MinMaxScaler())),
    "pipeline inside": lambda: pipeline(PerStep(make_pipeline(MaxAbsScaler(), StandardScaler()))),
    "imputer": lambda: pipeline(PerStep(SimpleImputer()), kind=RNNRegressor),
    "passthrough": lambda: pipeline("passthrough"),
    "nothing": lambda: pipeline(pooling="mean"),
    "layers": lambda: pipeline(PerStep(StandardScaler()), num_layers=2, cell="gru"),
    "quantiles": lambda: pipeline(PerStep(StandardScaler()), kind=RNNRegressor, loss="quantile"),
    "estimator": lambda: classifier(),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
@pytest.mark.parametrize("name", PIPELINES)
def test_steps_have_the_bits_of_predict(name: str, dtype: Any) -> None:
    model, block = PIPELINES[name](), X.astype(dtype)
    for method in methods_of(model):
        expected = as_if_ended(model, block, method)
        stream = skrnn.stream(model, X.shape[1], method=method)
        assert stream.batch_size == X.shape[1]
        for x_t, answer in zip(block, expected, strict=True):
            assert_same(stream.step(x_t), answer)
        stream.reset()
        assert_same(stream.process(block), expected)


def test_the_last_step_alone_scales_nothing() -> None:
    """And its help names `skrnn.stream`, which does."""
    model = PIPELINES["scaler"]()
    scaled = model[0].transform([X[:, 0]])[0]
    assert_same(
        model[-1].stream(method="predict_proba").process(scaled),
        skrnn.stream(model, method="predict_proba").process(X[:, 0]),
    )
    assert "skrnn.stream" in RNNClassifier.stream.__doc__


def test_after_an_encoder_it_reads_the_numbers_of_tokens() -> None:
    texts = ["the cat sat", "a dog", "the dog sat there", "cats"] * 4
    model = make_pipeline("passthrough", TokenEncoder(), RNNClassifier(embedding_size=2, **SMALL))
    model.fit(texts, np.arange(16) % 2)
    vocabulary = model[1].vocabulary_
    stream = skrnn.stream(model, method="predict_proba")
    words = ["the", "dog", "sat", "somewhere"]
    for t, word in enumerate(words):
        answer = stream.step(vocabulary.get(word, 0))
        assert_same(answer, model.predict_proba([" ".join(words[: t + 1])]))


def test_a_later_fit_of_the_pipeline_does_not_change_a_stream() -> None:
    model = PIPELINES["scaler"]()
    stream, before = skrnn.stream(model, method="predict_proba"), model.predict_proba([X[:, 0]])
    model.fit(list(3 * X.transpose(1, 0, 2)), np.arange(8) % 2)
    assert_same(stream.process(X[:, 0])[-1], before)


def test_settings_that_a_file_cannot_hold_do_not_matter() -> None:
    """A stream needs only the fitted state."""
    settings = {"random_state": np.random.RandomState(0), "scoring": lambda *_: 0.0}
    model = PIPELINES["scaler"]()
    expected = model.predict([X[:, 0]])
    model[-1].set_params(**settings)
    assert_same(skrnn.stream(model).process(X[:, 0])[-1], expected)


# ---- Refusals ----


class MyPipeline(Pipeline):
    pass


class MyScaler(StandardScaler):
    pass


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (lambda: pipeline(PerStep(PCA(2))), ["step 'perstep' of the pipeline", "PCA"]),
        (
            lambda: pipeline(PerStep(make_pipeline(StandardScaler(), PCA(2)))),
            ["step 'pca' in step 'perstep' of the pipeline", "PCA"],
        ),
        (lambda: pipeline(PerStep(MyScaler())), ["step 'perstep'", "MyScaler"]),
        (lambda: pipeline(PerStep(MinMaxScaler(clip=True))), ["step 'perstep'", "clip=True"]),
        (lambda: pipeline(FunctionTransformer()), ["step 'functiontransformer'", "PerStep of one"]),
        (
            lambda: MyPipeline(PIPELINES["scaler"]().steps),
            ["a MyPipeline can be neither saved nor streamed"],
        ),
        (lambda: pipeline(PerStep(StandardScaler()), bidirectional=True), ["bidirectional=False"]),
        (lambda: pipeline(PerStep(StandardScaler()), pooling="attention"), ["pooling='attention'"]),
    ],
)
def test_pipelines_that_cannot_be_streamed(model: Any, words: Any) -> None:
    with pytest.raises(ValueError, match=says(*words)):
        skrnn.stream(model())


def test_unfitted_models() -> None:
    for model in (
        RNNClassifier(),
        make_pipeline(PerStep(StandardScaler()), RNNClassifier()),
        make_pipeline(PerStep(StandardScaler()), PIPELINES["nothing"]()[-1]),
        make_pipeline(TokenEncoder(), PIPELINES["nothing"]()[-1]),
    ):
        with pytest.raises(NotFittedError):
            skrnn.stream(model)


@pytest.mark.parametrize("model", [RandomForestClassifier(), "model", RNNClassifier, None])
def test_objects_that_are_not_models(model: Any) -> None:
    for one in (model, make_pipeline("passthrough", model)) if model != "model" else (model,):
        with pytest.raises(TypeError, match="expected an estimator of skrnn, a Pipeline that ends"):
            skrnn.stream(one)


def test_wrong_arguments() -> None:
    model = PIPELINES["scaler"]()
    with pytest.raises(ValueError, match=says("batch_size=0", "expected 1..")):
        skrnn.stream(model, 0)
    with pytest.raises(TypeError, match=says("batch_size=1.0", "expected an int")):
        skrnn.stream(model, 1.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=says("method='fit'", "['predict', 'predict_proba']")):
        skrnn.stream(model, method="fit")

"""Fitted models of every kind that a file can hold, with sequences for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

import skrnn
from skrnn import (
    RNNAnomalyDetector,
    RNNClassifier,
    RNNForecaster,
    RNNLanguageModel,
    RNNRegressor,
    RNNTagger,
)
from skrnn.preprocessing import PerStep, TokenEncoder

CHANNELS, TOKENS = 3, 6
SMALL: dict[str, Any] = {"hidden_size": 5, "max_iter": 2, "random_state": 0, "n_jobs": 1}

TEXTS = ["The cat sat on the mat.", "a dog", "", "The DOG sat\n  here", "naïve [cafés]"] * 6
LISTS = [text.split() for text in TEXTS]
EVENTS = [[3, "up", 3], ["down"], [2**40, "up"], [7]] * 6

# Labels of every possible dtype of classes.
LABELS: dict[str, Any] = {
    "str": ["no", "perhaps", "certainly"],
    "wide str": np.array(["no", "yes"], "U40"),
    "object": np.array(["", "a" * 40, "é\n\"'\\"], object),
    "int": np.array([-5, 0, 2**60]),
    "int8": np.array([3, -1], np.int8),
    "uint64": np.array([3, 2**64 - 1], np.uint64),
    "bool": np.array([False, True]),
    "float": np.array([0.0, -1.0, 7.0]),
    "float32": np.array([0.0, 1.0], np.float32),
}

SCALERS: dict[str, list[Any]] = {
    "standard": [StandardScaler()],
    "mean": [StandardScaler(with_std=False)],
    "deviation": [StandardScaler(with_mean=False)],
    "neither": [StandardScaler(with_mean=False, with_std=False)],
    "robust": [RobustScaler(quantile_range=(10.0, 80.0))],
    "centre": [RobustScaler(with_scaling=False)],
    "spread": [RobustScaler(with_centering=False, unit_variance=True)],
    "robust neither": [RobustScaler(with_centering=False, with_scaling=False)],
    "max abs": [MaxAbsScaler()],
    "min max": [MinMaxScaler((-3, 2))],
    "three": [RobustScaler(), StandardScaler(copy=False), MinMaxScaler()],
}

# Steps before a network whose input may have NaN.
IMPUTERS: dict[str, list[Any]] = {
    "mean": [PerStep(SimpleImputer())],
    "median": [PerStep(SimpleImputer(strategy="median"))],
    "most frequent": [PerStep(SimpleImputer(strategy="most_frequent"))],
    "constant": [PerStep(SimpleImputer(strategy="constant", fill_value=-1.1))],
    "zero": [PerStep(SimpleImputer(strategy="constant", keep_empty_features=True))],
    "before a scaler": [PerStep(SimpleImputer()), PerStep(StandardScaler())],
    "behind a scaler": [PerStep(StandardScaler()), PerStep(SimpleImputer(copy=False))],
    "in a pipeline": [PerStep(make_pipeline(SimpleImputer(), RobustScaler()))],
    "in a pipeline in a pipeline": [
        PerStep(Pipeline([("a", make_pipeline(MinMaxScaler(), SimpleImputer()))], verbose=True)),
    ],
}

# Other steps of pipelines.
STEPS: dict[str, list[Any]] = {
    "a pipeline": [
        PerStep(make_pipeline(StandardScaler(), MaxAbsScaler())),
        PerStep(RobustScaler()),
    ],
    "passthrough": ["passthrough", PerStep(StandardScaler()), "passthrough"],
    "passthrough inside": [PerStep(make_pipeline(MinMaxScaler(), "passthrough"))],
    "passthrough alone": ["passthrough"],
    "passthrough alone inside": [PerStep(Pipeline([("nothing", "passthrough")]))],
}

ENCODERS: dict[str, tuple[TokenEncoder, Any]] = {
    "words": (TokenEncoder(), TEXTS),
    "words that are frequent": (TokenEncoder(min_frequency=7, max_tokens=3), TEXTS),
    "words by a pattern": (TokenEncoder(lowercase=False, token_pattern=r"[a-z]+(t)"), TEXTS),
    "characters": (TokenEncoder("char"), TEXTS),
    "events": (TokenEncoder(), EVENTS),
}


def sequences(n: int = 24, *, tokens: bool = False, dtype: Any = np.float32) -> list[np.ndarray]:
    """Random sequences of 1..7 steps."""
    rng = np.random.default_rng(0)
    if tokens:
        X = [rng.integers(0, TOKENS, 1 + i % 7) for i in range(n)]
        X[0][0] = TOKENS - 1
        return X
    # Channels of other magnitudes, which scalers round differently in float32 and in float64.
    sizes, shifts = [1.0, 30.0, 1e-3], [1e3, -5.0, 0.1]
    return [
        (rng.normal(size=(1 + i % 7, CHANNELS)) * sizes + shifts).astype(dtype) for i in range(n)
    ]


def with_gaps(dtype: Any = np.float32) -> list[np.ndarray]:
    """The same sequences with missing values."""
    rng = np.random.default_rng(5)
    X = sequences(dtype=dtype)
    for x in X:
        x[rng.random(x.shape) < 0.3] = np.nan
    X[6][0] = np.nan
    return X


def stirred(model: Any) -> Any:
    """A fitted estimator with parameters far from their initial values."""
    rng = np.random.default_rng(1)
    for array in model.params_.values():
        array += rng.normal(scale=0.4, size=array.shape).astype(np.float32)
    return model


def classifier(labels: Any = ("a", "b", "c"), **settings: Any) -> Any:
    X = sequences(tokens="embedding_size" in settings)
    labels = np.asarray(labels)
    y = labels[np.arange(len(X)) % len(labels)]
    return stirred(RNNClassifier(**{**SMALL, **settings}).fit(X, y))


def regressor(columns: int | None = None, **settings: Any) -> Any:
    X = sequences(tokens="embedding_size" in settings)
    rng = np.random.default_rng(2)
    y = 100 + 7 * np.abs(rng.normal(size=(len(X), columns) if columns else len(X)))
    return stirred(RNNRegressor(**{**SMALL, **settings}).fit(X, y))


def of_labels() -> Any:
    X = sequences()
    y = np.random.default_rng(3).integers(0, 2, (len(X), 4))
    return stirred(RNNClassifier(pooling="max", **SMALL).fit(X, y))


def of_table(frame: bool) -> Any:
    X, y = table(frame), np.arange(24) % 2
    return stirred(RNNClassifier(**SMALL).fit(X, y))


def table(frame: bool) -> Any:
    X = np.random.default_rng(4).normal(size=(24, 4))
    return pd.DataFrame(X, columns=[*"wxyz"]) if frame else X


def frames() -> Any:
    return [pd.DataFrame(x, columns=["x", "y", "z"]) for x in sequences()]


def of_frames() -> Any:
    X = frames()
    return stirred(RNNRegressor(**SMALL).fit(X, np.arange(len(X))))


def validated() -> Any:
    model = RNNClassifier(early_stopping=True, validation_fraction=0.25, **SMALL)
    return stirred(model.fit(sequences(), np.arange(24) % 3))


def scaled(scalers: list[Any], dtype: Any = np.float32) -> Pipeline:
    """A pipeline, whose steps have names of their own."""
    steps = [(f"scaler {i}", PerStep(scaler)) for i, scaler in enumerate(scalers)]
    pipeline = Pipeline([*steps, ("net", RNNRegressor(**SMALL))])
    X = sequences(dtype=dtype)
    pipeline.fit(X, np.arange(len(X)))
    stirred(pipeline[-1])
    return pipeline


def stepped(steps: list[Any], X: Any) -> Pipeline:
    """A pipeline of any steps, and a network at its end."""
    pipeline = make_pipeline(*map(clone_of, steps), RNNClassifier(**SMALL))
    pipeline.fit(X, np.arange(len(X)) % 3)
    stirred(pipeline[-1])
    return pipeline


def clone_of(step: Any) -> Any:
    return step if isinstance(step, str) else clone(step)


def encoded(encoder: TokenEncoder, texts: Any) -> Pipeline:
    pipeline = make_pipeline(clone(encoder), RNNClassifier(embedding_size=3, **SMALL))
    pipeline.fit(texts, np.arange(len(texts)) % 2)
    stirred(pipeline[-1])
    return pipeline


def of_strings(X: Any, **settings: Any) -> Any:
    model = RNNClassifier(embedding_size=3, **SMALL, **settings)
    return stirred(model.fit(X, np.arange(len(X)) % 2))


def tagger(X: Any, **settings: Any) -> Any:
    """Of BIO: the first step of a sequence begins an entity of its first three steps."""
    y = [["B-X", "I-X", "I-X", *["O"] * len(x)][: len(x)] for x in X]
    return stirred(RNNTagger(**SMALL, **settings).fit(X, y))


WORDS = [words for words in LISTS if words]
CRF: dict[str, Any] = {"crf": True, "scheme": "bio"}
LETTERS: dict[str, Any] = {"embedding_size": 3, "characters": True, "bidirectional": False}
LETTERS |= {"character_embedding_size": 2, "character_hidden_size": 4, "min_frequency": 7}


@cache
def following(**settings: Any) -> Any:
    """A language model."""
    return RNNLanguageModel(embedding_size=2, **SMALL, **settings).fit(TEXTS)


def following_encoded(encoder: TokenEncoder) -> Pipeline:
    return make_pipeline(encoder, RNNLanguageModel(embedding_size=2, **SMALL)).fit(TEXTS)


def series(n: int = 3, length: int = 48) -> list[np.ndarray]:
    """Series with a season of four steps, each a step shorter than the one before."""
    rng = np.random.default_rng(7)
    t = np.arange(length)
    return [
        (10 * i + t / 9 + 5 * np.sin(t * np.pi / 2) + rng.normal(size=length))[: length - i]
        for i in range(n)
    ]


def forecaster(X: Any, exog: Any = None, **settings: Any) -> Any:
    return stirred(RNNForecaster(**{**SMALL, "horizon": 4, **settings}).fit(X, exog))


def unobserved() -> list[np.ndarray]:
    """Series of which some numbers are missing."""
    X = series()
    for x in X:
        x[[3, 20, 21, -1]] = np.nan
    return X


def detector(X: Any, **settings: Any) -> Any:
    windows = {"window": 6, "segment_length": 3}
    return stirred(RNNAnomalyDetector(**{**SMALL, **windows, **settings}).fit(X))


# Functions that make a model, and sequences for it, or the steps that it is to forecast.
Subject = tuple[Callable[[], Any], Callable[[], Any]]

SUBJECTS: dict[str, Subject] = {
    **{
        f"classes {name}": (lambda labels=labels: classifier(labels), sequences)
        for name, labels in LABELS.items()
    },
    **{
        f"cell {cell}": (lambda cell=cell: classifier(cell=cell), sequences)
        for cell in skrnn.cells()
    },
    **{
        f"pooling {pooling}": (lambda pooling=pooling: regressor(pooling=pooling), sequences)
        for pooling in ("mean", "max", "attention")
    },
    "labels": (of_labels, sequences),
    "layers": (lambda: classifier(num_layers=2, bidirectional=True), sequences),
    "tokens": (lambda: classifier(embedding_size=2), lambda: sequences(tokens=True)),
    "numbers of tokens": (lambda: regressor(embedding_size=2), lambda: sequences(tokens=True)),
    "texts": (lambda: of_strings(TEXTS), lambda: TEXTS),
    "texts of frequent words": (lambda: of_strings(TEXTS, min_frequency=7), lambda: TEXTS),
    "lists of strings": (lambda: of_strings(LISTS), lambda: LISTS),
    "one target": (regressor, sequences),
    "one column": (lambda: regressor(1), sequences),
    "two targets": (lambda: regressor(2), sequences),
    "huber": (lambda: regressor(loss="huber", delta=0.3), sequences),
    "quantiles": (lambda: regressor(loss="quantile"), sequences),
    "quantiles of two": (lambda: regressor(2, loss="quantile", quantiles=[0.2, 0.9]), sequences),
    "quantiles in an array": (
        lambda: regressor(loss="quantile", quantiles=np.array([0.3])),
        sequences,
    ),
    "deviations": (lambda: regressor(loss="gaussian_nll"), sequences),
    "deviations of two": (lambda: regressor(2, loss="gaussian_nll"), sequences),
    "rates": (lambda: regressor(2, loss="poisson"), sequences),
    "tagger": (lambda: tagger(sequences(), bidirectional=False), sequences),
    "tagger crf": (lambda: tagger(sequences(), **CRF), sequences),
    "tagger letters": (lambda: tagger(WORDS, **LETTERS), lambda: WORDS),
    "tagger letters crf": (lambda: tagger(WORDS, **LETTERS, **CRF), lambda: WORDS),
    "table": (lambda: of_table(False), lambda: table(False)),
    "table with names": (lambda: of_table(True), lambda: table(True)),
    "frames": (of_frames, frames),
    "validated": (validated, sequences),
    **{
        f"scaler {name}": (lambda scalers=scalers: scaled(scalers), sequences)
        for name, scalers in SCALERS.items()
    },
    **{
        f"imputer {name}": (lambda steps=steps: stepped(steps, with_gaps()), with_gaps)
        for name, steps in IMPUTERS.items()
    },
    **{
        f"steps {name}": (lambda steps=steps: stepped(steps, sequences()), sequences)
        for name, steps in STEPS.items()
    },
    **{
        f"encoder {name}": (lambda pair=pair: encoded(*pair), lambda pair=pair: pair[1])
        for name, pair in ENCODERS.items()
    },
    "words that follow": (lambda: following(analyzer="word"), lambda: TEXTS),
    "characters that follow": (lambda: following(), lambda: TEXTS),
    "encoder before words that follow": (lambda: following_encoded(TokenEncoder()), lambda: TEXTS),
    "forecaster": (lambda: forecaster(series(1)[0]), lambda: 9),
    "forecaster of several": (lambda: forecaster(series(), seasonal_lags=True), lambda: 9),
    "forecaster of gaps": (
        lambda: forecaster(unobserved(), missing="fill", scaling="difference"),
        lambda: 9,
    ),
    "forecaster recursive": (
        lambda: forecaster(series(), strategy="recursive", seasonality=None, calibration=None),
        lambda: 9,
    ),
    "detector": (lambda: detector(series(1)[0]), lambda: series(1)[0]),
    "detector of several": (lambda: detector(series(), delay=2, contamination=0.1), series),
    "detector of gaps": (lambda: detector(unobserved(), missing="fill", cell="lstm"), unobserved),
    "detector of frames": (
        lambda: detector([pd.DataFrame(x, columns=[*"abc"]) for x in sequences()[5::7]]),
        lambda: pd.DataFrame(sequences()[6], columns=[*"abc"]),
    ),
}


@cache
def model_of(name: str) -> Any:
    return SUBJECTS[name][0]()


def input_of(name: str) -> Any:
    return SUBJECTS[name][1]()


def answers(model: Any, X: Any) -> list[np.ndarray]:
    """All predictions of a model for sequences."""
    if isinstance(model, RNNForecaster):
        return forecasts(model, X)
    if hasattr(model, "score_samples"):
        block = np.asarray(X[0] if isinstance(X, list) else X)
        scores = [model.score_samples(X), model.stream().process(block)]
        return [*scores, model.decision_function(X), model.predict(X)]
    found = [model.predict(X)]
    methods = ("predict_proba", "predict_log_proba")
    found += [getattr(model, name)(X) for name in methods if hasattr(model, name)]
    if getattr(model, "crf", False):
        found += [path for paths in model.n_best(X, 2) for path, _ in paths]
    if getattr(model, "loss", None) == "gaussian_nll":
        found.append(model.predict(X, return_std=True)[1])
    return found


def forecasts(model: Any, horizon: int) -> list[Any]:
    """All forecasts of a model of series, or of its predictor."""
    found = [model.predict(horizon), model.stream().forecast()]
    if model._forecaster()[1].errors is not None:
        found.append(model.predict_interval(horizon, coverage=0.8))
        found.append(model.predict_quantiles(horizon, quantiles=[0.1, 0.7]))
    return found

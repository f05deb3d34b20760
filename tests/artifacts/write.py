"""Write a model of each kind, with input and answers: python write.py FOLDER.

The files in ``version_1`` to ``version_5`` were written by scikit-rnn 0.1.0 in those versions of
the format, and must always be loaded: they are never written again. A later format gets a new
folder.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

import skrnn
from skrnn import (
    RNNAnomalyDetector,
    RNNClassifier,
    RNNForecaster,
    RNNLanguageModel,
    RNNRegressor,
    RNNStepRegressor,
    RNNTagger,
)
from skrnn.preprocessing import PerStep, TokenEncoder

SMALL: dict[str, Any] = {"hidden_size": 4, "max_iter": 20, "learning_rate_init": 0.02}
SMALL |= {"n_iter_no_change": 20, "random_state": 0, "n_jobs": 1}
LETTERS: dict[str, Any] = {"embedding_size": 3, "characters": True}
LETTERS |= {"character_embedding_size": 2, "character_hidden_size": 3}
STEPS_TO_COME = 16
CITIES = np.array(["Bern", "Łódź", "Αθήνα"])

rng = np.random.default_rng(20)


def channels() -> list[np.ndarray]:
    lengths = rng.integers(1, 9, 30)
    return [rng.normal(size=(t, 2)).cumsum(axis=0).astype(np.float32) for t in lengths]


def tokens() -> list[np.ndarray]:
    X = [rng.integers(0, 5, length) for length in rng.integers(1, 9, 30)]
    X[0][0] = 4
    return X


def texts() -> list[str]:
    words = ["the", "cat", "Dog", "naïve", "sat", "a", "42"]
    return [" ".join(rng.choice(words, length)) for length in rng.integers(1, 9, 30)]


def sums(X: Any) -> np.ndarray:
    return np.array([float(np.sum(x)) for x in X])


def thirds(X: Any) -> np.ndarray:
    return np.searchsorted(np.quantile(sums(X), [0.33, 0.66]), sums(X))


def pairs(X: Any) -> np.ndarray:
    return np.column_stack([sums(X), 100 + 3 * sums(x[-1:] for x in X)])


def vectors(X: Any) -> np.ndarray:
    return np.column_stack([sums(X) / 10, [len(x) / 5 for x in X]])


def positions(X: Any) -> list[list[str]]:
    return [["first" if t == 0 else "later" for t in range(len(x))] for x in X]


def entities(X: Any) -> list[list[str]]:
    return [["B-X", "I-X", *["O"] * len(x)][: len(x)] for x in X]


def series() -> list[np.ndarray]:
    """Series with a season of seven steps, of other lengths."""
    t = np.arange(60)
    season = 3 * np.sin(t * 2 * np.pi / 7)
    return [(i + t / 9 + season + rng.normal(size=60))[i:] for i in range(3)]


def dated(S: list[np.ndarray]) -> pd.DataFrame:
    """A long frame of business days."""
    days = pd.date_range("2024-02-01", periods=60, freq="B")
    parts = [
        pd.DataFrame({"unique_id": name, "ds": days[: len(x)], "y": x})
        for name, x in zip(CITIES, S, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def forecasters() -> dict[str, RNNForecaster]:
    """Fitted models of series."""
    S, settings = series(), {**SMALL, "horizon": 7}
    gaps = [np.where(rng.random(len(x)) < 0.1, np.nan, x) for x in S]
    # Also of the steps to come.
    exog = [rng.normal(size=(len(x) + STEPS_TO_COME, 2)) for x in S]
    return {
        "forecaster": RNNForecaster(**settings).fit(S[0]),
        "forecaster_covariates": RNNForecaster(**settings).fit(S, exog),
        "forecaster_differences": RNNForecaster(
            "lstm", scaling="seasonal_difference", seasonality=7, **settings
        ).fit(np.array([x[-40:] for x in S])),
        "forecaster_direct": RNNForecaster(
            strategy="direct", missing="fill", loss="quantile", **settings
        ).fit(gaps),
        "forecaster_frame": RNNForecaster(**settings).fit(dated(S)),
        "forecaster_recursive": RNNForecaster(
            "rnn", strategy="recursive", loss="gaussian_nll", seasonality=7, **settings
        ).fit(S),
    }


def models() -> dict[str, tuple[Any, ...]]:
    """Fitted models, input for them, and its context where they read one."""
    X, T, W = channels(), tokens(), texts()
    table = rng.normal(size=(30, 6))
    frame = pd.DataFrame(table, columns=[*"abcdef"])
    L = [text.split() for text in W]
    labels = np.column_stack([sums(X) > 0, thirds(X) == 1, [len(x) > 4 for x in X]]).astype(int)
    lengths = np.array([len(text.split()) % 2 for text in W])
    early = {"early_stopping": True, "validation_fraction": 0.3}
    scaled = make_pipeline(
        PerStep(StandardScaler()), PerStep(MinMaxScaler((-1, 1))), RNNRegressor("gru", **SMALL)
    )
    gaps = [np.where(rng.random(x.shape) < 0.2, np.nan, x).astype(np.float32) for x in X]
    filled = make_pipeline(
        "passthrough",
        PerStep(make_pipeline(SimpleImputer(strategy="median"), RobustScaler())),
        PerStep(MaxAbsScaler()),
        RNNClassifier("gru", **SMALL),
    )
    words = make_pipeline(TokenEncoder(min_frequency=2), RNNClassifier(embedding_size=3, **SMALL))
    return {
        "classifier": (RNNClassifier(**SMALL).fit(X, CITIES[thirds(X)]), X),
        "classifier_labels": (RNNClassifier("rnn", pooling="max", **SMALL).fit(X, labels), X),
        "classifier_layers": (
            RNNClassifier("gru", num_layers=2, bidirectional=True, **SMALL).fit(X, sums(X) > 0),
            X,
        ),
        "classifier_tokens": (
            RNNClassifier("gru_reset_before", embedding_size=3, **SMALL).fit(T, thirds(T) - 1),
            T,
        ),
        "classifier_texts": (
            RNNClassifier(embedding_size=3, min_frequency=2, **SMALL).fit(W, lengths),
            [*W, "", "an unheard cat"],
        ),
        "classifier_table": (
            RNNClassifier(**SMALL, **early, class_weight={0: 1.5}).fit(frame, thirds(table)),
            table,
        ),
        "languagemodel": (RNNLanguageModel(embedding_size=3, **SMALL).fit(T), T),
        "languagemodel_context": (
            RNNLanguageModel(embedding_size=3, **SMALL).fit(T, context=vectors(T)),
            T,
            vectors(T),
        ),
        "languagemodel_tied": (
            RNNLanguageModel("gru", num_layers=2, tie_weights=True, **SMALL).fit(np.concatenate(T)),
            T,
        ),
        "regressor": (RNNRegressor(**SMALL).fit(X, sums(X)), X),
        "regressor_attention": (
            RNNRegressor("rnn_relu", pooling="attention", **SMALL).fit(X, pairs(X)),
            X,
        ),
        "regressor_quantile": (RNNRegressor(loss="quantile", **SMALL).fit(X, pairs(X)), X),
        "regressor_gaussian": (RNNRegressor(loss="gaussian_nll", **SMALL).fit(X, sums(X)), X),
        "regressor_poisson": (
            RNNRegressor(loss="poisson", pooling="mean", **SMALL).fit(X, [[len(x)] for x in X]),
            X,
        ),
        "stepregressor": (
            RNNStepRegressor(**SMALL).fit(X, [x.cumsum(axis=0) for x in X]),
            X,
        ),
        "stepregressor_events": (
            RNNStepRegressor(loss="binary_cross_entropy", **SMALL).fit(X, [x > 0 for x in X]),
            X,
        ),
        "stepregressor_gaussian": (
            RNNStepRegressor(loss="gaussian_nll", **SMALL).fit(X, [x[:, 0] for x in X]),
            X,
        ),
        "tagger": (RNNTagger(bidirectional=False, **SMALL).fit(X, positions(X)), X),
        "tagger_crf": (RNNTagger(crf=True, scheme="bio", **SMALL).fit(X, entities(X)), X),
        "tagger_letters": (
            RNNTagger(bidirectional=False, **LETTERS, **SMALL).fit(L, positions(L)),
            [*L, ["an", "unheard", "cat", ""]],
        ),
        "tagger_letters_crf": (
            RNNTagger(crf=True, **LETTERS, **SMALL).fit(L, positions(L)),
            L,
        ),
        "tagger_tokens": (RNNTagger(embedding_size=3, **SMALL).fit(T, positions(T)), T),
        "pipeline_filled": (filled.fit(gaps, CITIES[thirds(X)]), gaps),
        "pipeline_scaled": (scaled.fit([100 * x + 5 for x in X], pairs(X)), X),
        "pipeline_words": (words.fit(W, lengths), W),
    }


def detectors() -> dict[str, tuple[RNNAnomalyDetector, Any]]:
    X = [rng.normal(size=(t, 2)).cumsum(axis=0) for t in (20, 12, 31)]
    windows = {"window": 8, "segment_length": 4, "delay": 3}
    return {"anomalydetector": (RNNAnomalyDetector(**windows, **SMALL).fit(X), X)}


def expectations(model: Any, X: Any, context: Any = None) -> dict[str, np.ndarray]:
    """Input and predictions, as runtime_alone.py reads them."""
    if isinstance(X, np.ndarray):
        found = {"table": X}
        X = pd.DataFrame(X, columns=[*"abcdef"])
    elif isinstance(X[0], str):
        found = {"texts": np.array(X)}
    else:
        offsets = np.cumsum([0, *map(len, X)])
        found = {"values": np.concatenate(X), "offsets": offsets}
    beside = {} if context is None else {"context": context}
    found |= beside
    for name in ("predict", "predict_proba", "predict_log_proba", "score_samples"):
        if hasattr(model, name):
            found[name] = getattr(model, name)(X, **beside)
    if getattr(model, "crf", False):
        found["n_best"] = best_scores(model, X)
    if getattr(model, "loss", "") == "gaussian_nll":
        found["std"] = model.predict(X, return_std=True)[1]
    # Answers at every step lie end to end.
    return {k: np.concatenate(v) if v.dtype == object else v for k, v in found.items()}


def forecasts(model: RNNForecaster) -> dict[str, np.ndarray]:
    """Forecasts, as runtime_alone.py reads them; a frame is in parts, its numbers those of y."""
    found = {"horizon": np.array(STEPS_TO_COME)}
    forecast = model.predict(STEPS_TO_COME)
    if isinstance(forecast, pd.DataFrame):
        found["keys"] = forecast["unique_id"].to_numpy().astype(str)
        found["times"] = forecast["ds"].to_numpy().astype("datetime64[ns]").astype(np.int64)
        found["y"] = forecast["y"].to_numpy()
    else:
        found["predict"] = np.array(forecast)
        found["interval"] = np.array(model.predict_interval(STEPS_TO_COME, coverage=0.8))
    if not model._fitted.covariates.count:
        stream = model.stream()
        found["at_end"] = stream.forecast()
        found["streamed"] = stream.step(np.arange(float(len(model._fitted.histories))))
    return found


def best_scores(model: Any, X: Any) -> np.ndarray:
    """Log-probabilities of the two best sequences of labels, where there are two."""
    return np.array([score for paths in model.n_best(X, 2) for _, score in paths])


def main(folder: Path) -> None:
    folder.mkdir()  # never overwrites
    for name, (model, *given) in (models() | detectors()).items():
        skrnn.save(model, folder / f"{name}.skrnn")
        np.savez_compressed(folder / f"{name}.npz", **expectations(model, *given))
    for name, model in forecasters().items():
        skrnn.save(model, folder / f"{name}.skrnn")
        np.savez_compressed(folder / f"{name}.npz", **forecasts(model))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

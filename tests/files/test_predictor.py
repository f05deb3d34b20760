"""skrnn.runtime: the same answers without an estimator."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import skrnn.runtime
from helpers.bits import assert_same
from helpers.processes import run_python
from models import (
    SUBJECTS,
    frames,
    input_of,
    model_of,
    sequences,
    table,
)
from skrnn import Sequences
from skrnn._sequences.vocabulary import strings_of

STREAMED = [
    name
    for name in SUBJECTS
    if name not in ("layers", "pooling attention")
    and not name.endswith("crf")
    and not name.startswith(("forecaster", "detector"))
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.skrnn"


def predictor_of(name: str, path: Path, **options: Any) -> skrnn.runtime.Predictor:
    skrnn.save(model_of(name), path)
    return skrnn.runtime.load(path, **options)


@pytest.mark.parametrize("name", SUBJECTS)
def test_it_answers_with_the_same_bits(name: str, path: Path) -> None:
    model, X = model_of(name), input_of(name)
    predictor = predictor_of(name, path)
    assert_same(predictor.predict(X), model.predict(X))
    if hasattr(model, "predict_proba"):
        assert_same(predictor.predict_proba(X), model.predict_proba(X))
        assert_same(predictor.predict_log_proba(X), model.predict_log_proba(X))
        assert_same(predictor.classes_, model.classes_)
    if getattr(model, "loss", None) == "gaussian_nll":
        assert_same(predictor.predict(X, return_std=True), model.predict(X, return_std=True))


@pytest.mark.parametrize("name", STREAMED)
def test_its_streams_are_the_estimator_s(name: str, path: Path) -> None:
    """With a pipeline, a stream ends in the pipeline's prediction."""
    model, X = model_of(name), input_of(name)
    predictor = predictor_of(name, path)
    if name.startswith("encoder"):
        block = model[0].transform(X[:1])[0]
    elif name.startswith("characters"):
        block = list(X[0])
    elif hasattr(model, "vocabulary_"):
        block = strings_of(X[:1])[0]
    else:
        x = np.asarray(X.iloc[0] if hasattr(X, "iloc") else X[0])
        block = x[:, None] if name.startswith("table") else x
    assert_same(predictor.stream().process(block)[-1], at_end(model.predict(X[:1])))
    if hasattr(model, "predict_proba"):
        stream = predictor.stream(method="predict_proba")
        assert_same(stream.process(block)[-1], at_end(model.predict_proba(X[:1])))


def at_end(answers: np.ndarray) -> np.ndarray:
    """The answer at the last step of one sequence."""
    every_step = answers.dtype == object and isinstance(answers[0], np.ndarray)
    return answers[0][-1:] if every_step else answers


def test_encoded_texts_are_scored_and_their_numbers_are_written(path: Path) -> None:
    name = "encoder before words that follow"
    pipeline, predictor, X = model_of(name), predictor_of(name, path), input_of(name)
    encoder, model = pipeline
    assert predictor.score(X) == pipeline.score(X)
    assert_same(predictor.sample_log_prob(X), model.sample_log_prob(encoder.transform(X)))
    assert predictor.perplexity(X) == model.perplexity(encoder.transform(X))
    assert_same(predictor.generate([1], random_state=0), model.generate([1], random_state=0))


@pytest.mark.parametrize("name", ["tagger crf", "tagger letters crf"])
def test_the_best_paths_of_a_chain(name: str, path: Path) -> None:
    model, X = model_of(name), input_of(name)
    predictor = predictor_of(name, path)
    for one, other in zip(predictor.n_best(X, 3), model.n_best(X, 3), strict=True):
        assert_same([labels for labels, _ in one], [labels for labels, _ in other])
        assert [score for _, score in one] == [score for _, score in other]
    with pytest.raises(ValueError, match=r"n=0; expected an integer in 1\.\."):
        predictor.n_best(X, 0)
    for most in (2**31, 2**70):
        with pytest.raises(ValueError, match=rf"n={most}; expected an integer in 1\.\.{2**31 - 1}"):
            predictor.n_best(X, most)
    with pytest.raises(ValueError, match=r"cannot be streamed; fit with crf=False"):
        predictor.stream()
    with pytest.raises(AttributeError, match=r"RNNClassifier has no n_best"):
        predictor_of("classes str", path).n_best(sequences(), 2)


def test_streams_side_by_side(path: Path) -> None:
    model, predictor = model_of("classes str"), predictor_of("classes str", path)
    X = np.random.default_rng(0).normal(size=(4, 6, 3))  # (T, B, C)
    stream = predictor.stream(6)
    for x_t in X:
        labels = stream.step(x_t)
    assert_same(labels, model.predict(X.transpose(1, 0, 2)))


@pytest.mark.parametrize(
    "change",
    [
        list,
        tuple,
        Sequences,
        lambda X: [x.tolist() for x in X],
        lambda X: np.array(X, dtype=object),
        lambda X: [pd.DataFrame(x) for x in X],
    ],
    ids=["list", "tuple", "Sequences", "nested lists", "objects", "frames"],
)
def test_forms_of_sequences(change: Any, path: Path) -> None:
    X = sequences()
    predictor = predictor_of("classes str", path)
    assert_same(predictor.predict(change(X)), model_of("classes str").predict(X))


def test_blocks_of_equal_lengths(path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(5, 4, 3))
    predictor = predictor_of("one target", path)
    assert_same(predictor.predict(X), model_of("one target").predict(X))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, bool])
@pytest.mark.parametrize("name", ["table", "table with names"])
def test_tables(name: str, dtype: Any, path: Path) -> None:
    model, predictor = model_of(name), predictor_of(name, path)
    X = (10 * table(name != "table")).astype(dtype)
    assert_same(predictor.predict(X), model.predict(X))


@pytest.mark.parametrize(
    ("name", "X"),
    [
        ("classes str", [np.zeros((2, 4))]),
        ("classes str", [np.zeros((2, 3)), np.zeros((0, 3))]),
        ("classes str", [np.full((2, 3), np.inf)]),
        ("classes str", [np.full((2, 3), 1e300)]),
        ("classes str", [np.full((2, 3), np.nan)]),
        ("classes str", np.zeros((2, 4))),
        ("classes str", ["a"]),
        ("classes str", {"a": 1}),
        ("classes str", []),
        ("classes str", [1.0, 2.0]),
        ("tokens", [[6]]),
        ("tokens", [[-1]]),
        ("tokens", [[0.5]]),
        ("tokens", [[], []]),
        ("classes str", [[[1.0, 2.0, 10**400]]]),
        ("classes str", np.zeros((4, 3))),
        ("encoder words", np.array([["the cat"], ["a dog"]])),
        ("tokens", np.zeros((2, 4))),
        ("tokens", ["the cat"]),
        ("tokens", [[1], ["cat"]]),
        ("texts", [[1, 2]]),
        ("texts", "the cat"),
        ("texts", ["the cat", None]),
        ("texts", [["the", b"cat"]]),
        ("texts", []),
        ("lists of strings", [["a", 3]]),
        ("table", table(False)[:, :3]),
        ("frames", [pd.DataFrame({"x": [1.0], "y": [1.0]})]),
        ("scaler standard", [np.zeros((2, 3)), np.zeros((0, 3))]),
    ],
)
def test_refusals_have_the_same_messages(name: str, X: Any, path: Path) -> None:
    model, predictor = model_of(name), predictor_of(name, path)
    with pytest.raises((TypeError, ValueError)) as expected:
        model.predict(X)
    with pytest.raises(expected.type) as found:
        predictor.predict(X)
    # scikit-learn checks names of features, with longer messages.
    assert str(found.value)[:50] == str(expected.value)[:50]


def test_names_of_columns_and_channels(path: Path) -> None:
    with pytest.raises(ValueError, match="feature names should match"):
        predictor_of("table with names", path).predict(table(True)[["z", "y", "x", "w"]])
    renamed = [x.rename(columns={"x": "a"}) for x in frames()]
    with pytest.raises(ValueError, match="feature names should match"):
        predictor_of("frames", path).predict(renamed)


def test_regressors_have_no_probabilities(path: Path) -> None:
    predictor = predictor_of("one target", path)
    assert not hasattr(predictor, "classes_")
    with pytest.raises(AttributeError, match="RNNRegressor has no predict_proba; use predict"):
        predictor.predict_proba(sequences())
    with pytest.raises(AttributeError, match="RNNRegressor has no predict_log_proba; use predict"):
        predictor.predict_log_proba(sequences())
    with pytest.raises(ValueError, match=r"'predict_proba' cannot be streamed"):
        predictor.stream(method="predict_proba")


@pytest.mark.parametrize("name", ["one target", "classes str"])
def test_deviations_need_their_loss(name: str, path: Path) -> None:
    with pytest.raises(ValueError, match="return_std=True needs loss='gaussian_nll'"):
        predictor_of(name, path).predict(sequences(), return_std=True)


def test_a_network_that_needs_the_end_has_no_stream(path: Path) -> None:
    with pytest.raises(ValueError, match="bidirectional"):
        predictor_of("layers", path).stream()


def test_repr(path: Path) -> None:
    predictor = predictor_of("cell gru", path)
    assert repr(predictor) == (
        "Predictor(RNNClassifier, cell='gru', hidden_size=5, num_layers=1, n_features_in_=3)"
    )
    assert predictor_of("table", path).n_features_in_ == 4
    assert predictor_of("scaler standard", path).n_features_in_ == 3


def test_unknown_strings_are_one_token(path: Path) -> None:
    model, predictor = model_of("texts"), predictor_of("texts", path)
    assert predictor.vocabulary_ == model.vocabulary_
    assert not hasattr(predictor_of("tokens", path), "vocabulary_")
    X = ["unheard words, the cat", "", ["the", "The"], np.array(["a", "dog"])]
    assert_same(predictor.predict_proba(X), model.predict_proba(X))
    stream = predictor.stream(2, method="predict_proba")
    for tokens in (["unheard", "the"], np.array(["words", "The"])):
        answer = stream.step(tokens)
    assert_same(answer, model.predict_proba([["unheard", "words"], ["the", "The"]]))


def test_bits_are_the_same_with_any_number_of_threads(path: Path) -> None:
    X = sequences() * 4
    one, two = (predictor_of("one target", path, n_jobs=n) for n in (1, 2))
    assert_same(two.predict(X), one.predict(X))


def test_threads_may_share_one(path: Path) -> None:
    X = sequences()
    predictor = predictor_of("classes str", path, n_jobs=1)
    expected = predictor.predict_proba(X)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: predictor.predict_proba(X), range(64)):
            assert_same(found, expected)


ALONE = """
import sys, numpy as np, skrnn

class Subclass(np.ndarray):
    pass

class Frame:
    def __init__(self, values):
        self.values, self.shape, self.columns = values, values.shape, [*range(values.shape[1])]
    def __array__(self, dtype=None, copy=None):
        return self.values

model, input, kind = sys.argv[1:]
x = np.load(input, mmap_mode="r" if kind == "memmap" else None)
x = x[None] if x.ndim == 1 else [x.item() if x.ndim == 0 else x]
x = {"Subclass": lambda: x.view(Subclass), "Frame": lambda: Frame(x)}.get(kind, lambda: x)()
assert type(x).__name__ == kind
skrnn.runtime.load(model).predict(x)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("classes str", "list"),
        ("table", "ndarray"),
        ("scaler three", "list"),
        ("encoder words", "list"),
        ("texts", "list"),
        ("lists of strings", "ndarray"),
        ("tokens", "memmap"),
        ("tokens", "Subclass"),
        ("tokens", "Frame"),
    ],
)
def test_nothing_but_numpy_is_imported(name: str, kind: str, path: Path) -> None:
    """Also if all optional packages are installed."""
    skrnn.save(model_of(name), path)
    np.save(path.with_suffix(".npy"), input_of(name)[6])
    arguments = [str(path), str(path.with_suffix(".npy")), kind]
    loaded = set(run_python("-c", ALONE, *arguments).stdout.split())
    assert {"numpy", "skrnn"} <= loaded
    assert not loaded & {"sklearn", "scipy", "safetensors", "joblib", "pandas"}


def test_random_numbers_are_not_imported() -> None:
    """NumPy imports them when they are first asked for, in as long as all of the runtime takes."""
    program = (
        "import sys, numpy; a = set(sys.modules); import skrnn.runtime; print({*sys.modules} - a)"
    )
    assert "numpy.random" not in run_python("-c", program).stdout


def test_without_scikit_learn_numpy_converts_other_objects(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = predictor_of("one target", path)
    X = np.random.default_rng(0).normal(size=(5, 4, 3))
    expected = predictor.predict(X)
    monkeypatch.setitem(sys.modules, "sklearn.utils.validation", None)
    np.save(path.with_suffix(".npy"), X)
    assert_same(predictor.predict(np.load(path.with_suffix(".npy"), mmap_mode="r")), expected)
    assert_same(predictor.predict(X.astype(object)), expected)
    with pytest.raises(ValueError, match="complex"):
        predictor.predict(X.astype(object) * 1j)
    lists = np.frompyfunc(lambda value: [value], 1, 1)(X)
    with pytest.raises(ValueError, match="which is no number"):
        predictor.predict(lists)


@pytest.mark.parametrize("values", [[[1, 2], [3, 2**53 + 1]], [[True, None]], [[0.1, 2]]])
def test_objects_are_the_same_numbers_with_scikit_learn_and_without(
    values: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = np.array(values, dtype=object)
    expected = Sequences(X).values
    monkeypatch.setitem(sys.modules, "sklearn.utils.validation", None)
    assert_same(Sequences(X).values, expected)

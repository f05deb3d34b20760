"""RNNLanguageModel: what it learns, what it reads, and what it writes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import skrnn
from skrnn import RNNLanguageModel, _core
from skrnn._sequences.language import learn_language
from skrnn._training.windows import StreamedText

NAMES = ["anna", "hanna", "johanna", "susanna", "bo", ""] * 4
TEXT = "the cat sat on the mat. the dog sat on the cat. " * 30
SMALL: dict[str, Any] = {"hidden_size": 9, "max_iter": 3, "random_state": 0, "n_jobs": 1}


def small(**settings: Any) -> RNNLanguageModel:
    return RNNLanguageModel(**{**SMALL, **settings})


@pytest.fixture(scope="module")
def of_names() -> RNNLanguageModel:
    return small(max_iter=30).fit(NAMES)


@pytest.fixture(scope="module")
def of_text() -> RNNLanguageModel:
    return small().fit(TEXT)


def markov_text(steps: int) -> tuple[str, np.ndarray, float]:
    """A text of a Markov chain over "abc", its transitions, and its entropy rate in nats."""
    P = np.array([[0.1, 0.8, 0.1], [0.5, 0.0, 0.5], [0.3, 0.3, 0.4]])
    rng = np.random.default_rng(0)
    state, states = 0, []
    for u in rng.random(steps):
        state = int(np.searchsorted(P[state].cumsum(), u, "right"))
        states.append(state)
    left = np.linalg.matrix_power(P, 200)[0]
    logs = np.log(P, out=np.zeros_like(P), where=P > 0)
    return "".join("abc"[s] for s in states), P, float(-(left[:, None] * P * logs).sum())


def test_a_markov_chain_is_learned() -> None:
    """Perplexity comes near the entropy of the chain, and what is written has its bigrams."""
    text, P, entropy = markov_text(20_000)
    model = RNNLanguageModel(hidden_size=16, max_iter=6, random_state=0).fit(text[:16_000])
    assert model.score(text[16_000:]) == pytest.approx(-entropy, abs=0.03)
    written = model.generate(max_new_tokens=4000, random_state=1)
    counts = np.zeros((3, 3))
    for one, other in pairwise(written):
        counts["abc".index(one), "abc".index(other)] += 1
    # The standard deviation of a share of a thousand is 0.016 at most.
    np.testing.assert_allclose(counts / counts.sum(axis=1, keepdims=True), P, atol=0.07)


# ---- Scores ----


@pytest.mark.parametrize("text", ["johanna", "bo", "", "hxh"])
def test_the_probability_of_a_text_is_that_of_its_tokens(
    of_names: RNNLanguageModel, text: str
) -> None:
    rows = of_names.predict_proba([text[:i] for i in range(len(text) + 1)])
    columns = [*(of_names.vocabulary_.get(letter, 0) for letter in text), -1]
    expected = sum(np.log(row[column]) for row, column in zip(rows, columns, strict=True))
    assert of_names.sample_log_prob([text])[0] == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-6)


def test_the_score_is_the_mean_of_all_tokens_and_ends(of_names: RNNLanguageModel) -> None:
    tokens = sum(len(name) + 1 for name in NAMES)
    expected = of_names.sample_log_prob(NAMES).sum() / tokens
    assert of_names.score(NAMES) == pytest.approx(expected, rel=1e-12)
    assert of_names.perplexity(NAMES) == np.exp(-of_names.score(NAMES))


def test_one_text_has_no_end(of_text: RNNLanguageModel) -> None:
    rows = of_text.predict_proba(["", "t", "th"])
    expected = [row[of_text.vocabulary_[c]] for row, c in zip(rows, "the", strict=True)]
    assert of_text.sample_log_prob("the")[0] == pytest.approx(np.log(expected).sum(), rel=1e-12)


def test_long_texts_are_scored_in_blocks(
    of_text: RNNLanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a stream, with the same probabilities; a sum of parts rounds otherwise."""
    texts = [TEXT, "the cat", "", TEXT[5:300]]
    expected, rows = of_text.sample_log_prob(texts), of_text.predict_proba(texts)
    for answers in (1, 60, 2000):
        monkeypatch.setattr("skrnn._serving.writing._ANSWERS", answers)
        np.testing.assert_allclose(of_text.sample_log_prob(texts), expected, rtol=1e-12)
        np.testing.assert_array_equal(of_text.predict_proba(texts), rows)


def test_predict_is_the_most_probable_token(of_names: RNNLanguageModel) -> None:
    prefixes = ["", "joh", "johanna"]
    best = of_names.predict_proba(prefixes).argmax(axis=1)
    assert of_names.predict(prefixes).tolist() == of_names.classes_[best].tolist()
    assert of_names.predict(["johanna"])[0] == "<end>"


def test_a_stream_begins_a_text(of_names: RNNLanguageModel) -> None:
    stream = of_names.stream(2, method="predict_proba")
    expected = of_names.predict_proba(["a", "an"])
    for _ in range(2):
        steps = stream.process([["a", "a"], ["n", "n"]])
        np.testing.assert_array_equal(steps[:, 0], expected)
        stream.reset()
    stream.process([["h", "a"]])
    stream.reset(0)
    np.testing.assert_array_equal(stream.step(["a", "n"]), expected)


# ---- Forms of texts ----


@pytest.mark.parametrize(
    ("X", "same"),
    [
        (NAMES, np.array(NAMES)),
        (NAMES, [list(name) for name in NAMES]),
        (NAMES, [name.encode() for name in NAMES]),
        (TEXT, TEXT.encode()),
        ([[1, 2], [0]] * 9, [np.array([1, 2], np.uint8), np.array([0])] * 9),
        (np.arange(400) % 7, (np.arange(400) % 7).tolist()),
        (np.arange(400) % 7, (np.arange(400) % 7).astype(np.uint8)),
    ],
    ids=["array", "letters", "bytes", "text", "lists", "integers", "uint8"],
)
def test_forms_of_the_same_texts(X: Any, same: Any) -> None:
    one, other = small().fit(X), small().fit(same)
    for name, value in one.params_.items():
        np.testing.assert_array_equal(other.params_[name], value)


def test_a_flat_list_of_strings_is_one_text_without_an_analyzer() -> None:
    words = TEXT.replace(".", "").split()
    one = small(analyzer="word").fit(TEXT)
    other = small(analyzer=None).fit(words)
    assert one.vocabulary_ == other.vocabulary_
    assert one.score("the cat") == other.score(["the", "cat"])
    options = {"max_new_tokens": 9, "random_state": 0}
    assert one.generate("the", **options).split() == other.generate(["the"], **options)


def test_rare_tokens_are_unknown() -> None:
    model = small(min_frequency=2).fit(["aab", "aac"])
    assert model.vocabulary_ == {"a": 1}
    assert model.score("ad") == model.score("ab")
    assert set("".join(model.generate(num_return_sequences=50, random_state=0))) <= {"a"}


def test_tokens_take_as_few_bytes_as_they_need() -> None:
    for n, dtype in [(254, np.uint8), (255, np.uint16), (70_000, np.int32)]:
        _, texts = learn_language(np.arange(n + 1), "char", 1)
        assert texts.dtype == dtype


# ---- One long text ----


@pytest.mark.parametrize("window", [1, 100, 10**6])
def test_windows_train_to_the_same_bits(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = small(batch_size=4, tbptt=8).fit(TEXT)
    monkeypatch.setattr(
        "skrnn._estimators.texts.StreamedText",
        lambda *arguments: StreamedText(*arguments, window=window),
    )
    model = small(batch_size=4, tbptt=8).fit(TEXT)
    for name, value in expected.params_.items():
        np.testing.assert_array_equal(model.params_[name], value)


@pytest.mark.parametrize("length", [1, 2, 7, 63, 64, 65, 1000])
def test_streams_cover_the_text(length: int) -> None:
    tokens = np.concatenate([[0], 1 + np.arange(length)])
    text = StreamedText(tokens, 4, 8, seed=0, window=64)
    for epoch in range(5):
        windows = list(text._windows(epoch))
        seen = np.concatenate([v.reshape(len(o) - 1, -1)[:, 1:].ravel() for v, o, *_ in windows])
        assert len(set(seen.tolist())) == len(seen)
        assert len(seen) > length - 8 - 4
        for values, _, _, continues in windows:
            rows = values.reshape(text._count, -1)
            assert (np.diff(rows[:, 0 if continues else 1 :]) == 1).all()
            assert continues or (rows[:, 0] == 0).all()


def test_without_tbptt_streams_are_read_whole() -> None:
    assert np.isfinite(small(tbptt=None, batch_size=4).fit(TEXT).score(TEXT))


def test_early_stopping_holds_out_the_end_of_a_text() -> None:
    held_out = TEXT[len(TEXT) - int(np.ceil(0.2 * len(TEXT))) :]
    one = small(early_stopping=True, validation_fraction=0.2).fit(TEXT)
    other = small(early_stopping=True).fit(TEXT[: -len(held_out)], X_val=held_out)
    assert one.validation_scores_ == other.validation_scores_
    assert max(one.validation_scores_) == one.score(held_out)


# ---- Fits ----


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("", ValueError, "no token was found"),
        ([], ValueError, "0 sample"),
        ([[], []], ValueError, "no token was found"),
        (["", ""], ValueError, "no token was found"),
        (["a", None], TypeError, "Text 1 of X is None"),
        (["a", 3], TypeError, "Text 1 of X is 3"),
        ([["a"], [3]], ValueError, "holds 3 at step 0"),
        ("a\ud800", ValueError, "lone surrogate"),
        ([b"\xff"], ValueError, "no UTF-8"),
        (np.array([1.0, np.nan]), ValueError, "holds NaN at step 1"),
        (np.array([1, -2]), ValueError, "the token -2"),
        ({"a": 1}, TypeError, "a dict"),
        (7, TypeError, "X is 7"),
        (np.array("text"), TypeError, r"X is array\('text'.* pass a text"),
        ([["a", "b"], {"a", "b"}], TypeError, "Sequence 1 of X is .*, a set; expected a list"),
        ([{"a": 1}], TypeError, "Sequence 0 of X is {'a': 1}, a dict; expected a list"),
        ([np.array("a")], TypeError, "Sequence 0 of X is array.*; expected a list of tokens"),
        ([None], ValueError, "Sequence 0 of X holds NaN at step 0, and a token cannot be missing"),
        ([1, "a"], ValueError, "holds 'a' at step 1, .* make integers of all tokens, or strings"),
        ([[1, 2], ["a"]], ValueError, "Sequence 1 of X holds 'a' at step 0, .* or strings"),
        ([2**70, 1], ValueError, "token sequences are 1-D integer arrays"),
    ],
    ids=repr,
)
def test_what_fit_refuses(X: Any, error: Any, message: str) -> None:
    model = small()
    with pytest.raises(error, match=message):
        model.fit(X)
    assert not hasattr(model, "params_")


def test_other_refusals(of_names: RNNLanguageModel) -> None:
    with pytest.raises(TypeError, match="analyzer=None takes lists of tokens"):
        small(analyzer=None).fit(TEXT)
    with pytest.raises(ValueError, match="embedding_size=None"):
        small(embedding_size=None).fit(TEXT)
    with pytest.raises(ValueError, match=r"tie_weights needs .* set embedding_size=9"):
        small(embedding_size=5, tie_weights=True).fit(TEXT)
    with pytest.raises(ValueError, match="X holds integers, but fit saw texts of characters"):
        of_names.score([[1]])
    with pytest.raises(ValueError, match=r"X holds token 9, but .* seen in fit were 0\.\.2"):
        small().fit([0, 1, 2]).score([0, 9])
    with pytest.raises(ValueError, match="no token to score"):
        small().fit(TEXT).score("")


@pytest.mark.parametrize("X", ["a", ["a"], [[0]], np.array([3])], ids=repr)
def test_one_token_is_enough(X: Any) -> None:
    assert np.isfinite(small().fit(X).score(X))


def test_warm_starts_and_partial_fits_keep_the_vocabulary() -> None:
    model = small(warm_start=True, learning_rate="constant").fit(NAMES)
    vocabulary = model.vocabulary_
    model.fit([*NAMES, "zoe"]).partial_fit(["zoe"])
    assert model.vocabulary_ == vocabulary
    assert len(model.loss_curve_) == 7
    one = small(learning_rate="constant").fit(NAMES)
    parts = small(learning_rate="constant")
    for _ in range(3):
        parts.partial_fit(NAMES)
    for name, value in one.params_.items():
        np.testing.assert_array_equal(parts.params_[name], value)


def test_ctrl_c_leaves_a_usable_estimator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here in the third epoch of one text, between two windows."""
    run_epoch = StreamedText.run_epoch

    def interrupted(self: StreamedText, *arguments: Any, **options: Any) -> Any:
        if options["epoch"] == 2:
            raise KeyboardInterrupt
        return run_epoch(self, *arguments, **options)

    monkeypatch.setattr(StreamedText, "run_epoch", interrupted)
    model = small(max_iter=9, learning_rate="constant")
    with pytest.raises(KeyboardInterrupt):
        model.fit(TEXT)
    expected = small(max_iter=2, learning_rate="constant").fit(TEXT)
    assert model.score(TEXT) == expected.score(TEXT)
    assert model.n_iter_ == 2
    assert isinstance(model.generate("the"), str)


@pytest.mark.parametrize("X", [NAMES, TEXT], ids=["names", "text"])
def test_any_number_of_threads(X: Any) -> None:
    one = small(dropout=0.2, num_layers=2).fit(X)
    other = small(dropout=0.2, num_layers=2, n_jobs=3).fit(X)
    for name, value in one.params_.items():
        np.testing.assert_array_equal(other.params_[name], value)


def test_in_pipelines_and_searches() -> None:
    search = GridSearchCV(make_pipeline(small()), {"rnnlanguagemodel__hidden_size": [3, 5]}, cv=2)
    search.fit(NAMES)
    assert search.best_score_ < 0
    clone(search.best_estimator_)


@pytest.mark.parametrize("cell", _core.cells())
def test_every_cell(cell: str) -> None:
    model = small(cell=cell, num_layers=2, tie_weights=True).fit(NAMES)
    assert model.loss_curve_[-1] < model.loss_curve_[0]


# ---- Files ----


@pytest.mark.parametrize(
    ("X", "settings"),
    [
        (NAMES, {}),
        (TEXT, {"tie_weights": True}),
        (TEXT, {"analyzer": "word"}),
        ([["e4", "e5"], ["d4"]] * 5, {}),
        (np.arange(300) % 5, {}),
        ([[1, 2], [0]] * 5, {}),
    ],
    ids=["names", "tied", "words", "lists", "integers", "sequences"],
)
def test_files_hold_all_of_it(X: Any, settings: dict[str, Any], tmp_path: Any) -> None:
    model = small(**settings).fit(X)
    model.save(tmp_path / "model.skrnn")
    options = {"max_new_tokens": 20, "random_state": 5, "num_return_sequences": 3}
    prefixes = [X[:2], X[:1]] if isinstance(X, (str, np.ndarray)) else [X[0], X[1][:0]]
    for other in (skrnn.load, skrnn.runtime.load):
        loaded = other(tmp_path / "model.skrnn")
        assert loaded.score(X) == model.score(X)
        assert loaded.perplexity(X) == model.perplexity(X)
        np.testing.assert_array_equal(loaded.sample_log_prob(X), model.sample_log_prob(X))
        np.testing.assert_array_equal(loaded.predict_proba(prefixes), model.predict_proba(prefixes))
        np.testing.assert_array_equal(loaded.predict(prefixes), model.predict(prefixes))
        np.testing.assert_array_equal(loaded.classes_, model.classes_)
        written, expected = loaded.generate(**options), model.generate(**options)
        for one, two in zip(written, expected, strict=True):
            np.testing.assert_array_equal(one, two)
        pieces = list(loaded.generate_iter(max_new_tokens=9, random_state=1))
        assert pieces == list(model.generate_iter(max_new_tokens=9, random_state=1))
        answers = loaded.stream(method="predict_proba").step(model.classes_[1])
        mine = model.stream(method="predict_proba").step(model.classes_[1])
        np.testing.assert_array_equal(answers, mine)

"""Language models that are told what to write: a context of vectors beside the tokens."""

from __future__ import annotations

import json
import pickle
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score

import skrnn
import skrnn.runtime
from helpers.model_files import description_of, sealed
from skrnn import RNNLanguageModel
from skrnn._sequences.container import Sequences
from skrnn._sequences.context import TextsInContext, read_context
from skrnn._training.windows import StreamedText
from skrnn.callbacks import Checkpoint
from told import LONG, OF_LONG, STEPS, TEXTS, VECTORS, small


@pytest.fixture(scope="module")
def told() -> RNNLanguageModel:
    return small().fit(TEXTS, context=STEPS)


@pytest.fixture(scope="module")
def of_long() -> RNNLanguageModel:
    return small().fit(LONG, context=OF_LONG)


# ---- What is learned ----


def coins(n: int, seed: int) -> tuple[list[np.ndarray], np.ndarray, float]:
    """Texts over {0, 1} whose vector says how probable 1 is, and their entropy a token, ends too.

    All have 8 tokens, so that their ends are no surprise.
    """
    rng = np.random.default_rng(seed)
    ones = rng.choice([0.1, 0.5, 0.9], size=n)
    texts = [(rng.random(8) < p).astype(int) for p in ones]
    entropy = -(ones * np.log(ones) + (1 - ones) * np.log(1 - ones)).mean()
    return texts, ones[:, None] * 2 - 1, float(8 * entropy / 9)


def test_a_conditioned_model_reaches_the_entropy_given_its_context() -> None:
    (texts, context, _), (held_out, of_held_out, entropy) = coins(2000, 0), coins(2000, 1)
    settings = {"hidden_size": 16, "max_iter": 15, "random_state": 0}
    model = RNNLanguageModel(**settings).fit(texts, context=context)
    # The standard deviation of the mean of 18,000 tokens is below 0.006.
    assert model.score(held_out, context=of_held_out) == pytest.approx(-entropy, abs=0.025)
    blind = RNNLanguageModel(**settings).fit(texts)
    assert blind.score(held_out) < -entropy - 0.04  # it has to guess the coin from its throws
    written = model.generate(
        [[]] * 300, 8, context=np.repeat([-0.8, 0.0, 0.8], 100)[:, None], random_state=0
    )
    shares = [np.concatenate(written[i : i + 100]).mean() for i in (0, 100, 200)]
    # The standard deviation of a share of 800 is 0.018 at most.
    np.testing.assert_allclose(shares, [0.1, 0.5, 0.9], atol=0.08)


def test_told_a_it_writes_what_a_writes() -> None:
    texts, context = ["red", "green", "rot", "gruen"] * 10, [[0], [0], [1], [1]] * 10
    model = RNNLanguageModel(hidden_size=16, random_state=0).fit(texts, context=context)
    for language, words in ((0, {"red", "green"}), (1, {"rot", "gruen"})):
        written = model.generate(
            num_return_sequences=20, context=[language], random_state=0, temperature=0.5
        )
        assert set(written) == words
    wrong = model.sample_log_prob(texts[:4], context=[[1], [1], [0], [0]])
    assert (wrong < model.sample_log_prob(texts[:4], context=context[:4]) - 3).all()


@pytest.mark.parametrize("one_text", [False, True])
def test_the_vector_of_a_token_is_what_is_known_when_it_is_predicted(one_text: bool) -> None:
    """Each token is a function of its own vector, so that a model which sees it knows the token."""
    rng = np.random.default_rng(0)
    tokens = rng.integers(3, size=3000)
    vectors = np.eye(3)[tokens]
    texts: Any = tokens if one_text else list(tokens.reshape(-1, 10))
    context: Any = vectors if one_text else list(vectors.reshape(-1, 10, 3))
    model = RNNLanguageModel(hidden_size=8, max_iter=30, random_state=0, batch_size=4)
    model.fit(texts, context=context)
    assert model.score(texts, context=context) > -0.05
    sung = [2, 0, 1, 1, 2, 0]
    written = model.generate(
        np.array([1, 1]), 4, context=np.eye(3)[sung], temperature=0, random_state=0
    )
    np.testing.assert_array_equal(written, sung[2:])
    rows = model.predict_proba([[], [1], [1, 0]], context=[np.eye(3)[sung[:i]] for i in (1, 2, 3)])
    assert rows.argmax(axis=1).tolist() == [2, 0, 1]


# ---- Invariants ----


def test_the_probability_of_a_text_is_that_of_its_tokens(told: RNNLanguageModel) -> None:
    for text, vectors in zip(TEXTS[:6], STEPS, strict=False):
        after = [np.vstack([vectors, vectors[-1:]])[: i + 1] for i in range(len(text) + 1)]
        prefixes = [text[:i] for i in range(len(text) + 1)]
        rows = told.predict_proba(prefixes, context=after)
        columns = [*(told.vocabulary_[letter] for letter in text), -1]
        expected = sum(np.log(row[column]) for row, column in zip(rows, columns, strict=True))
        found = told.sample_log_prob([text], context=[vectors])[0]
        assert found == pytest.approx(expected, rel=1e-12)


def test_a_vector_for_a_text_is_one_for_each_token() -> None:
    repeated = [np.tile(v, (max(1, len(t)), 1)) for v, t in zip(VECTORS, TEXTS, strict=True)]
    one, each = small().fit(TEXTS, context=VECTORS), small().fit(TEXTS, context=repeated)
    for name, values in one.params_.items():
        np.testing.assert_array_equal(values, each.params_[name])
    assert one.score(TEXTS, context=repeated) == one.score(TEXTS, context=VECTORS)
    long = [small().fit(LONG, context=c) for c in (OF_LONG[0], np.tile(OF_LONG[0], (len(LONG), 1)))]
    for name, values in long[0].params_.items():
        np.testing.assert_array_equal(values, long[1].params_[name])


@pytest.mark.parametrize(
    "context",
    [
        VECTORS.tolist(),
        [list(v) for v in VECTORS],
        VECTORS.astype(np.float32).astype(np.float64),
        [v[None] for v in VECTORS],
        Sequences(list(VECTORS[:, None, :])),
    ],
    ids=["lists", "list_of_lists", "array", "arrays_of_one_row", "sequences"],
)
def test_forms_of_the_same_context(context: Any) -> None:
    one, other = small().fit(TEXTS, context=VECTORS), small().fit(TEXTS, context=context)
    for name, values in one.params_.items():
        np.testing.assert_array_equal(values, other.params_[name])


def test_columns_first_in_memory(of_long: RNNLanguageModel) -> None:
    columns = np.asfortranarray(OF_LONG)
    assert small().fit(LONG, context=columns).loss_curve_ == of_long.loss_curve_
    texts, context = ["ann", "nan"], [OF_LONG[:3], OF_LONG[3:6]]
    turned = [np.asfortranarray(vectors) for vectors in context]
    assert small().fit(texts, context=turned).loss_curve_ == (
        small().fit(texts, context=context).loss_curve_
    )
    assert of_long.score(LONG, context=columns) == of_long.score(LONG, context=OF_LONG)
    written = [of_long.generate("the", 9, context=c, random_state=0) for c in (columns, OF_LONG)]
    assert written[0] == written[1]


def test_data_frames(of_long: RNNLanguageModel) -> None:
    pd = pytest.importorskip("pandas", reason="needs pandas")
    one = small().fit(TEXTS, context=VECTORS)
    other = small().fit(TEXTS, context=pd.DataFrame(VECTORS, columns=["a", "b"]))
    assert one.loss_curve_ == other.loss_curve_
    frame = pd.DataFrame(OF_LONG, columns=["a", "b", "c"])
    assert small().fit(LONG, context=frame).loss_curve_ == of_long.loss_curve_


@pytest.mark.parametrize("form", ["many", "one"])
def test_any_number_of_threads(form: str) -> None:
    X, context = (TEXTS, STEPS) if form == "many" else (LONG, OF_LONG)
    results = []
    for n_jobs in (1, 3):
        model = small(n_jobs=n_jobs, early_stopping=True).fit(X, context=context)
        rows = model.sample_log_prob(X, context=context)
        text = model.generate(context=np.atleast_2d(context[0])[:1], random_state=0)
        results.append((model.params_, rows, text))
    for name, values in results[0][0].items():
        np.testing.assert_array_equal(values, results[1][0][name])
    np.testing.assert_array_equal(results[0][1], results[1][1])
    assert results[0][2] == results[1][2]


def test_long_texts_are_scored_in_blocks(
    of_long: RNNLanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [LONG, "the cat", "", LONG[5:300]]
    context = [OF_LONG, OF_LONG[:7], OF_LONG[0], OF_LONG[5:300]]
    ahead = [np.vstack([c, c[:1]]) if c.ndim == 2 else c for c in context]
    expected = of_long.sample_log_prob(texts, context=context)
    rows = of_long.predict_proba(texts, context=ahead)
    one = of_long.sample_log_prob(LONG, context=OF_LONG[0])
    for answers in (1, 60, 2000):
        monkeypatch.setattr("skrnn._serving.writing._ANSWERS", answers)
        found = of_long.sample_log_prob(texts, context=context)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        np.testing.assert_array_equal(of_long.predict_proba(texts, context=ahead), rows)
        np.testing.assert_allclose(of_long.sample_log_prob(LONG, context=OF_LONG[0]), one)


@pytest.mark.parametrize("window", [64, 200, 2**20])
def test_windows_train_to_the_same_bits(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = small(batch_size=4, tbptt=16).fit(LONG, context=OF_LONG)
    monkeypatch.setattr(
        "skrnn._estimators.texts.StreamedText",
        lambda *arguments: StreamedText(*arguments, window=window),
    )
    found = small(batch_size=4, tbptt=16).fit(LONG, context=OF_LONG)
    for name, values in expected.params_.items():
        np.testing.assert_array_equal(found.params_[name], values)


def test_written_texts_do_not_depend_on_those_beside(told: RNNLanguageModel) -> None:
    prefixes = ["", "an", "b"]
    context = [STEPS[0][:1], np.ones((2 + 12, 2)), VECTORS[3]]
    together = told.generate(prefixes, 12, context=context, num_return_sequences=2, random_state=1)
    assert len(together) == 6
    first = told.generate("", 12, context=context[0], num_return_sequences=2, random_state=1)
    assert first == together[:2]
    pieces = told.generate_iter("", 12, context=context[0], random_state=1)
    assert "".join(pieces) == first[0]


def test_what_early_stopping_holds_out_has_its_own_context() -> None:
    by_hand = small(early_stopping=True, max_iter=1).fit(
        LONG[:-144], context=OF_LONG[:-144], X_val=LONG[-144:], context_val=OF_LONG[-144:]
    )
    split = small(early_stopping=True, max_iter=1).fit(LONG, context=OF_LONG)
    assert split.validation_scores_ == by_hand.validation_scores_


def test_a_context_out_of_scale_ends_the_training_with_a_warning() -> None:
    with pytest.warns(ConvergenceWarning, match=r"not finite any more .* or the context of texts"):
        model = small(cell="rnn_relu").fit(TEXTS, context=VECTORS * 1e38)
    assert all(np.isfinite(values).all() for values in model.params_.values())
    assert np.isfinite(model.score(TEXTS, context=VECTORS))


def test_warm_starts_and_partial_fits(told: RNNLanguageModel) -> None:
    model = clone(told).partial_fit(TEXTS, context=STEPS).partial_fit(TEXTS, context=VECTORS)
    assert model.context_size_ == 2
    with pytest.raises(ValueError, match="context is missing"):
        model.partial_fit(TEXTS)
    with pytest.raises(ValueError, match=r"vectors of 1 numbers; expected 2, as fit saw"):
        model.partial_fit(TEXTS, context=VECTORS[:, :1])
    again = model.set_params(warm_start=False).fit(TEXTS)
    assert again.context_size_ == 0
    again.score(TEXTS)


def test_cross_validation_hands_the_context_on() -> None:
    with skrnn_routing():
        model = small().set_fit_request(context=True).set_score_request(context=True)
        scores = cross_val_score(model, TEXTS, cv=2, params={"context": VECTORS})
    assert np.isfinite(scores).all()


def skrnn_routing() -> Any:
    import sklearn

    return sklearn.config_context(enable_metadata_routing=True)


def test_texts_in_context_are_pickled_and_cut_together() -> None:
    context = read_context(STEPS, np.array([*map(len, TEXTS)]), None)
    assert context is not None
    offsets = np.cumsum([0, *(len(t) + 2 for t in TEXTS)])
    texts = TextsInContext.of(Sequences._of(np.arange(offsets[-1]), offsets), context)
    for at in (slice(2, 5), slice(0, 6, 2), np.array([4, 1]), np.arange(len(texts)) % 2 == 0):
        part = pickle.loads(pickle.dumps(texts[at]))
        indices = np.arange(len(texts))[at]
        for mine, i in zip(part.context, indices, strict=True):
            np.testing.assert_array_equal(mine, STEPS[i].astype(np.float32))
        for mine, i in zip(part, indices, strict=True):
            np.testing.assert_array_equal(mine, np.arange(offsets[i], offsets[i + 1]))


# ---- Files ----


@pytest.mark.parametrize("form", ["many", "one"])
def test_files_and_the_runtime_have_it(form: str, tmp_path: Any) -> None:
    X, context = (TEXTS, STEPS) if form == "many" else (LONG, OF_LONG)
    model = small(num_layers=2).fit(X, context=context)
    model.save(tmp_path / "model.skrnn")
    loaded = skrnn.load(tmp_path / "model.skrnn")
    known = np.atleast_2d(context[0])[:1]
    assert loaded.context_size_ == model.context_size_
    for other in (loaded, skrnn.runtime.load(tmp_path / "model.skrnn")):
        np.testing.assert_array_equal(
            other.sample_log_prob(X, context=context), model.sample_log_prob(X, context=context)
        )
        np.testing.assert_array_equal(
            other.predict_proba(["a"], context=known),
            model.predict_proba(["a"], context=known),
        )
        texts = [m.generate("a", context=known, random_state=3) for m in (other, model)]
        assert texts[0] == texts[1]
        with pytest.raises(ValueError, match="context is missing"):
            other.score(X)
        stream = other.stream(method="predict_proba")
        np.testing.assert_array_equal(
            stream.step("a", context=known), model.predict_proba(["a"], context=known)
        )
    loaded.set_params(warm_start=True).fit(X, context=context)


@pytest.mark.parametrize("wrong", [None, 0, 1, 3, -2, 2.0, True, "two", [2], 2**62], ids=str)
def test_damaged_files(wrong: Any, told: RNNLanguageModel, tmp_path: Any) -> None:
    path = tmp_path / "model.skrnn"
    told.save(path)
    description = description_of(path)
    description["network"]["side_channels"] = wrong
    save_file(load_file(path), path, {"skrnn": json.dumps(description)})
    path.write_bytes(sealed(path.read_bytes()))
    for load in (skrnn.load, skrnn.runtime.load):
        with pytest.raises(ValueError, match=r"cannot be loaded: .*(side_channels|weight_ih_l0)"):
            load(path)


@pytest.mark.parametrize("form", ["many", "one"])
def test_a_checkpoint_of_another_context_is_refused(form: str, tmp_path: Any) -> None:
    X, context = (TEXTS, VECTORS) if form == "many" else (LONG, OF_LONG)
    model = small(early_stopping=True).set_callbacks(Checkpoint(tmp_path / "model.checkpoint"))
    held_out: dict[str, Any] = {"X_val": X, "context_val": context}
    losses = model.fit(X, context=context, **held_out).loss_curve_
    assert model.fit(X, context=context, **held_out).loss_curve_ == losses
    with pytest.raises(ValueError, match="another fit: context differs"):
        model.fit(X, context=context + 1, **held_out)
    with pytest.raises(ValueError, match="another fit: context_val differs"):
        model.fit(X, context=context, X_val=X, context_val=context + 1)
    with pytest.raises(ValueError, match="another fit: X differs"):
        model.fit(X[::-1], context=context, **held_out)
    with pytest.raises(ValueError, match="another fit: context differs; context_val differs"):
        model.fit(X, X_val=X)

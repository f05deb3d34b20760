"""RNNTagger with the letters of words: unseen words, what it learns, what it refuses, streams."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_predict

from cases import assert_same_bits, outcomes
from skrnn import RNNTagger, Sequences
from skrnn._sequences.spelling import Spelled
from skrnn.callbacks import Checkpoint

QUICK: dict[str, Any] = {"hidden_size": 5, "embedding_size": 3, "max_iter": 3, "random_state": 0}
QUICK |= {"characters": True, "character_embedding_size": 2, "character_hidden_size": 4}
SUFFIXES = {"ing": "VERB", "ness": "NOUN", "ly": "ADV", "ous": "ADJ"}


def sentences(n: int, seed: int) -> tuple[list[list[str]], list[list[str]]]:
    """Words of random letters, new ones in every sentence, whose label their suffix tells."""
    rng = np.random.default_rng(seed)
    X, y = [], []
    for length in rng.integers(1, 9, n):
        ends = rng.choice([*SUFFIXES], length)
        stems = ("".join(rng.choice([*"abcdefgh"], rng.integers(2, 7))) for _ in ends)
        X.append([stem + end for stem, end in zip(stems, ends, strict=True)])
        y.append([SUFFIXES[end] for end in ends])
    return X, y


@pytest.mark.parametrize("crf", [False, True])
def test_suffixes_of_words_never_seen(crf: bool) -> None:
    X, y = sentences(200, seed=0)
    X_new, y_new = sentences(100, seed=1)
    settings = {"hidden_size": 16, "embedding_size": 8, "random_state": 0, "crf": crf}
    letters = RNNTagger(characters=True, max_iter=15, **settings).fit(X, y)
    words = RNNTagger(max_iter=15, **settings).fit(X, y)
    assert letters.score(X_new, y_new) > 0.98
    assert words.score(X_new, y_new) < 0.5


def test_what_it_learns() -> None:
    X = [["Ab", "ab", "ab"], ["ba", "zab", ""]]
    y = [["x", "y", "y"], ["x", "y", "x"]]
    model = RNNTagger(min_frequency=2, **QUICK).fit(X, y)
    assert model.vocabulary_ == {"ab": 1}
    assert model.letters_ == {"b": 1, "a": 2}  # Of A and z there is one each.
    assert model.params_["characters.embedding.weight"].shape == (3, 2)
    assert model.params_["embedding.weight"].shape == (2, 3)
    assert model.params_["characters.rnn.weight_hh_l0_reverse"].shape[1] == 4
    # Unknown words differ by their letters, and unknown letters do not.
    proba = model.predict_proba([["ba"], ["bab"], ["zb"], ["qb"]])
    assert not np.array_equal(proba[0], proba[1])
    assert_same_bits(proba[2], proba[3])
    again = model.fit(X[:1], y[:1], sample_weight=[1])
    assert again.letters_ == {"b": 1, "a": 2}
    weighted = RNNTagger(**QUICK).fit(X, y, sample_weight=[1, 0])
    assert weighted.letters_.keys() == {"A", "a", "b"}
    assert not hasattr(model.set_params(characters=False).fit(X, y), "letters_")


def test_forms_of_words() -> None:
    X = [["good", "film"], ["bad"]] * 4
    y = [["a", "b"], ["a"]] * 4
    model = RNNTagger(**QUICK).fit(X, y)
    forms = [
        [np.array(words) for words in X],
        np.array(X, dtype=object),
        ["Good film!", "BAD"] * 4,
        [tuple(words) for words in X],
    ]
    for form in forms:
        assert_same_bits(outcomes(RNNTagger(**QUICK).fit(form, y), form), outcomes(model, X))
    empty = model.predict_proba([[], [""], ["unheard"], ["x" * 3000]])
    assert [len(rows) for rows in empty] == [1, 1, 1, 1]
    assert_same_bits(empty[0], empty[1])
    assert np.isfinite(np.concatenate(empty)).all()


ALL_DROPOUTS: dict[str, Any] = QUICK | {
    "hidden_size": 20,
    "character_hidden_size": 17,
    "crf": True,
    "max_iter": 4,
    "dropout": 0.2,
    "input_dropout": 0.2,
    "word_dropout": 0.3,
}


def test_bits_do_not_depend_on_threads() -> None:
    X, y = sentences(60, seed=2)
    models = [RNNTagger(n_jobs=n, **ALL_DROPOUTS).fit(X, y) for n in (1, 2, 5)]
    for model in models[1:]:
        assert_same_bits(model.params_, models[0].params_)
        assert_same_bits(outcomes(model, X), outcomes(models[0], X))


def test_bits_do_not_depend_on_interruptions(tmp_path: Any) -> None:
    X, y = sentences(60, seed=2)
    path = tmp_path / "fit.checkpoint"
    halfway = RNNTagger(**(ALL_DROPOUTS | {"learning_rate": "constant"}))
    whole = clone(halfway).fit(X, y)
    halfway.set_params(max_iter=2)
    for max_iter in (2, 4):
        halfway = clone(halfway).set_params(max_iter=max_iter)
        halfway.set_callbacks(Checkpoint(path)).fit(X, y)
    assert_same_bits(halfway.params_, whole.params_)
    # Other letters of as many words are other data.
    other = [[word[::-1] for word in words] for words in X]
    with pytest.raises(ValueError, match="X differs"):
        clone(halfway).set_callbacks(Checkpoint(path)).fit(other, y)


def test_continued_fits_keep_the_letters() -> None:
    X, y = sentences(20, seed=3)
    X_new, y_new = [["zzz", *words] for words in X], [["ADJ", *labels] for labels in y]
    model = RNNTagger(warm_start=True, **QUICK).fit(X, y)
    letters = dict(model.letters_)
    model.fit(X_new, y_new).partial_fit(X_new, y_new)
    assert model.letters_ == letters
    assert "z" not in letters
    with pytest.raises(ValueError, match="characters=False is another architecture"):
        model.set_params(characters=False).partial_fit(X, y)
    model.set_params(characters=True)
    early = RNNTagger(early_stopping=True, **QUICK).fit(X, y)
    assert len(early.validation_scores_) == 3
    watched = RNNTagger(early_stopping=True, **QUICK).fit(X, y, X_val=X_new, y_val=y_new)
    assert watched.validation_scores_[-1] <= 1
    assert_same_bits(outcomes(pickle.loads(pickle.dumps(model)), X_new), outcomes(model, X_new))


def test_searches_and_cross_validation() -> None:
    X, y = sentences(24, seed=4)
    grid = {"characters": [False, True], "crf": [False, True]}
    search = GridSearchCV(RNNTagger(**QUICK), grid, cv=2).fit(X, y)
    assert 0 < search.best_score_ <= 1
    predicted = cross_val_predict(RNNTagger(**QUICK), X, y, cv=3)
    assert [len(labels) for labels in predicted] == [len(words) for words in X]


def test_a_stream_reads_words() -> None:
    X, y = sentences(40, seed=5)
    model = RNNTagger(bidirectional=False, **QUICK).fit(X, y)
    block = np.array([["xing", "aly"], ["unheard", ""], ["cous", "xing"]])  # (T, B)
    expected = np.array(model.predict_proba(list(block.T)).tolist())  # (B, T, K)
    both, one = model.stream(2, method="predict_proba"), model.stream(method="predict_proba")
    assert_same_bits(both.process(block), expected.swapaxes(0, 1).copy())
    both.reset()
    for t, words in enumerate(block):
        assert_same_bits(both.step(words), expected[:, t].copy())
        assert_same_bits(one.step(words[0]), expected[:1, t].copy())
    for form in (block[:, 0], block[:, :1], block[:, 0].tolist()):
        one.reset()
        assert_same_bits(one.process(form)[:, 0], expected[0].copy())
    for form in (["xing"], np.array("xing"), np.array(["xing"])):
        one.reset()
        assert_same_bits(one.step(form), expected[:1, 0].copy())
    before = both.state["steps"]
    for wrong in ("the", ["the"], ["the", "a", "dog"], [["the", "a"]]):
        with pytest.raises((ValueError, TypeError), match="x_t"):
            both.step(wrong)
    for wrong in (["the", "a"], [["the", "a", "dog"]]):
        with pytest.raises(ValueError, match="block has shape"):
            both.process(wrong)
    with pytest.raises(TypeError, match="x_t: expected strings"):
        both.step([3, "a"])
    assert np.array_equal(both.state["steps"], before)
    with pytest.raises(ValueError, match="bidirectional"):
        RNNTagger(**QUICK).fit(X, y).stream()


@pytest.mark.parametrize(
    ("X", "settings", "says"),
    [
        ([[1, 2], [3]], {}, "characters=True reads the letters of words, and X holds no strings"),
        ([[0.5, 2], [3]], {"embedding_size": "auto"}, "and X holds no strings"),
        (np.ones((2, 3, 4)), {"embedding_size": "auto"}, "and X holds no strings"),
        (Sequences([[1, 2], [3]]), {}, "and X holds no strings"),
        ("a text", {"embedding_size": "auto"}, "X is a str, which holds no sequences"),
        ([["a", "b"], ["c"]], {"embedding_size": None}, 'use embedding_size="auto"'),
        ([["a", 3], ["c"]], {}, "Sequence 0 of X holds 3 at step 1"),
        ([["a", None], ["c"]], {}, "Sequence 0 of X holds None at step 1"),
        ([["a", "b"], ["c"]], {"min_frequency": 5}, "lower min_frequency"),
        ([["", ""], [""]], {}, "no token was found in the words of X"),
        ([["a", "b"], ["c"]], {"characters": "yes"}, "expected characters to be True or False"),
        ([["a", "b"], ["c"]], {"character_hidden_size": 0}, "character_hidden_size=0"),
        ([["a", "b"], ["c"]], {"word_dropout": 1.0}, r"word_dropout=1.0; .* or 'auto'"),
        ([["a", "b"], ["c"]], {"word_dropout": "none"}, "word_dropout='none'"),
        ([["a", "b"], ["c"]], {"input_dropout": -0.1}, "input_dropout=-0.1"),
    ],
    ids=str,
)
def test_what_is_refused(X: Any, settings: dict[str, Any], says: str) -> None:
    y = [["a"] * len(x) for x in X]
    with pytest.raises((TypeError, ValueError), match=says):
        RNNTagger(**(QUICK | settings)).fit(X, y)


@pytest.mark.parametrize("settings", [{}, {"characters": True}], ids=str)
def test_letters_are_another_architecture(settings: dict[str, Any]) -> None:
    X, y = [["a", "b"]] * 3, [["a", "b"]] * 3
    model = RNNTagger(**(QUICK | {"characters": False} | settings)).fit(X, y)
    model.set_params(characters=not model.characters, warm_start=True)
    for use in (model.predict, model.predict_proba, lambda X: model.fit(X, y)):
        with pytest.raises(ValueError, match=r"characters=.* is another architecture"):
            use(X)


def test_words_cannot_be_dropped_from_channels() -> None:
    X, y = [np.ones((2, 1))] * 3, [["a", "b"]] * 3
    settings = {"hidden_size": 3, "max_iter": 1}
    with pytest.raises(ValueError, match=r"word_dropout=0.2 is of tokens, .* use input_dropout"):
        RNNTagger(word_dropout=0.2, **settings).fit(X, y)
    RNNTagger(input_dropout=0.2, **settings).fit(X, y)
    model = RNNTagger(**QUICK).fit([["a", "b"]] * 3, y)
    with pytest.raises(ValueError, match="holds integers, but RNNTagger was fitted on strings"):
        model.predict([[1, 2]])


def test_part_of_the_sequences_keeps_their_words() -> None:
    seen: list[Any] = []

    class Looking(RNNTagger):
        def predict(self, X: Any) -> Any:
            seen.append(X)
            return super().predict(X)

    X, y = sentences(12, seed=6)
    model = Looking(early_stopping=True, **QUICK).fit(X, y)
    assert isinstance(seen[0], Spelled)
    copied = pickle.loads(pickle.dumps(seen[0]))
    assert_same_bits(model.predict(copied), model.predict(seen[0]))
    for part in (slice(0, 1), [1, 0], np.array([True, *[False] * (len(seen[0]) - 1)])):
        assert_same_bits(
            model.predict(seen[0][part]), model.predict(seen[0])[np.arange(len(seen[0]))[part]]
        )

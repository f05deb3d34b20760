"""Streams of estimators fitted on strings, token by token."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

import skrnn
from helpers.bits import assert_same
from helpers.support import says
from skrnn import RNNClassifier, RNNRegressor
from skrnn.preprocessing import TokenEncoder
from streams import methods_of, same_state

SMALL: dict[str, Any] = {"hidden_size": 5, "max_iter": 1, "random_state": 0, "n_jobs": 1}
SMALL |= {"embedding_size": 2}
TEXTS = ["The cat sat", "a dog", "the dog sat there", "cats"] * 4
CLASSIFIER = RNNClassifier(**SMALL).fit(TEXTS, np.arange(16) % 3)
REGRESSOR = RNNRegressor(**SMALL).fit(TEXTS, np.arange(16.0))
# Two sequences side by side, (T, B): known and unknown tokens, and capitals, which are unknown.
BLOCK = np.array([["the", "a"], ["dog", "unheard"], ["The", "cat"], ["sat", "sat"]])


@pytest.mark.parametrize("model", [CLASSIFIER, REGRESSOR], ids=["classifier", "regressor"])
def test_tokens_have_the_bits_of_predict(model: Any) -> None:
    for method in methods_of(model):
        stream = model.stream(2, method=method)
        expected = [getattr(model, method)(list(BLOCK[: t + 1].T)) for t in range(len(BLOCK))]
        for x_t, answer in zip(BLOCK, expected, strict=True):
            assert_same(stream.step(x_t), answer)
        stream.reset()
        assert_same(stream.process(BLOCK), np.array(expected))


def test_one_sequence() -> None:
    expected = CLASSIFIER.predict_proba([BLOCK[:1, 0], BLOCK[:2, 0]])
    stream = CLASSIFIER.stream(method="predict_proba")
    assert_same(np.concatenate([stream.step("the"), stream.step("dog")]), expected)
    for token in (["the"], ("the",), np.array("the"), np.str_("the"), pd.Series(["the"])):
        stream.reset()
        assert_same(stream.step(x_t=token), expected[:1])
    for block in (["the", "dog"], [["the"], ["dog"]], np.array(["the", "dog"], dtype=object)):
        stream.reset()
        assert_same(stream.process(block=block)[:, 0], expected)


def test_words_of_a_text_in_lower_case() -> None:
    stream = CLASSIFIER.stream(method="predict_proba")
    answers = stream.process(["the", "unheard", "dog", "sat"])
    assert_same(answers[-1], CLASSIFIER.predict_proba(["The unheard dog sat!"]))


def test_same_as_the_numbers_of_an_encoder_in_front() -> None:
    pipeline = make_pipeline(TokenEncoder(), RNNClassifier(**SMALL)).fit(TEXTS, np.arange(16) % 3)
    stream, numbers = CLASSIFIER.stream(), skrnn.stream(pipeline)
    for token in ("the", "unheard", "cat"):
        number = pipeline[0].vocabulary_.get(token, 0)
        assert_same(stream.step(token), numbers.step(number))
    assert same_state(stream.state, numbers.state)


def test_of_a_pipeline_and_of_a_search() -> None:
    pipeline = make_pipeline("passthrough", RNNClassifier(**SMALL)).fit(TEXTS, np.arange(16) % 3)
    assert_same(skrnn.stream(pipeline).step("dog"), CLASSIFIER.stream().step("dog"))


def test_states_are_kept_and_set_again() -> None:
    stream = CLASSIFIER.stream(2, method="predict_proba")
    assert isinstance(stream, skrnn.Stream)
    assert stream.batch_size == 2
    stream.process(BLOCK[:2])
    state = stream.state
    after = stream.step(BLOCK[2])
    stream.state = state
    assert_same(stream.step(BLOCK[2]), after)
    other = CLASSIFIER.stream(2, method="predict_proba")
    other.state = state
    assert_same(other.step(BLOCK[2]), after)


def test_a_later_fit_does_not_change_it() -> None:
    model = RNNClassifier(**SMALL).fit(TEXTS, np.arange(16) % 3)
    stream = model.stream(method="predict_proba")
    model.fit(["others", "dog"] * 8, np.arange(16) % 3)
    assert_same(stream.step("dog"), CLASSIFIER.predict_proba(["dog"]))


@pytest.mark.parametrize("wrong", [3, None, b"dog", [3, "a"], [["a"], ["b", "c"]], [None, "a"]])
def test_input_that_is_not_strings(wrong: Any) -> None:
    stream = CLASSIFIER.stream(2)
    stream.step(["the", "a"])
    before = stream.state
    for method, name in ((stream.step, "x_t"), (stream.process, "block")):
        with pytest.raises(TypeError, match=says(f"{name}")):
            method(wrong)
    assert same_state(stream.state, before)


def test_other_shapes() -> None:
    stream = CLASSIFIER.stream(2)
    with pytest.raises(ValueError, match="x_t"):
        stream.step("the")
    for wrong in (["the"], ["the", "a", "dog"], [["the", "a"]]):
        with pytest.raises(ValueError, match=r"x_t has shape .*; expected \(B,\) strings, where B"):
            stream.step(wrong)
    for wrong in (["the", "a"], [["the", "a", "dog"]]):
        with pytest.raises(ValueError, match=r"block has shape .*; expected \(T, B\) strings"):
            stream.process(wrong)
    with pytest.raises(TypeError, match=says("block is one text, 'the dog'", "list")):
        stream.process("the dog")


def test_fitted_on_integers_it_reads_integers() -> None:
    model = RNNClassifier(**SMALL).fit([[0, 1], [2]] * 8, np.arange(16) % 3)
    with pytest.raises(TypeError, match="integer tokens"):
        model.stream().step("dog")

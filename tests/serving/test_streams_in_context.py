"""Streams of language models that were fitted with a context."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import skrnn
import skrnn.runtime
from skrnn import RNNLanguageModel, _core

K = 2
SMALL: dict[str, Any] = {"hidden_size": 9, "max_iter": 3, "random_state": 0, "n_jobs": 1}
rng = np.random.default_rng(0)
TEXTS = ["anna", "bo", "hanna", "otto", "b"] * 5
OF_TEXTS = [rng.normal(size=(len(text), K)) for text in TEXTS]
NUMBERS = [[1, 2, 0], [2], [0, 0, 1, 2]] * 5
OF_NUMBERS = [rng.normal(size=(len(text), K)) for text in NUMBERS]

TOLD = RNNLanguageModel("lstm", num_layers=2, **SMALL).fit(TEXTS, context=OF_TEXTS)
OF_INTEGERS = RNNLanguageModel(**SMALL).fit(NUMBERS, context=OF_NUMBERS)
READ = list("hannabot")
CONTEXT = rng.normal(size=(len(READ) + 1, K))  # the vector of token t, and of the one to come


def stream(batch_size: int = 1) -> Any:
    return TOLD.stream(batch_size, method="predict_proba")


def expected(tokens: list[str], context: Any) -> np.ndarray:
    """The answers after each token."""
    prefixes = ["".join(tokens[: t + 1]) for t in range(len(tokens))]
    vectors = [np.array(context[: t + 2]) for t in range(len(tokens))]
    return TOLD.predict_proba(prefixes, context=vectors)


def test_steps_answer_as_predict_proba() -> None:
    answers, of = expected(READ, CONTEXT), stream()
    for _ in range(2):
        of.reset(context=CONTEXT[0])
        for t, token in enumerate(READ):
            answer = of.step(token, context=CONTEXT[t + 1])
            np.testing.assert_array_equal(answer[0], answers[t])
    of.reset(0, context=CONTEXT[:1])
    np.testing.assert_array_equal(of.process(READ, context=CONTEXT[1:])[:, 0], answers)


def test_one_vector_is_that_of_the_first_token_too() -> None:
    of, vector = stream(), CONTEXT[3]
    answers = expected(READ, [vector] * (len(READ) + 1))
    np.testing.assert_array_equal(of.process(READ, context=vector)[:, 0], answers)
    np.testing.assert_array_equal(
        stream(2).process([*zip(READ, READ, strict=True)], context=[vector, vector])[:, 1], answers
    )
    of.reset()
    steps = [of.step(token, context=vector) for token in READ]
    np.testing.assert_array_equal(np.concatenate(steps), answers)
    best = TOLD.predict(["h"], context=[vector])
    np.testing.assert_array_equal(TOLD.stream().step("h", context=vector), best)


def test_a_sequence_begins_beside_others_that_go_on() -> None:
    of = stream(3)
    first = of.process([["a", "h", "b"], ["n", "a", "o"]], context=np.stack([CONTEXT[:3]] * 2))
    of.reset(1)  # which begins with its next step
    of.reset(2, context=CONTEXT[7])
    second = of.process([["n", "b", "o"], ["a", "o", "t"]], context=np.stack([CONTEXT[4:7]] * 2))
    alone = [CONTEXT[0]] * 3 + [CONTEXT[4]] * 2
    answers = expected(["a", "n", "n", "a"], alone)
    np.testing.assert_array_equal(np.vstack([first[:, 0], second[:, 0]]), answers)
    np.testing.assert_array_equal(second[:, 1], expected(["b", "o"], [CONTEXT[5]] * 3))
    answers = expected(["o", "t"], [CONTEXT[7], CONTEXT[6], CONTEXT[6]])
    np.testing.assert_array_equal(second[:, 2], answers)


def test_a_state_is_one_of_a_text_that_has_begun_or_not() -> None:
    answers = expected(READ, CONTEXT)
    of, other = stream(), stream()
    other.process(READ, context=CONTEXT[5])
    of.reset(context=CONTEXT[0])
    for t, token in enumerate(READ):
        other.state = pickle.loads(pickle.dumps(of.state))
        assert other.state["steps"].tolist() == [t + 1]
        for each in (of, other):
            answer = each.step(token, context=CONTEXT[t + 1])
            np.testing.assert_array_equal(answer[0], answers[t])
    other.state = stream().state
    answer = other.step("b", context=CONTEXT[2])
    np.testing.assert_array_equal(answer, TOLD.predict_proba("b", context=CONTEXT[2]))


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "i1", "?"])
def test_forms_of_numbers(dtype: str) -> None:
    vectors = (10 * CONTEXT).astype(dtype)
    of = OF_INTEGERS.stream(method="predict_proba")
    answers = [OF_INTEGERS.predict_proba([t], context=[vectors[:2]]) for t in ([1], [2])]
    for given in (vectors, vectors.tolist(), vectors[::-1][::-1]):
        for token in (1, 2):
            of.reset(context=given[0])
            np.testing.assert_array_equal(of.step(token, context=given[1]), answers[token - 1])


def test_one_long_text_and_files(tmp_path: Any) -> None:
    text, context = "the cat sat on the mat. " * 20, rng.normal(size=(480, K))
    model = RNNLanguageModel(**SMALL).fit(text, context=context)
    model.save(tmp_path / "model.skrnn")
    answer = model.predict_proba(text[:50], context=context[:51])
    for other in (model, skrnn.runtime.load(tmp_path / "model.skrnn")):
        of = other.stream(method="predict_proba")
        of.reset(context=context[0])
        answers = of.process(list(text[:50]), context=context[1:51])
        np.testing.assert_array_equal(answers[-1], answer)


# ---- Refusals ----

ONE = np.zeros(K)
SHAPE = r"context: expected shape "
OF_STEP: dict[str, tuple[Any, type[Exception], str]] = {
    "none": (None, ValueError, "context is missing: .* a vector of 2 numbers"),
    "number": (1.0, ValueError, SHAPE + r"\(K,\) = \(2,\), got float64 of shape \(\)"),
    "three": (np.zeros(3), ValueError, SHAPE + r"\(K,\) = \(2,\), got .* shape \(3,\)"),
    "rows": (np.zeros((2, K)), ValueError, SHAPE + r"\(K,\) = \(2,\), got .* \(2, 2\)"),
    "text": ("red", TypeError, "context: expected numbers"),
    "object": ([None, 1], TypeError, "context: expected numbers"),
    "nan": ([0, np.nan], ValueError, "number 1 of sequence 0 is nan; expected finite"),
    "infinity": ([-np.inf, 0], ValueError, "number 0 of sequence 0 is -inf; expected finite"),
    "large": ([1e39, 0], ValueError, r"number 0 .* is 1e\+39, which is too large for float32"),
}


@pytest.mark.parametrize("name", OF_STEP)
def test_a_refused_context_changes_nothing(name: str) -> None:
    context, error, message = OF_STEP[name]
    of = stream()
    of.reset(context=ONE)
    before = of.state
    with pytest.raises(error, match=message):
        of.step("a", context=context)
    if context is not None:
        with pytest.raises(error, match=message):
            of.reset(context=context)
        with pytest.raises(error, match=message):
            of.reset(0, context=context)
    for key, values in of.state.items():
        np.testing.assert_array_equal(values, before[key])
    of.reset()
    with pytest.raises(ValueError, match="sequence 0 is the token 99"):
        _core.Stream.step(of, 99, context=ONE)
    assert of.state["steps"].tolist() == [0]


BOTH = r"context: expected shape \(B, K\) = \(3, 2\), or \(T, B, K\) = \(4, 3, 2\), got "
OF_BLOCK: dict[str, tuple[Any, str]] = {
    "steps": (np.zeros((4, K)), BOTH + r"float64 of shape \(4, 2\)"),
    "one_more": (np.zeros((5, 3, K)), BOTH + r".*; pass the vector of a text's first token to re"),
    "vector": (ONE, BOTH + r"float64 of shape \(2,\)"),
    "nan": (np.full((4, 3, K), np.nan), "number 0 of sequence 0 at step 0 is nan; expected"),
}


@pytest.mark.parametrize("name", OF_BLOCK)
def test_refused_blocks(name: str) -> None:
    context, message = OF_BLOCK[name]
    of = stream(3)
    with pytest.raises(ValueError, match=message):
        of.process([["a", "n", "b"]] * 4, context=context)
    assert of.state["steps"].tolist() == [0, 0, 0]


def test_a_context_that_is_not_read_is_refused() -> None:
    for model in (
        RNNLanguageModel(**SMALL).fit(TEXTS),
        skrnn.RNNClassifier(embedding_size=2, **SMALL).fit([list(t) for t in TEXTS], TEXTS),
    ):
        of = model.stream()
        for call in (of.step, of.process):
            with pytest.raises(ValueError, match="context is given, but the model reads none"):
                call(["a"], context=ONE)
        with pytest.raises(ValueError, match="context is given, but the model reads none"):
            of.reset(context=ONE)


def test_boundaries_are_of_models_of_tokens() -> None:
    layout = _core.NetworkLayout(cell="gru", input_size=3, hidden_size=4, output_size=3)
    parameters = np.zeros(layout.num_parameters, np.float32)
    model = _core.Model(layout, parameters, loss="cross_entropy")
    with pytest.raises(ValueError, match="boundary: expected a model of tokens"):
        _core.Stream(model, boundary=1)
    with pytest.raises(ValueError, match=r"boundary: .* is the token 99; expected 0"):
        _core.Stream(TOLD._served(), 2, boundary=99)

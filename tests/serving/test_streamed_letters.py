"""Streams of words: a token and its letters at each step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import reference
from helpers.engines import Engine, engine_of
from helpers.network_problems import NetworkProblem, random_network_problem
from reference.network import Network
from reference.spelling import Words
from skrnn import _core


def a_problem(cell: str) -> NetworkProblem:
    return random_network_problem(
        np.random.default_rng(0),
        Network(cell, pooling=None),
        lengths=(6, 6),
        input_size=6,
        embedding_size=5,
        characters=(7, 3, 4),
        vocabulary=(3, 1, 200, 7),
        hidden_size=9,
        output_size=4,
        loss="cross_entropy",
    )


def model_of(engine: Engine) -> _core.Model:
    return _core.Model(engine.model, engine.parameters, loss="cross_entropy")


@pytest.mark.parametrize("cell", reference.CELLS)
def test_a_stream_answers_as_predict_does(cell: str) -> None:
    problem = a_problem(cell)
    engine = engine_of(problem)
    model = model_of(engine)
    expected = model.predict(engine.values, engine.offsets, spellings=engine.spellings)
    steps = [
        [
            (int(words.tokens[t]), words.letters[t].astype(np.int32))
            for words in problem.batch
            if isinstance(words, Words)
        ]
        for t in range(6)
    ]
    both = _core.Stream(model, 2)
    answers = np.array([both.step(step) for step in steps])
    np.testing.assert_array_equal(np.concatenate(answers.swapaxes(0, 1)), expected)
    both.reset()
    np.testing.assert_array_equal(both.process(steps), answers)
    alone = _core.Stream(model)
    for t, (_, second) in enumerate(steps):
        as_list = (second[0], second[1].tolist())
        np.testing.assert_array_equal(alone.step(as_list)[0], expected[6 + t])


@pytest.mark.parametrize(
    ("x_t", "error", "message"),
    [
        (3, TypeError, r"list of 1 tuples \(token, letters\), got 3"),
        ([(0, [1]), (0, [1])], TypeError, "list of 1 tuples"),
        ((0, [1], 2), TypeError, r"expected a tuple \(token, letters\) for each sequence"),
        (("a", [1]), TypeError, "expected an int as the token"),
        ((0, []), ValueError, "has no letters"),
        ((0, [[1]]), ValueError, "letters of another shape than"),
        ((0, [1.5]), TypeError, "expected integer tokens"),
        ((0, 1), ValueError, "letters of another shape than"),
        ((0, [7]), ValueError, r"has the letter 7; expected 0\.\.6"),
        ((6, [1]), ValueError, r"is the token 6; expected 0\.\.5"),
    ],
    ids=str,
)
def test_steps_that_are_refused(x_t: Any, error: type[Exception], message: str) -> None:
    stream = _core.Stream(model_of(engine_of(a_problem("gru"))))
    with pytest.raises(error, match=message):
        stream.step(x_t)
    with pytest.raises(error, match=message):
        stream.process([x_t])
    assert stream.state["steps"] == 0

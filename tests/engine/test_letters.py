"""The letters of words: the engine against its twin, and what it may not depend on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import reference
from helpers.engines import Engine, engine_of, spellings_of
from helpers.network_problems import NetworkProblem, random_network_problem
from reference.network import Network
from reference.spelling import Words
from skrnn import _core

LENGTHS = (5, 2, 9, 1, 3)
DROPOUT = {"dropout": 0.3, "input_dropout": 0.3, "word_dropout": 0.3}


def a_problem(cell: str = "lstm", bidirectional: bool = False, **options: Any) -> NetworkProblem:
    options = {
        "lengths": LENGTHS,
        "input_size": 6,
        "embedding_size": 5,
        "characters": (7, 3, 4),
        "hidden_size": 9,
        "output_size": 4,
        "loss": "cross_entropy",
    } | options
    network = Network(
        cell, options.pop("num_layers", 1), bidirectional, options.pop("pooling", None)
    )
    return random_network_problem(np.random.default_rng(0), network, **options)


def assert_agrees(problem: NetworkProblem, engine: Engine) -> None:
    """Loss and every gradient, to the rounding of float32."""
    expected = problem.solve()
    loss, gradients = engine.gradient()
    assert loss == pytest.approx(expected.loss, rel=2e-5, abs=2e-6)
    assert gradients.keys() == expected.gradients.keys()
    scale = max(np.abs(g).max() for g in expected.gradients.values())
    for name, gradient in expected.gradients.items():
        np.testing.assert_allclose(
            gradients[name], gradient, rtol=0, atol=2e-5 * scale, err_msg=name
        )


@pytest.mark.parametrize("pooling", ["last", "attention", None])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", reference.CELLS)
def test_loss_and_gradients_are_the_twins(
    cell: str, bidirectional: bool, pooling: str | None
) -> None:
    problem = a_problem(cell, bidirectional, pooling=pooling)
    assert_agrees(problem, engine_of(problem))


@pytest.mark.parametrize(
    "vocabulary",
    [(1,), (1, 1, 1), (3,), (200, 1, 2), (40, 40, 7, 1, 1, 3)],
    ids=["one_letter", "letters_alone", "all_the_same", "200_letters", "mixed"],
)
def test_words_of_any_length(vocabulary: tuple[int, ...]) -> None:
    problem = a_problem(vocabulary=vocabulary, bidirectional=True)
    engine = engine_of(problem)
    assert_agrees(problem, engine)
    np.testing.assert_allclose(engine.predict(), problem.solve().outputs, rtol=0, atol=2e-6)


@pytest.mark.parametrize("rates", [*({n: r} for n, r in DROPOUT.items()), DROPOUT], ids=str)
def test_masks_are_the_twins(rates: dict[str, float]) -> None:
    problem = a_problem("gru", num_layers=2, **rates)
    assert_agrees(problem, engine_of(problem, **rates))


def test_input_dropout_of_channels_is_the_twins() -> None:
    problem = a_problem(embedding_size=None, characters=None, input_dropout=0.4)
    assert_agrees(problem, engine_of(problem, input_dropout=0.4))


@pytest.mark.parametrize(
    "name",
    ["characters.embedding.weight", "characters.rnn.weight_ih_l0_reverse", "rnn.weight_ih_l0"],
)
def test_gradients_are_slopes_of_the_engines_own_loss(name: str) -> None:
    engine = engine_of(a_problem(bidirectional=True))
    _, gradients = engine.gradient()
    direction = np.sign(np.random.default_rng(1).standard_normal(gradients[name].shape))
    slope = engine.slope(name, direction)
    assert slope == pytest.approx(np.sum(gradients[name] * direction), rel=2e-3, abs=1e-4)


def test_training_has_the_same_bits_on_any_number_of_threads() -> None:
    def after(n_jobs: int) -> np.ndarray:
        problem = a_problem(
            bidirectional=True,
            lengths=(7, 30, 12) * 12,
            vocabulary=(9, 1, 4, 17, 5, 5, 30, 2) * 20,
            characters=(20, 8, 17),
            hidden_size=33,
        )
        engine = engine_of(problem, batch_size=8, clip_norm=1.0, seed=7, **DROPOUT)
        for epoch in range(3):
            engine.run_epoch(epoch, n_jobs=n_jobs)
        return engine.parameters

    one = after(1)
    assert np.isfinite(one).all()
    for n_jobs in (2, 3, 5):
        np.testing.assert_array_equal(after(n_jobs), one)


@pytest.mark.parametrize("name", ["word_dropout", "input_dropout"])
def test_a_rate_of_0_changes_nothing(name: str) -> None:
    def after(**rates: float) -> np.ndarray:
        engine = engine_of(a_problem(), batch_size=2, dropout=0.3, **rates)
        engine.run_epoch(0)
        return engine.parameters

    np.testing.assert_array_equal(after(**{name: 0.0}), after())
    assert not np.array_equal(after(**{name: 0.3}), after())


def test_a_prediction_does_not_depend_on_what_else_is_there() -> None:
    problem = a_problem("gru", bidirectional=True, vocabulary=(3, 1, 12, 200, 7, 7))
    engine = engine_of(problem)
    together = engine.predict(n_jobs=2)
    for i, words in enumerate(problem.batch):
        assert isinstance(words, Words)
        alone = engine.model.predict(
            engine.parameters,
            words.tokens.astype(np.int64),
            np.array([0, len(words)]),
            spellings=spellings_of([words]),
        )
        np.testing.assert_array_equal(alone, together[engine.offsets[i] : engine.offsets[i + 1]])


def test_each_distinct_word_counts_as_often_as_it_comes() -> None:
    """One spelling given twice under two numbers is what it is under one, to rounding."""
    problem = a_problem(vocabulary=(3,))
    engine = engine_of(problem)
    loss, gradients = engine.gradient()
    _, word_offsets, letters = engine.spellings
    engine.spellings = (
        np.arange(len(engine.values)) % 2,
        np.array([0, *word_offsets[1:], 2 * word_offsets[-1]]),
        np.tile(letters, 2),
    )
    other, of_two = engine.gradient()
    assert other == loss
    for name, gradient in gradients.items():
        np.testing.assert_allclose(of_two[name], gradient, rtol=0, atol=1e-6, err_msg=name)


def test_cuts_carry_the_state() -> None:
    """With a learning rate of next to nothing, the loss of an epoch is that of whole sequences."""
    engine = engine_of(a_problem(), batch_size=4, tbptt=2, learning_rate=1e-30)
    expected, _ = engine.gradient()
    assert engine.run_epoch(0)["loss"] == pytest.approx(expected, rel=1e-6)


def refusals() -> dict[str, tuple[Any, type[Exception], str]]:
    words, offsets, letters = np.zeros(20, np.int64), np.array([0, 2]), np.zeros(2, np.int32)
    return {
        "missing": (None, ValueError, r"pass \(words, word_offsets, letters\)"),
        "list": ([words, offsets, letters], TypeError, "expected a tuple .* got list"),
        "two": ((words, offsets), TypeError, "expected a tuple"),
        "rows": ((words[1:], offsets, letters), ValueError, "words: expected 20, .* got 19"),
        "word": ((words + 1, offsets, letters), ValueError, r"word 1 at row 0 is not in 0\.\.0"),
        "no_words": ((words, offsets[:1], letters[:0]), ValueError, "expected one word at least"),
        "empty": ((words, np.array([0, 2, 2]), letters), ValueError, "word 1 has no letters"),
        "end": ((words, np.array([0, 1]), letters), ValueError, "from 0 to 2, the number of"),
        "letter": ((words, offsets, letters + 7), ValueError, r"letter 7 at place 0 .* 0\.\.6"),
        "dtype": (
            (words, offsets, letters + 0.5),
            ValueError,
            "expected contiguous int32",
        ),
    }


@pytest.mark.parametrize("case", refusals())
def test_spellings_that_are_refused(case: str) -> None:
    spellings, error, message = refusals()[case]
    engine = engine_of(a_problem())
    engine.spellings = spellings
    with pytest.raises(error, match="spellings: .*" + message):
        engine.predict()
    with pytest.raises(error, match="spellings: .*" + message):
        engine.run_epoch(0)


def test_spellings_for_a_network_without_letters_are_refused() -> None:
    spellings = engine_of(a_problem()).spellings
    engine = engine_of(a_problem(characters=None))
    engine.spellings = spellings
    with pytest.raises(ValueError, match="the network does not read letters"):
        engine.predict()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"characters": -1}, "characters must not be negative"),
        ({"embedding_size": 0}, "need embedding_size to be at least 1"),
        ({"character_embedding_size": 0}, "character_embedding_size must be at least 1"),
        ({"character_hidden_size": 0}, "character_hidden_size must be at least 1"),
        ({"character_hidden_size": 2**62}, "too large: character_hidden_size is"),
    ],
    ids=str,
)
def test_networks_that_are_refused(settings: dict[str, int], message: str) -> None:
    good = {
        "input_size": 6,
        "embedding_size": 5,
        "hidden_size": 9,
        "output_size": 4,
        "characters": 7,
        "character_embedding_size": 3,
        "character_hidden_size": 4,
    }
    with pytest.raises(ValueError, match=message):
        _core.NetworkLayout(cell="lstm", **(good | settings))


def test_rates_that_are_refused() -> None:
    channels = a_problem(embedding_size=None, characters=None)
    with pytest.raises(ValueError, match="word_dropout is of tokens"):
        engine_of(channels, word_dropout=0.1)
    for name in ("input_dropout", "word_dropout"):
        with pytest.raises(ValueError, match=rf"{name} must be in \[0, 1\)"):
            engine_of(channels, **{name: 1.0})

"""Side channels beside tokens: the engine against its twin, and what it may not depend on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import reference
from helpers.engines import Engine, engine_of, named
from helpers.network_problems import NetworkProblem, random_network_problem
from reference.network import Network
from reference.side_channels import Sided
from skrnn import _core

LENGTHS = (5, 2, 9, 1, 3)
DROPOUT = {"dropout": 0.3, "input_dropout": 0.3, "word_dropout": 0.3}
LETTERS = (7, 3, 4)


def a_problem(cell: str = "lstm", bidirectional: bool = False, **options: Any) -> NetworkProblem:
    options = {
        "lengths": LENGTHS,
        "input_size": 6,
        "embedding_size": 5,
        "side_channels": 3,
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
@pytest.mark.parametrize("letters", [None, LETTERS], ids=["tokens", "words"])
@pytest.mark.parametrize("cell", reference.CELLS)
def test_loss_and_gradients_are_the_twins(cell: str, letters: Any, pooling: str | None) -> None:
    problem = a_problem(cell, characters=letters, pooling=pooling, bidirectional=pooling is None)
    engine = engine_of(problem)
    assert_agrees(problem, engine)
    np.testing.assert_allclose(engine.predict(), problem.solve().outputs, rtol=0, atol=2e-6)


@pytest.mark.parametrize("rates", [*({n: r} for n, r in DROPOUT.items()), DROPOUT], ids=str)
def test_masks_are_the_twins(rates: dict[str, float]) -> None:
    problem = a_problem("gru", num_layers=2, characters=LETTERS, **rates)
    assert_agrees(problem, engine_of(problem, **rates))


@pytest.mark.parametrize("name", ["embedding.weight", "rnn.weight_ih_l0"])
def test_gradients_are_slopes_of_the_engines_own_loss(name: str) -> None:
    engine = engine_of(a_problem(bidirectional=True))
    _, gradients = engine.gradient()
    direction = np.sign(np.random.default_rng(1).standard_normal(gradients[name].shape))
    slope = engine.slope(name, direction)
    assert slope == pytest.approx(np.sum(gradients[name] * direction), rel=2e-3, abs=1e-4)


def test_training_has_the_same_bits_on_any_number_of_threads() -> None:
    def after(n_jobs: int) -> np.ndarray:
        problem = a_problem(lengths=(7, 30, 12) * 12, hidden_size=33)
        engine = engine_of(problem, batch_size=8, clip_norm=1.0, seed=7, tbptt=5, **DROPOUT)
        for epoch in range(3):
            engine.run_epoch(epoch, n_jobs=n_jobs)
        return engine.parameters

    one = after(1)
    assert np.isfinite(one).all()
    for n_jobs in (2, 3, 5):
        np.testing.assert_array_equal(after(n_jobs), one)


def test_the_last_row_stays() -> None:
    """One row is a vector for the whole sequence; rows behind the last step are not read."""
    problem = a_problem(lengths=LENGTHS)
    engine = engine_of(problem)
    short, gradients = engine.predict(), engine.gradient()
    sides = [
        np.vstack([x.of_steps, np.full((1, 3), 7.0)]) for x in problem.batch if isinstance(x, Sided)
    ]
    engine.side = np.concatenate(sides).astype(np.float32), np.cumsum([0, *map(len, sides)])
    np.testing.assert_array_equal(engine.predict(), short)
    assert engine.gradient()[0] == gradients[0]
    for name, gradient in gradients[1].items():
        np.testing.assert_array_equal(engine.gradient()[1][name], gradient)


def test_a_prediction_does_not_depend_on_what_else_is_there() -> None:
    engine = engine_of(a_problem("gru", bidirectional=True))
    together = engine.predict(n_jobs=2)
    values, offsets = engine.side
    for i, (begin, end) in enumerate(zip(engine.offsets[:-1], engine.offsets[1:], strict=True)):
        own = np.ascontiguousarray(values[offsets[i] : offsets[i + 1]])
        alone = engine.model.predict(
            engine.parameters,
            engine.values[begin:end],
            np.array([0, end - begin]),
            side=(own, np.array([0, len(own)])),
        )
        np.testing.assert_array_equal(alone, together[begin:end])


def test_channels_of_zeros_train_as_no_channels() -> None:
    """With the same weights for the embedding; those of the channels have no gradient."""
    sided = engine_of(a_problem(side_channels=2))
    sided.side = np.zeros((5, 2), np.float32), np.arange(6)
    plain = engine_of(a_problem(side_channels=0))
    of_sided = named(sided.model, sided.parameters)
    for name, parameter in named(plain.model, plain.parameters).items():
        parameter[...] = of_sided[name][..., : parameter.shape[-1]]
    for attribute in ("values", "targets", "weights"):
        setattr(plain, attribute, getattr(sided, attribute))
    np.testing.assert_allclose(plain.predict(), sided.predict(), rtol=0, atol=1e-6)
    _, gradients = sided.gradient()
    assert not gradients["rnn.weight_ih_l0"][:, 5:].any()
    for name, gradient in plain.gradient()[1].items():
        of_both = gradients[name][..., : gradient.shape[-1]]
        np.testing.assert_allclose(of_both, gradient, rtol=0, atol=1e-6, err_msg=name)


# ---- Language models ----

B, STEPS, K = 4, 24, 3


def a_trainer(**settings: Any) -> tuple[_core.Trainer, np.ndarray]:
    layout = _core.NetworkLayout(
        cell="lstm",
        input_size=20,
        embedding_size=6,
        hidden_size=9,
        pooling="every_step",
        output_size=20,
        side_channels=K,
    )
    trainer = _core.Trainer(layout, loss="cross_entropy", seed=3, batch_size=B, tbptt=4, **settings)
    rng = np.random.default_rng(0)
    return trainer, rng.uniform(-0.3, 0.3, layout.num_parameters).astype(np.float32)


@pytest.mark.parametrize("cut", [4, 12])
def test_windows_train_as_one_call(cut: int) -> None:
    rng = np.random.default_rng(2)
    text = rng.integers(0, 20, (B, STEPS + 1)).astype(np.uint8)
    side = rng.normal(size=(B, STEPS, K)).astype(np.float32)

    def window(begin: int, end: int) -> dict[str, Any]:
        rows = np.ascontiguousarray(side[:, begin:end]).reshape(-1, K)
        return {
            "values": text[:, begin : end + 1].ravel(),
            "offsets": np.arange(B + 1) * (end - begin + 1),
            "side": (rows, np.arange(B + 1) * (end - begin)),
        }

    (whole, expected), (streamed, parameters) = a_trainer(dropout=0.3), a_trainer(dropout=0.3)
    for epoch in range(3):
        whole.run_epoch(expected, **window(0, STEPS), epoch=epoch)
        for begin in range(0, STEPS, cut):
            streamed.run_epoch(
                parameters, **window(begin, begin + cut), epoch=epoch, continues=begin > 0
            )
    np.testing.assert_array_equal(parameters, expected)
    loss = whole.evaluate(expected, **window(0, STEPS))
    parts = [
        whole.evaluate(expected, **window(begin, begin + cut), continues=begin > 0)
        for begin in range(0, STEPS, cut)
    ]
    assert np.mean(parts) == pytest.approx(loss, rel=1e-12)


# ---- Refusals ----


def refusals() -> dict[str, tuple[Any, type[Exception], str]]:
    values, offsets = np.zeros((5, 3), np.float32), np.arange(6)
    nan = values.copy()
    nan[3, 1] = np.nan
    return {
        "missing": (None, ValueError, r"pass \(values, offsets\)"),
        "list": ([values, offsets], TypeError, "expected a tuple .* got list"),
        "three": ((values, offsets, offsets), TypeError, "expected a tuple"),
        "channels": ((values[:, :2].copy(), offsets), ValueError, "values: .* K"),
        "sequences": ((values, np.arange(5)), ValueError, "expected 6, of 5 sequences, got 5"),
        "empty": ((values, np.array([0, 1, 1, 3, 4, 5])), ValueError, "sequence 1 has no rows"),
        "end": ((values, np.array([0, 1, 2, 3, 4, 6])), ValueError, "from 0 to 5, the rows"),
        "nan": ((nan, offsets), ValueError, "channel 1 of row 3 is not finite"),
        "dtype": ((values, offsets + 0.5), ValueError, "offsets: expected contiguous int64"),
    }


@pytest.mark.parametrize("case", refusals())
def test_side_channels_that_are_refused(case: str) -> None:
    side, error, message = refusals()[case]
    engine = engine_of(a_problem())
    engine.side = side
    with pytest.raises(error, match="side: .*" + message):
        engine.predict()
    with pytest.raises(error, match="side: .*" + message):
        engine.run_epoch(0)


def test_side_channels_for_a_network_without_are_refused() -> None:
    engine = engine_of(a_problem(side_channels=0))
    engine.side = np.zeros((5, 3), np.float32), np.arange(6)
    with pytest.raises(ValueError, match="side: the network reads no side channels"):
        engine.predict()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"side_channels": -1}, "side_channels must not be negative"),
        ({"embedding_size": 0}, "which need embedding_size to be at least 1"),
        ({"side_channels": 2**62}, "too large: side_channels is"),
    ],
    ids=str,
)
def test_networks_that_are_refused(settings: dict[str, int], message: str) -> None:
    good = {"input_size": 6, "embedding_size": 5, "hidden_size": 9, "output_size": 4}
    with pytest.raises(ValueError, match=message):
        _core.NetworkLayout(cell="lstm", **(good | {"side_channels": 2} | settings))

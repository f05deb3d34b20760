"""Side channels in streams and in sequences that a model writes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reference.sampler import Sampler
from skrnn import _core

V, K = 11, 3
SETTINGS = {"temperature": 0.9, "top_k": 8, "top_p": 0.95, "seed": 7}
PREFIXES = ([3], [1, 2, 3, 4, 5, 6], [10, 9], [4, 4, 4], [0])
ROWS = (1, 2, 40, 4, 7)  # of each one's side channels

Side = tuple[NDArray[np.float32], NDArray[np.int64]]


def model(cell: str = "lstm", side_channels: int = K) -> _core.Model:
    layout = _core.NetworkLayout(
        cell=cell,
        input_size=V,
        embedding_size=5,
        hidden_size=13,
        num_layers=2,
        pooling="every_step",
        output_size=V,
        side_channels=side_channels,
    )
    parameters = np.random.default_rng(3).normal(scale=0.5, size=layout.num_parameters)
    return _core.Model(layout, parameters.astype(np.float32), loss="cross_entropy")


def side_of(rows: tuple[int, ...] = ROWS) -> Side:
    values = np.random.default_rng(4).normal(scale=2, size=(sum(rows), K)).astype(np.float32)
    return values, np.cumsum([0, *rows])


def of_steps(side: Side, sequence: int, steps: int) -> NDArray[np.float32]:
    """The rows of the first steps, of which the last one stays."""
    values, offsets = side
    own = values[offsets[sequence] : offsets[sequence + 1]]
    return own[np.arange(steps).clip(max=len(own) - 1)]


@pytest.mark.parametrize("cell", _core.cells())
def test_a_stream_answers_as_predict_does(cell: str) -> None:
    of, side, T = model(cell), side_of((1, 4, 9)), 9
    tokens = np.random.default_rng(5).integers(V, size=(3, T))
    expected = of.predict(tokens.ravel(), np.arange(4) * T, side=side).reshape(3, T, V)
    context = np.stack([of_steps(side, b, T) for b in range(3)], axis=1)
    answers = _core.Stream(of, 3).process(tokens.T, context=context)
    np.testing.assert_array_equal(answers.swapaxes(0, 1), expected)
    for b in range(3):
        alone = _core.Stream(of)
        for t in range(T):
            answer = alone.step(tokens[b, t], context=context[t, b])
            np.testing.assert_array_equal(answer[0], expected[b, t])


def loop_in_python(of: Any, prefix: list[int], steps: int, sequence: int) -> NDArray[np.int64]:
    """One sequence, as anybody would write it."""
    stream, sampler, side = _core.Stream(of), Sampler(**SETTINGS), side_of()
    tokens = list(prefix)
    known = of_steps(side, sequence, len(prefix) - 1 + steps)
    for t, vector in enumerate(known):
        p = stream.step(tokens[t], context=vector)[0]
        drawn = t - len(prefix) + 1
        if drawn >= 0:
            tokens.append(sampler.pick(np.log(p), sequence, drawn, np.zeros(V, bool)))
    return np.array(tokens[len(prefix) :])


def generation(b: slice = slice(None), **options: Any) -> _core.Generation:
    prefixes = PREFIXES[b]
    stream = _core.Stream(model(), len(prefixes))
    return _core.Generation(
        stream, _core.Sampler(**SETTINGS), [np.array(p) for p in prefixes], **options
    )


def test_generates_what_a_loop_in_python_does() -> None:
    tokens, _ = generation(side=side_of()).advance(30)
    for b, prefix in enumerate(PREFIXES):
        np.testing.assert_array_equal(tokens[b], loop_in_python(model(), prefix, 30, b))


def test_a_sequence_does_not_depend_on_calls_or_on_those_beside_it() -> None:
    values, offsets = side_of()
    expected, _ = generation(side=(values, offsets)).advance(20)
    writer = generation(side=(values, offsets))
    parts = [writer.advance(n, n_jobs=2)[0] for n in (1, 7, 12)]
    np.testing.assert_array_equal(np.hstack(parts), expected)
    for b in range(len(PREFIXES)):
        own = values[offsets[b] : offsets[b + 1]]
        alone = generation(
            slice(b, b + 1), first_sequence=b, side=(own, np.array([0, len(own)]))
        ).advance(20)[0]
        np.testing.assert_array_equal(alone[0], expected[b])


def test_side_channels_are_copied() -> None:
    values, offsets = side_of()
    expected, _ = generation(side=(values.copy(), offsets)).advance(9)
    writer = generation(side=(values, offsets))
    values[...] = 0
    np.testing.assert_array_equal(writer.advance(9)[0], expected)


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"side: .* pass \(values, offsets\)"):
        generation()
    with pytest.raises(ValueError, match="side: offsets: expected 6, of 5 sequences, got 3"):
        generation(side=side_of((1, 1)))
    without = model(side_channels=0)
    with pytest.raises(ValueError, match="side: the network reads no side channels"):
        without.predict(np.array([1]), np.array([0, 1]), side=side_of((1,)))

"""Sequences that a model writes, against a loop in Python over the steps of a stream."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from reference.sampler import Sampler
from skrnn import _core

pytestmark = pytest.mark.usefixtures("isa")

V, STOP = 11, 8
SETTINGS = {"temperature": 0.9, "top_k": 8, "top_p": 0.95, "repetition_penalty": 1.3, "seed": 7}
PREFIXES = ([3], [1, 2, 3, 4, 5, 6], [10, 9], [4, 4, 4], [0], [7, 7], [8])

Tokens = NDArray[np.int64]
LETTERS = {"characters": 7, "character_embedding_size": 2, "character_hidden_size": 3}


def model(*, tokens: int = V, outputs: int = V, scale: float = 0.7, **settings: Any) -> Any:
    """A language model with random parameters, large enough to have an opinion."""
    settings = {"cell": "lstm", "hidden_size": 13, "num_layers": 2, **settings}
    settings = {"embedding_size": 5, "pooling": "every_step", **settings}
    layout = _core.NetworkLayout(input_size=tokens, output_size=outputs, **settings)
    parameters = np.random.default_rng(3).normal(scale=scale, size=layout.num_parameters)
    return _core.Model(layout, parameters.astype(np.float32), loss="cross_entropy")


def generation(
    prefixes: Any,
    stop: int | None = None,
    *,
    first_sequence: int = 0,
    of: Any = None,
    **settings: Any,
) -> _core.Generation:
    stream = _core.Stream(of or model(), len(prefixes))
    arrays = [np.asarray(prefix) for prefix in prefixes]
    sampler = _core.Sampler(**{**SETTINGS, **settings})
    return _core.Generation(stream, sampler, arrays, stop, first_sequence=first_sequence)


def loop_in_python(
    of: Any, prefix: ArrayLike, steps: int, sequence: int = 0, **settings: Any
) -> Tokens:
    """One sequence, as anybody would write it."""
    stream, sampler = _core.Stream(of), Sampler(**{**SETTINGS, **settings})
    prefix = np.asarray(prefix)
    seen = np.zeros(of.answer_size, bool)
    seen[prefix[prefix < len(seen)]] = True
    for token in prefix[:-1]:
        stream.step(int(token))
    tokens = [int(prefix[-1])]
    for step in range(steps):
        p = stream.step(tokens[-1])[0]
        tokens.append(sampler.pick(np.log(p), sequence, step, seen))
        seen[tokens[-1]] = True
    return np.array(tokens[1:])


@pytest.mark.parametrize("cell", _core.cells())
def test_generates_what_a_loop_in_python_does(cell: str) -> None:
    of = model(cell=cell, scale=0.3)
    tokens, alive = generation(PREFIXES, of=of).advance(30)
    assert tokens.dtype == np.int64
    assert alive.all()
    for b, prefix in enumerate(PREFIXES):
        np.testing.assert_array_equal(tokens[b], loop_in_python(of, prefix, 30, b))


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 0.0},
        {"repetition_penalty": 1.0},
        {"repetition_penalty": 0.7, "excluded": [0, 5]},
        {"top_k": 0, "top_p": 1.0, "min_p": 0.05},
    ],
    ids=str,
)
def test_settings_reach_the_sampler(settings: dict[str, Any]) -> None:
    tokens, _ = generation(PREFIXES, **settings).advance(20)
    for b, prefix in enumerate(PREFIXES):
        expected = loop_in_python(model(), prefix, 20, b, **settings)
        np.testing.assert_array_equal(tokens[b], expected)


def test_a_model_that_answers_by_the_last_step_generates_the_same() -> None:
    tokens, _ = generation(PREFIXES).advance(9)
    others, _ = generation(PREFIXES, of=model(pooling="last")).advance(9)
    np.testing.assert_array_equal(tokens, others)


def test_a_model_may_read_tokens_that_it_never_writes() -> None:
    of = model(tokens=V + 1)
    tokens, _ = generation([[V]], of=of).advance(25)
    assert tokens.max() < V
    np.testing.assert_array_equal(tokens[0], loop_in_python(of, [V], 25))


def test_step_by_step_is_all_at_once() -> None:
    expected, _ = generation(PREFIXES, stop=STOP).advance(24)
    one = generation(PREFIXES, stop=STOP)
    each = [one.advance(1)[0] for _ in range(24)]
    np.testing.assert_array_equal(np.concatenate(each, axis=1), expected)
    uneven = generation(PREFIXES, stop=STOP)
    parts = [uneven.advance(steps)[0] for steps in (5, 0, 2, 17)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), expected)


def test_a_sequence_does_not_depend_on_those_beside_it() -> None:
    tokens, _ = generation(PREFIXES, stop=STOP).advance(24)
    for b, prefix in enumerate(PREFIXES):
        alone, _ = generation([prefix], stop=STOP, first_sequence=b).advance(24)
        np.testing.assert_array_equal(alone[0], tokens[b])


def test_threads_change_nothing() -> None:
    words = 40_000
    of = model(tokens=words, outputs=words, cell="gru", num_layers=1, hidden_size=8)
    prefixes = [[b] for b in range(6)]
    expected, _ = generation(prefixes, of=of).advance(4, n_jobs=1)
    for n_jobs in (2, 3, 8):
        tokens, _ = generation(prefixes, of=of).advance(4, n_jobs=n_jobs)
        np.testing.assert_array_equal(tokens, expected)


def test_the_same_seed_gives_the_same_tokens_and_another_seed_others() -> None:
    prefixes = [[1]] * 3
    expected, _ = generation(prefixes).advance(40)
    np.testing.assert_array_equal(generation(prefixes).advance(40)[0], expected)
    assert (generation(prefixes, seed=8).advance(40)[0] != expected).any()
    assert len({row.tobytes() for row in expected}) == 3


def test_a_sequence_ends_with_the_stop_token_and_stays_ended() -> None:
    free, _ = generation(PREFIXES).advance(60)
    stop = int(np.bincount(free.ravel()).argmax())
    writer = generation(PREFIXES, stop)
    tokens, alive = writer.advance(60)
    assert not alive.all()
    for b in range(len(PREFIXES)):
        stops = np.flatnonzero(free[b] == stop)
        assert alive[b] == (len(stops) == 0)
        end = stops[0] + 1 if len(stops) else 60
        np.testing.assert_array_equal(tokens[b, :end], free[b, :end])
        assert (tokens[b, end:] == stop).all()
    more, still = writer.advance(200)
    assert (more[~alive] == stop).all()
    assert not still[~alive].any()


def test_a_stream_that_has_read_something_goes_on_from_there() -> None:
    """Those with a short prefix, too, although the others read meanwhile."""
    of = model()
    first = np.array([[1, 2], [3, 4], [5, 6]])
    rest = [[7, 8, 9], [0], [1, 2]]
    stream = _core.Stream(of, 3)
    stream.process(first.T)
    sampler = _core.Sampler(seed=1)
    tokens, _ = _core.Generation(stream, sampler, rest).advance(12)
    whole = [[*a, *b] for a, b in zip(first.tolist(), rest, strict=True)]
    expected, _ = _core.Generation(_core.Stream(of, 3), sampler, whole).advance(12)
    np.testing.assert_array_equal(tokens, expected)


def test_outlives_the_names_of_its_parts() -> None:
    writer = generation([[1]])
    tokens = [int(writer.advance(1)[0][0, 0]) for _ in range(5)]
    np.testing.assert_array_equal(tokens, generation([[1]]).advance(5)[0][0])


@contextmanager
def _heeds_sigint() -> Iterator[None]:
    """A shell starts what runs in its background with SIGINT ignored, and Python leaves it so."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="sends itself a POSIX signal")
@pytest.mark.parametrize("reads", [True, False])
def test_ctrl_c_ends_a_call(reads: bool) -> None:
    """While it reads a long prefix, and while it writes."""
    long = 5_000_000
    writer = generation([np.zeros(long, int) if reads else [1]], repetition_penalty=1.0)
    with _heeds_sigint():
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            writer.advance(1 if reads else long)
    with pytest.raises(RuntimeError, match="did not come to its end"):
        writer.advance(1)


def test_a_model_that_diverged_is_refused() -> None:
    writer = generation([[1], [2]], of=model(scale=np.nan))
    with pytest.raises(RuntimeError, match="sequence 0, step 0: no token can be drawn"):
        writer.advance(1)
    with pytest.raises(RuntimeError, match="did not come to its end"):
        writer.advance(1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prefixes": [[1], []]}, r"prefix\[1\] is empty"),
        ({"prefixes": [[1], [2, V]]}, rf"prefix\[1\] holds the token {V} at index 1; .* 0..10"),
        ({"prefixes": [[-1]]}, r"prefix\[0\] holds the token -1 at index 0"),
        ({"prefixes": [[[1, 2]]]}, r"prefix\[0\]: expected integers of shape \(n,\)"),
        ({"prefixes": [[1]], "stop": V}, f"stop is the token {V}; expected 0..10"),
        ({"prefixes": [[1]], "stop": -1}, "stop: expected an integer of 0 or more, got -1"),
        ({"prefixes": [[1]], "stop": 4, "excluded": [4]}, "stop is the token 4, .* excluded"),
        ({"prefixes": [[1]], "excluded": [V]}, f"excluded holds the token {V}"),
        ({"prefixes": [[1]], "excluded": range(V)}, "excluded holds all 11 tokens"),
        ({"prefixes": [[1]], "first_sequence": -1}, "first_sequence: .* got -1"),
        ({"prefixes": [[1]], "of": model(outputs=V + 1)}, "has 12 outputs, but reads 11 tokens"),
        ({"prefixes": [[1]], "of": model(pooling="mean")}, "pools all steps"),
        ({"prefixes": [[1]], "of": model(embedding_size=0)}, "reads channels, not tokens"),
        ({"prefixes": [[1]], "of": model(**LETTERS)}, "reads the letters of words"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        generation(**arguments)


def test_other_refusals() -> None:
    stream, sampler = _core.Stream(model(), 2), _core.Sampler()
    with pytest.raises(ValueError, match="one for each of the 2 sequences of the stream, got 1"):
        _core.Generation(stream, sampler, [np.array([1])])
    with pytest.raises(TypeError, match=r"prefix\[0\]: expected integer tokens, got float64"):
        _core.Generation(stream, sampler, [np.array([1.0]), np.array([1])])
    with pytest.raises(TypeError, match="prefix: expected a list of integer arrays"):
        _core.Generation(stream, sampler, 5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="stream: expected a Stream, got int"):
        _core.Generation(5, sampler, [[1]])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="steps: expected an integer of 0 or more, got -1"):
        _core.Generation(stream, sampler, [[1], [2]]).advance(-1)
    layout = _core.NetworkLayout(
        cell="rnn", input_size=3, embedding_size=2, hidden_size=2, output_size=3
    )
    numbers = _core.Model(
        layout, np.zeros(layout.num_parameters, np.float32), loss="squared_error", targets=3
    )
    with pytest.raises(ValueError, match="its model has the loss 'squared_error'"):
        _core.Generation(_core.Stream(numbers), sampler, [[1]])

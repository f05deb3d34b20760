"""One estimator, and one model's streams, used by many Python threads at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from streams import assert_same, classifier, run_here, steps


def test_sixteen_threads_predict_and_stream() -> None:
    """In a separate process, which is ended if it hangs."""
    script = """
import threading
import numpy as np
from streams import assert_same, classifier, steps

model = classifier(hidden_size=70, pooling="mean", n_jobs=2)
X = [steps(40, 8, seed=seed) for seed in range(4)]
sequences = [list(x.transpose(1, 0, 2)) for x in X]
streamed = [model.stream(8, method="predict_proba").process(x) for x in X]
predicted = [model.predict_proba(x) for x in sequences]
barrier, failures = threading.Barrier(16), []

def work(number):
    x, own = X[number % 4], model.stream(8, method="predict_proba")
    barrier.wait()
    try:
        for _ in range(2):
            assert_same(own.process(x[:20]), streamed[number % 4][:20])
            assert_same(model.predict_proba(sequences[number % 4]), predicted[number % 4])
            assert_same(np.array([own.step(x_t) for x_t in x[20:]]), streamed[number % 4][20:])
            own.reset()
            own = model.stream(8, method="predict_proba")
    except BaseException as error:
        failures.append(error)

threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(failures)
"""
    assert run_here(script) == "[]\n"


def refusal(call: Callable[[], Any]) -> Exception | None:
    """The exception of a call that another thread may disturb, or None."""
    try:
        call()
    except (RuntimeError, ValueError) as error:
        return error
    return None


LARGE = classifier(hidden_size=512)  # a step takes long enough to let other threads run


def test_a_stream_in_use_refuses_another_thread() -> None:
    X, long = steps(4, 1), steps(4000, 1)
    expected = LARGE.stream(method="predict_proba").process(np.concatenate([X, long]))
    stream = LARGE.stream(method="predict_proba")
    stream.process(X)
    state = stream.state
    results: list[np.ndarray] = []
    thread = threading.Thread(target=lambda: results.append(stream.process(long)))
    thread.start()
    while thread.is_alive() and refusal(lambda: stream.state) is None:
        pass
    uses: list[Callable[[], Any]] = [
        lambda: stream.step(X[0]),
        lambda: stream.process(X),
        lambda: stream.reset(),
        lambda: stream.reset(0),
        lambda: stream.state,
        lambda: setattr(stream, "state", state),
    ]
    for use in uses:
        with pytest.raises(RuntimeError, match="in use by another thread; give each thread"):
            use()
    assert stream.batch_size == 1
    thread.join()
    assert_same(results[0], expected[4:])
    assert stream.state["steps"].tolist() == [4004]


def test_steps_of_two_threads_do_not_mix() -> None:
    x_t, n_threads = steps(1, 1)[0], 3
    stream = LARGE.stream(method="predict_proba")
    barrier = threading.Barrier(n_threads)
    results: list[bytes] = []
    refused: list[Exception] = []

    def work() -> None:
        barrier.wait()
        while (len(refused) < 20 or len(results) < 500) and len(results) < 20_000:
            error = refusal(lambda: results.append(stream.step(x_t).tobytes()))
            if error is not None:
                refused.append(error)

    threads = [threading.Thread(target=work) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) >= 20
    assert stream.state["steps"].tolist() == [len(results)]
    expected = LARGE.stream(method="predict_proba").process(np.repeat(x_t[None], len(results), 0))
    assert sorted(results) == sorted(answer.tobytes() for answer in expected)


def test_arguments_that_change_during_the_call() -> None:
    """The checked values are the ones that are read, whatever another thread writes meanwhile."""
    model = classifier(embedding_size=3, hidden_size=64)
    tokens = np.zeros(200_000, np.int64)
    expected = model.stream(method="predict_proba").process(tokens)
    over = threading.Event()

    def spoil() -> None:
        try:
            while not over.is_set():
                tokens[...] = -(2**40)
                tokens[...] = 0
        finally:
            over.set()

    thread = threading.Thread(target=spoil)
    thread.start()
    results: list[np.ndarray] = []
    for _ in range(5):
        stream = model.stream(method="predict_proba")
        error = refusal(lambda stream=stream: results.append(stream.process(tokens)))
        assert error is None or f"the token {-(2**40)}" in str(error)
    over.set()
    thread.join()
    for answers in results:
        assert_same(answers, expected)

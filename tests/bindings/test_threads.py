"""One layer used by many Python threads, in a forked child, and under a thread limit."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import numpy as np
import pytest
import threadpoolctl

import reference
from helpers.problems import random_problem
from helpers.processes import run_python
from helpers.support import assert_same_bits, layer_of, packed_state, predict, solve, unpacked_state
from skrnn import _core

N_THREADS = 16


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("cell", reference.CELLS)
def test_many_threads_share_a_layer(cell: str, n_jobs: int) -> None:
    problem = random_problem(
        np.random.default_rng(90), cell, n_steps=20, batch=16, input_size=40, hidden_size=60
    )
    layer = layer_of(problem)
    state = packed_state(problem.state)
    *_, cache = layer.forward(problem.x, state, lengths=problem.lengths, train=True)

    def use() -> dict[str, Any]:
        """Call all methods of a layer, on shared inputs and on a shared cache."""
        gradients = layer.backward(cache, problem.dy, n_jobs=n_jobs)
        steps = unpacked_state(layer.step(problem.x[0], state))
        return {
            **solve(problem, layer, n_jobs=n_jobs),
            **predict(problem, layer, n_jobs=n_jobs),
            **{f"again {name}": array for name, array in gradients.items()},
            **{f"step {i}": array for i, array in enumerate(steps)},
        }

    expected = use()
    barrier = threading.Barrier(N_THREADS)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            barrier.wait()
            for _ in range(3):
                assert_same_bits(use(), expected)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(N_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]


def test_other_threads_run_during_a_long_call() -> None:
    """A waiting thread runs during forward and backward, and not before."""
    problem = random_problem(
        np.random.default_rng(91), "lstm", n_steps=200, batch=32, input_size=64, hidden_size=128
    )
    layer = layer_of(problem)
    *_, cache = layer.forward(problem.x, train=True)
    calls = [
        lambda: layer.forward(problem.x, n_jobs=1),
        lambda: layer.backward(cache, problem.dy, n_jobs=1),
    ]
    interval = sys.getswitchinterval()
    for call in calls:
        go, ran = threading.Event(), threading.Event()

        def work(go: threading.Event = go, ran: threading.Event = ran) -> None:
            go.wait()
            ran.set()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            sys.setswitchinterval(60)  # no switch of threads by the interpreter
            go.set()
            call()
            assert ran.is_set()
        finally:
            sys.setswitchinterval(interval)
            thread.join()


def test_threadpoolctl_limits_the_threads() -> None:
    if not _core.has_openmp():
        assert _core.max_threads() == 1
        pytest.skip("built without OpenMP")
    for limit in (1, 2):
        with threadpoolctl.threadpool_limits(limits=limit, user_api="openmp"):
            assert _core.max_threads() == limit


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_computes_the_same() -> None:
    """OpenMP's threads do not survive a fork; a child that waited for them would hang."""
    script = """
import multiprocessing, warnings
import numpy as np
from helpers.problems import random_problem
from helpers.support import layer_of, solve

problem = random_problem(
    np.random.default_rng(92), "lstm", n_steps=20, batch=64, input_size=64, hidden_size=128
)
layer = layer_of(problem)
expected = solve(problem, layer, n_jobs=2)

def child(queue):
    for n_jobs in (1, 2, None):
        actual = solve(problem, layer, n_jobs=n_jobs)
        queue.put(all(np.array_equal(actual[name], expected[name]) for name in expected))

context = multiprocessing.get_context("fork")
queue = context.SimpleQueue()
process = context.Process(target=child, args=(queue,))
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, as intended
    process.start()
process.join(30)
assert process.exitcode == 0, process.exitcode
print([queue.get() for _ in range(3)])
# and the parent still works
after = solve(problem, layer, n_jobs=2)
print(all(np.array_equal(after[name], expected[name]) for name in expected))
"""
    assert run_python("-c", script).stdout.split("\n")[:2] == ["[True, True, True]", "True"]

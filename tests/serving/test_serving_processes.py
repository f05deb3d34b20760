"""Estimators and streams in processes of fork, spawn and joblib."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.model_selection import cross_val_score

from helpers.processes import run_python
from skrnn import RNNClassifier, RNNRegressor
from streams import assert_same, classifier, run_here, steps

# The work of a process made after threads had run and a stream had begun.
WORK = """
import warnings
import numpy as np
from skrnn import RNNClassifier
from streams import assert_same, steps

X = steps(30, 40)
sequences, y = list(X.transpose(1, 0, 2)), np.arange(40) % 3
settings = {"hidden_size": 40, "batch_size": 20, "max_iter": 2, "random_state": 0, "n_jobs": 2}

def fit():
    return RNNClassifier(**settings).fit(sequences, y)

def work(model, expected, stream=None):
    assert_same(model.predict_proba(sequences), expected)
    other = model.stream(40, method="predict_proba")
    assert_same(other.process(X)[-1], expected)
    if stream is not None:
        assert_same(stream.process(X[10:])[-1], expected)  # continues from the parent's state
    assert_same(fit().predict_proba(sequences), expected)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child() -> None:
    """The threads of OpenMP do not survive a fork; a child that waited for them would hang."""
    script = """
import multiprocessing
import os

warnings.filterwarnings("ignore", category=DeprecationWarning)  # of forks with threads, as intended
model = fit()
expected = model.predict_proba(sequences)
stream = model.stream(40, method="predict_proba")
stream.process(X[:10])

child = os.fork()
if child == 0:
    code = 1
    try:
        work(model, expected, stream)
        code = 0
    finally:
        os._exit(code)
print(os.waitpid(child, 0)[1])

context = multiprocessing.get_context("fork")
process = context.Process(target=work, args=(model, expected, stream))
process.start()
process.join(30)
print(process.exitcode)

work(model, expected, stream)  # the parent works, too
"""
    assert run_here(WORK + script) == "0\n0\n"


def test_multiprocessing_with_spawn(tmp_path: Path) -> None:
    folder = str(Path(__file__).parent)
    script = f"""
import sys; sys.path.insert(0, {folder!r})
{WORK}
if __name__ == "__main__":
    import multiprocessing
    model = fit()
    expected = model.predict_proba(sequences)
    process = multiprocessing.get_context("spawn").Process(target=work, args=(model, expected))
    process.start()
    process.join(40)
    print(process.exitcode)
"""
    path = tmp_path / "spawning.py"
    path.write_text(script)
    assert run_python(str(path)).stdout == "0\n"


# ---- joblib's loky ----


def fit_one(seed: int) -> RNNRegressor:
    X = list(steps(8, 12).transpose(1, 0, 2))
    y = [x.sum() for x in X]
    return RNNRegressor(hidden_size=20, max_iter=3, random_state=seed, n_jobs=2).fit(X, y)


def last_answers(model: RNNClassifier, state: dict[str, np.ndarray], X: np.ndarray) -> np.ndarray:
    stream = model.stream(X.shape[1])
    stream.state = state
    return stream.process(X)[-1]


def test_joblib() -> None:
    model, X = classifier(hidden_size=40, n_jobs=2), steps(10, 6)
    sequences = list(X.transpose(1, 0, 2))
    expected = model.predict_proba(sequences)
    with Parallel(n_jobs=2, backend="loky") as parallel:
        for answers in parallel(delayed(model.predict_proba)(sequences) for _ in range(4)):
            assert_same(answers, expected)
        stream = model.stream(6)
        stream.process(X[:4])
        state = stream.state
        for answers in parallel(delayed(last_answers)(model, state, X[4:]) for _ in range(4)):
            assert_same(answers, model.predict(sequences))
        for seed, there in enumerate(parallel(delayed(fit_one)(seed) for seed in range(4))):
            here = fit_one(seed)
            assert there.loss_curve_ == here.loss_curve_
            assert_same(there.predict(sequences), here.predict(sequences))
    y = np.arange(6) % 2
    scores = [
        cross_val_score(
            RNNClassifier("gru", 8, max_iter=3, random_state=0), sequences, y, cv=3, n_jobs=n
        )
        for n in (1, 2)
    ]
    assert_same(scores[0], scores[1])

"""Other libraries with threads in the same process, in any order of imports."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.processes import run_python
from skrnn import _core

# Imports the libraries named on the command line, in that order, and then runs each on two threads,
# twice in turns. Prints the estimator's predictions, with enough digits to restore every bit.
SCRIPT = """
import importlib, json, sys

order = sys.argv[1:]
for name in order:
    importlib.import_module(name)

import numpy as np

rng = np.random.default_rng(0)


def skrnn_works():
    from skrnn import RNNClassifier

    data = np.random.default_rng(1)
    y = data.integers(0, 2, 60)
    X = [data.normal(size=(n, 5)) + label for n, label in zip(data.integers(5, 40, 60), y)]
    model = RNNClassifier(hidden_size=40, max_iter=2, random_state=0, n_jobs=2).fit(X, y)
    print(json.dumps(model.predict_proba(X).tolist()))


def torch_works():
    import torch

    torch.set_num_threads(2)
    a, b = rng.normal(size=(2, 300, 300))
    product = torch.from_numpy(a) @ torch.from_numpy(b)
    np.testing.assert_allclose(product.numpy(), a @ b, rtol=1e-10, atol=1e-10)
    x = rng.normal(size=200_000)
    np.testing.assert_allclose(torch.from_numpy(x).exp().numpy(), np.exp(x), rtol=1e-12)


def sklearn_works():
    from sklearn.ensemble import HistGradientBoostingClassifier

    x = rng.normal(size=(2000, 3))
    label = x[:, 1] > 0
    assert HistGradientBoostingClassifier(max_iter=3).fit(x, label).score(x, label) > 0.99


for name in order * 2:
    globals()[name + "_works"]()
"""


def predictions(*order: str, **environment: str) -> list[str]:
    process = run_python("-c", SCRIPT, *order, OMP_NUM_THREADS="2", **environment)
    lines = process.stdout.splitlines()
    assert len(lines) == 2
    return lines


@pytest.fixture(scope="module")
def alone() -> str:
    """The predictions without other libraries."""
    first, second = predictions("skrnn")
    assert first == second
    return first


@pytest.mark.parametrize("order", ["skrnn torch", "torch skrnn", "skrnn sklearn", "sklearn skrnn"])
def test_the_order_of_imports_does_not_matter(order: str, alone: str) -> None:
    for name in order.split():
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    assert predictions(*order.split()) == [alone, alone]


@pytest.mark.skipif(not _core.has_openmp(), reason="built without OpenMP")
def test_threadpoolctl_sees_our_openmp() -> None:
    script = """
import json, threadpoolctl
import skrnn.kernels
from skrnn import _core

assert _core.max_threads() == 2
with threadpoolctl.threadpool_limits(1):
    assert _core.max_threads() == 1
assert _core.max_threads() == 2
print(json.dumps(threadpoolctl.threadpool_info()))
"""
    pools = json.loads(run_python("-c", script, OMP_NUM_THREADS="2").stdout)
    ours = [pool for pool in pools if pool["user_api"] == "openmp"]
    assert ours
    assert all(pool["num_threads"] == 2 for pool in ours)
    if sys.platform.startswith("linux") and shutil.which("ldd"):
        command = ["ldd", _core.__file__]
        listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        linked = {Path(word).resolve() for word in listing.split() if word.startswith("/")}
        assert linked & {Path(pool["filepath"]).resolve() for pool in ours}

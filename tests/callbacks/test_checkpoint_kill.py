"""Fits that are killed and resumed end like uninterrupted ones."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from fits import KILLED_IN, VARIANTS, assert_same_fit, data, make
from helpers.processes import run_python
from skrnn.callbacks import Checkpoint

if os.name == "nt":
    pytest.skip("SIGKILL is POSIX's", allow_module_level=True)

PROGRAM = str(Path(__file__).with_name("killed_fit.py"))
MIDDLE = f"begin {KILLED_IN}"
MOMENTS = ["begin 0", f"end {KILLED_IN}", "write 1", "write 3", "rename 3"]


def resumed(path: Path, **settings: Any) -> Any:
    return make(**settings).set_callbacks(Checkpoint(path, every=2)).fit(*data())


@pytest.mark.parametrize(
    ("variant", "moment"),
    [(variant, MIDDLE) for variant in VARIANTS] + [("early_stopping", m) for m in MOMENTS],
)
def test_killed(variant: str, moment: str, tmp_path: Path) -> None:
    path = tmp_path / "fit.checkpoint"
    process = run_python(PROGRAM, str(path), variant, moment, check=False)
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert path.exists() == (moment not in ("begin 0", "write 1"))
    settings = VARIANTS[variant]
    assert_same_fit(resumed(path, **settings), make(**settings).fit(*data()))


def test_the_fits_depend_on_saved_state() -> None:
    stopped = make(**VARIANTS["early_stopping"]).fit(*data())
    assert np.argmax(stopped.validation_scores_) < KILLED_IN < stopped.n_iter_ < stopped.max_iter
    constant = make(**VARIANTS["plateau"] | {"learning_rate": "constant"}).fit(*data())
    plateau = make(**VARIANTS["plateau"]).fit(*data())
    assert plateau.loss_curve_[: KILLED_IN - 2] == constant.loss_curve_[: KILLED_IN - 2]
    assert plateau.loss_curve_[KILLED_IN] != constant.loss_curve_[KILLED_IN]


def test_killed_repeatedly_by_another_process(tmp_path: Path) -> None:
    """At any moment: in the engine, in Python, while the file is written."""
    path = tmp_path / "fit.checkpoint"
    moments = random.Random(0)
    epochs = [0]
    for _ in range(3):
        process = subprocess.Popen([sys.executable, PROGRAM, str(path), "early_stopping", "-"])
        while process.poll() is None and epochs_in(path) == epochs[-1]:
            time.sleep(0.05)
        time.sleep(0.3 * moments.random())
        process.kill()
        assert process.wait() == -signal.SIGKILL
        epochs.append(epochs_in(path))
    assert sorted(set(epochs)) == epochs
    settings = VARIANTS["early_stopping"] | {
        "max_iter": epochs[-1] + 3,
        "n_iter_no_change": 100_000,
    }
    assert_same_fit(resumed(path, **settings), make(**settings).fit(*data()))


def epochs_in(path: Path) -> int:
    return len(load_file(path)["losses"]) if path.exists() else 0

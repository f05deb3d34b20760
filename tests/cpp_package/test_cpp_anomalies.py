"""examples/cpp/watch.cpp: the scores of a detector are those of Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

import skrnn
from programs import ISAS, NEEDED, TOOLCHAIN, run

pytestmark = NEEDED


def test_the_program_watches_as_python(
    launchers: dict[str, list[str]], tmp_path: Path, in_python: Callable[[str], None]
) -> None:
    in_python(ISAS[0])
    x = np.random.default_rng(5).normal(size=(60, 2))
    settings = {"window": 8, "segment_length": 4, "delay": 3, "contamination": 0.1}
    model = skrnn.RNNAnomalyDetector(hidden_size=6, max_iter=2, random_state=0, **settings).fit(x)
    model.save(tmp_path / "model.skrnn")
    text = "".join(" ".join(f"{number:.17g}" for number in row) + "\n" for row in x)
    process = run(launchers["watch"], tmp_path / "model.skrnn", input=text)
    assert process.returncode == 0, process.stderr
    lines = [line.split() for line in process.stdout.splitlines()]
    scores = np.array([float(line[0]) for line in lines])
    # The emulator of another processor rounds otherwise.
    np.testing.assert_allclose(scores, model.score_samples(x), rtol=1e-5 if TOOLCHAIN else 0)
    assert [len(line) == 2 for line in lines] == (model.predict(x) == -1).tolist()
    process = run(launchers["watch"], tmp_path / "model.skrnn", input="1 2\n3\n")
    assert process.returncode == 1
    assert "line 2: a step has 2 numbers" in process.stderr

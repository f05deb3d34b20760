"""Coverage-guided fuzzing of the loaders, with atheris.

    pip install atheris                        # Linux or macOS, if there is a wheel
    mkdir corpus && cp ../artifacts/version_*/*.skrnn corpus
    export PYTHONPATH=..
    python fuzz_load.py corpus -max_len=20000 -max_total_time=600 -rss_limit_mb=1024 -timeout=10

Every file has to be loaded, or refused with ValueError; any other result ends the run and leaves
the file as crash-*. The Python side is instrumented. For the C++ side, build with SKRNN_SANITIZE
and ``-fsanitize=fuzzer-no-link``, or run tests/cpp/check_mutated_files.cpp.

Without atheris ``python load_broken_files.py SEED ROUNDS FOLDER FILES`` does the same, unguided.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path

import atheris
import numpy as np

with atheris.instrument_imports(include=["skrnn"]):
    import skrnn
    import skrnn.runtime
    from skrnn._estimators import loading  # noqa: F401  (`skrnn.load` would import it too late)

from mutations import Mutator

FOLDER = Path(tempfile.mkdtemp())
ARTIFACTS = Path(__file__).parent.parent / "artifacts"
FILES = [path.read_bytes() for path in sorted(ARTIFACTS.glob("version_*/*.skrnn"))]
X = [np.ones((3, 2), np.float32)]


def custom_mutator(data: bytes, max_size: int, seed: int) -> bytes:
    """Mutate the JSON if it can be read, else leave it to libFuzzer."""
    if seed % 4:
        try:
            return Mutator(seed, FILES)(data)[:max_size]
        except Exception:  # no JSON, or no header
            pass
    return bytes(atheris.Mutate(data, max_size))


def load(data: bytes) -> None:
    path = FOLDER / "file.skrnn"
    path.write_bytes(data)
    for loader in (skrnn.runtime.load, skrnn.load):
        try:
            model = loader(path)
        except ValueError:
            continue
        for given in (X, 30):  # sequences, or the horizon of a forecaster
            with contextlib.suppress(TypeError, ValueError):  # of a form that is not this model's
                model.predict(given)


if __name__ == "__main__":
    atheris.Setup(sys.argv, load, custom_mutator=custom_mutator)
    atheris.Fuzz()

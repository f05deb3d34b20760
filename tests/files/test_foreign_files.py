"""Files without a model, and paths without a file, are refused by all loaders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import skrnn
import skrnn.runtime
from models import sequences

BOTH = pytest.mark.parametrize("load", [skrnn.load, skrnn.runtime.load], ids=["load", "runtime"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.skrnn"


@BOTH
def test_files_of_other_formats(load: Any, path: Path) -> None:
    for content in (b"", b"\x80\x04K\x01.", b"PK\x03\x04" + bytes(100), b'{"a": 1}', bytes(10**4)):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="cannot be loaded: "):
            load(path)
    save_file({"weight": np.zeros(3, np.float32)}, path)
    with pytest.raises(ValueError, match="no model of scikit-rnn"):
        load(path)


@BOTH
def test_files_that_cannot_be_opened(load: Any, path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error:
        load(path)
    assert error.value.filename == str(path)
    with pytest.raises(IsADirectoryError):
        load(path.parent)


@BOTH
def test_a_checkpoint_is_no_model(load: Any, path: Path) -> None:
    from skrnn.callbacks import Checkpoint

    model = skrnn.RNNRegressor(hidden_size=4, max_iter=1, random_state=0)
    model.set_callbacks(Checkpoint(path)).fit(sequences(), np.arange(24))
    with pytest.raises(ValueError, match="no model of scikit-rnn"):
        load(path)

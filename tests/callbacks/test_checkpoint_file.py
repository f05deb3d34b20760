"""Files of checkpoints, whole and damaged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from fits import Recorder, data, make
from helpers.support import says
from killed import begun, resumed
from skrnn._training.checkpoint_file import FORMAT, VERSION, _checksum
from skrnn.callbacks import Checkpoint

# ---- Damage ----


def test_every_truncation_is_refused(path: Path) -> None:
    begun(path)
    content = path.read_bytes()
    for end in [*range(64), *range(64, len(content), 97)]:
        path.write_bytes(content[:end])
        with pytest.raises(ValueError, match=says(str(path), "delete it")):
            resumed(path)


def test_every_changed_byte_is_refused(path: Path) -> None:
    begun(path)
    content = path.read_bytes()
    for at in [*range(32), *range(32, len(content), 61)]:
        damaged = bytearray(content)
        damaged[at] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=str(path)):
            resumed(path)


def test_foreign_files(path: Path) -> None:
    for content in (b"", b"\x89PNG\r\n\x1a\n" * 100, b"{}", os.urandom(5000)):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=str(path)):
            resumed(path)
    save_file({"weight": np.ones(3)}, path)
    with pytest.raises(ValueError, match="not a checkpoint"):
        resumed(path)
    assert load_file(path).keys() == {"weight"}  # unchanged


def test_a_file_of_a_later_version(path: Path) -> None:
    begun(path)
    path.write_bytes(path.read_bytes().replace(b'"version":"1"', b'"version":"2"'))
    with pytest.raises(ValueError, match=says("version 2", "reads 1")):
        resumed(path)


FLOATS, DOUBLES = np.ones(3, np.float32), np.ones(2)
WHOLE = {
    "parameters": FLOATS,
    "optimizer_state": FLOATS[None],
    "losses": DOUBLES,
    "scores": DOUBLES[:0],
}
STATE = '{"identity": {}, "seed": 1, "updates": 1, "before": 0}'


@pytest.mark.parametrize(
    ("state", "arrays"),
    [
        (STATE, {}),
        (STATE, WHOLE | {"parameters": DOUBLES}),
        (STATE, WHOLE | {"losses": DOUBLES[None]}),
        (STATE, WHOLE | {"unheard_of": FLOATS}),
        ("{", WHOLE),
        ("[]", WHOLE),
        ('{"identity": {}}', WHOLE),
        (STATE.replace("{}", "3"), WHOLE),
        (STATE.replace('"seed": 1', '"seed": null'), WHOLE),
    ],
    ids=str,
)
def test_forged_files(state: str, arrays: dict[str, np.ndarray], path: Path) -> None:
    """A forged file raises ValueError, and nothing else."""
    arrays = {name: array.copy() for name, array in arrays.items()}
    checksum = _checksum(state, arrays)
    head = {"format": FORMAT, "version": str(VERSION), "state": state, "sha256": checksum}
    save_file(arrays, path, head)
    with pytest.raises(ValueError, match="is damaged"):
        resumed(path)


# ---- The disk ----


def test_it_writes_every_few_epochs_and_at_the_end(path: Path) -> None:
    seen = []

    class Looking(Recorder):
        def on_fit_task_begin(self, _estimator: Any, _context: Any) -> None:
            seen.append(len(load_file(path)["losses"]) if path.exists() else 0)

    make(max_iter=8).set_callbacks(Checkpoint(path, every=3), Looking()).fit(*data())
    assert seen == [0, 0, 0, 0, 3, 3, 3, 6, 6]  # at the begin of the fit, and of eight epochs
    assert len(load_file(path)["losses"]) == 8


def test_no_other_file_is_left(path: Path) -> None:
    resumed(path)
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_cannot_be_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fit raises, the estimator is usable, and the old file is kept."""
    begun(path, 4)
    content = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    model = make().set_callbacks(Checkpoint(path))
    with pytest.raises(OSError, match="No space"):
        model.fit(*data())
    model.predict(data()[0])
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        resumed(tmp_path / "nowhere" / "fit.checkpoint")


def test_no_code_in_the_file(path: Path) -> None:
    begun(path)
    arrays = load_file(path)
    assert arrays.keys() == {"parameters", "optimizer_state", "losses", "scores"}
    assert {array.dtype for array in arrays.values()} == {np.dtype("f4"), np.dtype("f8")}

"""The file of a Checkpoint: arrays as safetensors, the rest as JSON in the metadata."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from skrnn._files.atomic import write_atomically
from skrnn._training.identity import Identity, differences
from skrnn._training.loop import History, Run, State

FORMAT = "skrnn.checkpoint"
VERSION = 1

Arrays = dict[str, NDArray[Any]]

# Dtype and number of axes of each array in the file.
LAYOUT = {
    "parameters": ("float32", 1),
    "best": ("float32", 1),  # with early stopping
    "optimizer_state": ("float32", 2),
    "losses": ("float64", 1),
    "scores": ("float64", 1),
}


class CheckpointFile:
    """The file of a run, and the identity of its fit."""

    def __init__(self, path: Path, identity: Identity) -> None:
        self.path = path
        self.identity = identity

    def write(self, run: Run) -> None:
        """Save a run of at least one epoch, replacing the file atomically."""
        history = run.state.history
        assert history.optimizer_state is not None
        arrays: Arrays = {
            "parameters": run.state.parameters,
            "optimizer_state": history.optimizer_state,
            "losses": np.array(history.losses, np.float64),
            "scores": np.array(history.scores, np.float64),
        }
        if run.state.best is not None:
            arrays["best"] = run.state.best
        state = json.dumps(
            {
                "identity": self.identity,
                "seed": history.seed,
                "updates": history.updates,
                "before": run.before,
                "best_epoch": history.best_epoch,
            }
        )
        metadata = {
            "format": FORMAT,
            "version": str(VERSION),
            "state": state,
            "sha256": _checksum(state, arrays),
        }
        write_atomically(self.path, save(arrays, metadata))

    def read(self, max_iter: int) -> Run | None:
        """Return the saved run, or None if there is no file.

        Parameters
        ----------
        max_iter : int
            The largest number of epochs that it may have.

        Raises
        ------
        ValueError
            For a file that is damaged, not a checkpoint, or of another fit.
        """
        if not self.path.exists():
            return None
        try:
            with safe_open(self.path, framework="np") as file:
                metadata = file.metadata() or {}
                if metadata.get("format") != FORMAT:
                    raise ValueError(f"{str(self.path)!r} is not a checkpoint; give another path")
                if metadata.get("version") != str(VERSION):
                    raise ValueError(
                        f"{str(self.path)!r} is a checkpoint of version "
                        f"{metadata.get('version')}, and this release reads {VERSION}; delete it "
                        "to begin anew"
                    )
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except SafetensorError as error:
            raise self._damaged(str(error)) from error
        text = metadata.get("state", "")
        if metadata.get("sha256") != _checksum(text, arrays):
            raise self._damaged("the checksum is another")
        try:
            state = json.loads(text)
            saved = {str(name): str(value) for name, value in state["identity"].items()}
            run = _run_of(state, arrays)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self._damaged(repr(error)) from error
        found = differences(saved, self.identity)
        if found:
            raise ValueError(
                f"checkpoint {str(self.path)!r} is of another fit: {'; '.join(found)}. Set that "
                "back to go on with it; to begin anew, delete the file or give another path"
            )
        if run.epochs > max_iter:
            raise ValueError(
                f"checkpoint {str(self.path)!r} has {run.epochs} epochs, which is more than "
                f"max_iter={max_iter}; raise that, or give another path"
            )
        return run

    def _damaged(self, why: str) -> ValueError:
        return ValueError(
            f"checkpoint {str(self.path)!r} is damaged ({why}); delete it to begin anew"
        )


def _run_of(state: dict[str, Any], arrays: Arrays) -> Run:
    for name, array in arrays.items():
        if (array.dtype.name, array.ndim) != LAYOUT[name]:
            raise ValueError(f"{name} is of dtype {array.dtype} and shape {array.shape}")
    history = History(
        seed=int(state["seed"]),
        losses=tuple(arrays["losses"].tolist()),
        scores=tuple(arrays["scores"].tolist()),
        best_epoch=None if state["best_epoch"] is None else int(state["best_epoch"]),
        optimizer_state=arrays["optimizer_state"],
        updates=int(state["updates"]),
    )
    return Run(State(history, arrays["parameters"], arrays.get("best")), int(state["before"]))


def _checksum(state: str, arrays: Arrays) -> str:
    sha = hashlib.sha256(state.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        sha.update(f"{name} {array.dtype} {array.shape}".encode())
        sha.update(array.data)
    return sha.hexdigest()

"""Fits ended in the middle, and fits resumed from their checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fits import KILLED_IN, At, data, make
from skrnn.callbacks import Checkpoint


class KilledError(Exception):
    pass


def kill() -> None:
    raise KilledError


def begun(path: Path, epochs: int = KILLED_IN, kind: str = "classifier", **settings: Any) -> None:
    """Write a checkpoint by a fit that is ended in the middle."""
    model = make(kind, **settings).set_callbacks(Checkpoint(path), At(epochs, kill, "begin"))
    with pytest.raises(KilledError):
        model.fit(*data(kind))


def resumed(path: Path, kind: str = "classifier", **settings: Any) -> Any:
    return make(kind, **settings).set_callbacks(Checkpoint(path)).fit(*data(kind))

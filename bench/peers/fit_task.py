"""The task of fit.py: train a classifier of sequences, then predict with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]  # (T_i, C)
Labels = npt.NDArray[np.int64]  # (n,), 0..K - 1


@dataclass(frozen=True)
class Task:
    """One LSTM layer, its last state, a dense head, cross-entropy, Adam."""

    hidden: int = 64
    batch: int = 32
    epochs: int = 60
    rate: float = 3e-3
    clip: float = 1.0
    threads: int = 1
    seed: int = 0


Predict = Callable[[list[Array]], Any]  # labels, (n,)
Fit = Callable[[list[Array], Labels, Task], Predict]

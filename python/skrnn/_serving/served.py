"""The interface of estimators that can be streamed and saved; NumPy only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._sequences.lexicon import Lexicon
from skrnn._targets.decoding import Meaning

# (name, values of each channel, whether it is computed in float64); see skrnn/model.h
Operation = tuple[str, NDArray[np.float64], bool]


class Served(ABC):
    """An estimator that has a model in the core, and a meaning of the model's answers."""

    @abstractmethod
    def _served(self, operations: Sequence[Operation] = ()) -> _core.Model:
        """Return the model for prediction, after the `operations` of a pipeline on channels."""

    @abstractmethod
    def _meaning(self) -> Meaning:
        """Return the meaning of the model's answers."""

    @abstractmethod
    def _lexicon(self) -> Lexicon | None:
        """Return the known tokens and letters if fit saw strings, else None."""

"""The interface of an estimator that is served; NumPy only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._targets.decoding import Meaning

# (name, values of each channel, whether it is computed in float64); see skrnn/model.h
Operation = tuple[str, NDArray[np.float64], bool]


class Served(ABC):
    """An estimator that says what its model is and what the answers of the model mean."""

    @abstractmethod
    def _served(self, operations: Sequence[Operation] = ()) -> _core.Model:
        """Return what predicts, behind the `operations` of a pipeline on channels."""

    @abstractmethod
    def _meaning(self) -> Meaning:
        """Return how answers of the model are to be read."""

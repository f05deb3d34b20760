"""Several labels per row: an indicator of zeros and ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._targets.codec import Codec
from skrnn._targets.decoding import Multilabel


@dataclass(frozen=True, eq=False)
class MultilabelCodec(Codec):
    """Labels, as the columns of an indicator."""

    count: int  # K

    @property
    def loss(self) -> str:
        """The loss of a probability for each label."""
        return "binary_cross_entropy"

    @property
    def columns(self) -> int:
        """One a label."""
        return self.count

    @property
    def outputs(self) -> int:
        """One a label."""
        return self.count

    @property
    def meaning(self) -> Multilabel:
        """Probabilities of each label."""
        return Multilabel(self.count)

    @property
    def attributes(self) -> dict[str, Any]:
        """The numbers of the columns."""
        return {"classes_": self.meaning.classes}

    def encode(self, y: NDArray[Any], name: str = "y") -> NDArray[np.float32]:
        """Return y of shape (n, K)."""
        if y.ndim != 2 or y.shape[1] != self.count:
            raise ValueError(
                f"{name} has shape {y.shape}, but the estimator learned {self.count} labels"
            )
        return np.ascontiguousarray(y, np.float32)

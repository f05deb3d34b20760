"""Side channels: known vectors beside the tokens of a sequence.

  x_t = [embedding of token t, with the letters' states if there are some | s_t]

Of fewer rows than steps the last one stays, so that one row is a vector for the whole sequence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reference.cell import Array
from reference.embedding import Tokens
from reference.spelling import Words


@dataclass(frozen=True)
class Sided:
    """A sequence with its side channels."""

    sequence: Tokens | Words
    side: Array  # (R, K), one row at least

    def __len__(self) -> int:
        return len(self.sequence)

    @property
    def of_steps(self) -> Array:
        """The side channels of each step, (T, K)."""
        return self.side[np.minimum(np.arange(len(self)), len(self.side) - 1)]

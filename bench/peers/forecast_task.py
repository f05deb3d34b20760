"""The task of forecaster.py: train SegRNN for an epoch on all windows of some series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Series = npt.NDArray[np.float64]  # (n, T)


@dataclass(frozen=True)
class Task:
    """A GRU on segments, a step for each segment to come, absolute error, Adam."""

    hidden: int
    lookback: int
    horizon: int
    segment: int = 48
    batch: int = 256
    dropout: float = 0.5
    rate: float = 1e-3
    clip: float = 1.0
    series: int = 4
    windows: int = 1024  # of each series

    @property
    def name(self) -> str:
        """As in the table."""
        return f"SegRNN {self.hidden}, look-back {self.lookback}, horizon {self.horizon}"

    @property
    def steps(self) -> int:
        """M, segments to come."""
        return -(-self.horizon // self.segment)

    @property
    def length(self) -> int:
        """Steps of a series that has so many windows with all of their targets."""
        return self.lookback + self.steps * self.segment + self.windows - 1

    @property
    def products(self) -> int:
        """Least operations of the training of a window: backward has twice those of forward.

        The products of the segments to come with the state are one a window, those with their
        vectors one an update.
        """
        d, w, rows = self.hidden, self.segment, self.lookback // self.segment
        forward = rows * (w * d + 6 * d * d) + 3 * d * d + self.steps * d * w
        forward += self.steps * 3 * d * d // self.batch
        # The numbers that are read have no gradient.
        return 6 * forward - 2 * rows * w * d

"""Channels in units that suit a network: whether they are standardised, and by what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from skrnn._sequences.container import Sequences
from skrnn._serving.served import Operation
from skrnn._targets.sample_weight import as_ratios

# Weights start at sizes that are right for channels of mean 0 and deviation 1. "auto" leaves
# channels alone that are about so: within a factor of four, and two deviations off at most.
LARGEST_MEAN = 2.0
DEVIATIONS = 0.25, 4.0


@dataclass(frozen=True)
class Units:
    """What is subtracted from each channel, and what it is divided by after that."""

    mean: NDArray[np.float64]  # (C,)
    scale: NDArray[np.float64]  # (C,), positive

    def apply(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Return steps of shape (S, C) in these units, as the core computes them from raw ones.

        Raises
        ------
        ValueError
            For steps that float32 cannot hold then.
        """
        with np.errstate(over="ignore"):
            centred = (values - self.mean).astype(values.dtype)
            prepared = (centred / self.scale).astype(np.float32)
        if not np.isfinite(prepared).all():
            row, channel = (int(i) for i in np.argwhere(~np.isfinite(prepared))[0])
            raise ValueError(
                f"Input contains a value too large for float32, once standardised: "
                f"{values[row, channel]:g} in channel {channel}, whose mean is "
                f"{self.mean[channel]:g} and whose scale is {self.scale[channel]:g}; look at the "
                "data, or pass float64"
            )
        return np.asarray(prepared)

    @property
    def operations(self) -> list[Operation]:
        """The same for the core."""
        return [("subtract", self.mean, True), ("divide", self.scale, True)]


def learn_units(
    X: Sequences, sample_weight: NDArray[np.float64] | None, wanted: bool | str
) -> Units | None:
    """Return the units that channels are to be read in, or None for those they have.

    Parameters
    ----------
    X : Sequences of (T_i, C) arrays
    sample_weight : array of shape (n,), float64, or None
        How much each sequence counts.
    wanted : True, False or "auto"

    Examples
    --------
    >>> learn_units(Sequences([[[1000.0]], [[1002.0]]]), None, "auto")
    Units(mean=array([1001.]), scale=array([1.]))
    >>> learn_units(Sequences([[[0.0]], [[2.0]]]), None, "auto")
    """
    if not wanted:
        return None
    ratios = None if sample_weight is None else as_ratios(sample_weight)
    weights = None if ratios is None else np.repeat(ratios, X.lengths)
    with np.errstate(over="ignore", invalid="ignore"):  # of a check in float32, done again then
        scaler = StandardScaler().fit(X.values, sample_weight=weights)
    mean, scale = scaler.mean_, scaler.scale_  # 1 for channels that are constant
    low, high = DEVIATIONS
    suits = (np.abs(mean) <= LARGEST_MEAN).all() and (low <= scale).all() and (scale <= high).all()
    return None if wanted == "auto" and suits else Units(mean, scale)

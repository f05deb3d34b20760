"""Standardisation of channels: the decision for it, and the units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from skrnn._sequences.checks import locate
from skrnn._sequences.container import Sequences
from skrnn._serving.served import Operation
from skrnn._targets.sample_weight import as_ratios

# Initial weights suit channels of mean 0 and deviation 1. "auto" does not change channels that are
# close to that: a deviation within a factor of four of 1, and a mean of at most 2.
LARGEST_MEAN = 2.0
DEVIATIONS = 0.25, 4.0


@dataclass(frozen=True)
class Units:
    """The mean subtracted from each channel, and the scale that it is then divided by."""

    mean: NDArray[np.float64]  # (C,)
    scale: NDArray[np.float64]  # (C,), positive

    def apply(self, X: Sequences, name: str = "X") -> NDArray[np.float32]:
        """Return all steps, (S, C), in these units, with the same bits as the core's operations.

        Raises
        ------
        ValueError
            For values that are then too large for float32; the message calls the sequences `name`.
        """
        values = X.values
        with np.errstate(over="ignore"):
            centred = (values - self.mean).astype(values.dtype)
            prepared = (centred / self.scale).astype(np.float32)
        if not np.isfinite(prepared).all():
            row, channel = (int(i) for i in np.argwhere(~np.isfinite(prepared))[0])
            sequence, step = locate(row, X.offsets)
            raise ValueError(
                f"Input {name} contains a value too large for float32, once standardised: sequence "
                f"{sequence}, step {step} holds {values[row, channel]:g} in channel {channel}, "
                f"whose mean is {self.mean[channel]:g} and whose scale is "
                f"{self.scale[channel]:g}; look at the data, or pass float64"
            )
        return np.asarray(prepared)

    @property
    def operations(self) -> list[Operation]:
        """The same as operations of the core."""
        return [("subtract", self.mean, True), ("divide", self.scale, True)]


def learn_units(
    X: Sequences, sample_weight: NDArray[np.float64] | None, wanted: bool | str
) -> Units | None:
    """Return the units for the channels, or None to leave the channels unchanged.

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
    with np.errstate(over="ignore", invalid="ignore"):  # of a float32 check, repeated in float64
        scaler = StandardScaler().fit(X.values, sample_weight=weights)
    mean, scale = scaler.mean_, scaler.scale_  # 1 for channels that are constant
    low, high = DEVIATIONS
    suits = (np.abs(mean) <= LARGEST_MEAN).all() and (low <= scale).all() and (scale <= high).all()
    return None if wanted == "auto" and suits else Units(mean, scale)

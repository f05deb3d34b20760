"""Series in the form that all else here takes: arrays, with what is known beside each step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """n series of any lengths, each with K covariates of its steps.

    Covariates may go on behind the end of a series: those of steps to come are known, too.
    """

    values: list[Values]  # (T_i,), NaN where nothing was observed
    covariates: list[Values]  # (T_i or more, K); K is 0 if there are none

    @classmethod
    def of(cls, values: Sequence[Values], covariates: Sequence[Values] | None = None) -> Panel:
        """Return series without covariates, or with those given."""
        if covariates is None:
            covariates = [np.empty((len(x), 0)) for x in values]
        return cls(list(values), list(covariates))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """T_i of each series, (n,)."""
        return np.array([len(x) for x in self.values], np.int64)

    @property
    def known_from(self) -> NDArray[np.int64]:
        """The steps of each series up to its first observation, (n,): from there on it is known."""
        missing = [np.isnan(x) for x in self.values]
        return np.array([len(m) if m.all() else np.argmin(m) + 1 for m in missing], np.int64)

    @property
    def n_covariates(self) -> int:
        """K."""
        return int(self.covariates[0].shape[1])

    def until(self, ends: NDArray[np.int64]) -> Panel:
        """Return the first ends[i] steps of each series; covariates of later ones stay known."""
        return replace(self, values=[x[:end] for x, end in zip(self.values, ends, strict=True)])

    def with_values(self, values: list[Values]) -> Panel:
        """Return other numbers with the same covariates."""
        return replace(self, values=values)

    def take(self, indices: Any) -> Panel:
        """Return some of the series."""
        return Panel([self.values[i] for i in indices], [self.covariates[i] for i in indices])

    @property
    def arrays(self) -> list[NDArray[Any]]:
        """All numbers, for digests."""
        return [self.lengths, *self.values, *self.covariates]


def filled(values: Values) -> Values:
    """Return a series in which each missing value is the last one observed before it.

    Those before the first observation are the first. A series without any is all zero.
    """
    missing = np.isnan(values)
    if not missing.any():
        return values
    if missing.all():
        return np.zeros_like(values)
    first = int(np.argmin(missing))
    last = np.maximum.accumulate(np.where(missing, first, np.arange(len(values))))
    return values[last]

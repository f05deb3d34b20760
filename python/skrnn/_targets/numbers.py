"""Regression: one or several numbers per row, standardised for training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_array

from skrnn import _core
from skrnn._sequences import refuse
from skrnn._sequences.checks import as_targets
from skrnn._targets.codec import Codec, Settings
from skrnn._targets.decoding import Meaning, Numbers
from skrnn._targets.sample_weight import as_ratios

# Losses of regressors. Targets are standardised, except for "poisson".
LOSSES = ("squared_error", "absolute_error", "huber", "quantile", "gaussian_nll", "poisson")
# The loss of probabilities, for targets in 0..1 that are not standardised.
PROBABILITIES = "binary_cross_entropy"


@dataclass(frozen=True, eq=False)
class NumberSettings(Settings):
    """Numbers, and the loss, which defines the predicted property of their distribution."""

    loss: str  # of LOSSES, or PROBABILITIES
    loss_options: dict[str, Any]  # by name, as the loss declares them
    missing: bool = False  # whether a target may be NaN, which means that there is none

    def check(self, y: Any, name: str = "y") -> NDArray[np.float64]:
        """Return numbers of shape (n,) or (n, K)."""
        if not hasattr(y, "toarray"):  # sparse targets are refused by check_array below
            values = as_targets(y, name, allow_nan=self.missing)
            text = next((v for v in values.flat if isinstance(v, (str, bytes))), None)
            if values.dtype.kind in "USO" and text is not None:
                raise ValueError(
                    f"{name} holds strings, such as {str(text)!r}; convert numbers with "
                    ".astype(float)"
                )
            if values.dtype.kind in "cMm":
                refuse.dtype(values.dtype, name)
            if values.ndim not in (1, 2) or 0 in values.shape[1:]:
                raise ValueError(f"{name} has shape {values.shape}; expected (n,) or (n, K)")
        y = check_array(
            y,
            ensure_2d=False,
            dtype=np.float64,
            ensure_all_finite="allow-nan" if self.missing else True,
            input_name=name,
            estimator=self.estimator,
        )
        if self.loss == "poisson" and (y < 0).any():
            raise ValueError(
                f"loss='poisson' is for counts and rates; {name} has the negative value {y.min():g}"
            )
        if self.loss == PROBABILITIES and ((y < 0) | (y > 1)).any():
            wrong = y[(y < 0) | (y > 1)][0]
            raise ValueError(
                f"loss={PROBABILITIES!r} is for 0 and 1, and for probabilities between; {name} has "
                f"the value {wrong:g}"
            )
        return np.asarray(y)

    def weigh_missing(
        self, y: NDArray[np.float64], sample_weight: NDArray[np.float64] | None
    ) -> NDArray[np.float64] | None:
        """Return the weights of rows, 0 for those that are all NaN."""
        missing = np.isnan(y.reshape(len(y), -1)).all(axis=1)
        if not missing.any():
            return sample_weight
        if missing.all():
            raise ValueError("all of y is NaN, which means missing; expected a number somewhere")
        return np.where(missing, 0.0, 1.0 if sample_weight is None else sample_weight)

    def learn(
        self, y: NDArray[np.float64], sample_weight: NDArray[np.float64] | None
    ) -> NumberCodec:
        """Return a codec with the weighted mean and scale of y."""
        columns = y.reshape(len(y), -1)
        missing = np.isnan(columns)
        known = ~missing
        if sample_weight is not None:
            known &= sample_weight[:, None] > 0
        for k in np.flatnonzero(~known.any(axis=0)).tolist():
            raise ValueError(
                f"all targets in column {k} of y are NaN, which means missing; expected a number "
                "somewhere"
            )
        if self.loss == PROBABILITIES:
            zero, scale = np.zeros(columns.shape[1]), np.ones(columns.shape[1])
            return NumberCodec(self, zero, scale, y.ndim == 1)
        if not missing.any():
            zero, scale = self._units_of(columns, sample_weight)
            return NumberCodec(self, zero, scale, y.ndim == 1)
        units = []
        for column, rows in zip(columns.T, known.T, strict=True):
            weight = None if sample_weight is None else sample_weight[rows]
            units.append(self._units_of(column[rows, None], weight))
        zeros, scales = zip(*units, strict=True)
        return NumberCodec(self, np.concatenate(zeros), np.concatenate(scales), y.ndim == 1)

    def _units_of(
        self, columns: NDArray[np.float64], sample_weight: NDArray[np.float64] | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the zero and the unit of each column, for training."""
        ratios = None
        if sample_weight is not None:
            counts = np.flatnonzero(sample_weight)
            columns, ratios = columns[counts], as_ratios(sample_weight[counts])
        # In units of the largest, so that neither sums nor squares overflow.
        largest = np.abs(columns).max(axis=0)
        largest[largest == 0] = 1.0
        units = columns / largest
        mean = np.average(units, axis=0, weights=ratios)
        if self.loss == "poisson":
            zero, scale = np.zeros_like(mean), mean
        else:
            zero = mean * largest
            scale = np.sqrt(np.average((units - mean) ** 2, axis=0, weights=ratios))
        return zero, np.where(scale > 0, scale * largest, 1.0)

    def restore(
        self, meaning: Meaning, mean: NDArray[np.float64], scale: NDArray[np.float64]
    ) -> NumberCodec:
        """Return the codec that an estimator was saved with."""
        if not isinstance(meaning, Numbers):
            raise ValueError(f"its answers are not those of its {self.estimator}")
        return NumberCodec(self, mean, scale, meaning.one_column)


@dataclass(frozen=True, eq=False)
class NumberCodec(Codec):
    """Numbers, standardised by subtracting `mean` and dividing by `scale`."""

    mean: NDArray[np.float64]  # (K,)
    scale: NDArray[np.float64]  # (K,), positive
    one_column: bool  # whether y had shape (n,)

    @property
    def loss(self) -> str:
        """The loss of the settings."""
        return str(self.settings.loss)

    @property
    def loss_options(self) -> dict[str, Any]:
        """The options of the settings."""
        return dict(self.settings.loss_options)

    @property
    def columns(self) -> int:
        """K, the columns of y."""
        return len(self.mean)

    @property
    def outputs(self) -> int:
        """One output per target; several for quantiles and deviations."""
        return _core.outputs_for(self.loss, self.columns, self.loss_options)

    @property
    def units(self) -> dict[str, Any]:
        """The mean and the scale."""
        return {"target_mean": self.mean, "target_scale": self.scale}

    @property
    def meaning(self) -> Numbers:
        """Numbers, followed by deviations for "gaussian_nll"."""
        levels = self.loss_options.get("quantiles")
        return Numbers(self.columns, self.one_column, None if levels is None else len(levels))

    def check_columns(self, columns: NDArray[np.float64], name: str = "y") -> None:
        """Raise ValueError for another number of columns, (n, K), than fit saw."""
        if columns.shape[1] != self.columns:
            raise ValueError(
                f"{name} has {columns.shape[1]} columns, but the first fit saw {self.columns}"
            )

    def encode(self, y: NDArray[np.float64], name: str = "y") -> NDArray[np.float32]:
        """Return standardised numbers, of shape (n, K)."""
        columns = y.reshape(len(y), -1)
        self.check_columns(columns, name)
        with np.errstate(over="ignore"):
            encoded = ((columns - self.mean) / self.scale).astype(np.float32, order="C")
        if np.isinf(encoded).any():
            raise ValueError(f"{name} is too large for float32, once standardised; scale it")
        return np.asarray(encoded)

"""The rows of targets: one for each sequence, or one for each step.

Codecs and the engine see rows only; an estimator has one of these two classes, which turns y and
sample_weight into rows, and rows into what users give and get.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_consistent_length

from skrnn._sequences.container import Sequences
from skrnn._sequences.ragged import by_sequence, steps_of
from skrnn._targets.sample_weight import check_sample_weight
from skrnn._targets.step_values import step_values

Offsets = NDArray[np.int64]


class TargetRows(ABC):
    """The relation between sequences and the rows of their targets."""

    every_step: bool

    @abstractmethod
    def flatten(self, y: Any, offsets: Offsets, name: str) -> Any:
        """Return y as a codec checks it: an item for each row."""

    @abstractmethod
    def check_count(self, y: NDArray[Any], X: Sequences) -> None:
        """Raise ValueError unless y, which a codec has checked, has as many rows as X."""

    @abstractmethod
    def weights(self, given: Any, offsets: Offsets, name: str) -> NDArray[np.float64] | None:
        """Return the weight of each row, or None for ones.

        Raises ValueError as `check_sample_weight`.
        """

    @abstractmethod
    def counted(self, given: Any) -> Any:
        """Return weights of sequences, given those of rows: positive if any of its rows counts."""

    @abstractmethod
    def of_sequences(
        self, weights: NDArray[np.float64] | None, offsets: Offsets
    ) -> NDArray[np.float64] | None:
        """Return the weight of each sequence, the mean of its rows' weights."""

    @abstractmethod
    def take(self, rows: NDArray[Any], offsets: Offsets, at: NDArray[np.int64]) -> NDArray[Any]:
        """Return the rows of some sequences."""

    @abstractmethod
    def as_given(self, rows: NDArray[Any], offsets: Offsets) -> NDArray[Any]:
        """Return rows as users have them: an item for each sequence."""


class SequenceRows(TargetRows):
    """One row for each sequence."""

    every_step = False

    def flatten(self, y: Any, offsets: Offsets, name: str) -> Any:  # noqa: ARG002
        """Return y itself."""
        return y

    def check_count(self, y: NDArray[Any], X: Sequences) -> None:
        """Raise ValueError unless there is a row for each sequence."""
        check_consistent_length(X, y)

    def weights(self, given: Any, offsets: Offsets, name: str) -> NDArray[np.float64] | None:
        """Return the weights of sequences."""
        return check_sample_weight(given, len(offsets) - 1, name)

    def counted(self, given: Any) -> Any:
        """Return the weights themselves."""
        return given

    def of_sequences(
        self,
        weights: NDArray[np.float64] | None,
        offsets: Offsets,  # noqa: ARG002
    ) -> NDArray[np.float64] | None:
        """Return the weights themselves."""
        return weights

    def take(
        self,
        rows: NDArray[Any],
        offsets: Offsets,  # noqa: ARG002
        at: NDArray[np.int64],
    ) -> NDArray[Any]:
        """Return the rows at these places."""
        return rows[at]

    def as_given(self, rows: NDArray[Any], offsets: Offsets) -> NDArray[Any]:  # noqa: ARG002
        """Return the rows themselves."""
        return rows


class StepRows(TargetRows):
    """One row for each step, those of a sequence together."""

    every_step = True

    def flatten(self, y: Any, offsets: Offsets, name: str) -> NDArray[Any]:
        """Return the values of all steps, (S,) or (S, K)."""
        return step_values(y, np.diff(offsets), name)

    def check_count(self, y: NDArray[Any], X: Sequences) -> None:
        """Do nothing: `flatten` counts the values of each sequence."""

    def weights(self, given: Any, offsets: Offsets, name: str) -> NDArray[np.float64] | None:
        """Return the weights of steps; a weight of a sequence is that of all its steps."""
        if given is None:
            return None
        if not _holds_arrays(given):
            weights = check_sample_weight(given, len(offsets) - 1, name)
            return None if weights is None else np.repeat(weights, np.diff(offsets))
        flat = step_values(given, np.diff(offsets), name)
        if flat.ndim != 1:
            raise ValueError(
                f"{name} has items of several columns; expected (T_i,) arrays, a weight for each "
                "step, or (n,), a weight for each sequence"
            )
        return check_sample_weight(flat, len(flat), name)

    def counted(self, given: Any) -> Any:
        """Return the largest weight of each sequence's steps."""
        if given is None or not _holds_arrays(given):
            return given
        return [max(map(_as_number, np.ravel(item).tolist()), default=0) for item in given]

    def of_sequences(
        self, weights: NDArray[np.float64] | None, offsets: Offsets
    ) -> NDArray[np.float64] | None:
        """Return the mean weight of each sequence's steps."""
        if weights is None:
            return None
        return np.asarray(np.add.reduceat(weights, offsets[:-1]) / np.diff(offsets))

    def take(self, rows: NDArray[Any], offsets: Offsets, at: NDArray[np.int64]) -> NDArray[Any]:
        """Return the rows of all steps of these sequences."""
        return rows[steps_of(offsets, at)]

    def as_given(self, rows: NDArray[Any], offsets: Offsets) -> NDArray[Any]:
        """Return an object array of (T_i, ...) arrays."""
        return by_sequence(rows, offsets)


def _as_number(weight: Any) -> float:
    """Return a weight as a number; what is none counts until `weights` refuses it."""
    try:
        return float(weight)
    except (TypeError, ValueError):
        return 1.0


def _holds_arrays(given: Any) -> bool:
    """Whether weights come as an array for each sequence, and not as one number for each."""
    return hasattr(given, "__len__") and any(hasattr(item, "__len__") for item in given)

"""The interface of a target codec: y to the targets of the engine, and its answers back.

`Settings` hold the parameters of an estimator that concern targets; in fit they learn a `Codec`
from y, which is immutable. Both take rows: arrays of shape (n,) or (n, K) that hold n targets. A
row may belong to a sequence or to a step; rows of steps lie end to end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from skrnn._targets.decoding import Meaning

Self = TypeVar("Self", bound="Codec")


@dataclass(frozen=True, eq=False)
class Settings(ABC):
    """The parameters of an estimator that concern targets."""

    estimator: str  # the name of its class, for messages

    @abstractmethod
    def check(self, y: Any, name: str = "y") -> NDArray[Any]:
        """Return y as an array of shape (n,) or (n, K).

        Raises ValueError for invalid targets; the message calls y `name`.
        """

    def weigh_missing(
        self,
        y: NDArray[Any],  # noqa: ARG002
        sample_weight: NDArray[np.float64] | None,
    ) -> NDArray[np.float64] | None:
        """Return the weights of rows of y, which has been checked: 0 where a target is missing."""
        return sample_weight

    @abstractmethod
    def learn(self, y: NDArray[Any], sample_weight: NDArray[np.float64] | None) -> Codec:
        """Return the codec for targets that are like y, which has been checked.

        Raises ValueError for a y that does not suit the settings.
        """

    @abstractmethod
    def restore(
        self, meaning: Meaning, mean: NDArray[np.float64], scale: NDArray[np.float64]
    ) -> Codec:
        """Return the codec of an estimator that was saved.

        `mean` and `scale`, of shape (K,), are those of standardised targets. Raises ValueError for
        a meaning that these settings cannot have.
        """


@dataclass(frozen=True, eq=False)
class Codec(ABC):
    """The encoding of targets that fit has learned, under the current settings."""

    settings: Any

    def under(self: Self, settings: Settings) -> Self:
        """Return this codec with other settings: parameters can change between fits."""
        return replace(self, settings=settings)

    @property
    @abstractmethod
    def loss(self) -> str:
        """The engine's name of the loss."""

    @property
    def loss_options(self) -> dict[str, Any]:
        """The options of the loss, by name."""
        return {}

    @property
    @abstractmethod
    def columns(self) -> int:
        """Columns of encoded targets."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """K, outputs of the head."""

    @property
    def units(self) -> dict[str, Any]:
        """The mean and scale that targets were standardised by, for the core, if they were."""
        return {}

    @property
    @abstractmethod
    def meaning(self) -> Meaning:
        """The meaning of the model's answers."""

    @property
    def attributes(self) -> dict[str, Any]:
        """Public attributes of the fitted estimator."""
        return {}

    @abstractmethod
    def encode(self, y: NDArray[Any], name: str = "y") -> NDArray[np.float32]:
        """Return checked targets in the form of the loss, of shape (n, columns).

        Raises ValueError for targets unlike those learned; the message calls y `name`.
        """

    def weights(
        self,
        y: NDArray[Any],  # noqa: ARG002
        sample_weight: NDArray[np.float64] | None,
    ) -> NDArray[np.float64] | None:
        """Return weights of samples times weights of classes, (n,), or None for ones."""
        return sample_weight

    def strata(self, y: NDArray[Any]) -> NDArray[Any] | None:  # noqa: ARG002
        """Return the strata of a validation split, (n,), or None."""
        return None

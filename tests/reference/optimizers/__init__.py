"""Slow, readable twins of the C++ optimisers, under the names of ``solver=``."""

from __future__ import annotations

from collections.abc import Callable

from reference.optimizers.adam import Adam
from reference.optimizers.adamw import AdamW
from reference.optimizers.optimizer import Optimizer
from reference.optimizers.rmsprop import RMSprop
from reference.optimizers.sgd import SGD

__all__ = ["OPTIMIZERS", "Optimizer"]

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": SGD,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}

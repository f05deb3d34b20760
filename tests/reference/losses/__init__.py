"""Slow, readable twins of the C++ losses, one file each, under the names of ``loss=``."""

from __future__ import annotations

from reference.losses.absolute_error import AbsoluteError
from reference.losses.binary_cross_entropy import BinaryCrossEntropy
from reference.losses.cross_entropy import CrossEntropy
from reference.losses.gaussian_nll import GaussianNLL
from reference.losses.huber import Huber
from reference.losses.loss import Loss, weighted_mean, weighted_mean_gradient
from reference.losses.poisson import Poisson
from reference.losses.quantile import Quantile
from reference.losses.squared_error import SquaredError

__all__ = [
    "LOSSES",
    "GaussianNLL",
    "Huber",
    "Loss",
    "Quantile",
    "weighted_mean",
    "weighted_mean_gradient",
]

LOSSES: dict[str, Loss] = {
    "cross_entropy": CrossEntropy(),
    "binary_cross_entropy": BinaryCrossEntropy(),
    "squared_error": SquaredError(),
    "absolute_error": AbsoluteError(),
    "huber": Huber(),
    "quantile": Quantile(),
    "gaussian_nll": GaussianNLL(),
    "poisson": Poisson(),
}

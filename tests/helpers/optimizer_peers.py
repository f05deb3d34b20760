"""The optimisers of PyTorch, by our names; importing this needs torch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import optim


def in_pytorch(solver: str, parameters: Iterable[Any], alpha: float) -> Any:
    """An optimiser with PyTorch's defaults, and Nesterov's momentum; the rate is set later."""
    match solver:
        case "sgd":
            return optim.SGD(parameters, 1.0, momentum=0.9, nesterov=True, weight_decay=alpha)
        case "rmsprop":
            return optim.RMSprop(parameters, 1.0, weight_decay=alpha)
        case "adam":
            return optim.Adam(parameters, 1.0, weight_decay=alpha)
        case "adamw":
            return optim.AdamW(parameters, 1.0, weight_decay=alpha)
    raise ValueError(solver)

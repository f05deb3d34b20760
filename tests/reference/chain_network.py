"""A network with an output at every step, and a linear-chain CRF over its labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.cell import Array
from reference.linear_chain import LinearChain
from reference.network import Network, Parameters


def solve_chain(
    network: Network,
    parameters: Parameters,  # of the network, and crf.transitions, crf.start, crf.end
    batch: Sequence[NDArray[Any]],
    labels: Sequence[NDArray[Any]],
    weights: Array,  # of the sequences
) -> tuple[float, dict[str, Array]]:
    """Return sum(w NLL) / sum(w T) and its gradient by every parameter."""
    names = "crf.transitions", "crf.start", "crf.end"
    chain = LinearChain(*(parameters[name] for name in names))
    lengths = np.array([len(y) for y in labels])
    share = weights / (weights @ lengths)
    loss = 0.0
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    for w, x, y in zip(share, batch, labels, strict=True):
        emissions, tape = network.forward(parameters, x)
        loss += w * chain.loss(emissions, y)
        demissions, of_chain = chain.gradient(emissions, y)
        found = network.backward(parameters, tape, demissions)
        found |= dict(zip(names, (of_chain.between, of_chain.start, of_chain.end), strict=True))
        for name, gradient in found.items():
            gradients[name] += w * gradient
    return float(loss), gradients

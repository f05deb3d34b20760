"""Outputs of a served model before its loss gives them a meaning; NumPy only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from skrnn import _core

# The settings of a network up to its outputs, in estimators and in files.
NETWORK_SETTINGS = (
    "cell",
    "input_size",
    "embedding_size",
    "hidden_size",
    "num_layers",
    "bidirectional",
    "pooling",
    "output_size",
)
# Settings that not every network has, and their values where they are absent.
ABSENT = {
    "characters": 0,
    "character_embedding_size": 0,
    "character_hidden_size": 0,
    "side_channels": 0,
    "projection_size": 0,
    "horizon": 0,
    "future_covariates": 0,
    "transitions": False,
}


def without_loss(model: _core.Model, settings: Mapping[str, Any]) -> _core.Model:
    """Return a model with the same operations and network that answers with the head's outputs.

    Parameters
    ----------
    model : _core.Model
        A model that returns probabilities.
    settings : mapping
        The settings of its network, with the keys `NETWORK_SETTINGS`, and some of `ABSENT`.

    Returns
    -------
    model : _core.Model
        A model whose answers are logits, (n, K), float64.
    """
    # Transitions are behind the outputs.
    chosen = {**ABSENT, **settings, "transitions": False}
    network = _core.NetworkLayout(**{name: chosen[name] for name in (*NETWORK_SETTINGS, *ABSENT)})
    parameters = np.empty(network.num_parameters, np.float32)
    for name, shape, offset in network.parameters:
        size = int(np.prod(shape))
        parameters[offset : offset + size] = model.parameters[name].ravel()
    # The link of this loss is the identity.
    return _core.Model(
        network,
        parameters,
        loss="squared_error",
        targets=settings["output_size"],
        operations=model.operations,
    )

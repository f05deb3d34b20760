"""The whole network: embedding or channels, recurrent stack, pooling or every step, head, loss.

A batch is nothing but its sequences: each runs through alone, the rows of outputs stand one
sequence after another, and gradients add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference import dense, embedding
from reference.cell import Array
from reference.dropout import Masks
from reference.losses import Loss, weighted_mean, weighted_mean_gradient
from reference.losses.loss import Targets
from reference.pooling import Attention, Last, LastMeanMax, Max, Mean, Pooling
from reference.stack import Stack, StackTape

Parameters = Mapping[str, Array]


@dataclass(frozen=True)
class Network:
    """The topology; sizes are those of the parameters."""

    cell: str
    num_layers: int = 1
    bidirectional: bool = False
    # "last", "mean", "max", "attention", "last_mean_max"; None: every step
    pooling: str | None = "last"
    tie_weights: bool = False  # the head's weight is the embedding's (Press & Wolf, EACL 2017)

    @property
    def stack(self) -> Stack:
        return Stack(self.cell, self.num_layers, self.directions)

    @property
    def directions(self) -> int:
        return 2 if self.bidirectional else 1

    def parameter_shapes(
        self, input_size: int, hidden_size: int, output_size: int, embedding_size: int | None = None
    ) -> dict[str, tuple[int, ...]]:
        """Return names and shapes in PyTorch's order; input_size counts channels or tokens."""
        features = self.directions * hidden_size
        shapes: dict[str, tuple[int, ...]] = {}
        if embedding_size is not None:
            shapes["embedding.weight"] = (input_size, embedding_size)
            input_size = embedding_size
        of_stack = self.stack.parameter_shapes(input_size, hidden_size)
        shapes.update({f"rnn.{name}": shape for name, shape in of_stack.items()})
        if self.pooling == "attention":
            shapes["attention.weight"] = (1, features)
        if not self.tie_weights:
            shapes["head.weight"] = (
                output_size,
                3 * features if self.pooling == "last_mean_max" else features,
            )
        shapes["head.bias"] = (output_size,)
        return shapes

    def forward(
        self, parameters: Parameters, sequence: NDArray[Any], masks: Masks | None = None
    ) -> tuple[Array, NetworkTape]:
        """Return outputs (1, K) or (T, K), given one sequence (T, C) or tokens (T,), and a tape."""
        masks = masks or Masks()
        weight = parameters.get("embedding.weight")
        x = sequence if weight is None else embedding.forward(weight, sequence)
        h, steps = self.stack.forward(_of("rnn", parameters), x, masks)
        pooling = self._pooling(parameters)
        features = h if pooling is None else pooling.forward(h)[None]
        features = features * masks.output.get(self.num_layers - 1, 1.0)
        outputs = dense.forward(parameters[self._head], parameters["head.bias"], features)
        return outputs, NetworkTape(sequence, masks, steps, h, features)

    def backward(
        self, parameters: Parameters, tape: NetworkTape, doutputs: Array
    ) -> dict[str, Array]:
        """Return the gradient of every parameter, given dL/d(outputs)."""
        gradients: dict[str, Array] = {}
        dfeatures, of_head = dense.backward(parameters[self._head], tape.features, doutputs)
        gradients["head.bias"] = of_head["bias"]
        gradients[self._head] = of_head["weight"]

        dh = dfeatures * tape.masks.output.get(self.num_layers - 1, 1.0)
        pooling = self._pooling(parameters)
        if pooling is not None:
            dh, of_pooling = pooling.backward(tape.h, dh[0])
            gradients.update(_named("attention", of_pooling))

        dx, of_stack = self.stack.backward(tape.steps, dh)
        gradients.update(_named("rnn", of_stack))

        weight = parameters.get("embedding.weight")
        if weight is not None:
            of_table = embedding.backward(weight, tape.sequence, dx)["weight"]
            name = "embedding.weight"
            gradients[name] = gradients[name] + of_table if self.tie_weights else of_table
        return gradients

    @property
    def _head(self) -> str:
        """The parameter that is the head's weight."""
        return "embedding.weight" if self.tie_weights else "head.weight"

    def _pooling(self, parameters: Parameters) -> Pooling | None:
        match self.pooling:
            case None:
                return None
            case "last":
                return Last(parameters["rnn.weight_hh_l0"].shape[1])
            case "mean":
                return Mean()
            case "max":
                return Max()
            case "last_mean_max":
                return LastMeanMax(parameters["rnn.weight_hh_l0"].shape[1])
            case "attention":
                return Attention(parameters["attention.weight"])
        raise ValueError(self.pooling)


@dataclass(frozen=True)
class NetworkTape:
    """What ``Network.backward`` needs of a forward pass over one sequence."""

    sequence: NDArray[Any]
    masks: Masks
    steps: StackTape
    h: Array  # (T, D * H), of the last layer
    features: Array  # (1, P) or (T, D * H), as the head sees them


@dataclass(frozen=True)
class Solution:
    """What a minibatch gives."""

    outputs: Array  # (rows, K), sequence after sequence
    loss: float
    gradients: dict[str, Array]


def solve(
    network: Network,
    parameters: Parameters,
    batch: Sequence[NDArray[Any]],  # of (T_i, C), or tokens (T_i,)
    targets: Targets,  # of the rows
    loss: Loss,
    *,
    weights: Array | None = None,  # (rows,)
    masks: Sequence[Masks] | None = None,  # of the sequences
) -> Solution:
    """Return outputs, the weighted mean of the loss, and its gradient by every parameter.

    A row is a sequence where there is pooling, and a step of one where there is none.
    """
    masks = [Masks() for _ in batch] if masks is None else masks
    runs = [network.forward(parameters, x, m) for x, m in zip(batch, masks, strict=True)]
    outputs = np.concatenate([rows for rows, _ in runs])
    weights = np.ones(len(outputs)) if weights is None else weights
    doutputs = weighted_mean_gradient(loss.gradient(outputs, targets), weights)

    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    ends = np.cumsum([len(rows) for rows, _ in runs])[:-1]
    for (_, tape), drows in zip(runs, np.split(doutputs, ends), strict=True):
        for name, gradient in network.backward(parameters, tape, drows).items():
            gradients[name] += gradient
    return Solution(outputs, weighted_mean(loss.loss(outputs, targets), weights), gradients)


def _of(module: str, parameters: Parameters) -> Parameters:
    """The parameters of one part, by their names in it."""
    prefix = f"{module}."
    return {
        name.removeprefix(prefix): array
        for name, array in parameters.items()
        if name.startswith(prefix)
    }


def _named(module: str, gradients: Mapping[str, Array]) -> dict[str, Array]:
    return {f"{module}.{name}": gradient for name, gradient in gradients.items()}

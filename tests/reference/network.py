"""The whole network: embedding or channels, recurrent stack, pooling or every step, head, loss.

A batch is nothing but its sequences: each runs through alone, the rows of outputs stand one
sequence after another, and gradients add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import reference
from reference import dense, embedding
from reference.cell import Array, parameter_shapes
from reference.dropout import Masks
from reference.layer import Layer, Tape
from reference.losses import Loss, weighted_mean, weighted_mean_gradient
from reference.losses.loss import Targets
from reference.pooling import Attention, Last, LastMeanMax, Max, Mean, Pooling

Parameters = Mapping[str, Array]
Run = tuple[Layer, Tape]  # of one direction of one layer over one sequence

SUFFIXES = ("", "_reverse")  # of parameters of direction 0 and 1


@dataclass(frozen=True)
class Network:
    """The topology; sizes are those of the parameters."""

    cell: str
    num_layers: int = 1
    bidirectional: bool = False
    # "last", "mean", "max", "attention", "last_mean_max"; None: every step
    pooling: str | None = "last"

    @property
    def directions(self) -> int:
        return 2 if self.bidirectional else 1

    def parameter_shapes(
        self, input_size: int, hidden_size: int, output_size: int, embedding_size: int | None = None
    ) -> dict[str, tuple[int, ...]]:
        """Return names and shapes in PyTorch's order; input_size counts channels or tokens."""
        H, features = hidden_size, self.directions * hidden_size
        cell = reference.CELLS[self.cell]
        shapes: dict[str, tuple[int, ...]] = {}
        if embedding_size is not None:
            shapes["embedding.weight"] = (input_size, embedding_size)
            input_size = embedding_size
        for layer, direction in self._places():
            end = f"_l{layer}{SUFFIXES[direction]}"
            of_layer = parameter_shapes(cell, features if layer else input_size, H)
            shapes.update({f"rnn.{name}{end}": shape for name, shape in of_layer.items()})
        if self.pooling == "attention":
            shapes["attention.weight"] = (1, features)
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
        h = sequence if weight is None else embedding.forward(weight, sequence)
        runs: dict[tuple[int, int], Run] = {}
        for layer in range(self.num_layers):
            both = []
            for direction in range(self.directions):
                twin = self._layer(parameters, layer, direction, masks)
                y, _, tape = twin.forward(h[:, None, :])
                both.append(y[:, 0])
                runs[layer, direction] = twin, tape
            h = np.hstack(both)
            if layer < self.num_layers - 1:
                h = h * masks.output.get(layer, 1.0)
        pooling = self._pooling(parameters)
        features = h if pooling is None else pooling.forward(h)[None]
        features = features * masks.output.get(self.num_layers - 1, 1.0)
        outputs = dense.forward(parameters["head.weight"], parameters["head.bias"], features)
        return outputs, NetworkTape(sequence, masks, runs, h, features)

    def backward(
        self, parameters: Parameters, tape: NetworkTape, doutputs: Array
    ) -> dict[str, Array]:
        """Return the gradient of every parameter, given dL/d(outputs)."""
        gradients: dict[str, Array] = {}
        dfeatures, of_head = dense.backward(parameters["head.weight"], tape.features, doutputs)
        gradients.update(_named("head", of_head))

        dh = dfeatures * tape.masks.output.get(self.num_layers - 1, 1.0)
        pooling = self._pooling(parameters)
        if pooling is not None:
            dh, of_pooling = pooling.backward(tape.h, dh[0])
            gradients.update(_named("attention", of_pooling))

        for layer in reversed(range(self.num_layers)):
            if layer < self.num_layers - 1:
                dh = dh * tape.masks.output.get(layer, 1.0)
            dx = []
            for direction, dy in enumerate(np.split(dh, self.directions, axis=1)):
                twin, steps = tape.runs[layer, direction]
                of_layer = twin.backward(steps, dy[:, None, :])
                dx.append(of_layer["x"][:, 0])
                # the layer's weight_hh was the parameter's times the mask, see _layer
                of_layer["weight_hh"] *= tape.masks.recurrent.get((layer, direction), 1.0)
                end = f"_l{layer}{SUFFIXES[direction]}"
                gradients.update(
                    {f"rnn.{name}{end}": of_layer[name] for name in vars(twin.weights)}
                )
            dh = np.sum(dx, axis=0)

        weight = parameters.get("embedding.weight")
        if weight is not None:
            of_table = embedding.backward(weight, tape.sequence, dh)
            gradients.update(_named("embedding", of_table))
        return gradients

    def _places(self) -> Iterator[tuple[int, int]]:
        """Every layer and direction, in PyTorch's order."""
        for layer in range(self.num_layers):
            for direction in range(self.directions):
                yield layer, direction

    def _layer(self, parameters: Parameters, layer: int, direction: int, masks: Masks) -> Layer:
        end = f"_l{layer}{SUFFIXES[direction]}"
        cell = reference.CELLS[self.cell]
        weights = {name: parameters[f"rnn.{name}{end}"] for name in parameter_shapes(cell, 0, 0)}
        # W (m h) = (W diag m) h: columns of the weights are masked, and no cell has to know of it
        weights["weight_hh"] = weights["weight_hh"] * masks.recurrent.get((layer, direction), 1.0)
        return Layer(cell, **weights, reverse=direction == 1)

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
    runs: dict[tuple[int, int], Run]  # by layer and direction
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


def _named(module: str, gradients: Mapping[str, Array]) -> dict[str, Array]:
    return {f"{module}.{name}": gradient for name, gradient in gradients.items()}

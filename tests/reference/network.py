"""The whole network: embedding, with the letters of words or without, and with side channels or
without, or channels, projected or as they are; recurrent stack; pooling or every step; head; loss.

A batch is a list of sequences: each is computed alone, the rows of outputs are concatenated, and
gradients are summed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference import dense, embedding, horizon, projection
from reference.cell import Array
from reference.dropout import INPUT_VECTORS, Masks
from reference.horizon import Covered
from reference.losses import Loss, weighted_mean, weighted_mean_gradient
from reference.losses.loss import Targets
from reference.modules import named, part_of
from reference.pooling import Attention, Last, LastMeanMax, Max, Mean, Pooling
from reference.side_channels import Sided
from reference.spelling import Spelling, Words
from reference.stack import Stack, StackTape, States

# One sequence: channels (T, C), with covariates of steps to come or without; tokens (T,), or words,
# with side channels or without
Input = NDArray[Any] | Words | Sided | Covered
Parameters = Mapping[str, Array]


@dataclass(frozen=True)
class Network:
    """The topology of a network; sizes are those of the parameters."""

    cell: str
    num_layers: int = 1
    bidirectional: bool = False
    # "last", "mean", "max", "attention", "last_mean_max", "horizon"; None: every step
    pooling: str | None = "last"
    tie_weights: bool = False  # the head's weight is the embedding's (Press & Wolf, EACL 2017)

    @property
    def stack(self) -> Stack:
        return Stack(self.cell, self.num_layers, self.directions)

    @property
    def spelling(self) -> Spelling:
        return Spelling(self.cell)

    @property
    def directions(self) -> int:
        return 2 if self.bidirectional else 1

    def parameter_shapes(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        embedding_size: int | None = None,
        characters: tuple[int, int, int] | None = None,  # how many, their embedding, units
        side_channels: int = 0,
        projection_size: int = 0,
        steps: int = 0,  # to come, of "horizon"
        future_covariates: int = 0,  # of each of them
    ) -> dict[str, tuple[int, ...]]:
        """Return names and shapes in PyTorch's order; input_size counts channels or tokens."""
        features = self.directions * hidden_size
        shapes: dict[str, tuple[int, ...]] = {}
        if embedding_size is not None:
            shapes["embedding.weight"] = (input_size, embedding_size)
            input_size = embedding_size
        if characters is not None:
            shapes.update(named("characters", self.spelling.parameter_shapes(*characters)))
            input_size += 2 * characters[2]
        if projection_size:
            shapes["projection.weight"] = (projection_size, input_size)
            shapes["projection.bias"] = (projection_size,)
            input_size = projection_size
        of_stack = self.stack.parameter_shapes(input_size + side_channels, hidden_size)
        shapes.update(named("rnn", of_stack))
        if self.pooling == "horizon":
            shapes["horizon.weight"] = (steps, of_stack["weight_ih_l0"][1])
        if future_covariates:
            shapes["future.weight"] = (of_stack["weight_ih_l0"][1], future_covariates)
            shapes["future.bias"] = (of_stack["weight_ih_l0"][1],)
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
        self, parameters: Parameters, sequence: Input, masks: Masks | None = None
    ) -> tuple[Array, NetworkTape]:
        """Return outputs (1, K), (T, K) or (M, K), given one sequence, and a tape."""
        masks = masks or Masks()
        weight = parameters.get("embedding.weight")
        spelled = sequence.sequence if isinstance(sequence, Sided | Covered) else sequence
        future = sequence.future if isinstance(sequence, Covered) else None
        read = spelled.tokens if isinstance(spelled, Words) else spelled
        x, words = read, []
        if weight is not None:
            read = np.where(masks.keeps_token, read, 0)
            x = embedding.forward(weight, read)
        if isinstance(spelled, Words):
            states, words = self.spelling.forward(
                part_of("characters", parameters), spelled.letters
            )
            x = np.hstack([x, states])
        if isinstance(sequence, Sided):
            x = np.hstack([x, sequence.of_steps])
        if "projection.weight" in parameters:
            x = projection.forward(
                parameters["projection.weight"], parameters["projection.bias"], x
            )
        projected = x
        x = x * masks.output.get(INPUT_VECTORS, 1.0)
        h, steps = self.stack.forward(part_of("rnn", parameters), x, masks)
        pooling = self._pooling(parameters)
        ahead: list[StackTape] = []
        if self.pooling == "horizon":
            vectors, of_stack = parameters["horizon.weight"], part_of("rnn", parameters)
            if future is not None:
                vectors = vectors + dense.forward(**part_of("future", parameters), x=future)
            features, ahead = horizon.forward(self.stack, of_stack, vectors, steps.last)
        else:
            features = h if pooling is None else pooling.forward(h)[None]
        features = features * masks.output.get(self.num_layers - 1, 1.0)
        outputs = dense.forward(parameters[self._head], parameters["head.bias"], features)
        return outputs, NetworkTape(
            spelled, read, words, projected, masks, steps, future, ahead, h, features
        )

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
        dlast: States | None = None
        if self.pooling == "horizon":
            dvectors, ahead, dlast = horizon.backward(self.stack, tape.ahead, dh)
            gradients["horizon.weight"] = dvectors
            if tape.future is not None:
                weight = parameters["future.weight"]
                _, of_future = dense.backward(weight, tape.future, dvectors)
                gradients.update(named("future", of_future))
            gradients.update(named("rnn", ahead))
            dh = np.zeros_like(tape.h)
        elif pooling is not None:
            dh, of_pooling = pooling.backward(tape.h, dh[0])
            gradients.update(named("attention", of_pooling))

        dx, of_stack, _ = self.stack.backward_with_states(tape.steps, dh, dlast)
        for name, gradient in named("rnn", of_stack).items():
            gradients[name] = gradients.get(name, 0.0) + gradient

        weight = parameters.get("embedding.weight")
        if weight is not None:
            dx = dx * tape.masks.output.get(INPUT_VECTORS, 1.0)
            dembedded, dbeside = np.split(dx, [weight.shape[1]], axis=1)
            of_table = embedding.backward(weight, tape.read, dembedded)["weight"]
            name = "embedding.weight"
            gradients[name] = gradients[name] + of_table if self.tie_weights else of_table
        if "projection.weight" in parameters:
            dy = dx * tape.masks.output.get(INPUT_VECTORS, 1.0)
            of_projection = projection.backward(
                parameters["projection.weight"], tape.read, tape.projected, dy
            )
            gradients.update(named("projection", of_projection))
        if isinstance(tape.sequence, Words):
            units = parameters["characters.rnn.weight_hh_l0"].shape[1]
            dstates = dbeside[:, : 2 * units]
            of_spelling = self.spelling.backward(
                part_of("characters", parameters), tape.sequence.letters, tape.words, dstates
            )
            gradients.update(named("characters", of_spelling))
        return gradients

    @property
    def _head(self) -> str:
        """The parameter that is the head's weight."""
        return "embedding.weight" if self.tie_weights else "head.weight"

    def _pooling(self, parameters: Parameters) -> Pooling | None:
        match self.pooling:
            case None | "horizon":
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
    """Values of a forward pass over one sequence for ``Network.backward``."""

    sequence: NDArray[Any] | Words  # without side channels
    read: NDArray[Any]  # channels, or the tokens that were read
    words: list[StackTape]  # of each word
    projected: Array  # what the stack reads
    masks: Masks
    steps: StackTape
    future: Array | None  # (M, K), covariates of the steps to come
    ahead: list[StackTape]  # of the steps to come
    h: Array  # (T, D * H), of the last layer
    features: Array  # (1, P), (T, D * H) or (M, H), the input of the head


@dataclass(frozen=True)
class Solution:
    """The results of a minibatch."""

    outputs: Array  # (rows, K), sequence after sequence
    loss: float
    gradients: dict[str, Array]


def solve(
    network: Network,
    parameters: Parameters,
    batch: Sequence[Input],
    targets: Targets,  # of the rows
    loss: Loss,
    *,
    weights: Array | None = None,  # (rows,)
    masks: Sequence[Masks] | None = None,  # of the sequences
) -> Solution:
    """Return outputs, the weighted mean of the loss, and its gradient by every parameter.

    A row is a sequence with pooling, a step without, and a step to come with a horizon.
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

"""Random networks with a ragged minibatch, and the twin's solution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.cell import Array
from reference.dropout import Masks, draw_masks
from reference.horizon import Covered
from reference.losses import LOSSES, Loss, weighted_mean
from reference.losses.loss import Targets
from reference.network import Input, Network, Solution, solve
from reference.side_channels import Sided
from reference.spelling import Words


@dataclass
class NetworkProblem:
    """A network, a minibatch and its targets; weights are uniform in ±1/sqrt(H), PyTorch's."""

    network: Network
    parameters: dict[str, Array]
    batch: list[Input]
    loss: Loss
    targets: Targets  # of the rows
    weights: Array  # (rows,)
    masks: list[Masks]

    def solve(self) -> Solution:
        return solve(
            self.network,
            self.parameters,
            self.batch,
            self.targets,
            self.loss,
            weights=self.weights,
            masks=self.masks,
        )

    def loss_alone(self) -> float:
        """The loss of ``solve``, which costs a third without the gradients."""
        runs = zip(self.batch, self.masks, strict=True)
        outputs = [self.network.forward(self.parameters, x, masks)[0] for x, masks in runs]
        return weighted_mean(self.loss.loss(np.concatenate(outputs), self.targets), self.weights)


def random_network_problem(
    rng: np.random.Generator,
    network: Network,
    *,
    lengths: Sequence[int] = (2, 4, 1, 3),
    input_size: int = 2,  # channels, or the number of tokens
    embedding_size: int | None = None,  # makes the input tokens
    characters: tuple[int, int, int] | None = None,  # and words: how many, embedding, units
    vocabulary: Sequence[int] = (3, 1, 2, 5, 3),  # letters of each spelling that words have
    side_channels: int = 0,  # of tokens or words: for each step, for some, or for all alike
    projection_size: int = 0,  # of channels
    steps: int = 0,  # to come, with pooling "horizon"
    future_covariates: int = 0,  # of each of them
    hidden_size: int = 3,
    output_size: int = 2,  # tied weights set this and embedding_size to what fits
    loss: str = "squared_error",  # or "cross_entropy"
    dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    input_dropout: float = 0.0,
    word_dropout: float = 0.0,
) -> NetworkProblem:
    if network.tie_weights:
        embedding_size, output_size = network.directions * hidden_size, input_size
    bound = 1 / np.sqrt(hidden_size)
    shapes = network.parameter_shapes(
        input_size,
        hidden_size,
        output_size,
        embedding_size,
        characters,
        side_channels,
        projection_size,
        steps,
        future_covariates,
    )
    parameters = {name: rng.uniform(-bound, bound, shape) for name, shape in shapes.items()}
    spellings = [rng.integers(characters[0], size=n) for n in vocabulary] if characters else []

    def sequence(length: int) -> Input:
        alone = by_itself(length)
        if future_covariates:
            assert isinstance(alone, np.ndarray)
            return Covered(alone, rng.standard_normal((steps, future_covariates)))
        if not side_channels:
            return alone
        assert not isinstance(alone, Covered)
        return Sided(alone, rng.standard_normal((rng.integers(1, length + 1), side_channels)))

    def by_itself(length: int) -> NDArray[Any] | Words:
        if embedding_size is None:
            return rng.standard_normal((length, input_size))
        tokens = rng.integers(input_size, size=length)
        if not characters:
            return tokens
        return Words(tokens, [spellings[i] for i in rng.integers(len(spellings), size=length)])

    each = steps if network.pooling == "horizon" else 1
    rows = sum(lengths) if network.pooling is None else each * len(lengths)
    return NetworkProblem(
        network=network,
        parameters=parameters,
        batch=[sequence(length) for length in lengths],
        loss=LOSSES[loss],
        targets=(
            rng.integers(output_size, size=rows)
            if loss == "cross_entropy"
            else rng.standard_normal((rows, output_size))
        ),
        weights=rng.uniform(0.5, 2, rows),
        masks=[
            draw_masks(
                seed=0,
                epoch=0,
                sample=sample,
                n_steps=length,
                hidden_size=hidden_size,
                num_layers=network.num_layers,
                bidirectional=network.bidirectional,
                pooling=network.pooling,
                steps=steps,
                dropout=dropout,
                recurrent_dropout=recurrent_dropout,
                input_size=shapes["rnn.weight_ih_l0"][1],
                input_dropout=input_dropout,
                word_dropout=word_dropout,
            )
            for sample, length in enumerate(lengths)
        ],
    )

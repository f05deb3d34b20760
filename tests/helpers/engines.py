"""The C++ engine, set up for a twin's problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers.network_problems import NetworkProblem
from reference.cell import Array
from reference.horizon import Covered
from reference.losses import LOSSES
from reference.network import Input
from reference.side_channels import Sided
from reference.spelling import Words
from skrnn import _core


@dataclass
class Engine:
    """A model, a trainer, and data in their layout."""

    model: _core.NetworkLayout
    trainer: _core.Trainer
    parameters: NDArray[np.float32]
    values: NDArray[Any]
    offsets: NDArray[np.int64]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32] | None
    spellings: Any = None
    side: Any = None

    def gradient(self, epoch: int = 0, n_jobs: int = 1) -> tuple[float, dict[str, Array]]:
        """Loss and named gradients of all sequences as one minibatch."""
        loss, flat = self.trainer.gradient(
            self.parameters,
            self.values,
            self.offsets,
            self.targets,
            self.weights,
            spellings=self.spellings,
            side=self.side,
            epoch=epoch,
            n_jobs=n_jobs,
        )
        return loss, named(self.model, flat)

    def slope(self, name: str, direction: NDArray[Any]) -> float:
        """The slope of the loss along a direction of one parameter, without the twin.

        The step is one that float32 holds: its error is of order 2^-14, that of rounding
        2^-24 / 2^-7.
        """
        parameter = named(self.model, self.parameters)[name]
        start, losses = parameter.copy(), []
        for step in (2**-7, -(2**-7)):
            parameter[...] = start + step * direction
            losses.append(
                self.trainer.evaluate(
                    self.parameters,
                    self.values,
                    self.offsets,
                    self.targets,
                    self.weights,
                    spellings=self.spellings,
                    side=self.side,
                )
            )
        parameter[...] = start
        return (losses[0] - losses[1]) / 2**-6

    def run_epoch(self, epoch: int, n_jobs: int = 1, **options: float) -> dict[str, Any]:
        return self.trainer.run_epoch(
            self.parameters,
            self.values,
            self.offsets,
            self.targets,
            self.weights,
            spellings=self.spellings,
            side=self.side,
            epoch=epoch,
            n_jobs=n_jobs,
            **options,
        )

    def predict(self, n_jobs: int = 1) -> NDArray[np.float32]:
        return self.model.predict(
            self.parameters,
            self.values,
            self.offsets,
            spellings=self.spellings,
            side=self.side,
            n_jobs=n_jobs,
        )


def side_of(batch: Sequence[Input]) -> Any:
    """(values, offsets) of side channels as the engine takes them; None where there are none."""
    sides = [x.side for x in batch if isinstance(x, Sided)]
    if not sides:
        return None
    return np.concatenate(sides).astype(np.float32), np.cumsum([0, *map(len, sides)])


def spellings_of(batch: Sequence[Input]) -> Any:
    """(words, word_offsets, letters) of the engine; None for what are no words."""
    spelled = [
        tuple(letters) for words in batch if isinstance(words, Words) for letters in words.letters
    ]
    if not spelled:
        return None
    places = {word: i for i, word in enumerate(dict.fromkeys(spelled))}
    return (
        np.array([places[word] for word in spelled], np.int64),
        np.cumsum([0, *map(len, places)]).astype(np.int64),
        np.concatenate([*places]).astype(np.int32),
    )


def characters_of(parameters: Mapping[str, Array]) -> dict[str, int]:
    """The settings of the network of letters, if there is one."""
    table = parameters.get("characters.embedding.weight")
    if table is None:
        return {}
    return {
        "characters": len(table),
        "character_embedding_size": table.shape[1],
        "character_hidden_size": parameters["characters.rnn.weight_hh_l0"].shape[1],
    }


def named(model: _core.NetworkLayout, flat: NDArray[np.float32]) -> dict[str, Any]:
    """Views of an arena by the names of the parameters."""
    return {
        name: flat[offset : offset + int(np.prod(shape))].reshape(shape)
        for name, shape, offset in model.parameters
    }


def arena(model: _core.NetworkLayout, parameters: Mapping[str, Array]) -> NDArray[np.float32]:
    """One flat array of named parameters."""
    flat = np.empty(model.num_parameters, np.float32)
    views = named(model, flat)
    assert views.keys() == parameters.keys()
    for name, view in views.items():
        view[...] = parameters[name]
    return flat


def rounded(array: Any) -> Array:
    """Numbers as float32 holds them."""
    return np.asarray(array, np.float32).astype(np.float64)


def windows_of(batch: Sequence[Input]) -> _core.Windows:
    """Sequences as windows of one array: only these have covariates of steps to come."""
    covered = [x for x in batch if isinstance(x, Covered)]
    numbers = np.concatenate([x.sequence.ravel() for x in covered])
    covariates = np.concatenate([x.future.ravel() for x in covered])
    width, of_step = covered[0].sequence.shape[1], covered[0].future.shape[1]
    starts = np.cumsum([0, *(x.sequence.size for x in covered)])[:-1]
    first = np.cumsum([0, *(x.future.size for x in covered)])[:-1]
    return _core.Windows(
        numbers.astype(np.float32),
        starts,
        width=width,
        covariates=(covariates.astype(np.float32), first, 0, of_step),
    )


def engine_of(problem: NetworkProblem, **settings: Any) -> Engine:
    """The engine for a twin's problem, with the parameters rounded to float32."""
    network, parameters = problem.network, problem.parameters
    for name, array in parameters.items():  # the twin gets the same values
        parameters[name] = array.astype(np.float32).astype(np.float64)
    table = parameters.get("embedding.weight")
    if any(isinstance(x, Covered) for x in problem.batch):
        problem.batch = [Covered(*map(rounded, (x.sequence, x.future))) for x in problem.batch]
    elif table is None:
        problem.batch = [rounded(x) for x in problem.batch]
    side = side_of(problem.batch)
    problem.batch = [
        Sided(x.sequence, rounded(x.side)) if isinstance(x, Sided) else x for x in problem.batch
    ]
    alone = [x.sequence if isinstance(x, Sided | Covered) else x for x in problem.batch]
    values = np.concatenate([x.tokens if isinstance(x, Words) else x for x in alone])
    model = _core.NetworkLayout(
        cell=network.cell,
        input_size=len(table) if table is not None else values.shape[1],
        embedding_size=0 if table is None else table.shape[1],
        hidden_size=parameters["rnn.weight_hh_l0"].shape[1],
        num_layers=network.num_layers,
        bidirectional=network.bidirectional,
        pooling=network.pooling or "every_step",
        output_size=len(parameters["head.bias"]),
        **characters_of(parameters),
        tie_weights=network.tie_weights,
        side_channels=0 if side is None else side[0].shape[1],
        horizon=len(parameters.get("horizon.weight", ())),
        projection_size=len(parameters.get("projection.bias", ())),
        future_covariates=np.shape(parameters.get("future.weight", ((),)))[1],
    )
    targets = np.asarray(problem.targets, np.float32).reshape(len(problem.targets), -1)
    if not np.issubdtype(np.asarray(problem.targets).dtype, np.integer):
        problem.targets = targets.astype(np.float64)
    weights = problem.weights.astype(np.float32)
    problem.weights = weights.astype(np.float64)
    name = next(name for name, twin in LOSSES.items() if type(twin) is type(problem.loss))
    return Engine(
        model=model,
        trainer=_core.Trainer(model, target_columns=targets.shape[1], loss=name, **settings),
        parameters=arena(model, parameters),
        values=windows_of(problem.batch)
        if isinstance(problem.batch[0], Covered)
        else values.astype(np.int64 if table is not None else np.float32),
        offsets=np.cumsum([0, *map(len, problem.batch)]).astype(np.int64),
        targets=targets,
        weights=weights,
        spellings=spellings_of(alone),
        side=side,
    )

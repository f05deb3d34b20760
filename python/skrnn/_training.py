"""Epoch after epoch: what Python decides between two calls of the engine."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from skrnn import _core

# A rate that does not help any more falls to a fifth, as scikit-learn's "adaptive" does, long
# before n_iter_no_change ends the training.
PLATEAU_FACTOR = 0.2
PLATEAU_PATIENCE = 4


@dataclass
class TrainingData:
    """Sequences end to end, with a row of targets for each sequence or step."""

    values: NDArray[Any]  # (S, C) float32, or (S,) int64 tokens
    offsets: NDArray[np.int64]  # (n + 1,)
    targets: NDArray[np.float32]  # (rows, columns)
    weights: NDArray[np.float32] | None  # (rows,)


@dataclass
class History:
    """What training leaves behind, and what it needs to go on later."""

    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    epochs: int = 0  # ever, so that no shuffle or mask comes twice
    seed: int = 0
    memory: NDArray[np.float32] | None = None  # the optimiser's
    updates: int = 0


@dataclass
class Plateau:
    """What the learning rate is multiplied by, given a loss an epoch."""

    tol: float
    scale: float = 1.0
    best: float = np.inf
    waited: int = 0

    def step(self, loss: float) -> None:
        if loss < self.best - self.tol:
            self.best, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited > PLATEAU_PATIENCE:
            self.scale, self.waited = self.scale * PLATEAU_FACTOR, 0


@dataclass
class Patience:
    """Whether a value still rises by more than `tol`, within some epochs."""

    tol: float
    epochs: int
    best: float = -np.inf
    waited: int = 0

    def step(self, value: float) -> bool:
        """Return whether it is time to stop."""
        if value > self.best + self.tol:
            self.waited = 0
        else:
            self.waited += 1
        self.best = max(self.best, value)
        return self.waited >= self.epochs


@dataclass
class Plan:
    """How long to train, and when to stop."""

    max_iter: int
    tol: float
    n_iter_no_change: int
    early_stopping: bool
    plateau: bool
    n_jobs: int | None
    score: Callable[[NDArray[np.float32]], float] | None  # of parameters, on validation data
    report: Callable[[History], None]  # after each epoch


def train(
    trainer: _core.Trainer,
    parameters: NDArray[np.float32],
    data: TrainingData,
    history: History,
    plan: Plan,
) -> None:
    """Train in place, keeping `history` as it goes.

    Whatever ends the training, the parameters are usable: with early stopping those of the best
    epoch, else the last ones, and after a loss that is not finite those of the epoch before.

    Raises
    ------
    KeyboardInterrupt
        Again, once the parameters are in order.

    Warns
    -----
    ConvergenceWarning
        Where the loss is not finite any more.
    """
    plateau = Plateau(plan.tol)
    patience = Patience(plan.tol, plan.n_iter_no_change)
    best: tuple[float, NDArray[np.float32]] | None = None
    try:
        for _ in range(plan.max_iter):
            before = parameters.copy()
            summary = trainer.run_epoch(
                parameters,
                data.values,
                data.offsets,
                data.targets,
                data.weights,
                epoch=history.epochs,
                learning_rate_scale=plateau.scale,
                n_jobs=plan.n_jobs,
            )
            if summary["diverged"]:
                parameters[...] = before
                warnings.warn(_diverged(history.epochs), ConvergenceWarning, stacklevel=4)
                break
            history.epochs += 1
            history.losses.append(summary["loss"])
            goodness = -summary["loss"]
            if plan.score is not None:
                score = plan.score(parameters)
                history.scores.append(score)
                if plan.early_stopping:
                    goodness = score
                    if best is None or score > best[0]:
                        best = score, parameters.copy()
            plan.report(history)
            if plan.plateau:
                plateau.step(-goodness)
            if patience.step(goodness):
                break
    finally:
        if best is not None:
            parameters[...] = best[1]
        history.memory, history.updates = trainer.memory, trainer.updates


def _diverged(epoch: int) -> str:
    return (
        f"The loss is not finite in epoch {epoch + 1}; training stops and the parameters of the "
        "epoch before are kept. Scale the input (skrnn.preprocessing.PerStep(StandardScaler())), "
        "lower learning_rate_init, or set clip_norm."
    )

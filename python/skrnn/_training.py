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

ENDING_SCHEDULES = ("cosine", "one_cycle")  # which have to know when training ends

# A rate that does not help any more falls to a fifth, as scikit-learn's "adaptive" does, and sooner
# than n_iter_no_change ends the training.
PLATEAU_FACTOR = 0.2
PLATEAU_EPOCHS = 5

ABSURD = 1e6  # for a weight


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

    seed: int = 0
    losses: list[float] = field(default_factory=list)  # of all epochs ever
    scores: list[float] = field(default_factory=list)  # of those that were validated
    memory: NDArray[np.float32] | None = None  # the optimiser's, after the last epoch
    updates: int = 0


@dataclass
class Run:
    """A fit between two epochs: what it takes to go on from here, bit for bit.

    Everything else that training knows follows from the curves; a run that is resumed looks at them
    again.
    """

    history: History
    parameters: NDArray[np.float32]  # (P,), after the last epoch; another array after each
    before: int = 0  # epochs of earlier fits
    best: NDArray[np.float32] | None = None  # (P,), of the best epoch by validation score

    @property
    def epochs(self) -> int:
        """How many epochs this fit has run."""
        return len(self.history.losses) - self.before

    @property
    def losses(self) -> list[float]:
        """Training losses of this fit."""
        return self.history.losses[self.before :]

    @property
    def scores(self) -> list[float]:
        """Validation scores of this fit, if it is validated: then one an epoch."""
        return self.history.scores[len(self.history.scores) - self.epochs :]


@dataclass
class Patience:
    """Whether a value still rises, by more than `tol` above the best, within some epochs."""

    tol: float
    epochs: int
    best: float = -np.inf
    waited: int = 0

    def step(self, value: float) -> bool:
        """Return whether it has not for long enough. NaN is no rise."""
        rises = value > self.best + self.tol
        self.waited = 0 if rises else self.waited + 1
        if value > self.best:
            self.best = value
        return self.waited >= self.epochs


@dataclass
class Plan:
    """How long to train, and when to stop."""

    max_iter: int
    tol: float
    n_iter_no_change: int
    early_stopping: bool
    schedule: str
    n_jobs: int | None
    score: Callable[[], float] | None  # of the parameters in training, on validation data
    begin_epoch: Callable[[], None]
    end_epoch: Callable[[], bool]  # whether to stop
    stacklevel: int  # of warnings of train, so that they name the line of the user


class Judge:
    """What losses and scores, told one epoch after another, say about going on."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._patience = Patience(plan.tol, plan.n_iter_no_change)
        self._plateau = Patience(plan.tol, PLATEAU_EPOCHS)
        self.learning_rate_scale = 1.0
        self.is_best = False  # the last epoch, among those with a score
        self.stop = False

    def see(self, loss: float, score: float | None) -> None:
        by_score = self._plan.early_stopping and score is not None
        goodness = score if by_score and score is not None else -loss
        self.is_best = by_score and goodness > self._patience.best
        # A schedule that ends with max_iter does its best work at the end: only a validation score
        # may cut it short.
        patient = self._plan.schedule in ENDING_SCHEDULES and not by_score
        self.stop = self._patience.step(goodness) and not patient
        if self._plan.schedule == "plateau" and self._plateau.step(goodness):
            self.learning_rate_scale *= PLATEAU_FACTOR
            self._plateau.waited = 0


def train(
    trainer: _core.Trainer,
    parameters: NDArray[np.float32],
    data: TrainingData,
    run: Run,
    plan: Plan,
) -> None:
    """Train in place until the plan says stop, keeping `run` up to date after each epoch.

    Parameters
    ----------
    trainer : Trainer
        With the optimiser's memory as `run` has it.
    parameters : array of shape (P,), float32
        Equal to ``run.parameters``. In the end, whatever it was that ended training, those of the
        best epoch with early stopping, else of the last epoch that was completed. Where not even
        the first one was, because it was interrupted: what had been learned by then.
    data : TrainingData
    run : Run
    plan : Plan

    Warns
    -----
    ConvergenceWarning
        Where the loss is not finite any more.
    """
    history = run.history
    undo: Callable[[], None] | None = None  # the last epoch
    pending: _Epoch | None = None
    judge = Judge(plan)
    validated = plan.score is not None
    for i, loss in enumerate(run.losses):
        judge.see(loss, run.scores[i] if validated else None)
    stop = False
    try:
        if run.epochs > 0:
            # Who stopped the run that is resumed, a time limit say, may not want to stop it now.
            stop = plan.end_epoch() or judge.stop
        while not stop and run.epochs < plan.max_iter:
            epoch = len(history.losses)  # ever, so that no shuffle or mask comes twice
            plan.begin_epoch()
            summary = trainer.run_epoch(
                parameters,
                data.values,
                data.offsets,
                data.targets,
                data.weights,
                epoch=epoch,
                learning_rate_scale=judge.learning_rate_scale,
                n_jobs=plan.n_jobs,
            )
            if summary["diverged"] or (
                # Nobody learns such weights: was the last step of the epoch one too far?
                not np.abs(parameters).max() < ABSURD
                and not _is_finite(trainer, parameters, data, plan)
            ):
                # The loss of an epoch is that of what it began with, so it may be the epoch before
                # that went wrong with its last step.
                if undo is not None and not _is_finite(trainer, run.parameters, data, plan):
                    undo()
                parameters[...] = run.parameters
                warnings.warn(_diverged(epoch), ConvergenceWarning, stacklevel=plan.stacklevel)
                break
            score = plan.score() if plan.score is not None else None
            judge.see(summary["loss"], score)
            learned = parameters.copy()
            undo = _undo(run, validated)
            pending = _Epoch(
                summary["loss"],
                score,
                learned,
                learned if judge.is_best else run.best,
                trainer.memory,
                trainer.updates,
                epochs=epoch,
                scores=len(history.scores),
            )
            pending.write(run)
            pending = None
            stop = plan.end_epoch() or judge.stop
    finally:
        if pending is not None:  # Ctrl-C came while it was written
            pending.write(run)
        if run.best is not None:
            parameters[...] = run.best
        elif history.losses:
            parameters[...] = run.parameters


@dataclass
class _Epoch:
    """What an epoch adds to a run: all of it or nothing, whenever Ctrl-C comes."""

    loss: float
    score: float | None
    parameters: NDArray[np.float32]
    best: NDArray[np.float32] | None
    memory: NDArray[np.float32]
    updates: int
    epochs: int  # before
    scores: int  # before

    def write(self, run: Run) -> None:
        """Write into a run. Doing it once more, after half of it or all, changes nothing."""
        history = run.history
        history.losses[self.epochs :] = [self.loss]
        history.scores[self.scores :] = [] if self.score is None else [self.score]
        history.memory, history.updates = self.memory, self.updates
        run.parameters, run.best = self.parameters, self.best


def _undo(run: Run, validated: bool) -> Callable[[], None]:
    """Return what takes back the epoch that is about to be written into a run."""
    history = run.history
    before = run.parameters, run.best, history.memory, history.updates

    def undo() -> None:
        run.parameters, run.best, history.memory, history.updates = before
        history.losses.pop()
        if validated:
            history.scores.pop()

    return undo


def _is_finite(
    trainer: _core.Trainer, parameters: NDArray[np.float32], data: TrainingData, plan: Plan
) -> bool:
    """Whether parameters have a loss on the training data."""
    loss = trainer.evaluate(
        parameters, data.values, data.offsets, data.targets, data.weights, n_jobs=plan.n_jobs
    )
    return bool(np.isfinite(loss))


def _diverged(epoch: int) -> str:
    return (
        f"The loss is not finite any more in epoch {epoch + 1}; training stops, and the last "
        "parameters with a finite loss are kept. Scale the input (skrnn.preprocessing."
        "PerStep(StandardScaler())), lower learning_rate_init, or set clip_norm."
    )

"""The loop of epochs, and what Python decides between two calls of the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from skrnn import _core
from skrnn._warnings import warn

ENDING_SCHEDULES = ("cosine", "one_cycle")  # which have to know when training ends

# How long a fit is where `max_iter` does not say it: as many epochs as make about so many updates,
# within bounds. Small data need many epochs, and large data overfit in few (bench/defaults).
UPDATES = 1000
EPOCHS = 3, 200

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


@dataclass(frozen=True)
class History:
    """What training leaves behind besides parameters, and what it needs to go on later."""

    seed: int = 0
    losses: tuple[float, ...] = ()  # of all epochs ever
    scores: tuple[float, ...] = ()  # as many, NaN where there was no validation; or none at all
    best_epoch: int | None = None  # counted from 1; whose parameters the last fit keeps, by score
    optimizer_state: NDArray[np.float32] | None = None  # after the last epoch
    updates: int = 0


@dataclass(frozen=True)
class State:
    """Where training is, after an epoch or before the first; the next epoch makes another one."""

    history: History
    parameters: NDArray[np.float32]  # (P,), after the last epoch
    best: NDArray[np.float32] | None = None  # (P,), after `history.best_epoch`


@dataclass
class Run:
    """A fit between two epochs: what it takes to go on from here, bit for bit.

    Everything else that training knows follows from the curves; a run that is resumed looks at them
    again.
    """

    state: State  # an epoch is done, or taken back, by one assignment: Ctrl-C finds no half of it
    before: int = 0  # epochs of earlier fits
    validated: bool = False  # whether each epoch has a score
    begun: bool = False  # whether there is more than the parameters it began with

    @property
    def epochs(self) -> int:
        """How many epochs this fit has run."""
        return len(self.state.history.losses) - self.before

    @property
    def losses(self) -> tuple[float, ...]:
        """Training losses of this fit."""
        return self.state.history.losses[self.before :]

    @property
    def scores(self) -> tuple[float, ...]:
        """Validation scores of this fit, if it is validated: then one an epoch."""
        return self.state.history.scores[self.before :]


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
    chosen: bool  # whether `max_iter` was left to the library
    tol: float
    n_iter_no_change: int
    early_stopping: bool
    schedule: str
    n_jobs: int | None
    score: Callable[[], float] | None  # of the parameters in training, on validation data
    begin_epoch: Callable[[], None]
    end_epoch: Callable[[], bool]  # whether to stop

    @property
    def can_end_early(self) -> bool:
        """Whether there is a rule to end before `max_iter`, and time for it to."""
        return self.schedule not in ENDING_SCHEDULES and self.n_iter_no_change < self.max_iter


class Judge:
    """What losses and scores, told one epoch after another, say about going on."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._patience = Patience(plan.tol, plan.n_iter_no_change)
        self._plateau = Patience(plan.tol, PLATEAU_EPOCHS)
        self.learning_rate_scale = 1.0
        self.is_best = False  # the last epoch, among those with a score
        self.stop = False

    def update(self, loss: float, score: float | None) -> None:
        """Take the loss of one more epoch, and its score if there is a validation."""
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
        With the state of the optimiser as `run` has it.
    parameters : array of shape (P,), float32
        Equal to those of ``run.state``. They are in training until the end.
    data : TrainingData
    run : Run
    plan : Plan

    Warns
    -----
    ConvergenceWarning
        Where the loss is not finite any more, or `max_iter` comes before the end of improvement.
    """
    judge = Judge(plan)
    for i, loss in enumerate(run.losses):
        judge.update(loss, run.scores[i] if run.validated else None)
    run.begun = True
    before: State | None = None  # the last epoch
    # Who stopped the run that is resumed, a time limit say, may not want to stop it now.
    stop = run.epochs > 0 and (plan.end_epoch() or judge.stop)
    while not stop and run.epochs < plan.max_iter:
        epoch = len(run.state.history.losses)  # ever, so that no shuffle or mask comes twice
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
            # The loss of an epoch is that of what it began with, so it may be the epoch before that
            # went wrong with its last step.
            if before is not None and not _is_finite(trainer, run.state.parameters, data, plan):
                run.state = before
            parameters[...] = run.state.parameters
            warn(_diverged(epoch), ConvergenceWarning)
            return
        score = plan.score() if plan.score is not None else None
        judge.update(summary["loss"], score)
        before = run.state
        run.state = _after(before, trainer, parameters.copy(), summary["loss"], score, judge)
        stop = plan.end_epoch() or judge.stop
    if not stop and plan.can_end_early:
        warn(_not_converged(plan), ConvergenceWarning)


def _after(
    state: State,
    trainer: _core.Trainer,
    parameters: NDArray[np.float32],
    loss: float,
    score: float | None,
    judge: Judge,
) -> State:
    """Return where training is after one more epoch, which ended with these parameters."""
    history = state.history
    epochs = len(history.losses)
    scores = history.scores
    if score is not None or scores:
        # Warm starts may have had no validation until now, or have none any more.
        gap = (np.nan,) * (epochs - len(scores))
        scores = (*scores, *gap, np.nan if score is None else score)
    history = replace(
        history,
        losses=(*history.losses, loss),
        scores=scores,
        best_epoch=epochs + 1 if judge.is_best else history.best_epoch,
        optimizer_state=trainer.memory,
        updates=trainer.updates,
    )
    return State(history, parameters, parameters if judge.is_best else state.best)


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


def _not_converged(plan: Plan) -> str:
    what = "validation score" if plan.early_stopping else "training loss"
    end, remedy = f"max_iter={plan.max_iter}", "Raise max_iter or"
    if plan.chosen:
        end = f"epoch {plan.max_iter}, which max_iter=None chose for so many sequences,"
        remedy = "Set max_iter to a larger number, raise"
    return (
        f"Training ended with {end} while the {what} still improved: by more than "
        f"tol={plan.tol:g} within the last n_iter_no_change={plan.n_iter_no_change} epochs. "
        f"{remedy} learning_rate_init, or let the learning rate fall until the end: "
        "learning_rate='cosine'."
    )

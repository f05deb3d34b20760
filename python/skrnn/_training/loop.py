"""The loop of epochs, and the decisions between two calls of the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from skrnn import _core
from skrnn._sequences.context import Side
from skrnn._sequences.spelling import Spellings
from skrnn._warnings import warn

ENDING_SCHEDULES = ("cosine", "one_cycle")  # whose length is that of training

# The length of a fit with max_iter=None: as many epochs as make about UPDATES updates, within
# EPOCHS. Small data need many epochs, and large data overfit in few (bench/defaults).
UPDATES = 1000
EPOCHS = 3, 200

# "plateau" multiplies the learning rate by this factor, as scikit-learn's "adaptive" does, after
# fewer epochs without improvement than n_iter_no_change, which ends the training.
PLATEAU_FACTOR = 0.2
PLATEAU_EPOCHS = 5

ABSURD = 1e6  # a weight of this magnitude is a sign of divergence


class Data(Protocol):
    """What is trained on."""

    def run_epoch(
        self, trainer: _core.Trainer, parameters: NDArray[np.float32], **options: Any
    ) -> dict[str, Any]:
        """Train one epoch in place, and return what `Trainer.run_epoch` does."""

    def evaluate(
        self, trainer: _core.Trainer, parameters: NDArray[np.float32], n_jobs: int | None
    ) -> float:
        """Return the mean loss."""


@dataclass
class TrainingData:
    """Sequences end to end, with a row of targets for each sequence or step."""

    values: NDArray[Any]  # (S, C) float32, or (S,) tokens
    offsets: NDArray[np.int64]  # (n + 1,)
    targets: NDArray[np.float32] | None  # (rows, columns); None where they are the next tokens
    weights: NDArray[np.float32] | None  # (rows,)
    spellings: Spellings | None = None  # of a network that reads letters
    side: Side | None = None  # of a network that reads side channels

    def run_epoch(
        self, trainer: _core.Trainer, parameters: NDArray[np.float32], **options: Any
    ) -> dict[str, Any]:
        """Train one epoch in place, on all sequences in one call."""
        return trainer.run_epoch(
            parameters,
            self.values,
            self.offsets,
            self.targets,
            self.weights,
            spellings=self.spellings,
            side=self.side,
            **options,
        )

    def evaluate(
        self, trainer: _core.Trainer, parameters: NDArray[np.float32], n_jobs: int | None
    ) -> float:
        """Return the mean loss."""
        return trainer.evaluate(
            parameters,
            self.values,
            self.offsets,
            self.targets,
            self.weights,
            spellings=self.spellings,
            side=self.side,
            n_jobs=n_jobs,
        )


@dataclass(frozen=True)
class History:
    """The curves of training, and the state other than parameters that continues it."""

    seed: int = 0
    losses: tuple[float, ...] = ()  # of all epochs ever
    scores: tuple[float, ...] = ()  # one for each epoch, NaN without validation; or empty
    best_epoch: int | None = None  # counted from 1; the epoch whose parameters are kept, by score
    optimizer_state: NDArray[np.float32] | None = None  # after the last epoch
    updates: int = 0


@dataclass(frozen=True)
class State:
    """The state of training after an epoch, or before the first; each epoch makes a new one."""

    history: History
    parameters: NDArray[np.float32]  # (P,), after the last epoch
    best: NDArray[np.float32] | None = None  # (P,), after `history.best_epoch`


@dataclass
class Run:
    """A fit between two epochs: all that is needed to continue with the same bits.

    All other state of training follows from the curves, which a resumed run replays.
    """

    state: State  # set as a whole, by one assignment, so that Ctrl-C cannot leave half an epoch
    before: int = 0  # epochs of earlier fits
    validated: bool = False  # whether each epoch has a score
    begun: bool = False  # whether training has begun

    @property
    def epochs(self) -> int:
        """The number of epochs that this fit has run."""
        return len(self.state.history.losses) - self.before

    @property
    def losses(self) -> tuple[float, ...]:
        """Training losses of this fit."""
        return self.state.history.losses[self.before :]

    @property
    def scores(self) -> tuple[float, ...]:
        """Validation scores of this fit, one for each epoch if it is validated."""
        return self.state.history.scores[self.before :]


@dataclass
class Patience:
    """A test whether a value still improves, by more than `tol`, within some epochs."""

    tol: float
    epochs: int
    best: float = -np.inf
    waited: int = 0

    def step(self, value: float) -> bool:
        """Return whether `epochs` epochs brought no improvement. NaN is no improvement."""
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
        """Whether `n_iter_no_change` can end the training before `max_iter`."""
        return self.schedule not in ENDING_SCHEDULES and self.n_iter_no_change < self.max_iter


class Judge:
    """The decisions that follow from losses and scores: stop, best epoch, learning rate."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._patience = Patience(plan.tol, plan.n_iter_no_change)
        self._plateau = Patience(plan.tol, PLATEAU_EPOCHS)
        self.learning_rate_scale = 1.0
        self.is_best = False  # the last epoch, among those with a score
        self.stop = False

    def update(self, loss: float, score: float | None) -> None:
        """Add the loss of one more epoch, and its score if there is validation."""
        by_score = self._plan.early_stopping and score is not None
        goodness = score if by_score and score is not None else -loss
        self.is_best = by_score and goodness > self._patience.best
        # A schedule that ends with max_iter improves most at its end: only a validation score may
        # cut it short.
        patient = self._plan.schedule in ENDING_SCHEDULES and not by_score
        self.stop = self._patience.step(goodness) and not patient
        if self._plan.schedule == "plateau" and self._plateau.step(goodness):
            self.learning_rate_scale *= PLATEAU_FACTOR
            self._plateau.waited = 0


def train(
    trainer: _core.Trainer,
    parameters: NDArray[np.float32],
    data: Data,
    run: Run,
    plan: Plan,
) -> None:
    """Train in place until the plan says stop, keeping `run` up to date after each epoch.

    Parameters
    ----------
    trainer : Trainer
        Its optimiser has the state of `run`.
    parameters : array of shape (P,), float32
        Equal to those of ``run.state``; trained in place.
    data : Data
    run : Run
    plan : Plan

    Warns
    -----
    ConvergenceWarning
        If the loss is no longer finite, or still improved when `max_iter` ended the training.
    """
    judge = Judge(plan)
    for i, loss in enumerate(run.losses):
        judge.update(loss, run.scores[i] if run.validated else None)
    run.begun = True
    before: State | None = None  # the last epoch
    # The reason that stopped a resumed run, such as a time limit, may no longer hold.
    stop = run.epochs > 0 and (plan.end_epoch() or judge.stop)
    while not stop and run.epochs < plan.max_iter:
        epoch = len(run.state.history.losses)  # of all fits, so that no shuffle or mask is repeated
        plan.begin_epoch()
        summary = data.run_epoch(
            trainer,
            parameters,
            epoch=epoch,
            learning_rate_scale=judge.learning_rate_scale,
            n_jobs=plan.n_jobs,
        )
        if summary["diverged"] or (
            # Such weights are a sign of divergence: check the loss after the epoch's last update.
            not np.abs(parameters).max() < ABSURD
            and not _is_finite(trainer, parameters, data, plan)
        ):
            # The loss of an epoch is computed before its updates, so the last update of the epoch
            # before may have diverged.
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
    """Return the state after one more epoch, which ended with these parameters."""
    history = state.history
    epochs = len(history.losses)
    scores = history.scores
    if score is not None or scores:
        # Earlier fits, or this one, may have had no validation.
        gap = (np.nan,) * (epochs - len(scores))
        scores = (*scores, *gap, np.nan if score is None else score)
    history = replace(
        history,
        losses=(*history.losses, loss),
        scores=scores,
        best_epoch=epochs + 1 if judge.is_best else history.best_epoch,
        optimizer_state=trainer.optimizer_state,
        updates=trainer.updates,
    )
    return State(history, parameters, parameters if judge.is_best else state.best)


def _is_finite(
    trainer: _core.Trainer, parameters: NDArray[np.float32], data: Data, plan: Plan
) -> bool:
    """Whether parameters have a finite loss on the training data."""
    return bool(np.isfinite(data.evaluate(trainer, parameters, plan.n_jobs)))


def _diverged(epoch: int) -> str:
    return (
        f"The loss is not finite any more in epoch {epoch + 1}; training stops, and the last "
        "parameters with a finite loss are kept. Scale the input (skrnn.preprocessing."
        "PerStep(StandardScaler())) or the context of texts, lower learning_rate_init, or set "
        "clip_norm."
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

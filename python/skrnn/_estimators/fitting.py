"""How a fit goes: what it learns from, where it goes on from, the run, and what stays behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length

from skrnn._estimators.base import SequenceEstimator
from skrnn._estimators.parameters import check_parameters
from skrnn._estimators.standardization import learn_units
from skrnn._estimators.twins import LearnsByTwin
from skrnn._sequences.container import Sequences
from skrnn._sequences.transformed import check_transformed_alike
from skrnn._targets.sample_weight import as_ratios, check_sample_weight
from skrnn._training.callback_protocol import CallbackSupportMixin, Epochs, with_callbacks
from skrnn._training.checkpoint_file import CheckpointFile
from skrnn._training.initialization import initial_parameters, named_views
from skrnn._training.loop import (
    ENDING_SCHEDULES,
    EPOCHS,
    UPDATES,
    History,
    Plan,
    Run,
    State,
    TrainingData,
    train,
)
from skrnn.callbacks._checkpoint import checkpoint_file

Self = TypeVar("Self", bound="TrainableEstimator")


@dataclass
class Samples:
    """Sequences, their targets, and how much each counts; all checked."""

    X: Sequences
    y: Any  # (n,) or (n, K)
    sample_weight: NDArray[np.float64] | None = None  # (n,)

    def __getitem__(self, indices: NDArray[np.int64]) -> Samples:
        weight = None if self.sample_weight is None else self.sample_weight[indices]
        return Samples(self.X[indices], self.y[indices], weight)


class TrainableEstimator(CallbackSupportMixin, LearnsByTwin, SequenceEstimator):
    """An estimator that is fitted epoch by epoch."""

    _history: History
    _solver: str  # of the last fit, whose memory the history has

    # While fit runs, for callbacks.
    _run: Run
    _checkpoint_file: CheckpointFile | None

    def fit(
        self: Self,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        X_val: Any = None,
        y_val: Any = None,
    ) -> Self:
        """Train on sequences and their targets.

        Parameters
        ----------
        X : sequences of shape (n,)
            A list, tuple, object array or `skrnn.Sequences` of (T_i, C) arrays; an (n, T, C) array;
            an (n, T) array or data frame of univariate series. With `embedding_size` tokens: a
            list, 1-D array or series of texts, of lists of strings, or of (T_i,) arrays of
            integers. Of strings fit learns the `vocabulary_`, without what weighs nothing; with
            `warm_start` it stays as it is. Strings that are not in it, in X_val or later in
            predict, are the unknown token; a text without any token is one unknown token.
        y : array-like of shape (n,) or (n, K)
            Targets.
        sample_weight : array-like of shape (n,), optional
            How much each sequence counts; only ratios matter. None for ones. What weighs nothing is
            as if it were not there, but for its class; tokens that only such sequences hold are not
            learned.
        X_val, y_val : as X and y, optional
            Data to validate on, instead of a part of X and y. A pipeline hands X_val over as it is,
            in other units than X, unless it is a ``Pipeline(steps, transform_input=["X_val"])`` of
            a scikit-learn with ``enable_metadata_routing=True`` and the estimator has
            ``set_fit_request(X_val=True, y_val=True)``. Where X comes from `PerStep` or
            `TokenEncoder` and X_val does not, it is refused; behind other transformers nobody can
            tell.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            For parameters and data that cannot be used; the message says which and what to do. The
            estimator remains as it was.
        RuntimeError
            While another fit of the same estimator runs: in another thread, or around a callback.
        KeyboardInterrupt
            On Ctrl-C, when the best parameters so far are in place: the estimator is usable.

        Warns
        -----
        ConvergenceWarning
            Where the loss is not finite any more: the last parameters with a finite loss are kept.
            And, as `sklearn.neural_network.MLPClassifier` warns, where `max_iter` ends the training
            before `tol` and `n_iter_no_change` do; but not if they never could, because
            `n_iter_no_change` is as large as `max_iter` or `learning_rate` ends with it.
        UserWarning
            For `Sequences` of tokens where `embedding_size` is None.
        """
        check_parameters(self, self._rules)
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val go together; one of them is None")
        if X_val is not None:
            check_transformed_alike(X, X_val)
        return self._learn(lambda twin: twin._fit(X, y, sample_weight, X_val, y_val))

    def _fit_one_epoch(self: Self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> Self:
        """Train as partial_fit does: nothing is held out, and callbacks are not told."""

        def fit(twin: Self) -> None:
            begin = not hasattr(twin, "params_")
            twin._all_classes = classes
            samples = twin._check_samples(X, y, sample_weight, begin=begin)
            twin._train(samples, begin=begin, max_iter=1, schedule="constant")

        return self._learn(fit)

    @with_callbacks
    def _fit(self, X: Any, y: Any, sample_weight: Any, X_val: Any, y_val: Any) -> None:
        """Train as fit does."""
        begin = not (self.warm_start and hasattr(self, "params_"))
        samples = self._check_samples(X, y, sample_weight, begin=begin)
        held_out = None if X_val is None else self._check_held_out(X_val, y_val, grows=begin)
        file = checkpoint_file(
            self,
            begin=begin,
            **vars(samples),
            X_val=None if held_out is None else held_out.X,
            y_val=None if held_out is None else held_out.y,
        )
        max_iter = self._most_epochs(samples.X)
        saved = None if file is None else file.read(max_iter)
        if saved is not None:
            self._history = saved.state.history  # whose seed splits as it did then
        if held_out is None and self.early_stopping:
            samples, held_out = self._split(samples)
        self._train(
            samples,
            held_out,
            begin=begin,
            max_iter=max_iter,
            schedule=self.learning_rate,
            saved=saved,
            file=file,
            tell_callbacks=True,
        )

    # ---- What a fit learns from ----

    def _check_samples(self, X: Any, y: Any, sample_weight: Any, *, begin: bool) -> Samples:
        """Return what there is to learn from; learn what it is like where `begin`."""
        if y is None:
            raise ValueError(
                f"requires y to be passed, but the target y is None: {type(self).__name__} needs "
                "a target for each sequence"
            )
        sequences = self._check_input(X, begin=begin, sample_weight=sample_weight)
        y = self._check_targets(y)
        check_consistent_length(sequences, y)
        sample_weight = check_sample_weight(sample_weight, len(sequences))
        if begin:
            self._learn_targets(y, sample_weight)
            self._begin()
        samples = Samples(sequences, y, sample_weight)
        if sample_weight is not None and not sample_weight.all():
            # What weighs nothing is not there, neither in minibatches nor in a validation split.
            samples = samples[np.flatnonzero(sample_weight)]
        if begin:
            wanted = self.standardize if self.embedding_size is None else False
            self._units = learn_units(samples.X, samples.sample_weight, wanted)
        return samples

    def _begin(self) -> None:
        """Draw the seed of all that is random in this fit, and in those that go on from it."""
        rng = check_random_state(self.random_state)
        self._history = History(seed=int(rng.randint(np.iinfo(np.int32).max)))

    def _check_held_out(self, X_val: Any, y_val: Any, *, grows: bool) -> Samples:
        """Return what the user has held out; tokens that are new are welcome where `grows`."""
        X = self._check_input(X_val, begin=False, grows=grows, name="X_val")
        y = self._check_targets(y_val, "y_val")
        if len(X) != len(y):
            raise ValueError(
                f"X_val and y_val have inconsistent numbers of samples: {len(X)} and {len(y)}"
            )
        self._encode(y, "y_val")  # refuses what cannot be predicted
        if self._units is not None:
            self._units.apply(X, "X_val")  # refuses what cannot be standardised
        return Samples(X, y)

    def _split(self, samples: Samples) -> tuple[Samples, Samples]:
        """Return a part to train on, and one that is held out."""
        n = len(samples.X)
        try:
            kept, held_out = train_test_split(
                np.arange(n),
                test_size=self.validation_fraction,
                stratify=self._stratify(samples.y),
                random_state=self._history.seed,
            )
        except ValueError as error:
            raise ValueError(
                f"early_stopping=True with validation_fraction={self.validation_fraction} cannot "
                f"hold sequences out of {n}: {error}. Pass X_val and y_val, another "
                "validation_fraction, or early_stopping=False"
            ) from error
        return samples[kept], samples[held_out]

    # ---- The run ----

    def _train(
        self,
        samples: Samples,
        held_out: Samples | None = None,
        *,
        begin: bool,
        max_iter: int,
        schedule: str,
        saved: Run | None = None,
        file: CheckpointFile | None = None,
        tell_callbacks: bool = False,
    ) -> None:
        """Train for `max_iter` epochs at most: anew, or from where the last fit or `saved` is."""
        data = self._training_data(samples)
        trainer = self._trainer(
            schedule=schedule,
            total_updates=max_iter * self._updates_per_epoch(samples.X),
            seed=self._history.seed,
        )
        run = saved or self._new_run(begin, schedule)
        run.validated = held_out is not None
        history = run.state.history
        if history.memory is not None and history.memory.shape == trainer.memory.shape:
            trainer.memory, trainer.updates = history.memory, history.updates
        parameters = run.state.parameters.copy()
        self.params_ = named_views(self._model(), parameters)
        self._run, self._checkpoint_file = run, file
        self._follow()
        self._note_architecture()
        self._solver = self.solver
        score = None if held_out is None else self._scorer(held_out)
        epochs = self._epochs(samples, max_iter) if tell_callbacks else None
        train(trainer, parameters, data, run, self._plan(max_iter, schedule, score, epochs))
        self._follow()  # an epoch may have been taken back
        self.params_ = self._kept()
        if epochs is not None:
            epochs.end_fit()

    def _training_data(self, samples: Samples) -> TrainingData:
        targets = self._encode(samples.y)
        weights = self._weights(samples.y, samples.sample_weight)
        return TrainingData(
            self._values(samples.X),
            samples.X.offsets,
            targets,
            None if weights is None else as_ratios(weights),
        )

    def _most_epochs(self, X: Sequences) -> int:
        """Return `max_iter`, or what stands for it where it is None."""
        if self.max_iter is not None:
            return int(self.max_iter)
        return int(np.clip(round(UPDATES / self._updates_per_epoch(X)), *EPOCHS))

    def _updates_per_epoch(self, X: Sequences) -> int:
        """Return how many updates the schedule of the learning rate reckons with."""
        cuts = 1 if self.tbptt is None else np.ceil(X.lengths / self.tbptt).mean()
        return int(max(1, round(np.ceil(len(X) / self.batch_size) * cuts)))

    def _new_run(self, begin: bool, schedule: str) -> Run:
        """Return a run that starts anew where `begin`, else from the parameters of the last fit."""
        model = self._model()
        history = self._history
        if begin:
            rng = np.random.default_rng(history.seed)
            parameters = initial_parameters(model, self.cell, self.hidden_size, rng)
        else:
            parameters = self._arena(model)
            if self._solver != self.solver or schedule in ENDING_SCHEDULES:
                # Another solver remembers other things; a schedule begins anew with each fit, as
                # the warm restarts of Loshchilov & Hutter (arXiv:1608.03983) do.
                history = replace(history, memory=None, updates=0)
        state = State(replace(history, best_epoch=None), parameters)
        return Run(state, before=len(history.losses))

    def _plan(
        self,
        max_iter: int,
        schedule: str,
        score: Callable[[], float] | None,
        epochs: Epochs | None,
    ) -> Plan:
        def end_epoch() -> bool:
            self._follow()
            if self.verbose:
                self._print_epoch()
            return epochs is not None and epochs.end()

        return Plan(
            max_iter=max_iter,
            tol=self.tol,
            n_iter_no_change=self.n_iter_no_change,
            early_stopping=self.early_stopping and score is not None,
            schedule=schedule,
            n_jobs=self.n_jobs,
            score=score,
            begin_epoch=lambda: None if epochs is None else epochs.begin(),
            end_epoch=end_epoch,
        )

    def _scorer(self, held_out: Samples) -> Any:
        """Return a function that scores the parameters in training on what is held out."""
        X, y = held_out.X, held_out.y
        judge = None if self.scoring is None else check_scoring(self, scoring=self.scoring)
        if isinstance(self.scoring, str):
            self._check_fits(judge, X, y)
        weighted = held_out.sample_weight is not None and (judge is None or _takes_weights(judge))
        options = {"sample_weight": held_out.sample_weight} if weighted else {}

        def score() -> float:
            # params_ are views of the parameters in training
            try:
                if judge is None:
                    return float(self.score(X, y, **options))
                return float(judge(self, X, y, **options))
            except ValueError:
                if np.isfinite(self._outputs(X)).all():
                    raise
                return float("nan")  # metrics refuse what a diverging network predicts

        return score

    def _check_fits(self, judge: Any, X: Sequences, y: Any) -> None:
        """Raise ValueError where a scorer of scikit-learn cannot score what is predicted."""
        try:
            judge(self, X, y)  # of the parameters that training begins with
        except (AttributeError, TypeError, ValueError) as error:
            raise ValueError(
                f"scoring={self.scoring!r} does not fit {type(self).__name__} with "
                f"loss={self.loss!r} and this y: {error}. Use scoring=None, which is the "
                "estimator's own score, or another scorer"
            ) from error

    # ---- Who looks on, and what stays behind ----

    def _follow(self) -> None:
        """Let the curves follow the run, for callbacks; `params_` are views of what is trained."""
        self.__dict__.update(self._curves())

    def _curves(self) -> dict[str, Any]:
        history = self._run.state.history
        some = self._run.validated or history.scores
        return {
            "_history": history,
            "n_iter_": len(history.losses),
            "loss_curve_": list(history.losses),
            "validation_scores_": list(history.scores) if some else None,
        }

    def _kept(self) -> dict[str, NDArray[np.float32]]:
        """Return views of the parameters that remain if the fit ends now."""
        state = self._run.state
        if not state.history.losses and all(np.isfinite(x).all() for x in self.params_.values()):
            # Ctrl-C in the very first epoch: what was learned of it is better than nothing.
            return self.params_
        return named_views(self._model(), state.parameters if state.best is None else state.best)

    def _learned(self) -> dict[str, Any] | None:
        if not hasattr(self, "_run") or not self._run.begun:
            return None
        return self._curves() | {"params_": _copies(self._kept())}

    def _as_fitted(self) -> dict[str, Any]:
        """Return, for callbacks, what has been learned by now: training does not change it."""
        return self._curves() | {"params_": _copies(self.params_)}

    def _epochs(self, samples: Samples, max_iter: int) -> Epochs:
        """Tell callbacks that the fit begins, and return what tells them of its epochs."""
        weight = samples.sample_weight
        metadata = None if weight is None else {"sample_weight": weight}
        return Epochs(
            self,
            max_iter,
            self._run.epochs,
            self._as_fitted,
            X=samples.X,
            y=samples.y,
            metadata=metadata,
        )

    def _print_epoch(self) -> None:
        run = self._run
        line = f"Epoch {self.n_iter_}: loss {run.losses[-1]:.6g}"
        if run.validated:
            line += f", validation score {run.scores[-1]:.6g}"
        print(line)


def _copies(views: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Return arrays of their own: views of one arena would be pickled with all of it, each."""
    return {name: view.copy() for name, view in views.items()}


def _takes_weights(scorer: Any) -> bool:
    """Whether a scorer, or the metric that it is made of, has a parameter sample_weight."""
    return "sample_weight" in signature(getattr(scorer, "_score_func", scorer)).parameters

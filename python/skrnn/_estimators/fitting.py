"""The course of a fit: check, encode, network, loop, settle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from skrnn import _core
from skrnn._estimators.base import SequenceEstimator
from skrnn._estimators.samples import FitData, Samples, split
from skrnn._estimators.scoring import validation_score
from skrnn._estimators.standardization import learn_units
from skrnn._estimators.watching import WatchedFit, curves_of
from skrnn._files.description import Description
from skrnn._parameters import check_parameters
from skrnn._sequences.container import Sequences
from skrnn._sequences.spelling import spellings_of
from skrnn._sequences.transformed import check_transformed_alike
from skrnn._targets.codec import Settings
from skrnn._targets.sample_weight import as_ratios
from skrnn._training.callback_protocol import Epochs, with_callbacks
from skrnn._training.checkpoint_file import CheckpointFile
from skrnn._training.initialization import initial_parameters, named_views
from skrnn._training.loop import (
    ENDING_SCHEDULES,
    EPOCHS,
    UPDATES,
    Data,
    History,
    Plan,
    Run,
    State,
    TrainingData,
    train,
)
from skrnn.callbacks._checkpoint import checkpoint_file

Self = TypeVar("Self", bound="TrainableEstimator")


class TrainableEstimator(WatchedFit, SequenceEstimator):
    """An estimator that is fitted epoch by epoch."""

    _history: History
    _solver: str  # of the last fit, whose state the history has

    @property
    def _updates(self) -> int:
        """About as many updates are made with ``max_iter=None``."""
        return UPDATES

    def fit(
        self: Self,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Train on sequences and their targets.

        Parameters
        ----------
        X : sequences of shape (n,)
            A list, tuple, object array or `skrnn.Sequences` of (T_i, C) arrays; an (n, T, C) array;
            an (n, T) array or data frame of univariate series. With `embedding_size` tokens: a
            list, 1-D array or series of texts, of lists of strings, or of (T_i,) arrays of
            integers. From strings fit learns the `vocabulary_`, without sequences of weight 0; with
            `warm_start` it is kept. Strings that are not in it, in X_val or later in predict, are
            the unknown token; a text without any token is one unknown token.
        y : array-like of shape (n,) or (n, K)
            Targets. For estimators that answer at every step n arrays of shape (T_i,) or (T_i, K).
        sample_weight : array-like of shape (n,), optional
            How much each sequence counts; only ratios matter. None for ones. A sequence of weight 0
            is left out, except that its class is known; tokens that only such sequences hold are
            not learned. For estimators that answer at every step also n arrays of shape (T_i,).
        X_val, y_val : as X and y, optional
            Data to validate on, instead of a part of X and y. A pipeline hands X_val over as it is,
            in other units than X, unless it is a ``Pipeline(steps, transform_input=["X_val"])`` of
            a scikit-learn with ``enable_metadata_routing=True`` and the estimator has
            ``set_fit_request(X_val=True, y_val=True)``. If X comes from `PerStep` or `TokenEncoder`
            and X_val does not, it is refused; after other transformers this cannot be detected.
        sample_weight_val : array-like of shape (n_val,), optional
            How much each sequence of X_val counts in the validation score, if `scoring` takes
            weights. None for ones. Sequences that `early_stopping` holds out have their
            `sample_weight`.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            For parameters and data that cannot be used; the message says which and what to do. The
            estimator is then unchanged.
        RuntimeError
            While another fit of the same estimator runs: in another thread, or around a callback.
        KeyboardInterrupt
            On Ctrl-C, when the best parameters so far are in place: the estimator is usable.

        Warns
        -----
        ConvergenceWarning
            If the loss is no longer finite: the last parameters with a finite loss are kept. Also,
            as `sklearn.neural_network.MLPClassifier` warns, if `max_iter` ends the training before
            `tol` and `n_iter_no_change` do; but not if these never could, because
            `n_iter_no_change` is as large as `max_iter` or `learning_rate` ends with it.
        UserWarning
            For `Sequences` of tokens if `embedding_size` is None.
        """
        check_parameters(self, self._rules)
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val go together; one of them is None")
        if X_val is not None:
            check_transformed_alike(X, X_val)
        elif sample_weight_val is not None:
            raise ValueError(
                "sample_weight_val is for X_val, which is None; pass X_val and y_val, or "
                "sample_weight, which early_stopping takes for what it holds out"
            )
        given = FitData(X, y, sample_weight, X_val, y_val, sample_weight_val)
        settings = self._target_settings()
        begin = not (self.warm_start and hasattr(self, "params_"))
        return self._learn(lambda twin: twin._fit(given, settings, begin=begin))

    def _fit_one_epoch(self: Self, given: FitData, settings: Settings) -> Self:
        """Train as partial_fit does: nothing is held out, and callbacks are not told."""
        begin = not hasattr(self, "params_")
        return self._learn(lambda twin: twin._fit(given, settings, begin=begin, one_epoch=True))

    @with_callbacks
    def _fit(
        self, given: FitData, settings: Settings, *, begin: bool, one_epoch: bool = False
    ) -> None:
        """Check, encode, build the network, run the loop of epochs, and settle.

        If `begin`, training starts anew, else from what was learned before.
        """
        # Check the data, and look for a checkpoint of this fit.
        samples = self._check_samples(given, settings, begin=begin)
        held_out = self._check_held_out(given, grows=begin)
        schedule, max_iter = self.learning_rate, self._most_epochs(samples.X)
        if one_epoch:
            schedule, max_iter = "constant", 1
        file = None if one_epoch else self._find_checkpoint(samples, held_out, max_iter, begin)
        saved = None if file is None else file.read(max_iter)
        if saved is not None:
            self._history = saved.state.history  # whose seed gives the same split
        if self.early_stopping and held_out is None and not one_epoch:
            samples, held_out = self._split(samples)

        # Encode the data for the engine.
        data = self._training_data(samples)

        # Build the network, with initial parameters, or those of the end of the last fit.
        layout = self._layout()
        trainer = self._trainer(
            schedule=schedule,
            total_updates=max_iter * self._updates_per_epoch(samples.X),
            seed=self._history.seed,
        )
        run = saved or self._new_run(layout, begin, schedule)
        run.validated = held_out is not None
        state, updates = run.state.history.optimizer_state, run.state.history.updates
        if state is not None and state.shape == trainer.optimizer_state.shape:
            trainer.optimizer_state, trainer.updates = state, updates
        parameters = run.state.parameters.copy()
        self.params_ = named_views(layout, parameters)  # so callbacks and scores see them change
        self._run, self._network, self._checkpoint_file = run, layout, file
        self._note_architecture()
        self._solver = self.solver
        self._follow()

        # Run the loop.
        score = None if held_out is None else self._validation_score(held_out)
        epochs = None if one_epoch else self._epochs(samples, max_iter)
        train(trainer, parameters, data, run, self._plan(max_iter, schedule, score, epochs))

        # Settle: keep the parameters of one epoch.
        self._follow()  # an epoch may have been undone
        self.params_ = self._kept()
        if epochs is not None:
            epochs.end_fit()

    # ---- Check and encode ----

    def _check_samples(self, given: FitData, settings: Settings, *, begin: bool) -> Samples:
        """Return the training data, checked; learn the codec and the units if `begin`."""
        if given.y is None:
            raise ValueError(
                f"requires y to be passed, but the target y is None: {type(self).__name__} needs "
                "a target for each sequence"
            )
        if not begin:
            self._check_unchanged()  # or X would be held to what another network reads
        rows = self._target_rows
        counted = rows.counted(given.sample_weight)
        X = self._check_input(given.X, begin=begin, sample_weight=counted)
        y = settings.check(rows.flatten(given.y, X.offsets, "y"))
        rows.check_count(y, X)
        weight = rows.weights(given.sample_weight, X.offsets, "sample_weight")
        samples = Samples(X, y, settings.weigh_missing(y, weight), rows)
        if begin:
            self._set_codec(settings.learn(y, samples.sample_weight))
            self._begin()
        samples = samples.that_weigh()
        if begin:
            wanted = self.standardize if not self._reads_tokens else False
            self._units = learn_units(samples.X, samples.weight_of_sequences, wanted)
        return samples

    def _begin(self) -> None:
        """Draw the seed of everything random in this fit, and in fits that continue it."""
        rng = check_random_state(self.random_state)
        self._history = History(seed=int(rng.randint(np.iinfo(np.int32).max)))

    def _check_held_out(self, given: FitData, *, grows: bool) -> Samples | None:
        """Return the validation data of the user; new tokens are accepted if `grows`."""
        if given.X_val is None:
            return None
        X = self._check_input(given.X_val, begin=False, grows=grows, name="X_val")
        rows = self._target_rows
        y = self._codec.settings.check(rows.flatten(given.y_val, X.offsets, "y_val"), "y_val")
        if not rows.every_step and len(X) != len(y):
            raise ValueError(
                f"X_val and y_val have inconsistent numbers of samples: {len(X)} and {len(y)}"
            )
        self._codec.encode(y, "y_val")  # refuses targets that cannot be predicted
        if self._units is not None:
            self._units.apply(X, "X_val")  # refuses values that cannot be standardised
        weight = rows.weights(given.sample_weight_val, X.offsets, "sample_weight_val")
        weight = self._codec.settings.weigh_missing(y, weight)
        return Samples(X, y, weight, rows).that_weigh()

    def _find_checkpoint(
        self, samples: Samples, held_out: Samples | None, max_iter: int, begin: bool
    ) -> CheckpointFile | None:
        """Return the file of this fit, if it is to be saved."""
        data = {}
        for ending, part in (("", samples), ("_val", held_out)):
            for name in ("X", "y", "sample_weight"):
                data[name + ending] = getattr(part, name, None)
        return checkpoint_file(self, begin=begin, max_iter=max_iter, **data)

    def _split(self, samples: Samples) -> tuple[Samples, Samples]:
        """Return a part to train on, and one that is held out."""
        strata = None if samples.rows.every_step else self._codec.strata(samples.y)
        return split(samples, self.validation_fraction, strata, self._history.seed)

    def _validation_score(self, held_out: Samples) -> Callable[[], float]:
        """Return a function that scores the parameters in training."""
        return validation_score(self, held_out)

    def _training_data(self, samples: Samples) -> Data:
        targets = self._codec.encode(samples.y)
        weights = self._codec.weights(samples.y, samples.sample_weight)
        return TrainingData(
            self._values(samples.X),
            samples.X.offsets,
            targets,
            None if weights is None else as_ratios(weights),
            spellings_of(samples.X),
        )

    # ---- Network and loop ----

    def _most_epochs(self, X: Sequences) -> int:
        """Return `max_iter`, or the default number of epochs if it is None."""
        if self.max_iter is not None:
            return int(self.max_iter)
        return int(np.clip(round(self._updates / self._updates_per_epoch(X)), *EPOCHS))

    def _updates_per_epoch(self, X: Sequences) -> int:
        """Return the updates per epoch that the schedule of the learning rate assumes."""
        cuts = 1 if self.tbptt is None else np.ceil(X.lengths / self.tbptt).mean()
        return int(max(1, round(np.ceil(len(X) / self.batch_size) * cuts)))

    def _new_run(self, layout: _core.NetworkLayout, begin: bool, schedule: str) -> Run:
        """Return a run that starts anew if `begin`, else from the parameters of the last fit."""
        history = self._history
        if begin:
            rng = np.random.default_rng(history.seed)
            parameters = self._initial_parameters(layout, rng)
        else:
            parameters = self._arena(layout)
            if self._solver != self.solver or schedule in ENDING_SCHEDULES:
                # Another solver has another state; a schedule starts anew with each fit, as the
                # warm restarts of Loshchilov & Hutter (arXiv:1608.03983) do.
                history = replace(history, optimizer_state=None, updates=0)
        state = State(replace(history, best_epoch=None), parameters)
        return Run(state, before=len(history.losses))

    def _initial_parameters(
        self, layout: _core.NetworkLayout, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """Draw the parameters that training begins with, float32 of shape (num_parameters,)."""
        letters = getattr(self, "character_hidden_size", 0)
        return initial_parameters(
            layout,
            self.cell,
            self.hidden_size,
            rng,
            character_hidden_size=letters,
            embedding_std=self._embedding_std,
        )

    @property
    def _embedding_std(self) -> float:
        """The standard deviation of initial embeddings."""
        return 0.1

    def _plan(
        self,
        max_iter: int,
        schedule: str,
        score: Callable[[], float] | None,
        epochs: Epochs | None,
    ) -> Plan:
        def begin_epoch() -> None:
            if epochs is not None:
                epochs.begin()
                self._check_unchanged()  # a callback may call set_params

        def end_epoch() -> bool:
            self._follow()
            if self.verbose:
                self._print_epoch()
            stop = epochs is not None and epochs.end()
            self._check_unchanged()
            return stop

        return Plan(
            max_iter=max_iter,
            chosen=self.max_iter is None,
            tol=self.tol,
            n_iter_no_change=self.n_iter_no_change,
            early_stopping=self.early_stopping and score is not None,
            schedule=schedule,
            n_jobs=self.n_jobs,
            score=score,
            begin_epoch=begin_epoch,
            end_epoch=end_epoch,
        )

    # ---- Files ----

    def _restore(self, model: _core.Model, description: Description) -> None:
        super()._restore(model, description)
        training = description.training
        self._solver = training.solver
        history = History(
            training.seed, tuple(training.losses), tuple(training.scores), training.best_epoch
        )
        self.__dict__.update(curves_of(history, training.validated))

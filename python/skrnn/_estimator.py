"""What every estimator shares: from sequences to the engine and back."""

from __future__ import annotations

from inspect import signature
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    _check_feature_names,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from skrnn import _core
from skrnn._initialization import initial_parameters, named_views
from skrnn._parameters import (
    Rule,
    boolean,
    check_parameters,
    integer,
    loudness,
    one_of,
    real,
    scorer,
    seed,
    threads,
)
from skrnn._sequences import Sequences
from skrnn._training import ENDING_SCHEDULES, History, Plan, Run, TrainingData, train
from skrnn._validation import as_sequences, frame_of_channels
from skrnn._weights import as_ratios, check_sample_weight
from skrnn.callbacks._checkpoint import checkpoint_file
from skrnn.callbacks._protocol import CallbackSupportMixin, Epochs, with_callbacks

Fitted = TypeVar("Fitted", bound="SequenceEstimator")

POOLINGS = ("last", "mean", "max", "attention")
SCHEDULES = ("constant", "cosine", "one_cycle", "plateau")
ARCHITECTURE = (
    "cell",
    "hidden_size",
    "num_layers",
    "bidirectional",
    "pooling",
    "embedding_size",
)

# Parameters that every estimator has, and their rules.
RULES: dict[str, Rule] = {
    "cell": one_of(_core.cells()),
    "hidden_size": integer(1),
    "num_layers": integer(1),
    "bidirectional": boolean(),
    "pooling": one_of(POOLINGS),
    "embedding_size": integer(1, none=True),
    "dropout": real(0, 1, "[)"),
    "recurrent_dropout": real(0, 1, "[)"),
    "solver": one_of(_core.solvers()),
    "learning_rate_init": real(0, np.inf, "()"),
    "learning_rate": one_of(SCHEDULES),
    "alpha": real(0, np.inf, "[)"),
    "clip_norm": real(0, np.inf, "()", none=True),
    "batch_size": integer(1),
    "max_iter": integer(1),
    "tol": real(0, np.inf, "[)"),
    "n_iter_no_change": integer(1),
    "early_stopping": boolean(),
    "validation_fraction": real(0, 1, "()"),
    "scoring": scorer(),
    "tbptt": integer(1, none=True),
    "warm_start": boolean(),
    "random_state": seed(),
    "verbose": loudness(),
    "n_jobs": threads(),
}


class SequenceEstimator(CallbackSupportMixin, BaseEstimator):
    """Base of the estimators. Those say how targets are encoded and outputs decoded.

    A fitted estimator is its parameters, `params_`, and what its targets were: NumPy arrays and
    plain Python objects, and nothing of C++.
    """

    # What a subclass has to say, besides its __init__.
    _rules: dict[str, Rule] = RULES
    _solver = ""  # of the last fit
    _fitted_loss = ""
    _saw_table = False

    def _loss(self) -> str:
        """Return the engine's name of the loss in use."""
        raise NotImplementedError

    def _loss_options(self) -> dict[str, Any]:
        """Return further settings of the loss."""
        return {}

    def _learn_targets(self, y: Any, sample_weight: NDArray[np.float64] | None) -> None:
        """Learn from y in fit what its values can be; sets public attributes."""
        raise NotImplementedError

    def _encode(self, y: Any, name: str = "y") -> NDArray[np.float32]:
        """Return targets as the loss takes them, float32 of shape (n, columns)."""
        raise NotImplementedError

    def _output_size(self, target_columns: int) -> int:
        """Return K, the outputs of the head."""
        raise NotImplementedError

    def _weights(
        self,
        y: Any,  # noqa: ARG002
        sample_weight: NDArray[np.float64] | None,
    ) -> NDArray[np.float64] | None:
        """Return weights of samples times weights of classes, or None for ones."""
        return sample_weight

    def _stratify(self, y: Any) -> Any:  # noqa: ARG002
        """Return what the validation split is to be stratified by."""
        return None

    # ---- Fitting ----

    @with_callbacks
    def fit(
        self: Fitted,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        X_val: Any = None,
        y_val: Any = None,
    ) -> Fitted:
        """Train on sequences and their targets.

        Parameters
        ----------
        X : sequences of shape (n,)
            A list, tuple, object array or `skrnn.Sequences` of (T_i, C) arrays; an (n, T, C) array;
            an (n, T) array or data frame of univariate series; with `embedding_size`, (T_i,) arrays
            of integers.
        y : array-like of shape (n,) or (n, K)
            Targets.
        sample_weight : array-like of shape (n,), optional
            How much each sequence counts; only ratios matter. None for ones. What weighs nothing is
            as if it were not there, but for its class.
        X_val, y_val : as X and y, optional
            Data to validate on, instead of a part of X and y.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            For parameters and data that cannot be used; the message says which and what to do.
        KeyboardInterrupt
            On Ctrl-C, when the best parameters so far are in place: the estimator is usable.

        Warns
        -----
        ConvergenceWarning
            Where the loss is not finite any more. The last parameters with a finite loss are kept.
        """
        check_parameters(self, self._rules)
        begin = not (self.warm_start and hasattr(self, "params_"))
        return self._fit(
            X, y, sample_weight, X_val, y_val, begin=begin, max_iter=self.max_iter, whole=True
        )

    def _fit(
        self: Fitted,
        X: Any,
        y: Any,
        sample_weight: Any,
        X_val: Any,
        y_val: Any,
        *,
        begin: bool,
        max_iter: int,
        whole: bool = False,
    ) -> Fitted:
        """Train for `max_iter` epochs at most.

        A `whole` fit holds data out for early stopping, and tells callbacks of its epochs; the
        steps of partial_fit do not.
        """
        if y is None:
            raise ValueError(
                f"requires y to be passed, but the target y is None: {type(self).__name__} needs "
                "a target for each sequence"
            )
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val go together; one of them is None")
        sequences = self._check_input(X, begin=begin)
        y = self._check_targets(y)
        check_consistent_length(sequences, y)
        sample_weight = check_sample_weight(sample_weight, len(sequences))
        if begin:
            self._learn_targets(y, sample_weight)
            self._begin()
        if sample_weight is not None and not sample_weight.all():
            # What weighs nothing is not there, neither in minibatches nor in a validation split.
            counts = np.flatnonzero(sample_weight)
            sequences, y, sample_weight = sequences[counts], y[counts], sample_weight[counts]

        validation = None
        held_out = y_held_out = None
        if X_val is not None:
            held_out = self._check_input(X_val, begin=False, grows=begin, name="X_val")
            y_held_out = self._check_targets(y_val, "y_val")
            if len(held_out) != len(y_held_out):
                raise ValueError(
                    f"X_val and y_val have inconsistent numbers of samples: {len(held_out)} and "
                    f"{len(y_held_out)}"
                )
            self._encode(y_held_out, "y_val")  # refuses what cannot be predicted
            validation = held_out, y_held_out, None
        file = saved = None
        if whole:
            file = checkpoint_file(
                self,
                begin=begin,
                X=sequences,
                y=y,
                sample_weight=sample_weight,
                X_val=held_out,
                y_val=y_held_out,
            )
        if file is not None:
            saved = file.read(max_iter)
        if saved is not None:
            self._history = saved.history
        if validation is None and self.early_stopping and whole:
            sequences, y, sample_weight, validation = self._split(sequences, y, sample_weight)

        targets = self._encode(y)
        weights = self._weights(y, sample_weight)
        model = self._model(targets.shape[1])
        history: History = self._history
        trainer = self._trainer(model, targets.shape[1], sequences, max_iter)
        if saved is not None:
            arena = saved.parameters.copy()
        elif begin:
            arena = initial_parameters(
                model, self.cell, self.hidden_size, np.random.default_rng(history.seed)
            )
        else:
            arena = self._arena(model)
        anew = self._solver != self.solver or self.learning_rate in ENDING_SCHEDULES
        if saved is None and not begin and anew:
            # Another solver remembers other things; a schedule begins anew with each fit, as the
            # warm restarts of Loshchilov & Hutter (arXiv:1608.03983) do.
            history.memory, history.updates = None, 0
        self._solver = self.solver
        self._built_with = {k: getattr(self, k) for k in ARCHITECTURE if hasattr(self, k)}
        self._fitted_loss = self._loss()
        if history.memory is not None and history.memory.shape == trainer.memory.shape:
            trainer.memory, trainer.updates = history.memory, history.updates
        run = saved or Run(history, arena.copy(), before=len(history.losses))
        self.params_ = named_views(model, arena)
        self.loss_curve_ = history.losses
        self.validation_scores_ = history.scores if validation is not None else None
        self._run, self._checkpoint_file = run, file
        try:
            epochs = None
            if whole:
                metadata = None if sample_weight is None else {"sample_weight": sample_weight}
                epochs = Epochs(
                    self, run.epochs, self._as_fitted, X=sequences, y=y, metadata=metadata
                )
            plan = Plan(
                max_iter=max_iter,
                tol=self.tol,
                n_iter_no_change=self.n_iter_no_change,
                early_stopping=self.early_stopping and validation is not None,
                schedule=self.learning_rate,
                n_jobs=self.n_jobs,
                score=None if validation is None else self._scorer(*validation),
                begin_epoch=lambda: None if epochs is None else epochs.begin(),
                end_epoch=lambda: self._end_epoch(epochs),
                stacklevel=5 if whole else 4,  # fit is decorated, partial_fit is not
            )
            train(
                trainer,
                arena,
                TrainingData(
                    self._values(sequences),
                    sequences.offsets,
                    targets,
                    None if weights is None else as_ratios(weights),
                ),
                run,
                plan,
            )
            if epochs is not None:
                epochs.end_fit()
        finally:
            self.__dict__.update(self._as_fitted())
            del self._run, self._checkpoint_file
        return self

    def _as_fitted(self) -> dict[str, Any]:
        """Return what has been learned by now, in attributes that training does not change."""
        scores = self.validation_scores_
        return {
            # Views of one arena would be pickled with all of it, each.
            "params_": {name: view.copy() for name, view in self.params_.items()},
            "n_iter_": len(self.loss_curve_),
            "loss_curve_": list(self.loss_curve_),
            "validation_scores_": None if scores is None else list(scores),
        }

    def _end_epoch(self, epochs: Epochs | None) -> bool:
        """Report, and return whether a callback wants to stop."""
        if self.verbose:
            line = f"Epoch {len(self.loss_curve_)}: loss {self.loss_curve_[-1]:.6g}"
            if self.validation_scores_ is not None:
                line += f", validation score {self.validation_scores_[-1]:.6g}"
            print(line)
        return epochs is not None and epochs.end()

    def _begin(self) -> None:
        rng = check_random_state(self.random_state)
        self._history = History(seed=int(rng.randint(np.iinfo(np.int32).max)))

    def _split(self, X: Sequences, y: Any, sample_weight: Any) -> tuple[Any, Any, Any, Any]:
        """Hold a part of the data out."""
        stratify = self._stratify(y)
        indices = np.arange(len(X))
        try:
            fitted, held_out = train_test_split(
                indices,
                test_size=self.validation_fraction,
                stratify=stratify,
                random_state=self._history.seed,
            )
        except ValueError as error:
            raise ValueError(
                f"early_stopping=True with validation_fraction={self.validation_fraction} cannot "
                f"hold sequences out of {len(X)}: {error}. Pass X_val and y_val, another "
                "validation_fraction, or early_stopping=False"
            ) from error
        weight, held_weight = (
            (None, None)
            if sample_weight is None
            else (sample_weight[fitted], sample_weight[held_out])
        )
        return X[fitted], y[fitted], weight, (X[held_out], y[held_out], held_weight)

    def _scorer(self, X: Sequences, y: Any, sample_weight: Any) -> Any:
        """Return a function that scores the parameters in training on validation data."""
        judge = None if self.scoring is None else check_scoring(self, scoring=self.scoring)
        weighted = sample_weight is not None and (judge is None or _takes_weights(judge))
        options = {"sample_weight": sample_weight} if weighted else {}

        def score() -> float:
            # params_ are views of the parameters in training
            try:
                if judge is None:
                    return float(self.score(X, y, **options))
                return float(judge(self, X, y, **options))
            except ValueError:
                if np.isfinite(self._outputs(X, link=False)).all():
                    raise
                return float("nan")  # metrics refuse what a diverging network predicts

        return score

    # ---- The engine ----

    def _model(self, target_columns: int) -> _core.SequenceModel:
        return _core.SequenceModel(
            cell=self.cell,
            input_size=self._input_size,
            embedding_size=self.embedding_size or 0,
            hidden_size=self.hidden_size,
            num_layers=self.num_layers,
            bidirectional=bool(self.bidirectional),
            pooling=self.pooling,
            output_size=self._output_size(target_columns),
        )

    def _trainer(
        self, model: _core.SequenceModel, target_columns: int, X: Sequences, max_iter: int
    ) -> _core.Trainer:
        plateau = self.learning_rate == "plateau"
        cuts = 1 if self.tbptt is None else np.ceil(X.lengths / self.tbptt).mean()
        updates = max_iter * max(1, round(np.ceil(len(X) / self.batch_size) * cuts))
        return _core.Trainer(
            model,
            target_columns=target_columns,
            loss=self._loss(),
            **self._loss_options(),
            solver=self.solver,
            learning_rate=self.learning_rate_init,
            schedule="constant" if plateau else self.learning_rate,
            total_updates=updates,
            weight_decay=self.alpha,
            clip_norm=self.clip_norm or 0.0,
            dropout=self.dropout,
            recurrent_dropout=self.recurrent_dropout,
            batch_size=self.batch_size,
            tbptt=self.tbptt or 0,
            seed=self._history.seed,
        )

    def _check_unchanged(self) -> None:
        """Raise ValueError where set_params changed the network since the parameters were fitted.

        Many changes leave the shapes of the parameters as they are, and not what they mean.
        """
        for name, value in self._built_with.items():
            if getattr(self, name) != value:
                raise ValueError(
                    f"{name}={getattr(self, name)!r} is another architecture than that of the "
                    f"parameters, which were fitted with {name}={value!r}; set it back, or fit "
                    "again with warm_start=False"
                )

    def _arena(self, model: _core.SequenceModel) -> NDArray[np.float32]:
        self._check_unchanged()
        arena = np.empty(model.num_parameters, np.float32)
        views = named_views(model, arena)
        if {k: v.shape for k, v in views.items()} != {k: v.shape for k, v in self.params_.items()}:
            raise ValueError(
                "the parameters of this estimator were fitted with another architecture: a loss or "
                "targets that need other outputs; set loss back, or fit again with warm_start=False"
            )
        for name, view in views.items():
            view[...] = self.params_[name]
        return arena

    def _outputs(self, X: Any, *, link: bool = True) -> NDArray[np.float32]:
        """Return what the head says of each sequence, (n, K), behind the loss's link or before."""
        check_is_fitted(self, "params_")
        self._check_unchanged()
        if self._loss() != self._fitted_loss:
            raise ValueError(
                f"loss={self._loss()!r} is not the loss that the parameters were fitted with, "
                f"{self._fitted_loss!r}; set it back, or fit again"
            )
        sequences = self._check_input(X, begin=False)
        columns = self._target_columns
        model = self._model(columns)
        outputs = model.predict(
            self._arena(model), self._values(sequences), sequences.offsets, n_jobs=self.n_jobs
        )
        if link:
            _core.apply_link(outputs, self._loss(), columns)
        return outputs

    def _state_gradient_norms(
        self, X: Any, y: Any
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return |dL/dh| of each layer and direction, (layers * directions, S), and the offsets.

        L is the loss of the one sequence that the state belongs to.
        """
        check_is_fitted(self, "params_")
        sequences = self._check_input(X, begin=False)
        y = self._check_targets(y)
        check_consistent_length(sequences, y)
        targets = self._encode(y)
        model = self._model(targets.shape[1])
        norms = self._trainer(model, targets.shape[1], sequences, 1).state_gradient_norms(
            self._arena(model),
            self._values(sequences),
            sequences.offsets,
            targets,
            n_jobs=self.n_jobs,
        )
        # The engine's loss is the mean over sequences.
        return norms * np.float32(len(sequences)), sequences.offsets

    # ---- Data ----

    def _check_targets(self, y: Any, name: str = "y") -> Any:
        raise NotImplementedError

    def _check_input(
        self, X: Any, *, begin: bool, grows: bool = False, name: str = "X"
    ) -> Sequences:
        """Return X as sequences; learn the width of the input where `begin`.

        Tokens that are new are welcome where `grows`.
        """
        tokens = self.embedding_size is not None
        table = not tokens and _is_table(X)
        if table and (begin or self._saw_table):
            # scikit-learn's meaning of a table: named columns, always the same.
            X = validate_data(self, X, reset=begin, dtype=[np.float64, np.float32])
        sequences = as_sequences(X, tokens=tokens, name=name)
        if not table and (begin or not self._saw_table):
            # Where sequences are data frames, the names of their channels.
            _check_feature_names(self, frame_of_channels(X, name), reset=begin)
        if begin:
            self._saw_table = table
            if not table:
                self.n_features_in_ = sequences.n_channels
            self._input_size = int(sequences.values.max()) + 1 if tokens else sequences.n_channels
        elif tokens:
            largest = int(sequences.values.max())
            if grows:
                self._input_size = max(self._input_size, largest + 1)
            elif largest >= self._input_size:
                raise ValueError(
                    f"{name} holds token {largest}, but the tokens seen in fit were "
                    f"0..{self._input_size - 1}. skrnn.preprocessing.TokenEncoder turns what is "
                    "unknown into token 0"
                )
        elif sequences.n_channels != self._input_size:
            raise ValueError(
                f"{name} has {sequences.n_channels} features, but {type(self).__name__} is "
                f"expecting {self._input_size} features as input: the channels of a step"
            )
        return sequences

    def _values(self, X: Sequences) -> NDArray[Any]:
        return X.values.astype(np.int64) if self.embedding_size is not None else X.values

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.three_d_array = True
        return tags


def _takes_weights(scorer: Any) -> bool:
    """Whether a scorer, or the metric that it is made of, has a parameter sample_weight."""
    return "sample_weight" in signature(getattr(scorer, "_score_func", scorer)).parameters


def _is_table(X: Any) -> bool:
    """Whether X is rows by columns to scikit-learn: a 2-D array, a data frame, or nested lists.

    Lists of arrays are sequences, and so are nested lists of different lengths.
    """
    if isinstance(X, Sequences):
        return False
    if isinstance(X, (list, tuple)):
        if not all(isinstance(row, (list, tuple)) for row in X):
            return False
        lengths = {len(row) for row in X}
        return len(lengths) == 1 and all(np.isscalar(value) for row in X for value in row)
    if isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype == object:
        return False
    shape = getattr(X, "shape", None)
    if shape is None and hasattr(X, "__array__"):
        shape = np.asarray(X).shape
    return shape is not None and len(shape) == 2

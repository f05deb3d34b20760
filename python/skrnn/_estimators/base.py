"""The base of all estimators: parameters, input, and the engine behind them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from skrnn import _core
from skrnn._estimators.serving import ServingMixin
from skrnn._estimators.standardization import Units
from skrnn._files.description import Description
from skrnn._parameters import (
    Rule,
    boolean,
    boolean_or,
    integer,
    loudness,
    one_of,
    real,
    scorer,
    seed,
    threads,
)
from skrnn._sequences.checks import (
    as_sequences,
    as_unscaled,
    check_input_size,
    is_table,
    refuse_one_sequence,
    warn_of_tokens,
)
from skrnn._sequences.container import Sequences
from skrnn._sequences.names import check_names
from skrnn._serving.served import Operation
from skrnn._targets.codec import Codec, Settings
from skrnn._targets.decoding import Meaning
from skrnn._training.initialization import named_views

POOLINGS = ("last", "mean", "max", "attention", "last_mean_max")
SCHEDULES = ("constant", "cosine", "one_cycle", "plateau")
ARCHITECTURE = (
    "cell",
    "hidden_size",
    "num_layers",
    "bidirectional",
    "pooling",
    "embedding_size",
    "standardize",
)

# Parameters that every estimator has, and their rules.
RULES: dict[str, Rule] = {
    "cell": one_of(_core.cells()),
    "hidden_size": integer(1),
    "num_layers": integer(1),
    "bidirectional": boolean(),
    "pooling": one_of(POOLINGS),
    "embedding_size": integer(1, none=True),
    "standardize": boolean_or("auto"),
    "dropout": real(0, 1, "[)"),
    "recurrent_dropout": real(0, 1, "[)"),
    "solver": one_of(_core.solvers()),
    "learning_rate_init": real(0, np.inf, "()"),
    "learning_rate": one_of(SCHEDULES),
    "alpha": real(0, np.inf, "[)"),
    "clip_norm": real(0, np.inf, "()", none=True),
    "batch_size": integer(1),
    "max_iter": integer(1, none=True),
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


class SequenceEstimator(ServingMixin, BaseEstimator, ABC):
    """Base of the estimators, which differ in their targets and in what they predict.

    A fitted estimator is its parameters, `params_`, and the codec of its targets: NumPy arrays and
    plain Python objects, and nothing of C++. How it comes to be fitted, `fitting` says.
    """

    params_: dict[str, NDArray[np.float32]]
    n_features_in_: int
    _input_size: int  # channels, or tokens
    _saw_table = False
    _units: Units | None = None  # of channels
    _built_with: dict[str, Any]  # the architecture of params_
    _learned_codec: Codec
    _fitted_loss: str

    # ---- What a subclass has to say, besides its __init__ ----

    _rules: dict[str, Rule] = RULES

    @abstractmethod
    def _target_settings(self) -> Settings:
        """Return what the parameters say of targets."""

    # ---- Targets ----

    def _set_codec(self, codec: Codec) -> None:
        """Take over what targets are like, as fit has learned it or a file says it."""
        self._learned_codec = codec
        self.__dict__.update(codec.attributes)

    @property
    def _codec(self) -> Codec:
        """The codec that fit has learned, under the parameters of now."""
        return self._learned_codec.under(self._target_settings())

    def _meaning(self) -> Meaning:
        return self._codec.meaning

    def _restore(self, model: _core.Model, description: Description) -> None:
        """Become what was saved to a file, where the parameters are set already."""
        self.params_ = model.parameters
        self.n_features_in_ = description.n_features_in
        if description.feature_names is not None:
            self.feature_names_in_ = np.array(description.feature_names, dtype=object)
        self._saw_table = description.saw_table
        self._input_size = description.input_size
        units = [values for _, values, _ in model.operations[-2:]]
        self._units = Units(*units) if description.standardized else None
        settings = self._target_settings()
        mean, scale = model.target_mean, model.target_scale
        self._set_codec(settings.restore(description.meaning, mean, scale))
        self._note_architecture()

    # ---- Input ----

    def _check_input(
        self, X: Any, *, begin: bool, grows: bool = False, name: str = "X"
    ) -> Sequences:
        """Return X as sequences; learn the width of the input where `begin`.

        Tokens that are new are welcome where `grows`.
        """
        tokens = self.embedding_size is not None
        table = not tokens and is_table(X, name)
        if table and (begin or self._saw_table):
            # scikit-learn's meaning of a table: named columns, always the same.
            X = self._check_table(X, begin, name)
        elif table:
            refuse_one_sequence(X, self._input_size, type(self).__name__, name)
        elif begin and not tokens:
            warn_of_tokens(X, type(self).__name__, name)
        if not tokens and (self.standardize if begin else self._units is not None):
            sequences = as_unscaled(X, name)
        else:
            sequences = as_sequences(X, tokens=tokens, name=name)
        if not table and (begin or not self._saw_table):
            check_names(self, sequences.channel_names, reset=begin, name=name)
        size = int(sequences.values.max()) + 1 if tokens else sequences.n_channels
        if begin:
            self._saw_table = table
            if not table:
                self.n_features_in_ = sequences.n_channels
            self._input_size = size
        elif tokens and grows:
            self._input_size = max(self._input_size, size)
        else:
            check_input_size(size, self._input_size, tokens, type(self).__name__, name)
        return sequences

    def _check_table(self, X: Any, begin: bool, name: str) -> Any:
        """Return a table as an array, checked as scikit-learn checks it."""
        try:
            return validate_data(self, X, reset=begin, dtype=[np.float64, np.float32])
        except OverflowError:
            as_sequences(X, name=name)  # names the number that float64 cannot hold
            raise

    def _values(self, X: Sequences) -> NDArray[Any]:
        """Return the steps of all sequences as the engine takes them."""
        if self.embedding_size is not None:
            return X.values.astype(np.int64)
        return (
            np.asarray(X.values, np.float32) if self._units is None else self._units.apply(X.values)
        )

    # ---- The engine ----

    def _network_settings(self) -> dict[str, Any]:
        """Return what the core is told of the network."""
        return {
            "cell": self.cell,
            "input_size": self._input_size,
            "embedding_size": self.embedding_size or 0,
            "hidden_size": self.hidden_size,
            "num_layers": self.num_layers,
            "bidirectional": bool(self.bidirectional),
            "pooling": self.pooling,
            "output_size": self._codec.outputs,
        }

    def _layout(self) -> _core.NetworkLayout:
        return _core.NetworkLayout(**self._network_settings())

    def _trainer(
        self, *, schedule: str = "constant", total_updates: int = 1, seed: int = 0
    ) -> _core.Trainer:
        plateau = schedule == "plateau"  # which skrnn._training.loop sees to
        codec = self._codec
        return _core.Trainer(
            self._layout(),
            target_columns=codec.columns,
            loss=codec.loss,
            **codec.loss_options,
            solver=self.solver,
            learning_rate=self.learning_rate_init,
            schedule="constant" if plateau else schedule,
            total_updates=total_updates,
            weight_decay=self.alpha,
            clip_norm=self.clip_norm or 0.0,
            dropout=self.dropout,
            recurrent_dropout=self.recurrent_dropout,
            batch_size=self.batch_size,
            tbptt=self.tbptt or 0,
            seed=seed,
        )

    def _note_architecture(self) -> None:
        """Remember what the parameters are parameters of."""
        self._built_with = {k: getattr(self, k) for k in ARCHITECTURE if hasattr(self, k)}
        self._fitted_loss = self._codec.loss

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

    def _arena(self, layout: _core.NetworkLayout) -> NDArray[np.float32]:
        """Return the fitted parameters as the engine takes them, of shape (num_parameters,)."""
        self._check_unchanged()
        arena = np.empty(layout.num_parameters, np.float32)
        views = named_views(layout, arena)
        if {k: v.shape for k, v in views.items()} != {k: v.shape for k, v in self.params_.items()}:
            raise ValueError(
                "the parameters of this estimator were fitted with another architecture: a loss or "
                "targets that need other outputs; set what changed (loss, or its quantiles) back, "
                "or fit again with warm_start=False"
            )
        for name, view in views.items():
            view[...] = self.params_[name]
        return arena

    def _served(self, operations: Sequence[Operation] = ()) -> _core.Model:
        """Return what predicts: the network with its parameters and the units of both ends.

        Before it come the `operations` of a pipeline on channels.
        """
        codec = self._codec
        if codec.loss != self._fitted_loss:
            raise ValueError(
                f"loss={codec.loss!r} is not the loss that the parameters were fitted with, "
                f"{self._fitted_loss!r}; set it back, or fit again"
            )
        layout = self._layout()
        return _core.Model(
            layout,
            self._arena(layout),
            loss=codec.loss,
            **codec.loss_options,
            targets=codec.columns,
            **codec.units,
            operations=[*operations, *([] if self._units is None else self._units.operations)],
        )

    def _answers(self, X: Any) -> NDArray[np.float64]:
        """Return what the model says of each sequence, (n, A); `_meaning` reads it."""
        check_is_fitted(self, "params_")
        model = self._served()
        sequences = self._check_input(X, begin=False)
        raw = self._values(sequences) if self._units is None else sequences.values
        return model.predict(raw, sequences.offsets, n_jobs=self.n_jobs)

    def _outputs(self, X: Any) -> NDArray[np.float32]:
        """Return the outputs of the head, (n, K), before the loss gives them a meaning."""
        check_is_fitted(self, "params_")
        layout = self._layout()
        parameters = self._arena(layout)
        sequences = self._check_input(X, begin=False)
        return layout.predict(
            parameters, self._values(sequences), sequences.offsets, n_jobs=self.n_jobs
        )

    def _state_gradient_norms(
        self, X: Any, y: Any
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return |dL/dh| of each layer and direction, (layers * directions, S), and the offsets.

        L is the loss of the one sequence that the state belongs to.
        """
        check_is_fitted(self, "params_")
        sequences = self._check_input(X, begin=False)
        codec = self._codec
        y = codec.settings.check(y)
        check_consistent_length(sequences, y)
        norms = self._trainer().state_gradient_norms(
            self._arena(self._layout()),
            self._values(sequences),
            sequences.offsets,
            codec.encode(y),
            n_jobs=self.n_jobs,
        )
        # The engine's loss is the mean over sequences.
        return norms * np.float32(len(sequences)), sequences.offsets

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tokens = self.embedding_size is not None
        # Of two dimensions numbers are series; tokens are integers, and mean no quantity.
        tags.input_tags.two_d_array = tags.input_tags.three_d_array = not tokens
        tags.input_tags.categorical = tags.input_tags.positive_only = tokens
        return tags

"""The base of all estimators: parameters, and the engine behind them. Input is in `input`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skrnn import _core
from skrnn._estimators.input import ReadsSequences
from skrnn._estimators.rules import RULES
from skrnn._estimators.serving import ServingMixin
from skrnn._estimators.standardization import Units
from skrnn._files.description import Description
from skrnn._parameters import Rule
from skrnn._sequences.ragged import offsets_of
from skrnn._sequences.spelling import Steps, spellings_of
from skrnn._serving.served import Operation
from skrnn._targets.codec import Codec, Settings
from skrnn._targets.decoding import Answers, Meaning
from skrnn._targets.outputs import without_loss
from skrnn._targets.rows import SequenceRows, TargetRows
from skrnn._training.initialization import named_views

AUTO_EMBEDDING_SIZE = 64
ARCHITECTURE = (
    "cell",
    "hidden_size",
    "num_layers",
    "bidirectional",
    "pooling",
    "embedding_size",
    "tie_weights",
    "standardize",
    "crf",
    "scheme",
    "characters",
    "character_embedding_size",
    "character_hidden_size",
)

# Turns answers of shape (rows, A) into results of shape (rows, ...).
Decoder = Callable[[Answers], NDArray[Any]]


class SequenceEstimator(ReadsSequences, ServingMixin, BaseEstimator, ABC):
    """Base of the estimators, which differ in their targets and in what they predict.

    A fitted estimator consists of its parameters, `params_`, and the codec of its targets: NumPy
    arrays and plain Python objects, no C++ objects. `fitting` has the course of a fit.
    """

    params_: dict[str, NDArray[np.float32]]
    _built_with: dict[str, Any]  # the architecture of params_
    _learned_codec: Codec
    _fitted_loss: str
    _fitted_quantiles: list[float] | None

    # ---- Interface of a subclass, besides its __init__ ----

    _rules: dict[str, Rule] = RULES
    _target_rows: TargetRows = SequenceRows()

    @abstractmethod
    def _target_settings(self) -> Settings:
        """Return the settings of targets, from the parameters."""

    # ---- Targets ----

    def _set_codec(self, codec: Codec) -> None:
        """Set the codec that fit has learned, or that a file holds, and its attributes."""
        self._learned_codec = codec
        self.__dict__.update(codec.attributes)

    @property
    def _codec(self) -> Codec:
        """The codec that fit has learned, under the current parameters."""
        return self._learned_codec.under(self._target_settings())

    def _meaning(self) -> Meaning:
        check_is_fitted(self, "params_")
        return self._codec.meaning

    def _restore(self, model: _core.Model, description: Description) -> None:
        """Restore the state saved to a file; the parameters are already set."""
        self.params_ = model.parameters
        self.n_features_in_ = description.n_features_in
        if description.feature_names is not None:
            self.feature_names_in_ = np.array(description.feature_names, dtype=object)
        self._learn_lexicon(description.lexicon)
        self._saw_table = description.saw_table
        self._reads_tokens = description.embedding_size > 0
        if self.embedding_size not in ("auto", description.embedding_size or None):
            raise ValueError(
                f"embedding_size={self.embedding_size!r} is not that of its network, "
                f"{description.embedding_size}"
            )
        self._input_size = description.input_size
        units = [values for _, values, _ in model.operations[-2:]]
        self._units = Units(*units) if description.standardized else None
        settings = self._target_settings()
        mean, scale = model.target_mean, model.target_scale
        self._set_codec(settings.restore(description.meaning, mean, scale))
        self._note_architecture()

    def _beside_network(self) -> tuple[dict[str, Any], dict[str, NDArray[np.float64]]]:
        """Return the sections and arrays of a file with what was learned beside the network."""
        return {}, {}

    # ---- The engine ----

    def _network_settings(self) -> dict[str, Any]:
        """Return the settings of the network, for the core."""
        return {
            "cell": self.cell,
            "input_size": self._input_size,
            "embedding_size": self._embedding_size,
            "hidden_size": self.hidden_size,
            "num_layers": self.num_layers,
            "bidirectional": bool(self.bidirectional),
            "pooling": "every_step" if self._target_rows.every_step else self.pooling,
            "output_size": self._codec.outputs,
        }

    @property
    def _embedding_size(self) -> int:
        """The size of the vectors of tokens, or 0 for channels."""
        if not self._reads_tokens:
            return 0
        return AUTO_EMBEDDING_SIZE if self.embedding_size == "auto" else self.embedding_size

    def _layout(self) -> _core.NetworkLayout:
        return _core.NetworkLayout(**self._network_settings())

    def _trainer(
        self, *, schedule: str = "constant", total_updates: int = 1, seed: int = 0
    ) -> _core.Trainer:
        plateau = schedule == "plateau"  # which skrnn._training.loop implements
        codec = self._codec
        return _core.Trainer(
            self._layout(),
            target_columns=codec.columns,
            loss=codec.loss,
            loss_options=codec.loss_options,
            solver=self.solver,
            learning_rate=self.learning_rate_init,
            schedule="constant" if plateau else schedule,
            total_updates=total_updates,
            weight_decay=self.alpha,
            clip_norm=self.clip_norm or 0.0,
            **self._dropout_settings(),
            batch_size=self.batch_size,
            tbptt=self.tbptt or 0,
            seed=seed,
        )

    def _dropout_settings(self) -> dict[str, float]:
        """Return the rates of dropout, for the core."""
        return {"dropout": self.dropout, "recurrent_dropout": self.recurrent_dropout}

    def _note_architecture(self) -> None:
        """Store the architecture and the loss that the parameters belong to."""
        self._built_with = {k: getattr(self, k) for k in ARCHITECTURE if hasattr(self, k)}
        self._fitted_loss = self._codec.loss
        self._fitted_quantiles = self._codec.loss_options.get("quantiles")

    def _check_unchanged(self) -> None:
        """Raise ValueError if set_params changed the network since the parameters were fitted.

        Many changes leave the shapes of the parameters unchanged, but not their meaning.
        """
        for name, value in self._built_with.items():
            if getattr(self, name) != value:
                raise ValueError(
                    f"{name}={getattr(self, name)!r} is another architecture than that of the "
                    f"parameters, which were fitted with {name}={value!r}; set it back, or fit "
                    "again with warm_start=False"
                )

    def _arena(self, layout: _core.NetworkLayout) -> NDArray[np.float32]:
        """Return the fitted parameters as one arena, float32 of shape (num_parameters,)."""
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
        """Return the model for prediction: network, parameters, and the units of input and targets.

        The `operations` of a pipeline on channels precede those of the estimator.
        """
        check_is_fitted(self, "params_")
        self._check_unchanged()  # or another network has parts of which fit learned nothing
        codec = self._codec
        if codec.loss != self._fitted_loss:
            raise ValueError(
                f"loss={codec.loss!r} is not the loss that the parameters were fitted with, "
                f"{self._fitted_loss!r}; set it back, or fit again"
            )
        quantiles = codec.loss_options.get("quantiles")
        if quantiles != self._fitted_quantiles:
            raise ValueError(
                f"quantiles={quantiles} are not those that the parameters were fitted with, "
                f"{self._fitted_quantiles}; set them back, or fit again"
            )
        layout = self._layout()
        return _core.Model(
            layout,
            self._arena(layout),
            loss=codec.loss,
            loss_options=codec.loss_options,
            targets=codec.columns,
            **codec.units,
            operations=[*operations, *([] if self._units is None else self._units.operations)],
        )

    def _predicted(self, X: Any, *decoders: Decoder) -> list[NDArray[Any]]:
        """Return the model's answers as each decoder decodes them, with an item a sequence."""
        return self._decoded(self._served(), X, *decoders)

    def _decoded_outputs(self, X: Any, decoder: Decoder) -> NDArray[Any]:
        """Return the outputs of the head, without the meaning that the loss gives them, decoded."""
        model = without_loss(self._served(), self._network_settings())
        return self._decoded(model, X, decoder)[0]

    def _decoded(self, model: _core.Model, X: Any, *decoders: Decoder) -> list[NDArray[Any]]:
        values, offsets, spellings = self._steps_for_model(X)
        answers = model.predict(values, offsets, spellings=spellings, n_jobs=self.n_jobs)
        as_given = self._target_rows.as_given
        return [as_given(decoder(answers), offsets) for decoder in decoders]

    def _steps_for_model(self, X: Any) -> Steps:
        """Return X as the model reads it, whose operations standardise channels."""
        sequences = self._check_input(X, begin=False)
        values = self._values(sequences) if self._units is None else sequences.values
        return Steps(values, sequences.offsets, spellings_of(sequences))

    def _rows_to_score(
        self, y: Any, sample_weight: Any, predicted: NDArray[Any]
    ) -> tuple[Any, NDArray[Any], Any]:
        """Return rows of true and predicted values, and their weights."""
        if not self._target_rows.every_step:
            return y, predicted, sample_weight
        offsets = offsets_of(np.array([len(rows) for rows in predicted]))
        rows = self._target_rows
        true = self._codec.settings.check(rows.flatten(y, offsets, "y"))
        weight = rows.weights(sample_weight, offsets, "sample_weight")
        weight = self._codec.settings.weigh_missing(true, weight)
        return true, np.concatenate(predicted), weight

    def _state_gradient_norms(
        self, X: Any, y: Any
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return |dL/dh| of each layer and direction, (layers * directions, S), and the offsets.

        L is the loss of the sequence that the state belongs to.
        """
        check_is_fitted(self, "params_")
        sequences = self._check_input(X, begin=False)
        codec = self._codec
        y = codec.settings.check(self._target_rows.flatten(y, sequences.offsets, "y"))
        self._target_rows.check_count(y, sequences)
        norms = self._trainer().state_gradient_norms(
            self._arena(self._layout()),
            self._values(sequences),
            sequences.offsets,
            codec.encode(y),
            spellings=spellings_of(sequences),
            n_jobs=self.n_jobs,
        )
        # The engine's loss is the mean over sequences.
        return norms * np.float32(len(sequences)), sequences.offsets

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tokens = self.embedding_size not in (None, "auto")
        # A 2-D array of numbers holds series; tokens are integers without a magnitude.
        tags.input_tags.two_d_array = tags.input_tags.three_d_array = not tokens
        tags.input_tags.categorical = tags.input_tags.positive_only = tokens
        tags.input_tags.string = tokens
        return tags

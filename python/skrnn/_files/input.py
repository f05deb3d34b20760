"""The input of a saved model, checked as the estimator checks it; NumPy only."""

from __future__ import annotations

from typing import Any

import numpy as np

from skrnn import _core
from skrnn._files.description import Description
from skrnn._sequences.checks import (
    as_sequences,
    as_unscaled,
    check_input_size,
    is_table,
    refuse_one_sequence,
)
from skrnn._sequences.container import Sequences
from skrnn._sequences.lexicon import token_sequences
from skrnn._sequences.names import Names, compare_names, names_of_table
from skrnn._sequences.spelling import Steps, spellings_of, tokens_of
from skrnn._sequences.tokens import documents_of
from skrnn._sequences.vocabulary import numbered


class SavedInput:
    """The reader of sequences for a saved estimator or pipeline."""

    def __init__(self, model: _core.Model, description: Description) -> None:
        self._description = description
        self._allow_nan = any(name == "fill" for name, _, _ in model.operations)

    def steps(self, X: Any) -> Steps:
        """Return X as the model reads it."""
        sequences = self.check(X)
        is_tokens = self._description.embedding_size > 0
        values = tokens_of(sequences) if is_tokens else sequences.values
        return Steps(values, sequences.offsets, spellings_of(sequences))

    def check(self, X: Any, name: str = "X") -> Sequences:
        """Return X, which messages call `name`, as sequences.

        Raises
        ------
        TypeError, ValueError
            As the estimator.
        """
        description = self._description
        is_tokens = description.embedding_size > 0
        if description.tokens is not None:
            tokens = description.tokens
            X = numbered(documents_of(X, tokens.analyzer.build()), tokens.vocabulary)
        elif description.input_was_table is not None and not is_tokens and is_table(X):
            X = self._check_table(X)
        if is_tokens:
            sequences = token_sequences(X, description.lexicon, description.estimator)
        elif description.standardized and not description.transforms:
            sequences = as_unscaled(X, name)
        else:
            # float64 is kept for the operations of a pipeline, which come before the network.
            dtype = None if description.transforms else np.float32
            sequences = as_sequences(X, allow_nan=self._allow_nan, dtype=dtype, name=name)
        if not description.input_was_table:
            self._check_names(sequences.channel_names)
        size = int(tokens_of(sequences).max()) + 1 if is_tokens else sequences.n_channels
        owner = description.estimator
        check_input_size(size, description.input_size, is_tokens, owner, name)
        return sequences

    def _check_table(self, X: Any) -> Any:
        """Return a table; if fit saw one, its columns are checked against those in fit."""
        description = self._description
        if not description.input_was_table:
            owner = "PerStep" if description.transforms else description.estimator
            refuse_one_sequence(X, description.input_size, owner)
            return X
        self._check_names(names_of_table(X))
        if description.transforms:
            return X  # where any number of steps is accepted
        table = np.asarray(X)
        if table.dtype.kind in "biu" or table.dtype == np.float16:
            table = table.astype(np.float64)  # as scikit-learn does before the network rounds it
        if table.shape[1] != description.n_features_in:
            raise ValueError(
                f"X has {table.shape[1]} features, but {description.estimator} is expecting "
                f"{description.n_features_in} features as input."
            )
        return table

    def _check_names(self, names: Names) -> None:
        """Raise ValueError for other names of channels, or of columns, than fit saw."""
        expected = self._description.input_names
        if expected is not None and names is not None:
            compare_names(expected, names)

"""The input of an estimator: what fit learns of X, and X as the engine reads it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from skrnn._estimators.standardization import Units
from skrnn._estimators.token_input import learn_tokens, refuse_without_letters
from skrnn._sequences.checks import (
    as_sequences,
    as_unscaled,
    check_input_size,
    is_table,
    refuse_one_sequence,
    warn_of_tokens,
)
from skrnn._sequences.container import Sequences
from skrnn._sequences.lexicon import Lexicon, token_sequences
from skrnn._sequences.names import check_names
from skrnn._sequences.spelling import tokens_of
from skrnn._sequences.vocabulary import Vocabulary, holds_strings


class ReadsSequences:
    """An estimator that reads sequences: channels, integer tokens, or strings."""

    embedding_size: Any  # an int, None or "auto"
    min_frequency: int
    standardize: bool | str

    n_features_in_: int
    vocabulary_: Vocabulary  # where fit saw strings
    letters_: Vocabulary  # where the network reads letters, too
    _reads_tokens: bool  # or channels
    _input_size: int  # tokens, or channels
    _saw_table = False
    _units: Units | None = None  # of channels

    def _check_input(
        self,
        X: Any,
        *,
        begin: bool,
        grows: bool = False,
        name: str = "X",
        sample_weight: Any = None,
    ) -> Sequences:
        """Return X as sequences; learn the width of the input if `begin`.

        New tokens are accepted if `grows`. Tokens of sequences of weight 0 are not learned.
        """
        if begin:
            self._learn_lexicon(None)
            self._reads_tokens = self._wants_tokens(X, name)
        if self._reads_tokens:
            return self._check_tokens(X, begin, grows, name, sample_weight)
        table = is_table(X, name)
        if table and (begin or self._saw_table):
            # A table in scikit-learn's sense: the columns, and their names, are the same in each
            # call.
            X = self._check_table(X, begin, name)
        elif table:
            refuse_one_sequence(X, self._input_size, type(self).__name__, name)
        elif begin:
            warn_of_tokens(X, type(self).__name__, name)
        if self.standardize if begin else self._units is not None:
            sequences = as_unscaled(X, name)
        else:
            sequences = as_sequences(X, name=name)
        if begin and self._reads_letters:
            refuse_without_letters(name)
        if not table and (begin or not self._saw_table):
            check_names(self, sequences.channel_names, reset=begin, name=name)
        if begin:
            self._saw_table = table
            if not table:
                self.n_features_in_ = sequences.n_channels
            self._input_size = sequences.n_channels
        else:
            owner = type(self).__name__
            check_input_size(sequences.n_channels, self._input_size, False, owner, name)
        return sequences

    def _wants_tokens(self, X: Any, name: str) -> bool:
        """Whether the network is to read tokens; with "auto", if X holds strings."""
        if self.embedding_size != "auto":
            return self.embedding_size is not None
        if isinstance(X, (str, bytes)) or hasattr(X, "columns"):
            return False
        return bool(holds_strings(X, name))

    def _check_tokens(
        self, X: Any, begin: bool, grows: bool, name: str, sample_weight: Any
    ) -> Sequences:
        """Return tokens as numbers; learn the vocabulary, or their range, if `begin`."""
        owner = type(self).__name__
        if begin:
            learned = learn_tokens(
                X, sample_weight, self.min_frequency, name, characters=self._reads_letters
            )
            sequences = learned.sequences
            self._saw_table, self.n_features_in_ = False, 1
            self._input_size = learned.size
            self._learn_lexicon(learned.lexicon)
        else:
            sequences = token_sequences(X, self._lexicon(), owner, name)
            size = int(tokens_of(sequences).max()) + 1
            if grows:
                self._input_size = max(self._input_size, size)
            check_input_size(size, self._input_size, True, owner, name)
        check_names(self, sequences.channel_names, reset=begin, name=name)
        return sequences

    @property
    def _reads_letters(self) -> bool:
        """Whether the network is to read the letters of words."""
        return bool(getattr(self, "characters", False))

    def _learn_lexicon(self, lexicon: Lexicon | None) -> None:
        """Set the attributes of known tokens and letters, or delete them."""
        for name in ("vocabulary_", "letters_"):
            self.__dict__.pop(name, None)
        if lexicon is None:
            return
        self.vocabulary_ = dict(lexicon.tokens)
        if lexicon.letters is not None:
            self.letters_ = dict(lexicon.letters)

    def _lexicon(self) -> Lexicon | None:
        """Return the known tokens and letters if fit saw strings, else None."""
        if not hasattr(self, "vocabulary_"):
            return None
        return Lexicon(self.vocabulary_, getattr(self, "letters_", None))

    def _check_table(self, X: Any, begin: bool, name: str) -> Any:
        """Return a table as an array, checked as scikit-learn checks it."""
        try:
            return validate_data(self, X, reset=begin, dtype=[np.float64, np.float32])
        except OverflowError:
            as_sequences(X, name=name)  # names the number that float64 cannot hold
            raise

    def _values(self, X: Sequences, name: str = "X") -> NDArray[Any]:
        """Return the steps of all sequences in the form that the engine takes."""
        if self._reads_tokens:
            return tokens_of(X)
        return (
            np.asarray(X.values, np.float32) if self._units is None else self._units.apply(X, name)
        )

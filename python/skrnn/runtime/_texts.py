"""The predictor of a saved language model; NumPy only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._sequences.language import Language
from skrnn._serving.writing import WritesTexts
from skrnn._targets.decoding import NextTokens
from skrnn.runtime._predictor import Predictor


class TextPredictor(WritesTexts, Predictor):  # type: ignore[misc]  # predicts prefixes
    """A saved language model: it scores texts, predicts the next token, and writes.

    The results are those of the saved estimator or pipeline, the same bits. Attributes are those
    of `Predictor`. If a `TokenEncoder` was saved, it encodes what is scored and predicted from, but
    `generate` reads and writes the numbers of its tokens.
    """

    def predict_proba(self, X: Any, *, context: Any = None) -> NDArray[np.float64]:
        """Return the probability of each token to come next.

        Parameters
        ----------
        X : prefixes
            As in `RNNLanguageModel.predict_proba`.
        context : array-like, optional
            As there.

        Returns
        -------
        probabilities : array of shape (n, n_classes), float64
            In the order of `classes_`.

        Raises
        ------
        TypeError, ValueError
            As there.
        """
        return super().predict_proba(self._encoded(X), context=context)

    def _log_probabilities(
        self, X: Any, context: Any
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        return super()._log_probabilities(self._encoded(X), context)

    def _encoded(self, X: Any) -> Any:
        return X if self._description.tokens is None else self._input.check(X)

    def _language_model(self) -> tuple[_core.Model, Language, int | None]:
        meaning = self._description.meaning
        assert isinstance(meaning, NextTokens)
        return self._model, meaning.language, self._n_jobs

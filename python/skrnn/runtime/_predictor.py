"""The predictor of a saved estimator or pipeline; NumPy only."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._files.description import Description
from skrnn._files.input import SavedInput
from skrnn._sequences.counts import check_count
from skrnn._sequences.ragged import by_sequence
from skrnn._serving.feedback import Feedback
from skrnn._serving.streams import open_stream
from skrnn._targets.decoding import Answers, Chain, Classes, Multilabel, Numbers
from skrnn._targets.outputs import without_loss
from skrnn._targets.paths import Paths, best_labels, n_best


class Predictor:
    """A saved estimator or pipeline for prediction only; made by `load`.

    Any number of threads may use one at once.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        Of classifiers.
    n_features_in_ : int
        Channels of a step; columns if fit saw a 2-D array.
    vocabulary_ : dict of token to int
        The numbers of the known tokens; 0 is the unknown token. For models that were fitted on
        strings, whose streams read strings, and for pipelines that begin with a `TokenEncoder`,
        whose streams read numbers.
    """

    def __init__(
        self, model: _core.Model, description: Description, n_jobs: int | None = None
    ) -> None:
        self._model = model
        self._description = description
        self._n_jobs = n_jobs
        if description.meaning.classes is not None:
            self.classes_ = description.meaning.classes
        if description.tokens is not None:
            self.vocabulary_ = description.tokens.vocabulary
        elif description.lexicon is not None:
            self.vocabulary_ = description.lexicon.tokens
        self.n_features_in_ = (
            model.channels if description.transforms else description.n_features_in
        )
        self._input = SavedInput(model, description)

    def __repr__(self) -> str:
        network = self._description.fields.fields("network")
        shown = [self._description.estimator]
        shown += [f"{name}={network.get(name)!r}" for name in ("cell", "hidden_size", "num_layers")]
        name = type(self).__name__
        return f"{name}({', '.join(shown)}, n_features_in_={self.n_features_in_})"

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Return the result of `predict` of the saved model: the same bits.

        Parameters
        ----------
        X : sequences of shape (n,)
            In the forms that the saved model takes: a list, tuple, object array or
            `skrnn.Sequences` of
            (T_i, C) arrays; an (n, T, C) array; an (n, T) array; (T_i,) arrays of integers for
            networks of tokens, and texts or lists of tokens if fit saw them, or if a `TokenEncoder`
            was saved.
        return_std : bool, default=False
            Whether to return standard deviations, too; needs a regressor that was trained with
            ``loss="gaussian_nll"``.

        Returns
        -------
        y : array of shape (n,) or (n, ...)
            Classes, labels or numbers.
        std : array of the shape of y, float64
            Where `return_std`.

        Raises
        ------
        TypeError, ValueError
            For input that holds no sequences, and for sequences unlike those that fit saw. The
            message names the difference.
        """
        meaning = self._description.meaning
        if isinstance(meaning, Chain) and not return_std:
            return best_labels(self._model, self._input.steps(X), meaning.classes, self._n_jobs)
        if not return_std:
            return self._predicted(X, meaning.predict)[0]
        loss = self._description.fields.fields("loss").get("name")
        if loss != "gaussian_nll":
            raise ValueError(
                "return_std=True needs loss='gaussian_nll', which learns standard deviations; this "
                f"model has loss={loss!r}"
            )
        assert isinstance(meaning, Numbers)  # only regressors have this loss
        return tuple(self._predicted(X, meaning.predict, meaning.deviations))

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class, or of each label.

        Parameters
        ----------
        X : sequences of shape (n,)
            As in predict.

        Returns
        -------
        probabilities : array of shape (n, n_classes), float64
            In the order of `classes_`.

        Raises
        ------
        AttributeError
            For regressors, which have none.
        TypeError, ValueError
            As predict.
        """
        if self._description.meaning.classes is None:
            raise AttributeError(f"{self._description.estimator} has no predict_proba; use predict")
        return self._predicted(X, np.asarray)[0]

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the logarithm of `predict_proba`, finite also where that is zero.

        Parameters
        ----------
        X : sequences of shape (n,)
            As in predict.

        Returns
        -------
        log_probabilities : array of shape (n, n_classes), float64
            The same bits as those of the saved model.

        Raises
        ------
        AttributeError
            For regressors, which have none.
        TypeError, ValueError
            As predict.
        """
        meaning = self._description.meaning
        if not isinstance(meaning, (Classes, Multilabel)):
            raise AttributeError(
                f"{self._description.estimator} has no predict_log_proba; use predict"
            )
        if isinstance(meaning, Chain):
            return self._predicted(X, meaning.log_probabilities)[0]
        network = self._description.fields.fields("network").value
        model = without_loss(self._model, network)
        return self._predicted(X, meaning.log_probabilities, model=model)[0]

    def n_best(self, X: Any, n: int) -> list[Paths]:
        """Return the most probable sequences of labels, and their probabilities.

        Parameters
        ----------
        X : sequences of shape (n_sequences,)
            As in predict.
        n : int
            How many sequences of labels to return for each sequence.

        Returns
        -------
        paths : list of n_sequences lists of tuples (labels, log_probability)
            As `RNNTagger.n_best` of the saved model: the same bits.

        Raises
        ------
        AttributeError
            For models other than taggers with ``crf=True``.
        TypeError, ValueError
            As predict, and for an `n` below 1.
        """
        meaning = self._description.meaning
        if not isinstance(meaning, Chain):
            raise AttributeError(
                f"this {self._description.estimator} has no n_best; RNNTagger(crf=True) has"
            )
        count = check_count("n", n, 1, what="sequences of labels")
        return n_best(self._model, self._input.steps(X), meaning.classes, count, self._n_jobs)

    def stream(self, batch_size: int = 1, *, method: str = "predict") -> _core.Stream:
        """Return a stream, which reads sequences as they arrive.

        Parameters
        ----------
        batch_size : int, default=1
            B, sequences that are read side by side.
        method : {"predict", "predict_proba"}, default="predict"
            The method whose result is returned after each step. Probabilities are for classifiers.

        Returns
        -------
        stream : Stream
            As the `stream` method of estimators returns it. If the saved pipeline scales channels
            or fills NaN, so does the stream; if it encodes texts, the stream reads the numbers of
            tokens, which `vocabulary_` has. If fit saw strings, it reads tokens that are strings.

        Raises
        ------
        TypeError
            For a `batch_size` that is not an integer.
        ValueError
            For a `batch_size` below 1, another `method`, and a bidirectional network, attention
            pooling or a CRF, which have no answer while a sequence goes on.
        """
        description = self._description
        meaning, lexicon = description.meaning, description.lexicon
        return open_stream(self._model, meaning, batch_size, method, lexicon)

    def generate(self, prefix: Any, n_steps: int, *, random_state: Any = None) -> Any:
        """Return the result of `RNNStepRegressor.generate` of the saved model: the same bits.

        Parameters
        ----------
        prefix : array of shape (T, C) or (T,), or sequences of shape (n,)
            The steps to go on from. If the saved pipeline scales channels, they are not scaled yet,
            and the targets in fit were not scaled either.
        n_steps : int
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        steps : array of shape (n_steps, C) or (n_steps,), float64
            For several prefixes, a list with an array for each.

        Raises
        ------
        AttributeError
            For other models, which have no generate.
        TypeError, ValueError
            As `RNNStepRegressor.generate`.
        """
        description = self._description
        if not (description.every_step and isinstance(description.meaning, Numbers)):
            raise AttributeError(f"{description.estimator} has no generate; use predict")
        loss = description.fields.fields("loss")
        feedback = Feedback(
            self._model,
            description.meaning,
            loss.of_type("name", str),
            loss.fields("options").value,
            description.embedding_size > 0,
        )
        check = partial(self._input.check, name="prefix")
        return feedback.generate(prefix, n_steps, random_state, check)

    def _predicted(
        self,
        X: Any,
        *decoders: Callable[[Answers], NDArray[Any]],
        model: _core.Model | None = None,
    ) -> list[NDArray[Any]]:
        """Return the model's answers as each decoder decodes them, with an item a sequence."""
        values, offsets, spellings = self._input.steps(X)
        model = self._model if model is None else model
        answers = model.predict(values, offsets, spellings=spellings, n_jobs=self._n_jobs)
        results = [decoder(answers) for decoder in decoders]
        return (
            [by_sequence(rows, offsets) for rows in results]
            if self._description.every_step
            else results
        )

"""Predictions from saved models, with NumPy alone.

`load` reads what `skrnn.save` has written and returns a `Predictor`. Neither scikit-learn nor
safetensors is imported or has to be installed, which suits small machines.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._files.description import Description, read_file
from skrnn._files.input import SavedInput
from skrnn._sequences.counts import check_count
from skrnn._sequences.language import Language
from skrnn._sequences.ragged import by_sequence
from skrnn._serving.feedback import Feedback
from skrnn._serving.streams import open_stream
from skrnn._serving.writing import WritesTexts
from skrnn._targets.decoding import Answers, Chain, Classes, Multilabel, NextTokens, Numbers
from skrnn._targets.outputs import without_loss
from skrnn._targets.paths import Paths, best_labels, n_best

__all__ = ["Predictor", "TextPredictor", "load"]


def load(path: str | os.PathLike[str], *, n_jobs: int | None = None) -> Predictor:
    """Return a predictor with the results of the model in a file.

    Nothing in a file is run as code, so files from untrusted sources may be loaded, and digests of
    all that is read detect damage.

    Parameters
    ----------
    path : str or path-like
        A file that `skrnn.save`, or the `save` of an estimator, has written.
    n_jobs : int or None, default=None
        Threads of predict. None follows OpenMP and threadpoolctl. The bits are the same with any
        number.

    Returns
    -------
    predictor : Predictor
        Of language models a `TextPredictor`.

    Raises
    ------
    OSError
        For a file that cannot be read.
    ValueError
        For a file that holds no model, that is damaged, or that a newer version has written.

    See Also
    --------
    skrnn.load : Back to the estimator or pipeline.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import skrnn.runtime
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(length, 2)) + label for length, label in [(5, 0), (9, 2)] * 20]
    >>> model = skrnn.RNNClassifier(hidden_size=8, max_iter=5, random_state=0)
    >>> model = model.fit(X, ["low", "high"] * 20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(Path(folder) / "model.skrnn")
    ...     predictor = skrnn.runtime.load(Path(folder) / "model.skrnn")
    >>> predictor
    Predictor(RNNClassifier, cell='gru', hidden_size=8, num_layers=1, n_features_in_=2)
    >>> bool((predictor.predict(X) == model.predict(X)).all())
    True
    """

    def predictor(model: _core.Model, description: Description) -> Predictor:
        texts = isinstance(description.meaning, NextTokens)
        return (TextPredictor if texts else Predictor)(model, description, n_jobs)

    return read_file(path, predictor)


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
        return f"Predictor({', '.join(shown)}, n_features_in_={self.n_features_in_})"

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

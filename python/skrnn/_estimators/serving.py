"""Streams and files of fitted estimators."""

from __future__ import annotations

from os import PathLike

from sklearn.utils.validation import check_is_fitted

from skrnn import _core
from skrnn._serving.served import Served
from skrnn._serving.streams import open_stream


class ServingMixin(Served):
    """The methods `stream` and `save`, for estimators that implement `Served`."""

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
            ``stream.step(x_t)`` reads one row of channels for each sequence, of shape (B, C), or
            (C,) if B is 1; for tokens (B,), or an int. If fit saw strings, tokens are strings as in
            `vocabulary_`: texts are not split, and case is kept. It returns the result of `method`
            for all steps read so far, of shape (B,) or (B, ...): the same bits.
            ``stream.process(block)`` reads many steps, ``stream.reset()`` begins new sequences, and
            ``stream.state`` can be saved and set again. If fit saw a context, step and process need
            one, too: ``stream.step(x_t, context=vectors)`` reads that of the token to be predicted,
            of shape (B, K), or (K,) if B is 1; ``stream.reset(context=vectors)`` takes that of the
            first token, where it is another one. Later fits of the estimator do not change the
            stream.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before fit.
        TypeError
            For a `batch_size` that is not an integer.
        ValueError
            For a `batch_size` below 1, another `method`, and a bidirectional network, attention
            pooling or a CRF, which have no answer while a sequence goes on.

        See Also
        --------
        skrnn.stream : Streams a whole pipeline. ``pipeline[-1].stream()`` expects input that the
            steps before it have transformed, and cannot check that.

        Examples
        --------
        >>> import numpy as np
        >>> from skrnn import RNNClassifier
        >>> rng = np.random.default_rng(0)
        >>> X = [rng.normal(size=(length, 2)) + label for length, label in [(5, 0), (9, 2)] * 20]
        >>> model = RNNClassifier(hidden_size=8, max_iter=5, random_state=0)
        >>> model = model.fit(X, ["low", "high"] * 20)
        >>> stream = model.stream(method="predict_proba")
        >>> for x_t in X[0]:
        ...     probabilities = stream.step(x_t)
        >>> bool((probabilities == model.predict_proba(X[:1])).all())
        True
        """
        check_is_fitted(self, "params_")
        meaning, lexicon = self._meaning(), self._lexicon()
        return open_stream(self._served(), meaning, batch_size, method, lexicon)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the fitted estimator to a file, as `skrnn.save` does.

        Parameters
        ----------
        path : str or PathLike
            An existing file is replaced.

        Raises
        ------
        TypeError, ValueError, OSError, sklearn.exceptions.NotFittedError
            As `skrnn.save`.
        """
        # Imported here: it loads scalers and imputers, which fit does not need.
        from skrnn._files.writing import save

        save(self, path)

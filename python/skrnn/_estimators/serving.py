"""Streams and files of fitted estimators."""

from __future__ import annotations

from os import PathLike

from sklearn.utils.validation import check_is_fitted

from skrnn import _core
from skrnn._serving.served import Served
from skrnn._serving.streams import open_stream


class ServingMixin(Served):
    """Streams and files, for estimators that say what their model and its answers are."""

    def stream(self, batch_size: int = 1, *, method: str = "predict") -> _core.Stream:
        """Return a stream, which reads sequences as they arrive.

        Parameters
        ----------
        batch_size : int, default=1
            B, sequences that are read side by side.
        method : {"predict", "predict_proba"}, default="predict"
            What is to be returned after each step. Probabilities are for classifiers.

        Returns
        -------
        stream : Stream
            ``stream.step(x_t)`` reads one row of channels a sequence, of shape (B, C), or (C,)
            where B is 1; of tokens (B,), or an int. It returns what `method` returns for all that
            was read so far, of shape (B,) or (B, ...): the same bits. ``stream.process(block)``
            reads many steps, ``stream.reset()`` begins new sequences, and ``stream.state`` can be
            kept and set again. What the estimator learns later does not change the stream.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before fit.
        TypeError
            For a `batch_size` that is no integer.
        ValueError
            For a `batch_size` below 1, another `method`, and a bidirectional network or attention
            pooling, which have no answer while a sequence goes on.

        See Also
        --------
        skrnn.stream : Streams a whole pipeline. ``pipeline[-1].stream()`` reads what the steps
            before it made, and cannot know whether they did.

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
        return open_stream(self._served(), self._meaning(), batch_size, method)

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
        # Loads scalers and imputers, which a fit does without.
        from skrnn._files.writing import save

        save(self, path)

"""How fitted estimators are served: step by step, and from files."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skrnn import _core
from skrnn._sequences.vocabulary import Vocabulary
from skrnn._targets.decoding import Meaning, open_stream

# (name, values of each channel, whether it is computed in float64); see skrnn/model.h
Operation = tuple[str, NDArray[np.float64], bool]

if TYPE_CHECKING:
    from typing import Protocol

    class Served(Protocol):
        """What the mixin asks of an estimator."""

        def _served(self, operations: Sequence[Operation] = ()) -> _core.Model: ...
        def _meaning(self) -> Meaning: ...
        def _vocabulary(self) -> Vocabulary | None: ...


class ServingMixin:
    """Streams and files, for estimators that say what their model and its answers are."""

    def stream(self: Served, batch_size: int = 1, *, method: str = "predict") -> _core.Stream:
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
            where B is 1; of tokens (B,), or an int. Where fit saw strings these are strings, as
            `vocabulary_` has them: texts are not split, and capitals stay. It returns what `method`
            returns for all that was read so far, of shape (B,) or (B, ...): the same bits.
            ``stream.process(block)`` reads many steps, ``stream.reset()`` begins new sequences, and
            ``stream.state`` can be kept and set again. What the estimator learns later does not
            change the stream.

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
        meaning, vocabulary = self._meaning(), self._vocabulary()
        return open_stream(self._served(), meaning, batch_size, method, vocabulary)

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
        from skrnn._files.writing import save

        save(self, path)


def stream(model: Any, batch_size: int = 1, *, method: str = "predict") -> _core.Stream:
    """Return a stream of a whole model, which reads sequences as they arrive.

    Of a pipeline it scales and fills what it reads as the steps before the estimator do.

    Parameters
    ----------
    model : estimator, Pipeline or search
        Fitted: an estimator of skrnn, a `sklearn.pipeline.Pipeline` that `save` takes, too, or a
        search of either, such as a `GridSearchCV`, whose `best_estimator_` it is.
    batch_size : int, default=1
        B, sequences that are read side by side.
    method : {"predict", "predict_proba"}, default="predict"
        What is to be returned after each step. Probabilities are for classifiers.

    Returns
    -------
    stream : Stream
        As the `stream` method of estimators returns it: after every step it answers as `method` of
        `model` does for all that was read so far, the same bits. NaN may be read where an imputer
        fills it. Behind a `TokenEncoder` the stream reads the numbers of tokens, which its
        `vocabulary_` has, and 0 for those that are unknown.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        Before fit.
    TypeError
        For what is no model of skrnn, and for a `batch_size` that is no integer.
    ValueError
        For a pipeline with a step that cannot go step by step here; the message names it. For a
        `batch_size` below 1, another `method`, and a bidirectional network or attention pooling,
        which have no answer while a sequence goes on.

    See Also
    --------
    save, skrnn.runtime.load : The same from a file, with NumPy alone.

    Examples
    --------
    >>> import numpy as np
    >>> import skrnn
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skrnn.preprocessing import PerStep
    >>> rng = np.random.default_rng(0)
    >>> X = [100 * rng.normal(size=(length, 2)) for length in (3, 5, 7, 9) * 10]
    >>> y = [x.mean() for x in X]
    >>> net = skrnn.RNNRegressor(hidden_size=8, max_iter=5, random_state=0)
    >>> model = make_pipeline(PerStep(StandardScaler()), net).fit(X, y)
    >>> stream = skrnn.stream(model)
    >>> for x_t in X[0]:
    ...     answer = stream.step(x_t)
    >>> bool((answer == model.predict(X[:1])).all())
    True
    """
    from skrnn._estimators.pipelines import best_of, estimator_of, operations_of

    model = best_of(model)
    estimator = estimator_of(model)
    check_is_fitted(estimator, "params_")
    served = estimator._served(operations_of(model))
    return open_stream(served, estimator._meaning(), batch_size, method, estimator._vocabulary())

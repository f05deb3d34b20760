"""Scores of anomalies that a fitted detector gives; NumPy only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._sequences.checks import as_sequences
from skrnn._sequences.container import Sequences
from skrnn._sequences.flatten import is_array
from skrnn._sequences.ragged import by_sequence
from skrnn._sequences.refuse import nan as text_of_nan
from skrnn._series.reconstruction import Reconstruction


class ScoresAnomalies(ABC):
    """The methods of a detector, for what is fitted or read from a file."""

    offset_: float

    @abstractmethod
    def _detector(self) -> tuple[_core.Model, Reconstruction, int | None]:
        """Return the model, what belongs to it, and the threads to use."""

    @abstractmethod
    def _series_of(self, X: Any) -> tuple[bool, Sequences]:
        """Return whether X is one series, and the series, checked."""

    def score_samples(self, X: Any) -> NDArray[Any]:
        """Return the score of each step: the lower, the more abnormal.

        Parameters
        ----------
        X : array-like of shape (T,) or (T, C), data frame, or list of them
            As in fit; series of a window at least.

        Returns
        -------
        scores : array of shape (T,), or object array of n arrays of shape (T_i,)
            Minus the mean error of the windows that contain a step and end at most `delay_` steps
            later, in units of the error in training: -1 is typical, and also the score of a step
            that no such window contains.

        Raises
        ------
        TypeError, ValueError
            For series that cannot be read; the message says which, and what to do.
        sklearn.exceptions.NotFittedError
            Before fit.
        """
        one, series, scores = self._scores(X)
        return scores if one else by_sequence(scores, series.offsets)

    def decision_function(self, X: Any) -> NDArray[Any]:
        """Return how far the score of each step is above the threshold.

        Parameters
        ----------
        X : array-like of shape (T,) or (T, C), data frame, or list of them
            As in score_samples.

        Returns
        -------
        scores : array of shape (T,), or object array of n arrays of shape (T_i,)
            ``score_samples(X) - offset_``; negative for outliers.
        """
        one, series, scores = self._scores(X)
        decision = scores - self.offset_
        return decision if one else by_sequence(decision, series.offsets)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return for each step whether it is an outlier.

        Parameters
        ----------
        X : array-like of shape (T,) or (T, C), data frame, or list of them
            As in score_samples.

        Returns
        -------
        is_inlier : array of shape (T,), or object array of n arrays of shape (T_i,)
            1 for inliers, -1 for outliers.
        """
        one, series, scores = self._scores(X)
        inlier = np.where(scores - self.offset_ < 0, -1, 1)
        return inlier if one else by_sequence(inlier, series.offsets)

    def stream(self) -> _core.AnomalyStream:
        """Return a stream, which scores the steps of a series as they arrive.

        Returns
        -------
        stream : AnomalyStream
            ``stream.step(x_t)`` reads a step, of shape (C,), or a number for one channel, and
            returns the score of the step `delay_` steps before, which is known then: the same bits
            as score_samples. It is NaN for the first `delay_` steps. ``stream.process(block)``
            reads many steps, ``stream.pending()`` returns the scores so far of the steps that are
            not final yet, and ``stream.reset()`` begins a new series. Later fits do not change it.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before fit.

        Examples
        --------
        >>> import numpy as np
        >>> from skrnn import RNNAnomalyDetector
        >>> x = np.sin(np.arange(400) / 5)
        >>> detector = RNNAnomalyDetector(delay=10, max_iter=2, random_state=0).fit(x)
        >>> stream = detector.stream()
        >>> scores = [stream.step(x_t) for x_t in x]
        >>> bool((scores[10:] == detector.score_samples(x)[:-10]).all())
        True
        >>> bool((stream.pending() == detector.score_samples(x)[-10:]).all())
        True
        """
        model, reconstruction, _ = self._detector()
        return reconstruction.stream(model)

    def _scores(self, X: Any) -> tuple[bool, Sequences, NDArray[np.float64]]:
        """Return whether X is one series, the series, and the scores of all steps, (S,)."""
        model, reconstruction, n_jobs = self._detector()
        one, series = self._series_of(X)
        refuse_short(series, reconstruction.length, reconstruction.width)
        return one, series, np.concatenate(reconstruction.scores(model, list(series), n_jobs))


def read_channels(X: Any, *, missing: bool, name: str = "X") -> tuple[bool, Sequences]:
    """Return whether X is one series, and series with channels, from what users pass.

    Parameters
    ----------
    X : array-like of shape (T,) or (T, C), data frame, or list of them
    missing : bool
        Whether NaN is a number that nobody observed.
    name : str, default="X"
        The name of X in messages.

    Raises
    ------
    TypeError, ValueError
        As `as_sequences`; for NaN unless `missing`.
    """
    one = is_one_series(X)
    if one and isinstance(X, (list, tuple)):
        X = np.array(X)  # or its numbers might be sequences
    series = as_sequences([X] if one else X, allow_nan=True, dtype=None, name=name)
    if not missing and np.isnan(series.values).any():
        row, channel = (int(i) for i in np.argwhere(np.isnan(series.values))[0])
        index = int(np.searchsorted(series.offsets, row, side="right")) - 1
        says = ', or with missing="fill" take it as a number that nobody observed'
        step = row - int(series.offsets[index])
        raise ValueError(text_of_nan(name, index, step, channel, says))
    return one, series


def is_one_series(X: Any) -> bool:
    """Whether X is one series rather than several.

    Examples
    --------
    >>> is_one_series([1.0, 2.0]), is_one_series([[1.0, 2.0], [3.0]])
    (True, False)
    >>> is_one_series(np.zeros((5, 2))), is_one_series(np.zeros((3, 5, 2)))
    (True, False)
    """
    if isinstance(X, Sequences):
        return False
    if isinstance(X, (list, tuple)):
        return len(X) > 0 and all(np.ndim(x) == 0 for x in X)
    if hasattr(X, "columns"):
        return True
    shape = getattr(X, "shape", None)
    if shape is None:
        if not is_array(X):
            return False
        shape = np.asarray(X).shape
    if len(shape) == 1:
        return getattr(X, "dtype", None) != np.dtype(object) or all(np.ndim(x) == 0 for x in X)
    return len(shape) == 2


def refuse_short(series: Sequences, length: int, width: int, name: str = "X") -> None:
    """Raise ValueError for series that are shorter than a window, of rows of `width` steps."""
    lengths = series.lengths
    if (lengths >= length).all():
        return
    index = int(np.argmin(lengths))
    whose = f"Sequence {index} of {name}" if len(lengths) > 1 else name
    raise ValueError(
        f"{whose} has {lengths[index]} steps, and a window {length}; pass a longer series, or fit "
        f"with a smaller window, a multiple of segment_length={width}, or a smaller segment_length"
    )

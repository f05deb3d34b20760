"""Windows of long series as samples."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Literal, overload

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_scalar

from skrnn._sequences.checks import as_sequences
from skrnn._sequences.container import Sequences
from skrnn._sequences.flatten import is_array
from skrnn._sequences.names import Names


class SlidingWindows(BaseEstimator):
    """Cut long series into windows, with the steps after each window as targets.

    Every case has `length` steps for X and the `horizon` steps after them for y. The next case
    begins `stride` steps later. No window reaches from one series into another.

    It is not a step of a `Pipeline`, on purpose: a step of a pipeline may not change the number of
    samples, and cannot change y. Cut first, then fit a pipeline on the cases. Nor is it a splitter
    for `cv`. Neighbouring windows overlap, so a random split would let the model see its test
    data; cut the series in time first, and then each part into windows, or use `TimeSeriesSplit`
    with a `gap` of (length + horizon) // stride cases.

    Parameters
    ----------
    length : int
        Steps of a window.
    horizon : int, default=1
        Steps after it, all of which are targets.
    stride : int, default=1
        Steps from the beginning of a window to that of the next.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn.preprocessing import SlidingWindows
    >>> X, y = SlidingWindows(3, horizon=2).cut(np.arange(7.0))
    >>> X
    array([[0., 1., 2.],
           [1., 2., 3.],
           [2., 3., 4.]])
    >>> y
    array([[3., 4.],
           [4., 5.],
           [5., 6.]])

    The first channel of two, predicted one step ahead:

    >>> series = np.column_stack([np.arange(6.0), np.ones(6)])
    >>> X, y = SlidingWindows(4).cut(series, target=0)
    >>> X.shape
    (2, 4, 2)
    >>> y
    array([4., 5.])

    By its name, where the series is a data frame:

    >>> import pandas as pd
    >>> frame = pd.DataFrame(series, columns=["load", "price"])
    >>> SlidingWindows(4).cut(frame, target="load")[1]
    array([4., 5.])
    """

    def __init__(self, length: int, *, horizon: int = 1, stride: int = 1) -> None:
        self.length = length
        self.horizon = horizon
        self.stride = stride

    @overload
    def cut(
        self,
        series: Any,
        *,
        target: int | str | list[int] | list[str] | NDArray[Any] | None = None,
        return_groups: Literal[False] = False,
    ) -> tuple[NDArray[Any], NDArray[Any]]: ...
    @overload
    def cut(
        self,
        series: Any,
        *,
        target: int | str | list[int] | list[str] | NDArray[Any] | None = None,
        return_groups: Literal[True],
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]]: ...
    def cut(
        self,
        series: Any,
        *,
        target: int | str | list[int] | list[str] | NDArray[Any] | None = None,
        return_groups: bool = False,
    ) -> Any:
        """Return the cases of one series, or of several.

        Parameters
        ----------
        series : array of shape (T,) or (T, C), or list of such arrays, or Sequences
            One series is an array or a data frame, and so a 2-D one has its steps in rows; several
            are a list, `Sequences`, or an array of shape (n, T, C).
        target : int, str, or list or array of them, optional
            Channels to predict, by their positions, or by their names where the series are data
            frames or `Sequences` with names. None takes all.
        return_groups : bool, default=False
            Whether to return the series of each case, for `GroupKFold` and similar splitters.

        Returns
        -------
        X : array of shape (N, length, C), or (N, length) if all series have one dimension
            float32 or float64, as the series. Of one series it is a read-only view whose windows
            share their memory.
        y : array of shape (N, horizon * K), or (N,) if that is one column
            The K targets of the first step after the window, then those of the second, and so on.
        groups : array of shape (N,), int64
            Only where `return_groups` is True.

        Raises
        ------
        TypeError
            For input that is not a series, and for parameters that are not integers.
        ValueError
            For a series shorter than `length` + `horizon`, for NaN and infinity, unknown targets,
            and parameters below 1.
        """
        for name in ("length", "horizon", "stride"):
            check_scalar(getattr(self, name), name, Integral, min_val=1)
        several, flat = _several(series)
        whole = as_sequences(several, dtype=None, name="series")
        span = self.length + self.horizon
        if (whole.lengths < span).any():
            index = int(np.argmax(whole.lengths < span))
            raise ValueError(
                f"Series {index} has {whole.lengths[index]} steps, and a case takes {span}: length "
                f"{self.length} and horizon {self.horizon}. Leave the series out, or lower them"
            )
        columns = _targets(target, whole.n_channels, whole.channel_names)

        # (cases, C, span) for each series
        views = [sliding_window_view(x, span, axis=0)[:: self.stride] for x in whole]
        cases = views[0] if len(views) == 1 else np.concatenate(views)
        X = cases[:, :, : self.length].swapaxes(1, 2)
        y = cases[:, columns, self.length :].swapaxes(1, 2).reshape(len(cases), -1)
        if flat:
            X = X[:, :, 0]
        if y.shape[1] == 1:
            y = y[:, 0]
        if not return_groups:
            return X, y
        return X, y, np.repeat(np.arange(len(views)), [len(view) for view in views])


def _several(series: Any) -> tuple[Any, bool]:
    """Return a list of series, and whether all of them have one dimension."""
    if isinstance(series, Sequences):
        return series, False
    if isinstance(series, (list, tuple)) and len(series) and not np.isscalar(series[0]):
        return series, all(np.ndim(x) == 1 for x in series)
    if isinstance(series, (list, tuple)) or is_array(series):
        array = series if is_array(series) else np.asarray(series)
        if np.ndim(array) not in (1, 2) or (np.ndim(array) == 1 and array.dtype == object):
            return series, False
        return [array], np.ndim(array) == 1
    return series, False  # refused, and named, by as_sequences


def _targets(target: Any, channels: int, names: Names) -> NDArray[np.int64]:
    if target is None:
        return np.arange(channels)
    if is_array(target):
        target = np.asarray(target).tolist()
    wanted = target if isinstance(target, (list, tuple)) else [target]
    if any(isinstance(name, str) for name in wanted):
        target = [_position(name, names) for name in wanted]
    columns = np.atleast_1d(np.asarray(target))
    if columns.ndim != 1 or columns.dtype.kind not in "iu" or len(columns) == 0:
        raise ValueError(
            f"target is {target!r}; expected the index of a channel, its name, or a list of them"
        )
    if columns.min() < -channels or columns.max() >= channels:
        raise ValueError(f"target is {target!r}; the series have {channels} channels, from 0 on")
    return columns


def _position(name: Any, names: Names) -> Any:
    """Return the position of a channel, given by its name or position."""
    if not isinstance(name, str):
        return name
    if names is None or name not in names:
        known = "have no names; give its position" if names is None else f"are {list(names)}"
        raise ValueError(f"target is {name!r}; the channels of series {known}")
    return names.index(name)

"""Rolling origins: splits of series by the times of their rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator

from skrnn._sequences.counts import check_count
from skrnn._sequences.refuse import shown
from skrnn._series.dates import shown_time
from skrnn._series.long_frames import has_index_of_times, is_frame, times_of, times_of_index

_EXPECTED = (
    "expected a long data frame with a row for each step of each series, or one series: a 1-D "
    "array or a pandas Series"
)


class RollingOriginSplit(BaseCrossValidator):
    """Split the rows of series by time: what is before an origin, and the steps after it.

    For searches over a long data frame, whose series all have the same origins. The last origin is
    `horizon` times before the end, and each of the others `horizon` times before the next: so no
    row is tested twice. Training rows are all of those before the origin, never any behind it.

    Parameters
    ----------
    n_splits : int, default=5
        Origins.
    horizon : int
        Times of a test part: those that occur in any series, in their order.
    time_column : str, default="ds"
        The column of a data frame that has the times of its rows.

    See Also
    --------
    sklearn.model_selection.TimeSeriesSplit : The same of one series, whose rows are in order.
    skrnn.RNNForecaster.backtest : Many origins with one fit, beside naive forecasts.

    Notes
    -----
    In a search, `y` is what `RNNForecaster.fit` calls `exog`. It has a row for each of `X`, in the
    same order, and is split with it.

    A series that begins behind an origin, or ends before it, takes no part in the score there.

    References
    ----------
    Tashman, "Out-of-sample tests of forecasting accuracy: an analysis and review", International
    Journal of Forecasting 16, 2000.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn.model_selection import RollingOriginSplit
    >>> for train, test in RollingOriginSplit(2, horizon=3).split(np.arange(10)):
    ...     print(train, test)
    [0 1 2 3] [4 5 6]
    [0 1 2 3 4 5 6] [7 8 9]

    >>> from sklearn.model_selection import GridSearchCV
    >>> from skrnn import RNNForecaster
    >>> t = np.arange(120)
    >>> sales = (100 + t) * (1 + 0.3 * np.sin(t * np.pi / 6))
    >>> model = RNNForecaster(calibration=None, max_iter=10, random_state=0)
    >>> search = GridSearchCV(
    ...     model, {"scaling": ["season", "last"]}, cv=RollingOriginSplit(2, horizon=12)
    ... )
    >>> search.fit(sales).best_params_
    {'scaling': 'season'}
    """

    def __init__(self, n_splits: int = 5, *, horizon: int, time_column: str = "ds") -> None:
        self.n_splits = n_splits
        self.horizon = horizon
        self.time_column = time_column

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: ARG002
        """Return the number of splits.

        Parameters
        ----------
        X, y, groups : object
            Not read.

        Returns
        -------
        n_splits : int
        """
        return check_count("n_splits", self.n_splits, 1, what="origins")

    def split(
        self,
        X: Any,
        y: Any = None,
        groups: Any = None,  # noqa: ARG002
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Return the rows of each split, from the earliest origin to the last.

        Parameters
        ----------
        X : array-like of shape (n,), pandas Series or data frame
            One series, or a long data frame of pandas or polars, its rows in any order.
        y : array-like or data frame with n rows, optional
            What is known beside the steps: of a frame with times, each row has that of `X`.
        groups : object
            Not read.

        Yields
        ------
        train, test : array of int64
            Numbers of rows, ascending.

        Raises
        ------
        TypeError, ValueError
            For other `X`, a column that is missing, other times in `y`, and fewer times than the
            splits need.
        """
        n_splits = self.get_n_splits()
        horizon = check_count("horizon", self.horizon, 1, what="times of a test part")
        times = self._times(X)
        if is_frame(y) and self.time_column in list(y.columns):
            self._check_rows(times, y)
        different, places = np.unique(times, return_inverse=True)
        if len(different) <= n_splits * horizon:
            raise ValueError(
                f"{n_splits} splits of horizon={horizon} need {n_splits * horizon + 1} different "
                f"times at least, and X has {len(different)}; lower n_splits or horizon"
            )
        origins = len(different) - horizon * np.arange(n_splits, 0, -1)
        return (
            (
                np.flatnonzero(places < origin),
                np.flatnonzero((places >= origin) & (places < origin + horizon)),
            )
            for origin in origins
        )

    def _times(self, X: Any) -> NDArray[Any]:
        """Return the time of each row."""
        if is_frame(X):
            return self._times_of_frame(X, "X")
        if has_index_of_times(X):
            return times_of_index(X)[0]
        shape = getattr(X, "shape", None)
        if not hasattr(X, "__len__") or isinstance(X, (str, bytes, dict, set)):
            raise TypeError(f"X is {shown(X)}, a {type(X).__name__}; {_EXPECTED}")
        if shape is None and any(np.ndim(x) for x in X):
            raise ValueError(f"X is a list of series; {_EXPECTED}")
        if shape is not None and len(shape) != 1:
            raise ValueError(f"X has shape {shape}; {_EXPECTED}")
        return np.arange(len(X))

    def _times_of_frame(self, df: Any, name: str) -> NDArray[Any]:
        if self.time_column not in list(df.columns):
            raise ValueError(
                f"{name} has no column {self.time_column!r}, only {list(df.columns)}; name the "
                "column of times with the parameter time_column"
            )
        return times_of(df, self.time_column)[0]

    def _check_rows(self, times: NDArray[Any], y: Any) -> None:
        of_y = self._times_of_frame(y, "y")
        if of_y.shape != times.shape:
            raise ValueError(
                f"y has {len(of_y)} rows, and X {len(times)}; expected one for each row of X"
            )
        other = of_y != times
        if other.any():
            row = int(np.argmax(other))
            raise ValueError(
                f"row {row} of y has the time {shown_time(of_y[row])}, and that of X "
                f"{shown_time(times[row])}; sort both by the same columns, so that they are split "
                "alike"
            )

"""Differences of a series from what it was some steps before, and back."""

from __future__ import annotations

import numpy as np

from skrnn._series.panel import Values


def difference(values: Values, lag: int) -> Values:
    """Return y_t - y_(t - lag); the first `lag` are zero, so that steps keep their numbers.

    Parameters
    ----------
    values : array of shape (T,)
    lag : int

    Examples
    --------
    >>> difference(np.array([1.0, 4.0, 9.0, 16.0]), 1)
    array([0., 3., 5., 7.])
    """
    result = np.zeros_like(values)
    result[lag:] = values[lag:] - values[:-lag]
    return result


def integrate(differences: Values, last: Values) -> Values:
    """Return the numbers whose differences are given.

    Parameters
    ----------
    differences : array of shape (n, h, ...)
        Of n series.
    last : array of shape (n, lag)
        The numbers before the first difference.

    Returns
    -------
    values : array of shape (n, h, ...)

    Examples
    --------
    >>> integrate(np.array([[3.0, 5.0, 7.0]]), np.array([[1.0]]))
    array([[ 4.,  9., 16.]])
    """
    lag = last.shape[1]
    result = np.empty_like(differences)
    for step in range(differences.shape[1]):
        before = result[:, step - lag] if step >= lag else last[:, step]
        if step < lag:
            before = before.reshape(-1, *[1] * (differences.ndim - 2))
        result[:, step] = differences[:, step] + before
    return result

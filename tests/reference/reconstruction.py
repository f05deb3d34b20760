"""Anomalies by reconstruction: a network reads a window and rebuilds it (Malhotra et al.,
arXiv:1607.00148), all segments at once (Lin et al., arXiv:2308.11200).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reference.cell import Array
from reference.network import Network


def window_error(
    network: Network, parameters: Mapping[str, Array], window: Array, observed: Array
) -> float:
    """Return the mean absolute error of the observed steps; NaN if there are none.

    Parameters
    ----------
    network : Network
        With pooling "horizon": as many steps to come as it reads.
    parameters : mapping of str to array
    window : array of shape (L,)
        In units of its channel, with a number in place of each missing one.
    observed : array of shape (L,), bool
    """
    centred = window - window.mean()
    width = parameters["head.bias"].shape[0]
    rebuilt, _ = network.forward(parameters, centred.reshape(-1, width))
    errors = np.abs(rebuilt.reshape(-1) - centred)[observed]
    return float(errors.mean()) if len(errors) else np.nan


def last_known(x: Array) -> Array:
    """Return a series in which the last number before stands for NaN, or zero at its beginning."""
    known, last = np.empty_like(x), 0.0
    for t, number in enumerate(x):
        last = last if np.isnan(number) else number
        known[t] = last
    return known


def scores(
    network: Network,
    parameters: Mapping[str, Array],
    series: Array,
    mean: Array,
    scale: Array,
    unit: Array,
    length: int,
    delay: int,
) -> Array:
    """Return the score of each step of a series (T, C), given the units of its channels (C,)."""
    ends = range(length - 1, len(series))
    of_windows = {}
    for end in ends:
        of_channels = []
        for c, x in enumerate(series.T):
            standard = (x - mean[c]) / scale[c]
            own = slice(end - length + 1, end + 1)
            error = window_error(
                network, parameters, last_known(standard)[own], ~np.isnan(standard[own])
            )
            of_channels.append(error / unit[c])
        known = [error for error in of_channels if not np.isnan(error)]
        of_windows[end] = max(known, default=1.0)
    found = []
    for t in range(len(series)):
        errors = [of_windows[end] for end in range(t, t + delay + 1) if end in of_windows]
        found.append(-np.mean(errors) if errors else -1.0)
    return np.array(found)

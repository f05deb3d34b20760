"""Reconstruction of windows of series, and scores of anomalies from its errors; NumPy only.

Each channel of each series is a series by itself, in units of its channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._series.panel import Panel, Values
from skrnn._series.windows import Origins

LARGEST = 1e30  # in deviations: products with weights stay in float32
LEAST_UNIT = 1e-3  # deviations, of errors in training that are nearly none
TYPICAL = 1.0  # the error of a window in training, in its unit


class ReconstructedSeries:
    """Series one behind the other in one array of float32, whose windows are their own targets.

    The last number observed before stands for a missing one, which is no target; at the beginning
    of a series zero does.
    """

    def __init__(self, panel: Panel, length: int, width: int) -> None:
        self._length, self._width = length, width
        self._first = np.cumsum([0, *panel.lengths])
        values = np.concatenate(panel.values)
        np.clip(values, -LARGEST, LARGEST, out=values)
        self._observed = values.astype(np.float32)
        known = [_last_known(x) for x in panel.values]
        self._numbers = np.clip(np.concatenate(known), -LARGEST, LARGEST).astype(np.float32)
        # The mean of the window that begins with each number, summed in the order of the stream.
        total = np.zeros(len(values) - length + 1)
        for k in range(length):
            total += self._numbers[k : k + len(total)]
        self._levels = (total / length).astype(np.float32)

    def windows(self, origins: Origins) -> tuple[_core.Windows, NDArray[np.int64]]:
        """Return windows for the engine, and the offsets of their rows, (N + 1,)."""
        starts = self._first[origins.series] + origins.ends - self._length
        windows = _core.Windows(
            self._numbers,
            starts,
            width=self._width,
            levels=self._levels[starts],
            following=self._observed,
            reconstructs=True,
        )
        rows = self._length // self._width
        return windows, np.arange(0, (len(starts) + 1) * rows, rows)


def full_windows(
    lengths: NDArray[np.int64], length: int, begins: NDArray[np.int64] | None = None
) -> Origins:
    """Return all full windows of series of these lengths, by the step behind their end.

    Parameters
    ----------
    lengths : array of shape (n,)
    length : int
        L, steps of a window.
    begins : array of shape (n,), optional
        The first step of each series that a window may end with.
    """
    first = np.full(len(lengths), length) if begins is None else np.maximum(length, begins + 1)
    ends = [np.arange(a, b + 1) for a, b in zip(first, lengths, strict=True)]
    series = np.repeat(np.arange(len(lengths)), [len(own) for own in ends])
    return Origins(series, np.concatenate(ends))


@dataclass(frozen=True)
class Reconstruction:
    """What a detector has beside its network.

    A window is `rows` steps of the network, of `width` numbers each.
    """

    rows: int
    width: int
    delay: int  # steps that a score waits for, less than a window has
    mean: Values  # (C,), of each channel in training
    scale: Values  # (C,), standard deviation, or 1 for a constant channel
    missing: bool  # whether NaN is a number that nobody observed
    unit: Values  # (C,), mean error of the windows in training

    @property
    def length(self) -> int:
        """L, steps of a window."""
        return self.rows * self.width

    def panel(self, series: Sequence[NDArray[np.floating]]) -> Panel:
        """Return the channels of series (T_i, C) in their units: those of series 0, then of 1."""
        with np.errstate(over="ignore"):  # infinite numbers are clipped
            channels = [
                np.ascontiguousarray(z) for x in series for z in ((x - self.mean) / self.scale).T
            ]
        return Panel.of(channels)

    def errors_of_channels(
        self, model: _core.Model, series: Sequence[NDArray[np.floating]], n_jobs: int | None
    ) -> list[Values]:
        """Return the mean absolute errors of the windows of each series, (C, T_i - L + 1).

        NaN where nothing was observed.
        """
        panel = self.panel(series)
        windows, offsets = ReconstructedSeries(panel, self.length, self.width).windows(
            full_windows(panel.lengths, self.length)
        )
        errors = model.window_errors(windows, offsets, n_jobs=n_jobs)
        counts = panel.lengths[:: len(self.mean)] - self.length + 1
        parts = np.split(errors, np.cumsum(counts * len(self.mean))[:-1])
        return [part.reshape(len(self.mean), -1) for part in parts]

    def with_unit(
        self, model: _core.Model, series: Sequence[NDArray[np.floating]], n_jobs: int | None
    ) -> Reconstruction:
        """Return the same with the errors of these series as the unit."""
        errors = np.concatenate(self.errors_of_channels(model, series, n_jobs), axis=1)
        mean = [np.mean(own[~np.isnan(own)]) for own in errors]
        return replace(self, unit=np.maximum(mean, LEAST_UNIT))

    def scores(
        self, model: _core.Model, series: Sequence[NDArray[np.floating]], n_jobs: int | None
    ) -> list[Values]:
        """Return the score of each step of each series, (T_i,): minus its error in units."""
        found = []
        for errors in self.errors_of_channels(model, series, n_jobs):
            largest = np.fmax.reduce(errors / self.unit[:, None])
            largest[np.isnan(largest)] = TYPICAL
            found.append(-self._of_steps(largest))
        return found

    def _of_steps(self, errors: Values) -> Values:
        """Return the mean error of the windows that contain a step, as far as it waits for them."""
        steps = len(errors) + self.length - 1
        t = np.arange(steps)
        at_end = np.concatenate([np.zeros(self.length - 1), errors, np.zeros(self.delay)])
        total = np.zeros(steps)
        for later in range(self.delay + 1):  # from the oldest window to the newest, as a stream
            total += at_end[later : later + steps]
        last = np.minimum(t + self.delay, steps - 1)
        count = last - np.maximum(t, self.length - 1) + 1
        return np.where(count > 0, total / np.maximum(count, 1), TYPICAL)

    def stream(self, model: _core.Model) -> _core.AnomalyStream:
        """Return a stream of scores."""
        return _core.AnomalyStream(
            model,
            rows=self.rows,
            delay=self.delay,
            mean=self.mean,
            scale=self.scale,
            unit=self.unit,
            missing=self.missing,
        )


def units_of(values: NDArray[np.floating]) -> tuple[Values, Values]:
    """Return mean and standard deviation of channels (S, C), without missing values.

    The deviation of a constant channel is 1, and so is one that is rounding of a large mean.

    Raises
    ------
    ValueError
        For a channel without any number.
    """
    means, scales = [], []
    for channel, column in enumerate(values.T):
        x = column[~np.isnan(column)].astype(np.float64)
        if len(x) == 0:
            raise ValueError(
                f"channel {channel} of X has no observation, only NaN; leave the channel out"
            )
        largest = float(np.abs(x).max()) or 1.0
        x /= largest  # so that neither sums nor squares overflow
        deviation = float(x.std())
        means.append(float(x.mean()) * largest)
        scales.append(deviation * largest if deviation > 1e-12 else 1.0)
    return np.array(means), np.array(scales)


def _last_known(values: Values) -> Values:
    missing = np.isnan(values)
    if not missing.any():
        return values
    last = np.maximum.accumulate(np.where(missing, -1, np.arange(len(values))))
    return np.where(last < 0, 0.0, values[last])

"""A backtest: what was forecast from rolling origins beside what came, and errors by step."""

from __future__ import annotations

from typing import Any

import numpy as np

from skrnn._series.backtests import Backtest
from skrnn.plotting._axes import axes_or_new, label_times
from skrnn.plotting._places import place_of

_LINES = {  # colour and label of each kind of forecast
    "forecaster": ("tab:blue", "forecaster"),
    "naive": ("tab:gray", "last value"),
    "seasonal_naive": ("tab:green", "last season"),
}


class BacktestDisplay:
    """Forecasts of a series from rolling origins, and how errors grow with the steps ahead.

    On the left what came, with forecasts that do not overlap: that of the first origin, and each
    next one that begins behind it. A bar is the interval of the first step ahead, for every origin.
    On the right the mean absolute error at each step ahead, over all origins and series, beside the
    naive forecasts; scaled, as MASE is, if there are several series.

    Make it with `from_backtest`.

    Parameters
    ----------
    backtest : Backtest
        As `RNNForecaster.backtest` returns it.
    index : int, default=0
        The number of the series on the left.
    coverage : float, optional
        Of the bars; None draws none.

    Attributes
    ----------
    ax_, ax_error_ : matplotlib Axes
        On the left and on the right.
    figure_ : matplotlib Figure
        The figure of both.
    actual_line_ : matplotlib Line2D
        What came.
    forecast_lines_ : list of matplotlib Line2D
        One for each forecast that is drawn.
    bars_ : matplotlib LineCollection or None
        The intervals of the first step.
    error_lines_ : dict of str to matplotlib Line2D
        Of "forecaster", "naive" and, where there are seasons, "seasonal_naive".

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNForecaster
    >>> from skrnn.plotting import BacktestDisplay
    >>> t = np.arange(144)
    >>> sales = (100 + t) * (1 + 0.3 * np.sin(t * np.pi / 6))
    >>> backtest = RNNForecaster(max_iter=3, random_state=0).backtest(sales)
    >>> display = BacktestDisplay.from_backtest(backtest)
    >>> list(display.error_lines_)
    ['forecaster', 'naive', 'seasonal_naive']
    """

    def __init__(
        self, backtest: Backtest, *, index: int = 0, coverage: float | None = None
    ) -> None:
        self.backtest = backtest
        self.index = index
        self.coverage = coverage

    @classmethod
    def from_backtest(
        cls,
        backtest: Backtest,
        *,
        index: int | str = 0,
        coverage: float | None = None,
        ax: Any = None,
        **options: Any,
    ) -> BacktestDisplay:
        """Draw a backtest.

        Parameters
        ----------
        backtest : Backtest
            As `RNNForecaster.backtest` returns it.
        index : int or str, default=0
            The series on the left: its number, or its key in a data frame if that is a string.
        coverage : float, optional
            Of the bars, one of those that the backtest has. None is the smallest of them.
        ax : array of two matplotlib Axes, optional
            Where to draw; None makes a figure.
        **options : dict
            For the lines of forecasts on the left, as ``color="green"``.

        Returns
        -------
        display : BacktestDisplay

        Raises
        ------
        ValueError
            For an `index` that has no origin, and a `coverage` that the backtest does not have.
        ImportError
            If matplotlib is not installed.
        """
        place = place_of(index, backtest.keys, int(backtest.series.max()) + 1)
        if place not in backtest.series:
            raise ValueError(
                f"index={index!r}, but no forecast of this series begins behind `start`"
            )
        if coverage is None:
            coverage = min(backtest.intervals, default=None)
        elif coverage not in backtest.intervals:
            raise ValueError(
                f"coverage={coverage!r}, but the backtest has {list(backtest.intervals)}"
            )
        return cls(backtest, index=place, coverage=coverage).plot(ax=ax, **options)

    def plot(self, *, ax: Any = None, **options: Any) -> BacktestDisplay:
        """Draw.

        Parameters
        ----------
        ax : array of two matplotlib Axes, optional
            Where to draw; None makes a figure.
        **options : dict
            For the lines of forecasts on the left.

        Returns
        -------
        self : BacktestDisplay
        """
        self.ax_, self.ax_error_ = axes_or_new(ax, columns=2)
        self.figure_ = self.ax_.figure
        self._draw_series(options)
        self._draw_errors()
        return self

    def _draw_series(self, options: dict[str, Any]) -> None:
        found, h = self.backtest, self.backtest.actual.shape[1]
        rows = np.flatnonzero(found.series == self.index)
        rows = rows[np.argsort(found.ends[rows], kind="stable")]
        ends = found.ends[rows]
        steps = ends[:, None] + np.arange(h)
        times = steps if found.times is None else found.times[rows]
        different, first = np.unique(steps, return_index=True)
        x, y = times.reshape(-1)[first], found.actual[rows].reshape(-1)[first]
        # Between origins far apart nothing is known of the series here.
        gaps = np.flatnonzero(np.diff(different) > 1) + 1
        x, y = np.insert(x, gaps, x[gaps]), np.insert(y, gaps, np.nan)
        (self.actual_line_,) = self.ax_.plot(x, y, color="0.25", label="what came")
        self.bars_ = None
        color, label = _LINES["forecaster"]
        settings = {"color": color, "marker": ".", "markersize": 4, "label": label} | options
        if self.coverage is not None:
            lower, upper = found.intervals[self.coverage][rows, 0].T
            self.bars_ = self.ax_.vlines(
                times[:, 0],
                lower,
                upper,
                color=settings["color"],
                alpha=0.3,
                label=f"{100 * self.coverage:g} % interval of first steps",
            )
        self.forecast_lines_ = []
        free = 0
        for row, end in enumerate(ends):
            if end >= free:
                values = found.forecasts["forecaster"][rows[row]]
                self.forecast_lines_ += self.ax_.plot(times[row], values, **settings)
                settings["label"] = None
                free = end + h
        name = None if found.keys is None else str(found.keys[self.index])
        self.ax_.set(title=name or "Forecasts from rolling origins")
        label_times(self.ax_, x)
        self.ax_.legend()

    def _draw_errors(self) -> None:
        found = self.backtest
        several = len(np.unique(found.series)) > 1
        unit = found.scales[:, None] if several else 1.0
        steps = np.arange(1, found.actual.shape[1] + 1)
        self.error_lines_ = {}
        for name, forecast in found.forecasts.items():
            if name == "seasonal_naive" and found.seasonality == 1:
                continue
            errors = np.nanmean(np.abs(found.actual - forecast) / unit, axis=0)
            color, label = _LINES[name]
            (self.error_lines_[name],) = self.ax_error_.plot(
                steps, errors, color=color, marker=".", label=label
            )
        self.ax_error_.set(
            xlabel="steps ahead",
            ylabel="mean absolute scaled error" if several else "mean absolute error",
            title="Errors by steps ahead",
            ylim=(0, None),
        )
        self.ax_error_.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        self.ax_error_.legend()

"""The fan chart: a series, its forecast, and intervals around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.counts import check_count, check_shares
from skrnn._series.following import following
from skrnn._series.forms import Form
from skrnn._series.reading import read_series
from skrnn._serving.forecasts import MakesForecasts, check_horizon, interval_of, series_of
from skrnn._serving.pipelines import best_of
from skrnn.plotting._axes import axes_or_new, label_times
from skrnn.plotting._places import place_of

_SHOWN = 4  # horizons of history
_ALPHA = 0.2  # of a band

Values = NDArray[np.float64]


class ForecastDisplay:
    """A fan chart: the end of a series, its forecast, and intervals, the wider the lighter.

    Make it with `from_estimator`.

    Parameters
    ----------
    history : array of shape (p,)
        The last steps of the series; NaN where nothing was observed.
    forecast : array of shape (h,)
        The steps to come.
    intervals : dict of float to array of shape (h, 2), optional
        For each coverage, lower and upper ends.
    actual : array of shape (a,), optional
        What came; NaN where nothing was observed.
    times : array of shape (p + max(h, a),), optional
        Of the steps, from the first of `history` on: dates or numbers. None counts them from the
        last of `history`, which is 0.
    name : str, optional
        Of the series; the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes drawn on.
    figure_ : matplotlib Figure
        Its figure.
    history_line_, forecast_line_ : matplotlib Line2D
        The forecast begins at the last step of history.
    actual_line_ : matplotlib Line2D or None
        What came.
    bands_ : dict of float to matplotlib PolyCollection
        Of each coverage.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNForecaster
    >>> from skrnn.plotting import ForecastDisplay
    >>> t = np.arange(144)
    >>> sales = (100 + t) * (1 + 0.3 * np.sin(t * np.pi / 6))
    >>> model = RNNForecaster(max_iter=3, random_state=0).fit(sales[:132])
    >>> display = ForecastDisplay.from_estimator(model, actual=sales[132:])
    >>> sorted(display.bands_)
    [0.5, 0.8, 0.95]
    """

    def __init__(
        self,
        history: Values,
        forecast: Values,
        intervals: Mapping[float, Values] | None = None,
        *,
        actual: Values | None = None,
        times: NDArray[Any] | None = None,
        name: str | None = None,
    ) -> None:
        self.history = history
        self.forecast = forecast
        self.intervals = intervals
        self.actual = actual
        self.times = times
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        series: Any = None,
        *,
        exog: Any = None,
        index: int | str = 0,
        horizon: int | None = None,
        coverage: Any = (0.5, 0.8, 0.95),
        actual: Any = None,
        history: int | None = None,
        ax: Any = None,
        **options: Any,
    ) -> ForecastDisplay:
        """Draw the forecast of one series.

        Parameters
        ----------
        estimator : RNNForecaster, or a search
            Fitted, or from `skrnn.runtime.load`. Of a search, the best estimator.
        series : as in fit, optional
            The histories to go on from. None: those of fit, of which a forecaster keeps no more
            than it reads, and steps that nobody observed as it reads them.
        exog : as in `RNNForecaster.predict`, optional
            What is known beside the steps.
        index : int or str, default=0
            Which series: its number, or its key in a data frame if that is a string.
        horizon : int, optional
            Steps to come, h. None is that of fit.
        coverage : float or sequence of float, default=(0.5, 0.8, 0.95)
            Probabilities of the intervals, those of `predict_interval`; () draws none, as does a
            forecaster that was fitted without calibration.
        actual : array-like of shape (a,), or as `series`, optional
            What came: the numbers after the last step of the series, or the steps after those of
            all series, in the form of those.
        history : int, optional
            Steps before the forecast to draw, as far as there are any. None is four horizons.
        ax : matplotlib Axes, optional
            Where to draw; None makes a figure.
        **options : dict
            For the line of the forecast, as ``color="green"``.

        Returns
        -------
        display : ForecastDisplay

        Raises
        ------
        TypeError
            For what is no forecaster, and as `RNNForecaster.predict`.
        ValueError
            For an `index` that no series has, for an `actual` that does not follow, and as
            `RNNForecaster.predict`.
        sklearn.exceptions.NotFittedError
            If fit has not been called.
        ImportError
            If matplotlib is not installed.
        """
        model = best_of(estimator)
        if not isinstance(model, MakesForecasts):
            raise TypeError(
                "expected a fitted RNNForecaster, a search of one, or what skrnn.runtime.load made "
                f"of its file; got {model!r}"
            )
        forecaster, fitted = model._forecaster()
        h = check_horizon(horizon, fitted)
        levels = check_shares("coverage", coverage)
        form, panel, facts = series_of(fitted, series, exog, h)
        i = place_of(index, form.keys, len(panel))
        shown = _SHOWN * h
        if history is not None:
            shown = check_count("history", history, 1, what="steps before the forecast")
        past = panel.values[i][-shown:]
        came = None if actual is None else _actual(form, i, actual)
        forecast = forecaster.forecast(panel.take([i]), facts.take(np.array([i])), h)
        if forecaster.errors is None:
            levels = []
        display = cls(
            past,
            forecast.values[0, :, forecaster.middle],
            {level: interval_of(forecaster, forecast, level)[0] for level in levels},
            actual=came,
            times=_times(form, i, len(past), h if came is None else max(h, len(came))),
            name=None if form.keys is None else str(form.keys[i]),
        )
        return display.plot(ax=ax, **options)

    def plot(self, *, ax: Any = None, **options: Any) -> ForecastDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; None makes a figure.
        **options : dict
            For the line of the forecast.

        Returns
        -------
        self : ForecastDisplay
        """
        self.ax_ = axes_or_new(ax)
        from matplotlib.patches import Patch

        self.figure_ = self.ax_.figure
        p, h = len(self.history), len(self.forecast)
        came = 0 if self.actual is None else len(self.actual)
        times = np.arange(1 - p, max(h, came) + 1) if self.times is None else self.times
        last = self.history[-1:]
        (self.history_line_,) = self.ax_.plot(
            times[:p], self.history, color="0.25", label="observed"
        )
        ahead = times[p - 1 : p + h]
        (self.forecast_line_,) = self.ax_.plot(
            ahead,
            np.concatenate([last, self.forecast]),
            **({"color": "tab:blue", "label": "forecast"} | options),
        )
        color = self.forecast_line_.get_color()
        self.bands_, patches = {}, []
        intervals = {} if self.intervals is None else self.intervals
        for coverage in sorted(intervals, reverse=True):
            lower, upper = np.concatenate([[[*last, *last]], intervals[coverage]]).T
            self.bands_[coverage] = self.ax_.fill_between(
                ahead, lower, upper, color=color, alpha=_ALPHA, linewidth=0
            )
            # It lies on those that are wider.
            seen = 1 - (1 - _ALPHA) ** len(self.bands_)
            patches.append(Patch(color=color, alpha=seen, label=f"{100 * coverage:g} %"))
        handles = [self.history_line_, self.forecast_line_, *reversed(patches)]
        self.actual_line_ = None
        if self.actual is not None:
            (self.actual_line_,) = self.ax_.plot(
                times[p : p + came], self.actual, color="tab:orange", marker=".", label="what came"
            )
            handles.append(self.actual_line_)
        self.ax_.set(title=self.name or "Forecast")
        label_times(self.ax_, times)
        self.ax_.legend(handles=handles)
        return self


def _actual(form: Form, i: int, actual: Any) -> Values:
    given = read_series(actual, form.columns, missing=True, name="actual")
    came = given.values if given.form.kind == "one" else following(form, given)
    own = came[0] if len(came) == 1 else came[i] if i < len(came) else np.empty(0)
    if len(own) == 0:
        raise ValueError("actual holds no step after those of the series that is drawn")
    return own


def _times(form: Form, i: int, past: int, ahead: int) -> NDArray[Any] | None:
    """Return the times of steps, if they are known."""
    if form.last is None or form.step is None:
        return None
    last = form.last[i]
    times = np.concatenate([form.step.until(last, past), form.step.after(last, ahead)])
    return form.clock.local(times)

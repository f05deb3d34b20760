"""Forecasts of a fitted forecaster, in memory or from a file; NumPy only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.counts import check_count, check_share, check_shares, seed_of
from skrnn._series.fitted import Fitted
from skrnn._series.forecasting import Forecast, Forecaster
from skrnn._series.forms import Form, give
from skrnn._series.panel import Panel, Values
from skrnn._series.units import Facts
from skrnn._serving.forecast_stream import ForecastStream


class MakesForecasts(ABC):
    """The methods that forecast, for estimators and the runtime."""

    @abstractmethod
    def _forecaster(self) -> tuple[Forecaster, Fitted]:
        """Return the network, and what was learned beside it."""

    def predict(self, horizon: int | None = None, *, series: Any = None, exog: Any = None) -> Any:
        """Return the steps that follow each series.

        Parameters
        ----------
        horizon : int, optional
            Steps to come, h. None is that of fit. Steps beyond it are forecast from those before.
        series : as in fit, optional
            The histories to go on from, of any series. None: those of fit.
        exog : as in fit, optional
            Where fit has seen some: the rows of the steps to come, and with `series` first those of
            its own steps. Rows that fit has seen already need not be given again.

        Returns
        -------
        forecast : array of shape (h,) or (n, h), list of n arrays of shape (h,), Series or frame
            In the form of `series`, or of those of fit: a frame has a row for each step to come,
            with its time. With ``loss="quantile"`` the median, or the level nearest to it.

        Raises
        ------
        TypeError, ValueError
            For series and exog that cannot be read, and a `horizon` that is no count.
        sklearn.exceptions.NotFittedError
            Before fit.
        """
        forecaster, fitted, form, forecast = self._forecast(horizon, series, exog)
        return give(form, forecast.values[..., forecaster.middle], [fitted.form.columns[2]])

    def predict_interval(
        self,
        horizon: int | None = None,
        *,
        coverage: float = 0.9,
        series: Any = None,
        exog: Any = None,
    ) -> Any:
        """Return intervals that cover each step to come with a given probability.

        They are conformal: as wide as the errors that a network made in fit on the ends of series
        that it was not trained on (`calibration`), in units of the scale of each window.

        Parameters
        ----------
        horizon : int, optional
        coverage : float, default=0.9
            The probability, between 0 and 1, of each step by itself.
        series, exog : optional
            As in `predict`.

        Returns
        -------
        interval : array of shape (h, 2) or (n, h, 2), list of n arrays of shape (h, 2), or frame
            Lower and upper ends; columns ``lower`` and ``upper`` of a frame.

        Raises
        ------
        TypeError, ValueError
            As `predict`; for another `coverage`, and without calibration.
        """
        share = check_share("coverage", coverage)
        forecaster, _, form, forecast = self._forecast(horizon, series, exog)
        ends = interval_of(forecaster, forecast, share)
        return give(form, ends, ["lower", "upper"])

    def predict_quantiles(
        self,
        horizon: int | None = None,
        *,
        quantiles: Any = None,
        series: Any = None,
        exog: Any = None,
    ) -> Any:
        """Return quantiles of each step to come.

        With ``loss="quantile"`` the network forecasts the levels that it was fitted for; with
        ``loss="gaussian_nll"`` they are those of a normal distribution; other losses take them from
        the errors of calibration.

        Parameters
        ----------
        horizon : int, optional
        quantiles : float or sequence of float, optional
            Levels between 0 and 1. None is those that the network was fitted for, and 0.1, 0.5 and
            0.9 with other losses.
        series, exog : optional
            As in `predict`.

        Returns
        -------
        forecast : array of shape (h, Q) or (n, h, Q), list of n arrays of shape (h, Q), or frame
            Columns of a frame are called ``q0.1`` and so on.

        Raises
        ------
        TypeError, ValueError
            As `predict`; for levels out of range, and those that a network of quantiles has not
            learned.
        """
        if quantiles is None:
            known = self._forecaster()[0].quantiles
            quantiles = (0.1, 0.5, 0.9) if known is None else known
        levels = check_shares("quantiles", quantiles)
        if not levels:
            raise ValueError("quantiles is empty; expected numbers between 0 and 1")
        forecaster, _, form, forecast = self._forecast(horizon, series, exog)
        values = _quantiles(forecaster, forecast, np.array(levels))
        return give(form, values, [f"q{level:g}" for level in levels])

    def sample_paths(
        self,
        horizon: int | None = None,
        *,
        n_paths: int = 100,
        series: Any = None,
        exog: Any = None,
        random_state: Any = None,
    ) -> Any:
        """Return possible courses of each series; for ``strategy="recursive"``.

        Each step is drawn, given those before it: from a normal distribution with
        ``loss="gaussian_nll"``, and else the forecast plus an error of calibration.

        Parameters
        ----------
        horizon : int, optional
        n_paths : int, default=100
        series, exog : optional
            As in `predict`.
        random_state : int, RandomState instance, Generator instance or None, default=None

        Returns
        -------
        paths : array of shape (h, n_paths) or (n, h, n_paths), list of n arrays, or frame
            Columns of a frame are called ``path0`` and so on.

        Raises
        ------
        TypeError, ValueError
            As `predict`; for other strategies, which forecast several steps at once.
        """
        forecaster, fitted = self._forecaster()
        plan = fitted.plan
        if plan.block > 1:
            raise ValueError(
                "sample_paths needs strategy='recursive', whose steps follow from one another, and "
                f"segment_length=1; this forecaster answers {plan.block} steps at once"
            )
        count = check_count("n_paths", n_paths, 1, what="courses of each series")
        h = check_horizon(horizon, fitted)
        form, panel, facts = series_of(fitted, series, exog, h)
        rng = np.random.default_rng(seed_of(random_state))
        errors = None if forecaster.has_deviations else _errors_of(forecaster)

        def draw(values: Values, spread: Values) -> Values:
            middle = values[..., forecaster.middle]
            if errors is None:
                return np.asarray(middle + spread * rng.standard_normal(middle.shape))
            return np.asarray(middle + spread * errors.draw(middle.shape, rng))

        several = np.repeat(np.arange(len(panel)), count)
        whole = forecaster.forecast(panel.take(several), facts.take(several), h, draw)
        paths = whole.values[..., 0].reshape(len(panel), count, h).swapaxes(1, 2)
        return give(form, np.ascontiguousarray(paths), [f"path{i}" for i in range(count)])

    def stream(self) -> ForecastStream:
        """Return a stream, which forecasts anew with each observation.

        Returns
        -------
        stream : ForecastStream
            It goes on from the series of fit: ``stream.step(y_t)`` reads the next number of each
            series and returns the forecast of `horizon` steps: that of the series so far, in the
            units that fit has learned of them. Later fits do not change it.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before fit.
        """
        return ForecastStream(*self._forecaster())

    def _forecast(
        self, horizon: int | None, series: Any, exog: Any
    ) -> tuple[Forecaster, Fitted, Form, Forecast]:
        forecaster, fitted = self._forecaster()
        count = check_horizon(horizon, fitted)
        form, panel, facts = series_of(fitted, series, exog, count)
        return forecaster, fitted, form, forecaster.forecast(panel, facts, count)


def check_horizon(horizon: Any, fitted: Fitted) -> int:
    """Return steps to come, those of fit for None."""
    if horizon is None:
        return fitted.plan.horizon
    if hasattr(horizon, "__len__"):
        raise TypeError(
            f"horizon is a {type(horizon).__name__}; expected the number of steps to come. Pass "
            "histories to go on from by name, as series="
        )
    return check_count("horizon", horizon, 1, what="steps to come")


def series_of(fitted: Fitted, series: Any, exog: Any, horizon: int) -> tuple[Form, Panel, Facts]:
    """Return the series to go on from, those of fit for None, with what is known of steps ahead."""
    if series is None:
        return fitted.ahead(horizon, exog)
    return fitted.read(series, exog, horizon)


def _errors_of(forecaster: Forecaster) -> Any:
    if forecaster.errors is None:
        raise ValueError(
            "the forecaster knows no errors of forecasts: it was fitted with calibration=None, or "
            "on series too short for it, or without a change or an observation where they end; fit "
            "with calibration=0.2 on longer series"
        )
    return forecaster.errors


def interval_of(forecaster: Forecaster, forecast: Forecast, coverage: float) -> Values:
    """Return lower and upper ends, (n, h, 2)."""
    h = forecast.spread.shape[1]
    widths = _errors_of(forecaster).half_widths(coverage, h) * forecast.spread
    middle = forecast.values[..., forecaster.middle]
    return np.stack([middle - widths, middle + widths], axis=-1)


def _quantiles(forecaster: Forecaster, forecast: Forecast, levels: NDArray[Any]) -> Values:
    """Quantiles, (n, h, Q)."""
    known = forecaster.quantiles
    if known is not None:
        missing = [level for level in levels.tolist() if level not in list(known)]
        if missing:
            raise ValueError(
                f"quantiles has {missing[0]:g}, and the network was fitted for {list(known)}; ask "
                "for those, or fit with other quantiles"
            )
        return forecast.values[..., [list(known).index(level) for level in levels.tolist()]]
    middle = forecast.values[..., :1]
    if forecaster.has_deviations:
        return np.asarray(middle + forecast.spread[..., None] * normal_quantiles(levels))
    errors = _errors_of(forecaster).quantiles(levels, forecast.spread.shape[1])
    return np.asarray(middle + forecast.spread[..., None] * errors)


def normal_quantiles(levels: NDArray[Any]) -> Values:
    """Return quantiles of the standard normal distribution.

    Examples
    --------
    >>> normal_quantiles(np.array([0.5, 0.975])).round(4)
    array([0.  , 1.96])
    """
    normal = NormalDist()
    return np.array([normal.inv_cdf(level) for level in levels.tolist()])

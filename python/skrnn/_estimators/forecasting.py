"""The base of forecasters: the course of a fit, their engine, scores and backtests."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skrnn import _core
from skrnn._estimators.backtesting import backtest
from skrnn._estimators.calibration import calibrate
from skrnn._estimators.forecast_plan import plan_of
from skrnn._estimators.numbers import number_settings
from skrnn._estimators.samples import FitData
from skrnn._estimators.series import SeriesEstimator, SeriesSamples, WindowData
from skrnn._files.description import Description
from skrnn._files.forecasters import forecaster_arrays, forecaster_section
from skrnn._parameters import check_parameters
from skrnn._sequences.container import Sequences
from skrnn._series.backtests import Backtest
from skrnn._series.covariates import Covariates
from skrnn._series.fitted import Fitted, facts_of
from skrnn._series.following import following
from skrnn._series.forecasting import Forecaster
from skrnn._series.forms import Given
from skrnn._series.panel import Panel, filled
from skrnn._series.plan import Plan
from skrnn._series.reading import read_series
from skrnn._series.windows import WindowedSeries, origins_of
from skrnn._serving.forecasts import MakesForecasts
from skrnn._targets.numbers import NumberCodec, NumberSettings

Self = TypeVar("Self", bound="ForecastEstimator")


class ForecastEstimator(MakesForecasts, SeriesEstimator):  # type: ignore[misc]  # streams series
    """An estimator of the steps that follow in series."""

    _fitted: Fitted
    _series_plan: Plan

    def fit(  # type: ignore[override]  # of series
        self: Self, series: Any, exog: Any = None
    ) -> Self:
        """Learn from series.

        Parameters
        ----------
        series : array-like, list, pandas Series or data frame
            One series: an array-like of shape (T,), or a Series with an index of times. Several: a
            list of them, an array of shape (n, T), or a long data frame of pandas or polars with a
            row for each step, whose columns are called as `columns` says; without the first of them
            it is one series. Times are dates, or integers, in equal steps.
        exog : array-like, list or data frame, optional
            What is known beside the numbers, also of steps to come: an array of shape (T, K) for
            one series, a list of them for several. An array of shape (n, K) has one row a series,
            for all of its steps. Beside a data frame another, with the same columns of keys and
            times; without times it has one row a series. It may go on behind the end of the series.

        Returns
        -------
        self : object

        Raises
        ------
        TypeError, ValueError
            For parameters and data that cannot be used; the message says which and what to do. The
            estimator is then unchanged.
        KeyboardInterrupt
            On Ctrl-C. During calibration the estimator is unchanged; after that it has the best
            parameters so far.
        """
        check_parameters(self, self._rules)
        begin = not (self.warm_start and hasattr(self, "params_"))
        return self._learn(lambda twin: twin._fit_series(series, exog, begin))

    def _fit_series(self, series: Any, exog: Any, begin: bool) -> None:
        given = read_series(series, tuple(self.columns), missing=self.missing == "fill")
        self._fit_given(given, exog, begin)

    def _fit_given(self, given: Given, exog: Any, begin: bool) -> None:
        """Plan what the network reads of series, calibrate, and train."""
        if begin:
            covariates = Covariates.learn(given, exog, tuple(self.calendar))
        else:
            covariates = self._fitted.covariates
        panel = Panel(given.values, covariates.beside(given, exog))
        if begin:
            seasons = () if given.form.step is None else given.form.step.seasons
            self._series_plan = plan_of(self, panel, covariates.count, seasons)
            self._learn_plan()
        facts = facts_of(panel, self._series_plan)
        fitted = Fitted(
            self._series_plan,
            covariates,
            given.form,
            _ends(panel, self._series_plan.past),
            facts,
            self.missing == "fill",
        )
        if self.calibration is not None:
            fitted = calibrate(self, panel, fitted)
        self._set_fitted(fitted)
        self._fit_panel(panel, begin)

    def _fit_panel(self, panel: Panel, begin: bool) -> None:
        """Train on all windows of the series."""
        self._fit(FitData(panel, None), self._target_settings(), begin=begin)

    def _set_fitted(self, fitted: Fitted) -> None:
        """Set what is learned beside the network, and its attributes."""
        self._fitted = fitted
        self.trust_, self.naive_ratio_ = fitted.trust, fitted.naive_ratio

    def _learn_plan(self) -> None:
        """Set what is learned of the plan, and its attributes."""
        plan = self._series_plan
        self.n_features_in_, self._input_size = 1, plan.channels
        self.horizon_, self.lookback_ = plan.horizon, plan.lookback
        self.seasonality_, self.scaling_ = plan.seasonality, plan.scaling
        width = plan.step_width
        self._set_codec(
            NumberCodec(self._target_settings(), np.zeros(width), np.ones(width), False)
        )

    # ---- Forecasts ----

    def _forecaster(self) -> tuple[Forecaster, Fitted]:
        check_is_fitted(self, "params_")
        codec, fitted = self._codec, self._fitted
        served = self._served()
        return fitted.forecaster(served, codec.loss, codec.loss_options, self.n_jobs), fitted

    def score(self, series: Any, exog: Any = None) -> float:
        """Return how well the steps that follow those of fit were forecast; larger is better.

        So searches work, with `skrnn.model_selection.RollingOriginSplit`, and on one series with
        scikit-learn's `TimeSeriesSplit`: the score of a test part is that of forecasts from the end
        of the training part.

        Parameters
        ----------
        series : as in fit
            The steps that follow, of the same series; NaN where nothing was observed. In a data
            frame series are found by their keys and steps by their times; series that fit has not
            seen, or that do not go on, are left out.
        exog : as in fit, optional
            Of these steps.

        Returns
        -------
        score : float
            Minus the mean absolute error, in units of the mean change from step to step in fit: the
            same units whatever the parameters are, so that a search can compare them.
        """
        forecaster, fitted = self._forecaster()
        given = read_series(series, tuple(self.columns), missing=True, unobserved=True)
        actual = following(fitted.form, given)
        if len(actual) != len(fitted.facts.mean):
            raise ValueError(
                f"series has {len(actual)} series, and fit has seen {len(fitted.facts.mean)}; "
                "expected how those go on"
            )
        going_on = np.flatnonzero([not np.isnan(x).all() for x in actual])
        if len(going_on) == 0:
            raise ValueError("series holds no number of a series of fit; expected how those go on")
        known = fitted.take(going_on)
        horizons = np.array([len(actual[i]) for i in going_on])
        _, panel, facts = known.ahead(horizons, exog)
        whole = forecaster.forecast(panel, facts, int(horizons.max()))
        errors = [
            np.nanmean(np.abs(actual[i] - f[: len(actual[i])])) / scale
            for i, f, scale in zip(
                going_on, whole.values[..., forecaster.middle], facts.moves, strict=True
            )
        ]
        return -float(np.mean(errors))

    def backtest(
        self,
        series: Any,
        horizon: int | None = None,
        stride: int = 1,
        *,
        exog: Any = None,
        start: Any = 2 / 3,
        refit: bool = False,
        coverage: Any = (0.8, 0.95),
        intervals: str = "rolling",
    ) -> Backtest:
        """Forecast from rolling origins, as if the steps after each were not known yet.

        A copy of the estimator is fitted on what is before the first origin; this one is not
        changed, and need not be fitted.

        Parameters
        ----------
        series : as in fit
        horizon : int, optional
            Steps of each forecast, h. None is that of fit.
        stride : int, default=1
            Steps from an origin to the next.
        exog : as in fit, optional
            Of all steps.
        start : int or float, default=2/3
            The steps of each series before its first origin, or their share.
        refit : bool, default=False
            Whether to fit anew at each origin, on all that is before it.
        coverage : float or sequence of float, default=(0.8, 0.95)
            The probabilities that intervals are to cover.
        intervals : {"rolling", "split"}, default="rolling"
            Whether intervals learn from what has come since the fit (Gibbs & Candes, NeurIPS 2021),
            or have the widths of `predict_interval`.

        Returns
        -------
        backtest : Backtest
            Forecasts, what came, scores beside the naive forecasts, and the coverage.

        Raises
        ------
        TypeError, ValueError
            As `fit`; for arguments out of range, and series too short for an origin.

        Examples
        --------
        >>> import numpy as np
        >>> from skrnn import RNNForecaster
        >>> t = np.arange(120)
        >>> sales = (100 + t) * (1 + 0.3 * np.sin(t * np.pi / 6))
        >>> backtest = RNNForecaster(random_state=0).backtest(sales, stride=6)
        >>> mae = backtest.scores["mae"]
        >>> bool(mae["forecaster"] < mae["seasonal_naive"])
        True
        """
        check_parameters(self, self._rules)
        return backtest(
            self,
            series,
            horizon,
            stride,
            exog=exog,
            start=start,
            refit=refit,
            coverage=coverage,
            intervals=intervals,
        )

    # ---- The engine ----

    def _target_settings(self) -> NumberSettings:
        return number_settings(self, "absolute_error", True)

    def _windows_of(self, samples: SeriesSamples) -> WindowData:
        panel, plan = samples.panel, self._series_plan
        origins = origins_of(panel, plan, samples.begins)
        if len(origins) == 0:
            raise ValueError(
                "series hold no window with a step behind it to learn from: they are too short; "
                "pass longer ones"
            )
        # What is held out is forecast in units of what was before.
        known = panel.until(samples.begins) if samples.begins.any() else panel
        return self._window_data(WindowedSeries(panel, facts_of(known, plan), plan), origins)

    def _count_of(self, X: Sequences) -> int:
        panel = Panel.of([x[:, 0] for x in X])
        return len(origins_of(panel, self._series_plan))

    def _network_settings(self) -> dict[str, Any]:
        plan = self._series_plan
        covariates = {"future_covariates": plan.step_width * plan.covariates}
        return {
            "cell": self.cell,
            "input_size": plan.channels,
            "embedding_size": 0,
            "hidden_size": self.hidden_size,
            "num_layers": self.num_layers,
            "bidirectional": False,
            "pooling": "horizon",
            "output_size": self._codec.outputs,
            "projection_size": self.hidden_size if self.strategy == "segments" else 0,
            "horizon": plan.steps,
            **(covariates if plan.covariates else {}),
        }

    def _restore(self, model: _core.Model, description: Description) -> None:
        if description.forecaster is None:
            raise ValueError(f"it has nothing of what its {type(self).__name__} has learned")
        self._set_fitted(description.forecaster)
        self._series_plan = self._fitted.plan
        super()._restore(model, description)
        self._learn_plan()

    def _beside_network(self) -> tuple[dict[str, Any], dict[str, NDArray[np.float64]]]:
        return {"forecaster": forecaster_section(self._fitted)}, forecaster_arrays(self._fitted)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.input_tags.two_d_array = True
        tags.input_tags.three_d_array = False
        return tags


def _ends(panel: Panel, past: int) -> Panel:
    """Return the ends of series as they are read, as far as forecasts depend on them; copies."""
    cuts = [max(0, len(x) - past) for x in panel.values]
    values = [filled(x)[cut:].copy() for x, cut in zip(panel.values, cuts, strict=True)]
    covariates = [x[cut:].copy() for x, cut in zip(panel.covariates, cuts, strict=True)]
    return Panel(values, covariates)

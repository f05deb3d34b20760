"""RNNForecaster: the steps that follow in series of numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skrnn import _core
from skrnn._estimators.backtesting import backtest
from skrnn._estimators.calibration import calibrate
from skrnn._estimators.forecasting import FORECAST_RULES, plan_of
from skrnn._estimators.rules import RULES
from skrnn._estimators.samples import FitData
from skrnn._estimators.series import SeriesEstimator
from skrnn._files.description import Description
from skrnn._parameters import check_parameters
from skrnn._series.backtests import Backtest
from skrnn._series.covariates import Covariates
from skrnn._series.fitted import Fitted, facts_of
from skrnn._series.forecasting import Forecaster
from skrnn._series.forms import Given
from skrnn._series.panel import Panel
from skrnn._series.reading import read_series
from skrnn._series.units import Facts
from skrnn._serving.forecasts import MakesForecasts
from skrnn._targets.numbers import NumberCodec, NumberSettings

Self = TypeVar("Self", bound="RNNForecaster")

_OTHERS = (
    *("bidirectional", "pooling", "embedding_size", "min_frequency", "standardize", "scoring"),
    "tbptt",
)


class RNNForecaster(MakesForecasts, SeriesEstimator):  # type: ignore[misc]  # streams series
    """Forecast series of numbers with a recurrent network.

    One network for all series, of any lengths, trained in C++ on their windows, which are views:
    memory is that of the series. Beside its forecasts it has intervals, and it learns from the ends
    of series how far it can be trusted beyond the naive forecast.

    Parameters
    ----------
    cell : str, default="gru"
        The recurrent cell; `skrnn.cells()` lists them.
    hidden_size : int, default=64
        Units of a layer.
    horizon : int, optional
        Steps to come that the network is trained to forecast, H; `predict` goes further step by
        step. None is a season, or 12 steps without one.
    lookback : int, optional
        Numbers of a window, L. None is two to seven seasons, or two to four horizons without one;
        of short series about a quarter.
    strategy : {"segments", "direct", "recursive"}, default="segments"
        How the network reads and answers. "segments" reads several numbers a step, and answers each
        segment to come by one step more from the last state, which reads a learned vector of its
        place (Lin et al., arXiv:2308.11200, SegRNN). "direct" reads number by number, and answers
        all H at once. "recursive" answers the next number, and reads it to answer the one after.
    segment_length : int, optional
        Numbers that one step of the network reads. None is part of a season or of the horizon with
        "segments", and else 1.
    seasonality : int, None or "auto", default="auto"
        Steps of a season. "auto" finds what most series have; None or 1 is none.
    seasonal_lags : bool, default=False
        Whether beside the numbers of a step the network reads those that were observed a season
        before the next one.
    scaling : str or None, default="auto"
        The units in which series are read, undone in forecasts: None; "standard", mean and
        deviation of a series; "mean_abs", mean magnitude of a window; "last", the last value of a
        window and the deviation of the series; "season", the same, but forecasts are differences
        from the last season; "difference" and "seasonal_difference", differences from the step or
        the season before. "auto" is "season" if repeating the last season forecast the series
        better than repeating the last value, else "last".
    calendar : list of str, default=()
        Cycles whose place the network reads beside each number, from the times of a data frame:
        some of "hour", "weekday", "day" of the month, "dayofyear" and "month".
    missing : {"refuse", "fill"}, default="refuse"
        What to do where a number is NaN, or a time is left out. "fill" reads the last number
        observed before, and learns no target from it.
    columns : tuple of three str, default=("unique_id", "ds", "y")
        The columns of a long data frame: the key of the series, the time, and the number.
    calibration : float or None, default=0.2
        The share of each series, at its end, that a first network forecasts without having been
        trained on it. Its errors give the intervals, and say how much of what the network adds to
        the naive forecast is taken. Then all series are trained on, anew. None skips this, in half
        the time: there are no intervals then.
    num_layers : int, default=1
        Stacked layers.
    dropout : float, default=0.3
        Rate between layers, and before the head.
    recurrent_dropout : float, default=0.0
        Rate of variational dropout of the recurrent state (Gal & Ghahramani, NeurIPS 2016).
    loss : {"auto", "absolute_error", "squared_error", "huber", "quantile", "gaussian_nll"}, \
default="auto"
        "auto" is the absolute error. "quantile" forecasts `quantiles`; "gaussian_nll" a mean and a
        standard deviation.
    quantiles : sequence of float, default=(0.1, 0.5, 0.9)
        Levels for ``loss="quantile"``.
    delta : float, default=1.0
        Error from which on the Huber loss is linear, in the scale of a window.
    solver : {"adam", "adamw", "sgd", "rmsprop"}, default="adam"
        The optimiser; "sgd" has Nesterov's momentum of 0.9.
    learning_rate_init : float, default=0.005
        The initial learning rate, or for "one_cycle" its peak; `learning_rate` is the schedule.
    learning_rate : {"constant", "cosine", "one_cycle", "plateau"}, default="one_cycle"
        As in `RNNRegressor`.
    alpha : float, default=0.0
        Weight decay of matrices; with "adamw" decoupled from the gradient.
    clip_norm : float or None, default=1.0
        Largest norm of the gradient of all parameters together; None does not clip.
    batch_size : int, default=64
        Windows per update.
    max_iter : int or None, default=None
        Largest number of epochs, over all windows. None makes 300 updates for few windows, up to
        3,000 for many, in epochs that draw no more windows than 100 updates take.
    tol : float, default=1e-4
        Smallest change of the training loss, or of the score, that counts as an improvement.
    n_iter_no_change : int, default=10
        Epochs without an improvement after which training ends, as in `RNNRegressor`.
    early_stopping : bool, default=False
        Whether to end on the score of the ends of series, and to keep the best epoch.
    validation_fraction : float, default=0.1
        Share of each series, at its end, that `early_stopping` holds out.
    warm_start : bool, default=False
        Whether fit continues from the parameters, and the plan, of the last fit.
    random_state : int, RandomState instance or None, default=None
        Seed of initial weights, shuffling and dropout. The same number gives the same bits, with
        any `n_jobs`.
    verbose : bool, default=False
        Whether to print each epoch.
    n_jobs : int or None, default=None
        Threads. None follows OpenMP and threadpoolctl.

    Attributes
    ----------
    horizon_, lookback_ : int
        Steps forecast, and numbers read.
    seasonality_ : int
        Steps of a season; 1 for none.
    scaling_ : str or None
        The units in which series are read.
    trust_ : float
        The part of what the network adds to the naive forecast that is taken, from 0 to 1.
    naive_ratio_ : float or None
        The mean absolute error of forecasts of the ends of series, relative to that of the seasonal
        naive forecast, each in units of the changes of its series; None without `calibration`.
    n_iter_ : int
        Epochs run.
    loss_curve_ : list of float
        Mean training loss of each epoch, in the scale of windows.
    validation_scores_ : list of float or None
        Minus the loss on the ends of series after each epoch.
    params_ : dict of str to array
        Weights, by the names PyTorch has for them.

    See Also
    --------
    skrnn.metrics : Scores of forecasts.
    RNNStepRegressor : Numbers at every step of sequences with several channels.

    Notes
    -----
    The head begins with zeros, and so the first forecast is the naive one, of the last value or the
    last season, which training improves on.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNForecaster
    >>> t = np.arange(144)
    >>> sales = (100 + t) * (1 + 0.3 * np.sin(t * np.pi / 6))
    >>> model = RNNForecaster(random_state=0).fit(sales[:132])
    >>> model.seasonality_
    12
    >>> bool(np.abs(model.predict() - sales[132:]).mean() < 5)
    True
    >>> model.predict_interval(3, coverage=0.8).shape
    (3, 2)
    """

    _rules = {name: rule for name, rule in RULES.items() if name not in _OTHERS} | FORECAST_RULES

    _fitted: Fitted

    def __init__(
        self,
        cell: str = "gru",
        hidden_size: int = 64,
        *,
        horizon: int | None = None,
        lookback: int | None = None,
        strategy: str = "segments",
        segment_length: int | None = None,
        seasonality: int | str | None = "auto",
        seasonal_lags: bool = False,
        scaling: str | None = "auto",
        calendar: Any = (),
        missing: str = "refuse",
        columns: Any = ("unique_id", "ds", "y"),
        calibration: float | None = 0.2,
        num_layers: int = 1,
        dropout: float = 0.3,
        recurrent_dropout: float = 0.0,
        loss: str = "auto",
        quantiles: Any = (0.1, 0.5, 0.9),
        delta: float = 1.0,
        solver: str = "adam",
        learning_rate_init: float = 0.005,
        learning_rate: str = "one_cycle",
        alpha: float = 0.0,
        clip_norm: float | None = 1.0,
        batch_size: int = 64,
        max_iter: int | None = None,
        tol: float = 1e-4,
        n_iter_no_change: int = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: Any = False,
        n_jobs: int | None = None,
    ) -> None:
        self.cell = cell
        self.hidden_size = hidden_size
        self.horizon = horizon
        self.lookback = lookback
        self.strategy = strategy
        self.segment_length = segment_length
        self.seasonality = seasonality
        self.seasonal_lags = seasonal_lags
        self.scaling = scaling
        self.calendar = calendar
        self.missing = missing
        self.columns = columns
        self.calibration = calibration
        self.num_layers = num_layers
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.loss = loss
        self.quantiles = quantiles
        self.delta = delta
        self.solver = solver
        self.learning_rate_init = learning_rate_init
        self.learning_rate = learning_rate
        self.alpha = alpha
        self.clip_norm = clip_norm
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.n_jobs = n_jobs

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
        self.naive_ratio_ = None
        if self.calibration is not None:
            fitted, self.naive_ratio_ = calibrate(self, panel, fitted)
        self._fitted = fitted
        self.trust_ = fitted.trust
        self._fit_panel(panel, begin)

    def _fit_panel(self, panel: Panel, begin: bool) -> None:
        """Train on all windows of the series."""
        self._fit(FitData(panel, None), self._target_settings(), begin=begin)

    def _learn_plan(self) -> None:
        """Set what is learned of the plan, and its attributes."""
        plan = self._series_plan
        self.horizon_, self.lookback_ = plan.horizon, plan.lookback
        self.seasonality_, self.scaling_ = plan.seasonality, plan.scaling
        width = plan.step_width
        self._set_codec(
            NumberCodec(self._target_settings(), np.zeros(width), np.ones(width), False)
        )

    # ---- Forecasts ----

    def _forecaster(self) -> tuple[Forecaster, Fitted]:
        check_is_fitted(self, "params_")
        loss = self._codec.loss
        levels = self._codec.loss_options.get("quantiles")
        fitted = self._fitted
        forecaster = Forecaster(
            self._served(),
            fitted.plan,
            levels,
            loss == "gaussian_nll",
            fitted.trust,
            fitted.errors,
            self.n_jobs,
        )
        return forecaster, fitted

    def score(self, series: Any, exog: Any = None) -> float:
        """Return how well the steps that follow those of fit were forecast; larger is better.

        So `sklearn.model_selection.TimeSeriesSplit` and a search work on one series: the score of a
        test part is that of forecasts from the end of the training part.

        Parameters
        ----------
        series : as in fit
            The steps that follow, of the same series; NaN where nothing was observed.
        exog : as in fit, optional
            Of these steps.

        Returns
        -------
        score : float
            Minus the mean absolute error, in units of the mean change from season to season in fit:
            minus the MASE.
        """
        fitted = self._fitted
        given = read_series(series, tuple(self.columns), missing=True)
        if len(given.values) != len(fitted.facts.mean):
            raise ValueError(
                f"series has {len(given.values)} series, and fit has seen "
                f"{len(fitted.facts.mean)}; expected how those go on"
            )
        horizon = int(max(map(len, given.values)))
        forecaster, fitted = self._forecaster()
        _, panel, facts = fitted.ahead(horizon, exog)
        forecast = forecaster.forecast(panel, facts, horizon).values[..., forecaster.middle]
        errors = [
            np.nanmean(np.abs(x - f[: len(x)])) / scale
            for x, f, scale in zip(given.values, forecast, facts.changes, strict=True)
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
        loss = "absolute_error" if self.loss == "auto" else self.loss
        values = {name: getattr(self, name) for name in _core.loss_options(loss)}
        options = {
            name: [float(v) for v in value] if np.iterable(value) else float(value)
            for name, value in values.items()
        }
        return NumberSettings(type(self).__name__, loss, options, True)

    def _facts(self, panel: Panel) -> Facts:
        return facts_of(panel, self._series_plan)

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

    def _initial_parameters(
        self, layout: _core.NetworkLayout, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        # With a head of zeros the first forecast is the naive one.
        arena = super()._initial_parameters(layout, rng)
        for name, shape, offset in layout.parameters:
            if name == "head.weight":
                arena[offset : offset + int(np.prod(shape))] = 0
        return arena

    def _restore(self, model: _core.Model, description: Description) -> None:
        assert description.forecaster is not None
        self._fitted = description.forecaster
        self._series_plan = self._fitted.plan
        super()._restore(model, description)
        self._learn_plan()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.input_tags.two_d_array = True
        tags.input_tags.three_d_array = False
        return tags


def _ends(panel: Panel, past: int) -> Panel:
    """Return the ends of series, as far as forecasts depend on them."""
    cuts = [max(0, len(x) - past) for x in panel.values]
    return replace(
        panel,
        values=[x[cut:] for x, cut in zip(panel.values, cuts, strict=True)],
        covariates=[x[cut:] for x, cut in zip(panel.covariates, cuts, strict=True)],
    )

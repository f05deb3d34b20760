"""RNNForecaster: the steps that follow in series of numbers."""

from __future__ import annotations

from typing import Any

from skrnn._estimators.forecast_plan import FORECAST_RULES
from skrnn._estimators.forecasting import ForecastEstimator
from skrnn._estimators.rules import RULES

_OTHERS = (
    *("bidirectional", "pooling", "embedding_size", "min_frequency", "standardize", "scoring"),
    "tbptt",
)


class RNNForecaster(ForecastEstimator):
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
        the season before. "auto" is "season" if windows hold one, and repeating the last season
        forecast the series better than repeating the last value, else "last".
    calendar : list of str, default=()
        Cycles whose place the network reads beside each number, from the times of a data frame:
        some of "hour", "weekday", "day" of the month, "dayofyear" and "month". A cycle that fit
        has not seen whole misleads: leave the last two out of less than a year.
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
        "one_cycle" (Smith & Topin 2018) rises to `learning_rate_init` within three tenths of the
        training and falls to almost nothing by its end; "cosine" falls from the first update on.
        "plateau" divides it by five when the training loss, or the validation score with
        `early_stopping`, no longer improves.
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
        Epochs without an improvement of the training loss, or of the validation score with
        `early_stopping`, after which training ends. "cosine" and "one_cycle" end with `max_iter`,
        and only the validation score cuts them short.
    early_stopping : bool, default=False
        Whether to end on the score of the ends of series, and to keep the best epoch.
    validation_fraction : float, default=0.1
        Share of each series, at its end, that `early_stopping` holds out.
    warm_start : bool, default=False
        Whether fit continues from the parameters of the last fit.
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
    n_features_in_ : int
        1, the number of a step.
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

"""RNNAnomalyDetector: steps of series that are unlike what was seen in training."""

from __future__ import annotations

from typing import Any

from skrnn._estimators.detecting import DETECTION_RULES, DetectingEstimator
from skrnn._estimators.rules import RULES

_OTHERS = (
    *("bidirectional", "pooling", "embedding_size", "min_frequency", "standardize", "scoring"),
    "tbptt",
)


class RNNAnomalyDetector(DetectingEstimator):
    """Detect anomalies in series with a recurrent network that reconstructs their windows.

    A network reads a window in segments, and from its last state rebuilds the window, minus its
    mean. The score of a step is minus the mean absolute error of the windows that contain it and
    end at most `delay` steps later, in units of the error in training.

    Parameters
    ----------
    cell : str, default="gru"
        The recurrent cell; `skrnn.cells()` lists them.
    hidden_size : int, default=16
        Units of a layer. Few, so that only what is usual can be rebuilt.
    window : int or "auto", default="auto"
        Steps of a window, a multiple of `segment_length`. "auto" is 256, or a quarter of shorter
        series.
    segment_length : int, default=16
        Steps of the series that one step of the network reads.
    delay : int or "auto", default="auto"
        Steps that a score waits for, less than a window has. 0 takes the newest window alone, so
        that a step has its score at once. The longer, the better the scores; "auto" takes all
        windows that contain the step.
    contamination : float or "auto", default="auto"
        What `offset_`, the threshold of outliers, is made of: the share of the steps of fit below
        it, in (0, 0.5]; "auto" is three standard deviations below the mean of their scores.
    missing : {"refuse", "fill"}, default="refuse"
        What to do where a number is NaN. "fill" reads the last number observed before, and takes no
        error from it.
    num_layers : int, default=1
        Stacked layers.
    dropout : float, default=0.0
        Rate between layers, and before the head.
    recurrent_dropout : float, default=0.0
        Rate of variational dropout of the recurrent state (Gal & Ghahramani, NeurIPS 2016).
    loss : {"squared_error", "absolute_error"}, default="squared_error"
        The error that training minimises. Scores are of the absolute error.
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
    batch_size : int, default=32
        Windows per update.
    max_iter : int or None, default=None
        Largest number of epochs, over all windows. None makes 800 updates, in epochs that draw no
        more windows than 100 updates take.
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
    window_ : int
        Steps of a window, L.
    delay_ : int
        Steps that a score waits for.
    offset_ : float
        The threshold of scores: ``decision_function(X) == score_samples(X) - offset_``.
    n_features_in_ : int
        C, channels of the series of fit.
    feature_names_in_ : array of str, shape (n_features_in_,)
        Their names, if fit saw data frames.
    n_iter_ : int
        Epochs run.
    loss_curve_ : list of float
        Mean training loss of each epoch, in standard deviations of channels.
    validation_scores_ : list of float or None
        Minus the loss on the ends of series after each epoch.
    params_ : dict of str to array
        Weights, by the names PyTorch has for them.

    See Also
    --------
    RNNForecaster : The steps that follow in series.
    sklearn.ensemble.IsolationForest : Outliers among samples without an order.

    Notes
    -----
    Windows are reconstructed as Malhotra et al. do (ICML Anomaly Detection Workshop 2016,
    arXiv:1607.00148), but the decoder rebuilds all segments at once, each from the last state of
    the reader and a learned vector of its place (Lin et al., arXiv:2308.11200). Because its level
    is taken from each window, a series may drift; a channel is divided by its standard deviation in
    fit. The channels of a series share one network, and each has its error in units of its own
    error in training; the largest of them counts, so that the network sees unusual courses of
    channels, and not unusual combinations.

    The threshold is poorly calibrated for series that drift or are noisy in other ways than in fit:
    where the threshold matters, choose it from `score_samples` of a series like those to come.
    A window has a large error wherever in it the anomaly is, so that scores stay low for up to a
    window before and behind an anomaly; with a short `delay` only behind it.

    On the series of bench/quality/nab.py, a principal component analysis of the same windows with
    as many components does as well.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNAnomalyDetector
    >>> rng = np.random.default_rng(0)
    >>> pressure = np.sin(np.arange(2000) / 8) + 0.1 * rng.normal(size=2000)
    >>> pressure[1500:1520] = pressure[1500]  # the sensor hangs
    >>> detector = RNNAnomalyDetector(random_state=0).fit(pressure[:1000])
    >>> int(detector.score_samples(pressure).argmin()) in range(1490, 1530)
    True
    >>> detector.predict(pressure)[[500, 1510]]
    array([ 1, -1])
    """

    _rules = {name: rule for name, rule in RULES.items() if name not in _OTHERS} | DETECTION_RULES

    def __init__(
        self,
        cell: str = "gru",
        hidden_size: int = 16,
        *,
        window: int | str = "auto",
        segment_length: int = 16,
        delay: int | str = "auto",
        contamination: float | str = "auto",
        missing: str = "refuse",
        num_layers: int = 1,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        loss: str = "squared_error",
        solver: str = "adam",
        learning_rate_init: float = 0.005,
        learning_rate: str = "one_cycle",
        alpha: float = 0.0,
        clip_norm: float | None = 1.0,
        batch_size: int = 32,
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
        self.window = window
        self.segment_length = segment_length
        self.delay = delay
        self.contamination = contamination
        self.missing = missing
        self.num_layers = num_layers
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.loss = loss
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

"""RNNStepRegressor: one number, or several, for every step."""

from __future__ import annotations

from functools import partial
from typing import Any

from skrnn._estimators.numbers import NUMBER_RULES, NumberEstimator
from skrnn._estimators.rules import RULES
from skrnn._parameters import one_of
from skrnn._serving.feedback import Feedback
from skrnn._targets.numbers import LOSSES, PROBABILITIES
from skrnn._targets.rows import StepRows


class RNNStepRegressor(NumberEstimator):
    """Predict numbers at every step of sequences with a recurrent network.

    y has an array of shape (T_i,) or (T_i, K) for each sequence; NaN in it means that there is no
    target. Trained in C++ on sequences of any lengths, without padding.

    Parameters
    ----------
    cell : str, default="gru"
        The recurrent cell; `skrnn.cells()` lists them.
    hidden_size : int, default=64
        Units of a layer, in each direction.
    num_layers : int, default=1
        Stacked layers.
    bidirectional : bool, default=False
        Whether a second set of layers reads from the last step to the first. It takes twice the
        time and cannot be streamed, and over the data sets of bench/defaults it gained nothing on
        average; worth a try if later steps explain earlier ones, as in speech.
    embedding_size : int, None or "auto", default="auto"
        The size of the learned vectors of tokens. A number makes the input tokens: texts, whose
        words are taken in lower case; lists of strings; or integers from 0 on. "auto" is 64 for
        texts and lists of strings; anything else, and with None everything, has channels. A text is
        split as `TokenEncoder` does by default; in a pipeline, `TokenEncoder` offers other tokens,
        such as characters.
    min_frequency : int, default=1
        How often a string has to occur in fit to become a known token; all other strings are the
        unknown token. With 1 the unknown token never occurs in training, and predictions for new
        words are arbitrary; with 2 it stands for the rare words. Integers are not counted.
    standardize : bool or "auto", default="auto"
        Whether the mean of each channel is subtracted, and the channel divided by its standard
        deviation, over all steps of the sequences in fit, before the network reads it. "auto" does
        so unless all means are within 2 of zero and all deviations, except those of constant
        channels, between 1/4 and 4. Tokens are not changed.
    dropout : float, default=0.0
        Rate between layers, and before the head.
    recurrent_dropout : float, default=0.0
        Rate of variational dropout of the recurrent state (Gal & Ghahramani, NeurIPS 2016).
    loss : {"auto", "squared_error", "absolute_error", "huber", "quantile", "gaussian_nll", \
"poisson", "binary_cross_entropy"}, default="auto"
        "auto" is the squared error. "quantile" predicts `quantiles`; "gaussian_nll" a mean and a
        standard deviation; "poisson" the rates of counts; "binary_cross_entropy" the probability
        of each of K events, such as the notes of a frame of music, for targets of 0 and 1.
    quantiles : sequence of float, default=(0.1, 0.5, 0.9)
        Levels for ``loss="quantile"``.
    delta : float, default=1.0
        Error from which on the Huber loss is linear, in standard deviations of the target.
    solver : {"adam", "adamw", "sgd", "rmsprop"}, default="adam"
        The optimiser; "sgd" has Nesterov's momentum of 0.9.
    learning_rate_init : float, default=0.01
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
    batch_size : int, default=16
        Sequences per update.
    max_iter : int or None, default=None
        Largest number of epochs. None takes as many as make about 1,000 updates, within 3 to 200:
        many for few sequences, and few for many sequences, which soon overfit.
    tol : float, default=1e-4
        Smallest change of the training loss, or of the score, that counts as an improvement.
    n_iter_no_change : int, default=10
        Epochs without an improvement of the training loss, or of the validation score with
        `early_stopping`, after which training ends. "cosine" and "one_cycle" end with `max_iter`,
        and only the validation score cuts them short.
    early_stopping : bool, default=False
        Whether to end on the validation score, and to keep the parameters of the best epoch.
    validation_fraction : float, default=0.1
        Share of the sequences that `early_stopping` holds out, if fit gets no `X_val`.
    scoring : str, callable or None, default=None
        The validation score, as in `sklearn.metrics.get_scorer_names()`. None is `score`.
    tbptt : int, optional
        Steps of truncated backpropagation through time; states are carried over from cut to cut.
        Bounds the memory of long sequences. Needs one direction.
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
    n_features_in_ : int
        Channels of a step; columns if fit saw a 2-D array.
    feature_names_in_ : array of str, shape (n_features_in_,)
        Their names, if fit saw data frames.
    vocabulary_ : dict of str to int
        The numbers of the known tokens, from 1 on, if fit saw strings; 0 is the unknown token.
    n_iter_ : int
        Epochs run.
    loss_curve_ : list of float
        Mean training loss of each epoch, of standardised targets.
    validation_scores_ : list of float or None
        Score on validation data after each epoch; NaN after epochs of warm starts without.
    params_ : dict of str to array
        Weights, by the names PyTorch has for them.


    See Also
    --------
    RNNRegressor : Numbers for each sequence.
    RNNTagger : A label for each step.

    Notes
    -----
    Targets are standardised for training, by their (weighted) mean and standard deviation in fit,
    and predictions are converted back; for "poisson" they are only divided by their mean, which
    does not change the optimal rates, and for "binary_cross_entropy" left unchanged.

    Initial input weights are those of Glorot & Bengio (2010), recurrent weights are orthogonal
    (Saxe et al. 2014), and biases are one for forget gates (Jozefowicz et al. 2015) and, by the
    same reasoning, two for update gates.

    Examples
    --------
    The running sum of a sequence:

    >>> import numpy as np
    >>> from skrnn import RNNStepRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(length, 1)) for length in rng.integers(3, 9, 60)]
    >>> y = [x[:, 0].cumsum() for x in X]
    >>> model = RNNStepRegressor(hidden_size=16, random_state=0).fit(X, y)
    >>> model.predict(X)[0].shape == y[0].shape
    True
    >>> bool(model.score(X, y) > 0.9)
    True
    """

    _target_rows = StepRows()
    _missing_targets = True
    _rules = (
        {name: rule for name, rule in RULES.items() if name != "pooling"}
        | NUMBER_RULES
        | {"loss": one_of(("auto", *LOSSES, PROBABILITIES))}
    )

    def __init__(
        self,
        cell: str = "gru",
        hidden_size: int = 64,
        *,
        num_layers: int = 1,
        bidirectional: bool = False,
        embedding_size: int | str | None = "auto",
        min_frequency: int = 1,
        standardize: bool | str = "auto",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        loss: str = "auto",
        quantiles: Any = (0.1, 0.5, 0.9),
        delta: float = 1.0,
        solver: str = "adam",
        learning_rate_init: float = 0.01,
        learning_rate: str = "one_cycle",
        alpha: float = 0.0,
        clip_norm: float | None = 1.0,
        batch_size: int = 16,
        max_iter: int | None = None,
        tol: float = 1e-4,
        n_iter_no_change: int = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        scoring: Any = None,
        tbptt: int | None = None,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: Any = False,
        n_jobs: int | None = None,
    ) -> None:
        self.cell = cell
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bidirectional = bidirectional
        self.embedding_size = embedding_size
        self.min_frequency = min_frequency
        self.standardize = standardize
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
        self.scoring = scoring
        self.tbptt = tbptt
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.n_jobs = n_jobs

    def generate(self, prefix: Any, n_steps: int, *, random_state: Any = None) -> Any:
        """Return the steps that follow a prefix, each predicted from those before it.

        For networks that were fitted to predict the next step, ``y_t = x_(t+1)``. The step after
        the prefix is predicted and read as the next input, and so on. Where the loss is that of a
        distribution, the step is drawn from it: "gaussian_nll" draws from a normal distribution,
        "poisson" draws counts, and "binary_cross_entropy" events, each of which is 0 or 1.
        "quantile" goes on with the median, and the other losses with the prediction itself.

        Parameters
        ----------
        prefix : array of shape (T, C) or (T,), or sequences of shape (n,)
            The steps to go on from: an array, a data frame or nested lists are one sequence, and a
            list of arrays, an (n, T, C) array or `skrnn.Sequences` are several. They may differ in
            length.
        n_steps : int
            How many steps to generate.
        random_state : int, RandomState instance or None, default=None
            Seed of the drawn steps. Those of the i-th sequence depend on the seed, on i and on its
            prefix only; to draw several continuations of one prefix, pass it several times.

        Returns
        -------
        steps : array of shape (n_steps, C) or (n_steps,), float64
            With the dimensions of the prefix, so that both can be concatenated. For several
            prefixes, a list with an array for each.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before fit.
        TypeError
            For an `n_steps` or a `random_state` that is none.
        ValueError
            For networks that read tokens, that predict another number of values than they read, or
            that are bidirectional; for quantiles without the median; for a prefix without a step.

        Examples
        --------
        A sine, which a network goes on with for a second period:

        >>> import numpy as np
        >>> from skrnn import RNNStepRegressor
        >>> sine = np.sin(np.arange(120) * np.pi / 10)[:, None]
        >>> X = [sine[i : i + 40] for i in range(60)]
        >>> model = RNNStepRegressor(hidden_size=16, random_state=0)
        >>> model = model.fit([x[:-1] for x in X], [x[1:] for x in X])
        >>> steps = model.generate(sine[:20], 20)
        >>> bool(np.abs(steps - sine[20:40]).max() < 0.2)
        True
        """
        check = partial(self._check_input, begin=False, name="prefix")
        model, codec = self._served(), self._codec
        feedback = Feedback(
            model, codec.meaning, codec.loss, codec.loss_options, self._reads_tokens
        )
        return feedback.generate(prefix, n_steps, random_state, check)

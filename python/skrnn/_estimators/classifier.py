"""RNNClassifier: one class, or several labels, for each sequence."""

from __future__ import annotations

from typing import Any

from sklearn.base import ClassifierMixin

from skrnn._estimators.classes import ClassEstimator
from skrnn._estimators.rules import RULES
from skrnn._parameters import class_weights, one_of
from skrnn._targets.classes import LOSSES


class RNNClassifier(ClassifierMixin, ClassEstimator):
    """Classify sequences with a recurrent network.

    Trained in C++ on sequences of any lengths, without padding. Binary, multiclass and multilabel.

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
    pooling : {"last", "mean", "max", "attention", "last_mean_max"}, default="last_mean_max"
        How the states of all steps are reduced to one vector: the last state; the mean or the
        maximum over steps; a mean weighted by learned attention (Yang et al., NAACL 2016); or the
        first three side by side (Howard & Ruder, ACL 2018).
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
    loss : {"auto", "cross_entropy", "binary_cross_entropy"}, default="auto"
        Cross entropy; binary for several labels.
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
        Share of the sequences that `early_stopping` holds out, stratified, if fit gets no `X_val`.
    scoring : str, callable or None, default=None
        The validation score, as in `sklearn.metrics.get_scorer_names()`. None is `score`.
    tbptt : int, optional
        Steps of truncated backpropagation through time; states are carried over from cut to cut.
        Bounds the memory of long sequences. Needs pooling "last" and one direction.
    class_weight : dict, "balanced" or None, default=None
        Weights of classes; a class that is missing in a dict has weight one. "balanced" gives all
        classes the same total weight, and leaves the sum of all weights unchanged.
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
    classes_ : array of shape (n_classes,)
        The labels; of a multilabel indicator its columns.
    n_features_in_ : int
        Channels of a step; columns if fit saw a 2-D array.
    feature_names_in_ : array of str, shape (n_features_in_,)
        Their names, if fit saw data frames.
    vocabulary_ : dict of str to int
        The numbers of the known tokens, from 1 on, if fit saw strings; 0 is the unknown token.
    n_iter_ : int
        Epochs run.
    loss_curve_ : list of float
        Mean training loss of each epoch.
    validation_scores_ : list of float or None
        Score on validation data after each epoch; NaN after epochs of warm starts without.
    params_ : dict of str to array
        Weights, by the names PyTorch has for them.

    See Also
    --------
    RNNRegressor : The same for numbers.
    skrnn.preprocessing.TokenEncoder : Other tokens of texts, such as characters.

    Notes
    -----
    Of classes with equal probabilities, the first in `classes_` is predicted.

    Initial input weights are those of Glorot & Bengio (2010), recurrent weights are orthogonal
    (Saxe et al. 2014), and biases are one for forget gates (Jozefowicz et al. 2015) and, by the
    same reasoning, two for update gates.

    Defaults are the settings that did best on average over some twenty data sets that they were not
    tuned on, among settings that can be streamed (bench/defaults has the table).

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(length, 2)) + label for length, label in [(5, 0), (9, 2)] * 20]
    >>> y = ["low", "high"] * 20
    >>> model = RNNClassifier(hidden_size=8, learning_rate_init=0.01, random_state=0).fit(X, y)
    >>> model.predict(X[:2])
    array(['low', 'high'], dtype='<U4')

    Texts, in which all words unknown to fit are one token:

    >>> texts, y = ["a good film", "bad", "so good", "a bad film"] * 5, [1, 0, 1, 0] * 5
    >>> model = RNNClassifier(embedding_size=8, hidden_size=8, random_state=0).fit(texts, y)
    >>> model.vocabulary_
    {'a': 1, 'bad': 2, 'film': 3, 'good': 4, 'so': 5}
    >>> model.predict(["Good!", "this was bad"])
    array([1, 0])
    """

    _rules = RULES | {"loss": one_of(LOSSES), "class_weight": class_weights()}

    def __init__(
        self,
        cell: str = "gru",
        hidden_size: int = 64,
        *,
        num_layers: int = 1,
        bidirectional: bool = False,
        pooling: str = "last_mean_max",
        embedding_size: int | str | None = "auto",
        min_frequency: int = 1,
        standardize: bool | str = "auto",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        loss: str = "auto",
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
        class_weight: Any = None,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: Any = False,
        n_jobs: int | None = None,
    ) -> None:
        self.cell = cell
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bidirectional = bidirectional
        self.pooling = pooling
        self.embedding_size = embedding_size
        self.min_frequency = min_frequency
        self.standardize = standardize
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
        self.scoring = scoring
        self.tbptt = tbptt
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

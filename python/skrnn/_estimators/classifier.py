"""RNNClassifier: one class, or several labels, a sequence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit, log_softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import unique_labels

from skrnn._estimators.base import RULES
from skrnn._estimators.fitting import TrainableEstimator
from skrnn._estimators.samples import FitData
from skrnn._parameters import check_parameters, class_weights, one_of
from skrnn._targets.classes import LOSSES, ClassCodec, ClassSettings
from skrnn._targets.multilabel import MultilabelCodec


class RNNClassifier(ClassifierMixin, TrainableEstimator):
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
        average; worth a try where what comes later explains what came before, as in speech.
    pooling : {"last", "mean", "max", "attention", "last_mean_max"}, default="last_mean_max"
        What becomes of the steps: the state when all has been read; the mean or the maximum over
        steps; a mean weighted by learned attention (Yang et al., NAACL 2016); or the first three
        side by side (Howard & Ruder, ACL 2018).
    embedding_size : int, optional
        Makes the input tokens (integers from 0 on) that become learned vectors of this size.
    standardize : bool or "auto", default="auto"
        Whether each channel loses its mean and is divided by its standard deviation, over all steps
        of the sequences in fit, before the network reads it. "auto" does so unless all means are
        within 2 of zero and all deviations between 1/4 and 4, but for channels that are constant.
        Tokens stay as they are.
    dropout : float, default=0.0
        Rate between layers, and before the head.
    recurrent_dropout : float, default=0.0
        Rate of variational dropout of the recurrent state (Gal & Ghahramani, NeurIPS 2016).
    loss : {"auto", "cross_entropy", "binary_cross_entropy"}, default="auto"
        Cross entropy; binary for several labels.
    solver : {"adam", "adamw", "sgd", "rmsprop"}, default="adam"
        The optimiser; "sgd" has Nesterov's momentum of 0.9.
    learning_rate_init : float, default=0.01
        The learning rate, of which `learning_rate` makes a schedule.
    learning_rate : {"constant", "cosine", "one_cycle", "plateau"}, default="one_cycle"
        "one_cycle" (Smith & Topin 2018) rises to `learning_rate_init` within three tenths of the
        training and falls to almost nothing by its end; "cosine" falls from the first update on.
        "plateau" divides it by five where the training loss, or the validation score with
        `early_stopping`, stands still.
    alpha : float, default=0.0
        Weight decay of matrices; with "adamw" apart from the gradient.
    clip_norm : float or None, default=1.0
        Longest gradient, all parameters together.
    batch_size : int, default=16
        Sequences an update.
    max_iter : int or None, default=None
        Epochs at most. None is as many as make about 1,000 updates, but 3 to 200: many for few
        sequences, and few for many, which overfit soon.
    tol : float, default=1e-4
        What counts as an improvement.
    n_iter_no_change : int, default=10
        Epochs without an improvement of the training loss, or of the validation score with
        `early_stopping`, after which training ends. "cosine" and "one_cycle" end with `max_iter`,
        and only the validation score cuts them short.
    early_stopping : bool, default=False
        Whether to end on the validation score, and to keep the parameters of the best epoch.
    validation_fraction : float, default=0.1
        What `early_stopping` holds out, stratified, where fit gets no `X_val`.
    scoring : str, callable or None, default=None
        The validation score, as in `sklearn.metrics.get_scorer_names()`. None is `score`.
    tbptt : int, optional
        Steps between cuts of truncated backpropagation through time; states are carried over.
        Bounds the memory of long sequences. Needs pooling "last" and one direction.
    class_weight : dict, "balanced" or None, default=None
        Weights of classes; those that a dict does not name weigh one. "balanced" makes classes
        weigh the same, all together as much as without.
    warm_start : bool, default=False
        Whether fit goes on from the parameters of the last fit.
    random_state : int, RandomState instance or None, default=None
        Same number, same bits, whatever `n_jobs` is.
    verbose : bool, default=False
        Whether to print each epoch.
    n_jobs : int or None, default=None
        Threads. None follows OpenMP and threadpoolctl.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        The labels; of a multilabel indicator its columns.
    n_features_in_ : int
        Channels of a step; columns where fit saw a 2-D array.
    feature_names_in_ : array of str, shape (n_features_in_,)
        Their names, where fit saw data frames.
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

    Notes
    -----
    Equal probabilities: the class that comes first in `classes_` is predicted.

    Weights start as Glorot & Bengio (2010) have it for inputs, orthogonal for recurrent weights
    (Saxe et al. 2014), and with a bias of one for forget gates (Jozefowicz et al. 2015) and, by the
    same reasoning, of two for update gates.

    Defaults are what did best on average over some twenty data sets that nobody had tuned them on,
    among settings that can be streamed (bench/defaults has the table).

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
        embedding_size: int | None = None,
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

    def _target_settings(self) -> ClassSettings:
        return ClassSettings(type(self).__name__, self.loss, self.class_weight)

    # ---- Fitting and predicting ----

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, *, sample_weight: Any = None
    ) -> RNNClassifier:
        """Train one more epoch, on these sequences alone, at the rate `learning_rate_init`.

        Nothing is held out, whatever `early_stopping` is, and `learning_rate` has no say: when
        training ends, which a schedule has to know, is not known here.

        Parameters
        ----------
        X : sequences of shape (n,)
            As in fit.
        y : array-like of shape (n,) or (n, K)
            Classes.
        classes : array-like of shape (n_classes,), optional
            All classes that will ever come. Wanted by the first call unless y has them all.
        sample_weight : array-like of shape (n,), optional
            How much each sequence counts among those of this call, as its `class_weight` does.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            As in fit, for a class that is not in `classes`, and for ``class_weight="balanced"``.
        """
        check_parameters(self, self._rules)
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight={self.class_weight!r} counts the classes of all data, which "
                "partial_fit does not see; pass a dict, or sample_weight"
            )
        settings = self._target_settings()
        if classes is not None and not hasattr(self, "params_"):
            settings = replace(settings, known=unique_labels(classes))
        elif classes is not None and isinstance(self._codec, ClassCodec):
            known = self._codec.classes
            if not np.array_equal(unique_labels(classes), known):
                raise ValueError(
                    f"classes={list(classes)!r} are not the same as those of the first call: "
                    f"{known.tolist()}"
                )
        return self._fit_one_epoch(FitData(X, y, sample_weight), settings)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the class, or the labels, of each sequence.

        Parameters
        ----------
        X : sequences of shape (n,)
            As in fit.

        Returns
        -------
        y : array of shape (n,), or (n, K) of 0 and 1 for labels
            The most probable class, of equal ones the first; labels of at least one half.
        """
        answers = self._answers(X)
        return self._meaning().predict(answers)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class, or of each label.

        Parameters
        ----------
        X : sequences of shape (n,)
            As in fit.

        Returns
        -------
        probabilities : array of shape (n, n_classes), float64
            In the order of `classes_`. Rows sum to one, but for several labels.
        """
        return self._answers(X)

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the logarithm of `predict_proba`.

        Parameters
        ----------
        X : sequences of shape (n,)
            As in fit.

        Returns
        -------
        log_probabilities : array of shape (n, n_classes), float64
        """
        outputs = self._outputs(X).astype(np.float64)
        several = isinstance(self._codec, MultilabelCodec)
        return np.asarray(log_expit(outputs) if several else log_softmax(outputs, axis=1))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

"""RNNLanguageModel: the next token of texts and other sequences."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skrnn import _core
from skrnn._estimators.base import AUTO_EMBEDDING_SIZE
from skrnn._estimators.rules import RULES
from skrnn._estimators.samples import FitData
from skrnn._estimators.texts import TextEstimator
from skrnn._parameters import boolean, check_parameters, integer_or, one_of
from skrnn._sequences.language import Language
from skrnn._sequences.tokens import ANALYZERS
from skrnn._serving.writing import WritesTexts

Self = TypeVar("Self", bound="RNNLanguageModel")

_OTHERS = ("bidirectional", "pooling", "standardize", "scoring")


class RNNLanguageModel(WritesTexts, TextEstimator):
    """Learn which token follows, and write texts, with a recurrent network.

    For any discrete sequences: a long text, names, sentences, molecules as SMILES, melodies, moves
    of games. Trained in C++; a text of any length streams through bounded memory.

    Parameters
    ----------
    cell : str, default="lstm"
        The recurrent cell; `skrnn.cells()` lists them.
    hidden_size : int, default=128
        Units of a layer.
    num_layers : int, default=1
        Stacked layers.
    embedding_size : int or "auto", default="auto"
        The size of the learned vectors of tokens. "auto" is 64, and `hidden_size` with
        `tie_weights`.
    analyzer : {"char", "word"} or None, default="char"
        The tokens of texts: characters, as they are, or words, in lower case and without what is
        between them, as `TokenEncoder` splits texts by default. With None a flat list of strings
        is one text of these tokens. Lists of strings and arrays of integers hold their tokens
        already.
    min_frequency : int, default=1
        How often a string has to occur in fit to become a known token; all other strings are the
        unknown token. With 1 the unknown token never occurs in training, and predictions for new
        strings are arbitrary; with 2 it stands for the rare ones. Integers are not counted.
    tie_weights : bool, default=False
        Whether the scores of tokens are products with their own vectors (Press & Wolf 2017), which
        spares a matrix where there are many. Needs an `embedding_size` equal to `hidden_size`.
    dropout : float, default=0.0
        Rate between layers, and before the head.
    recurrent_dropout : float, default=0.0
        Rate of variational dropout of the recurrent state (Gal & Ghahramani, NeurIPS 2016).
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
    batch_size : int, default=32
        Sequences per update; of one text the streams that are cut out of it and read side by side.
    max_iter : int or None, default=None
        Largest number of epochs. None takes as many as make about 2,000 updates for one text, and
        1,000 for several, within 3 to 200.
    tol : float, default=1e-4
        Smallest change of the training loss, or of the score, that counts as an improvement.
    n_iter_no_change : int, default=10
        Epochs without an improvement of the training loss, or of the validation score with
        `early_stopping`, after which training ends. "cosine" and "one_cycle" end with `max_iter`,
        and only the validation score cuts them short.
    early_stopping : bool, default=False
        Whether to end on the validation score, and to keep the parameters of the best epoch.
    validation_fraction : float, default=0.1
        Share that `early_stopping` holds out, if fit gets no `X_val`: of the sequences, or of one
        text its end.
    tbptt : int or None, default=64
        Steps of truncated backpropagation through time; states are carried over from cut to cut.
        None does not cut, which takes memory for all steps of a minibatch.
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
        The tokens in the order of the columns of `predict_proba`. Of strings the first one is
        "<unknown>", for those that fit has not seen; the last one is the end of a text,
        "<end>", or -1 for integers.
    n_features_in_ : int
        1: a token.
    vocabulary_ : dict of str to int
        The numbers of the known tokens, from 1 on, if fit saw strings; 0 is the unknown token.
    context_size_ : int
        The numbers of a vector of the context; 0 if fit saw none.
    n_iter_ : int
        Epochs run.
    loss_curve_ : list of float
        Mean training loss of each epoch, in nats a token.
    validation_scores_ : list of float or None
        Score on validation data after each epoch; NaN after epochs of warm starts without.
    params_ : dict of str to array
        Weights, by the names PyTorch has for them.


    See Also
    --------
    RNNTagger : A label for every step.
    skrnn.runtime.load : Writes texts with a saved model and NumPy alone.

    Notes
    -----
    A text is read after a token that begins every text. Where fit sees several texts, the same
    token ends each of them, and the model learns where texts end. One long text has no end; it is
    cut into `batch_size` streams, in each epoch at other places.

    Initial input weights are those of Glorot & Bengio (2010), recurrent weights are orthogonal
    (Saxe et al. 2014), and biases are one for forget gates (Jozefowicz et al. 2015) and, by the
    same reasoning, two for update gates. Embeddings are normal with a standard deviation of 1, or
    of 0.1 with `tie_weights`.

    Examples
    --------
    >>> from skrnn import RNNLanguageModel
    >>> names = ["anna", "hanna", "johanna", "susanna"] * 10
    >>> model = RNNLanguageModel(hidden_size=16, random_state=0).fit(names)
    >>> model.generate("joha", temperature=0)
    'nna'
    >>> bool(model.perplexity(["hanna"]) < 1.5)
    True

    Told what to write, by a vector for each text:

    >>> words, german = ["red", "green", "rot", "gruen"] * 10, [[0], [0], [1], [1]] * 10
    >>> model = RNNLanguageModel(hidden_size=16, random_state=0)
    >>> model = model.fit(words, context=german)
    >>> model.generate(["r", "r", "g", "g"], context=[[0], [1], [0], [1]], temperature=0)
    ['ed', 'ot', 'reen', 'ruen']
    """

    _rules = (
        {name: rule for name, rule in RULES.items() if name not in _OTHERS}
        | {"embedding_size": integer_or("auto", 1, none=False)}
        | {"analyzer": one_of(ANALYZERS, none=True), "tie_weights": boolean()}
    )

    def __init__(
        self,
        cell: str = "lstm",
        hidden_size: int = 128,
        *,
        num_layers: int = 1,
        embedding_size: int | str | None = "auto",
        analyzer: str | None = "char",
        min_frequency: int = 1,
        tie_weights: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        solver: str = "adam",
        learning_rate_init: float = 0.01,
        learning_rate: str = "one_cycle",
        alpha: float = 0.0,
        clip_norm: float | None = 1.0,
        batch_size: int = 32,
        max_iter: int | None = None,
        tol: float = 1e-4,
        n_iter_no_change: int = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        tbptt: int | None = 64,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: Any = False,
        n_jobs: int | None = None,
    ) -> None:
        self.cell = cell
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.embedding_size = embedding_size
        self.analyzer = analyzer
        self.min_frequency = min_frequency
        self.tie_weights = tie_weights
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
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
        self.tbptt = tbptt
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.n_jobs = n_jobs

    def fit(  # type: ignore[override]
        self: Self,
        X: Any,
        y: Any = None,  # noqa: ARG002
        *,
        context: Any = None,
        X_val: Any = None,
        context_val: Any = None,
    ) -> Self:
        """Train on one text, or on several.

        Parameters
        ----------
        X : texts
            One long text: a string, an array of integers, or, with ``analyzer=None``, a list of
            strings. Several: a list, array or series of strings, of lists of strings, or of (T_i,)
            arrays of integers. Tokens that are not in the `vocabulary_`, in X_val or later, are the
            unknown token; with `warm_start` the vocabulary is kept.
        y : ignored
            The targets are the tokens of X.
        context : array-like of shape (n, K), or n arrays of shape (T_i, K); optional
            What is known beside the tokens, and not to be predicted, such as who speaks or the key
            of a melody: a vector for each text, or one for each token, which is known before the
            token is. The end of a text is predicted with the vector of its last token. Of one text
            (K,), or (T, K). The numbers are read as they are: bring them to a scale of about one,
            and make categories one-hot vectors. The fitted model then always needs a context: in
            scikit-learn's cross-validation it has to be routed to fit and to score, with
            ``set_fit_request(context=True)`` and ``set_score_request(context=True)``.
        X_val : texts, optional
            Texts to validate on, instead of a part of X.
        context_val : as context, optional
            The context of X_val.

        Returns
        -------
        self : object

        Raises
        ------
        TypeError, ValueError
            For parameters and data that cannot be used; the message says which and what to do. The
            estimator is then unchanged.
        RuntimeError
            While another fit of the same estimator runs: in another thread, or around a callback.
        KeyboardInterrupt
            On Ctrl-C, when the best parameters so far are in place: the estimator is usable.

        Warns
        -----
        ConvergenceWarning
            If the loss is no longer finite: the last parameters with a finite loss are kept. Also
            if `max_iter` ends the training before `tol` and `n_iter_no_change` do, with a
            `learning_rate` that does not end with it.
        """
        check_parameters(self, self._rules)
        if X_val is None and context_val is not None:
            raise ValueError("context_val is for X_val, which is None; pass X_val, too")
        given = FitData(X, None, X_val=X_val, context=context, context_val=context_val)
        settings = self._target_settings()
        begin = not (self.warm_start and hasattr(self, "params_"))
        return self._learn(lambda twin: twin._fit(given, settings, begin=begin))

    def partial_fit(self: Self, X: Any, y: Any = None, *, context: Any = None) -> Self:  # noqa: ARG002
        """Train one more epoch, on these texts alone, at the rate `learning_rate_init`.

        Nothing is held out, whatever `early_stopping` is, and `learning_rate` has no effect: a
        schedule depends on when training ends, which is not known here.

        Parameters
        ----------
        X : texts
            As in fit. The first call learns the vocabulary of strings, or the largest integer, and
            whether texts end; new strings in later calls are the unknown token.
        y : ignored
        context : array-like of shape (n, K), or n arrays of shape (T_i, K); optional
            As in fit. The first call learns K, and whether there is a context.

        Returns
        -------
        self : object

        Raises
        ------
        TypeError, ValueError
            As in fit.
        """
        check_parameters(self, self._rules)
        return self._fit_one_epoch(FitData(X, None, context=context), self._target_settings())

    # ---- The engine ----

    def _language_model(self) -> tuple[_core.Model, Language, int | None]:
        return self._served(), self._language, self.n_jobs

    def _network_settings(self) -> dict[str, Any]:
        size = self._codec.outputs
        side = {"side_channels": self.context_size_} if self.context_size_ else {}
        return {
            **side,
            "cell": self.cell,
            "input_size": size,
            "embedding_size": self._embedding_size,
            "hidden_size": self.hidden_size,
            "num_layers": self.num_layers,
            "bidirectional": False,
            "pooling": "every_step",
            "output_size": size,
            "tie_weights": bool(self.tie_weights),
        }

    @property
    def _embedding_size(self) -> int:
        if isinstance(self.embedding_size, (int, np.integer)):
            return int(self.embedding_size)
        return self.hidden_size if self.tie_weights else AUTO_EMBEDDING_SIZE

    @property
    def _embedding_std(self) -> float:
        # One learns faster than the tenth of other estimators (chess openings, held out of the
        # training part: .597 of next moves right for .576), but makes scores of H units too far
        # apart where the same vectors are the weights of the head.
        return super()._embedding_std if self.tie_weights else 1.0

    def _state_gradient_norms(
        self,
        X: Any,
        y: Any = None,  # noqa: ARG002
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        check_is_fitted(self, "params_")
        if self.context_size_:
            raise ValueError(
                "the model reads a context, and gradients of states are computed without one only; "
                "fit a model without a context"
            )
        texts = self._language.read(X)
        norms = self._trainer().state_gradient_norms(
            self._arena(self._layout()), texts.values, texts.offsets, n_jobs=self.n_jobs
        )
        # The engine's loss is the mean over texts; each has a step less than tokens.
        return norms * np.float32(len(texts)), texts.offsets - np.arange(len(texts) + 1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.input_tags.two_d_array = tags.input_tags.three_d_array = False
        tags.input_tags.categorical = tags.input_tags.positive_only = True
        tags.input_tags.string = True
        return tags

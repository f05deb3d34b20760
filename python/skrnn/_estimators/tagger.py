"""RNNTagger: a label for every step."""

from __future__ import annotations

from typing import Any

import numpy as np

from skrnn._estimators.chains import ChainEstimator
from skrnn._estimators.rules import RULES
from skrnn._parameters import boolean, class_weights, integer, one_of_or_none, real, real_or

# The rate of `word_dropout="auto"` where letters are read: 0.01 is too little, and from 0.05 on it
# makes little difference (bench/quality/ud_english_ewt.py).
AUTO_WORD_DROPOUT = 0.1


class RNNTagger(ChainEstimator):
    """Label every step of sequences with a recurrent network.

    Words of a sentence, events of a log, moments of a recording: X has a list or an array for each
    sequence, and y a list or an array of as many labels. Trained in C++ on sequences of any
    lengths, without padding.

    Parameters
    ----------
    cell : str, default="gru"
        The recurrent cell; `skrnn.cells()` lists them.
    hidden_size : int, default=64
        Units of a layer, in each direction.
    num_layers : int, default=1
        Stacked layers.
    bidirectional : bool, default=True
        Whether a second set of layers reads from the last step to the first, so that a label
        depends on the steps after it, too. It takes twice the time and cannot be streamed.
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
    characters : bool, default=False
        Whether a second, bidirectional net of the same cell reads the letters of each word, and its
        last states stand beside the word's vector (Lample et al., NAACL 2016), so that endings,
        capitals and digits tell of words that fit has not seen, or seldom. For words only: lists of
        strings, or texts, whose words are in lower case. Letters that occur less often than
        `min_frequency` are one unknown letter.
    character_embedding_size : int, default=32
        The size of the learned vectors of letters.
    character_hidden_size : int, default=32
        Units of the net of letters, in each direction.
    standardize : bool or "auto", default="auto"
        Whether the mean of each channel is subtracted, and the channel divided by its standard
        deviation, over all steps of the sequences in fit, before the network reads it. "auto" does
        so unless all means are within 2 of zero and all deviations, except those of constant
        channels, between 1/4 and 4. Tokens are not changed.
    dropout : float, default=0.0
        Rate between layers, and before the head.
    recurrent_dropout : float, default=0.0
        Rate of variational dropout of the recurrent state (Gal & Ghahramani, NeurIPS 2016).
    input_dropout : float, default=0.0
        Rate of what the first layer reads: channels, or the vector of a token with the states of
        its letters.
    word_dropout : float or "auto", default="auto"
        The share of tokens that training reads as the unknown token, other ones in each epoch, so
        that the net learns what to do without knowing the word (letters are still read). "auto" is
        0.1 with `characters`, else 0. For tokens only.
    crf : bool, default=False
        Whether a linear-chain CRF (Lafferty et al., ICML 2001) joins the labels: scores of pairs of
        neighbouring labels are learned, and sequences of labels are learned and predicted as a
        whole; `predict_proba` has the probability of a step's label given the whole sequence. It
        pays where labels restrict one another, as those of entities do, and takes time that grows
        with the square of the number of labels.
    scheme : {"bio", "bioes"} or None, default=None
        Labels of entities, such as "O", "B-PER" and "I-PER", that keep to a scheme: a CRF then
        never predicts what the scheme does not allow, as "I-PER" after "O". In "bio" (IOB2) an
        entity begins with "B-", and goes on with "I-"; in "bioes" it ends with "E-", and one of a
        single step is "S-". Needs ``crf=True``. None allows everything. A sequence for which the
        labels of fit have no allowed path, as one step without "S-", gets the best path there is.
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
        Bounds the memory of long sequences. Needs one direction, and no `crf`.
    class_weight : dict, "balanced" or None, default=None
        Weights of classes; a class that is missing in a dict has weight one. "balanced" gives all
        classes the same total weight, and leaves the sum of all weights unchanged. Not with `crf`,
        which learns the labels of a sequence as a whole.
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
        The labels.
    n_features_in_ : int
        Channels of a step; columns if fit saw a 2-D array.
    feature_names_in_ : array of str, shape (n_features_in_,)
        Their names, if fit saw data frames.
    vocabulary_ : dict of str to int
        The numbers of the known tokens, from 1 on, if fit saw strings; 0 is the unknown token.
    letters_ : dict of str to int
        The numbers of the known letters, from 1 on, with `characters`; 0 is the unknown letter.
    n_iter_ : int
        Epochs run.
    loss_curve_ : list of float
        Mean training loss of each epoch.
    validation_scores_ : list of float or None
        Score on validation data after each epoch; NaN after epochs of warm starts without.
    params_ : dict of str to array
        Weights, by the names PyTorch has for them; of a CRF "crf.transitions", from the label of
        the row to that of the column, "crf.start" and "crf.end".

    See Also
    --------
    RNNClassifier : One label for each sequence.
    RNNStepRegressor : Numbers, or several labels, for each step.

    Notes
    -----
    Each step has a label. If some are not known, give those steps any label and a `sample_weight`
    of 0. With `crf` a sequence has one weight, so sequences with unknown labels have to be left
    out.

    Initial input weights are those of Glorot & Bengio (2010), recurrent weights are orthogonal
    (Saxe et al. 2014), and biases are one for forget gates (Jozefowicz et al. 2015) and, by the
    same reasoning, two for update gates.

    Examples
    --------
    >>> from skrnn import RNNTagger
    >>> X = [["the", "dog", "barks"], ["a", "cat", "sleeps", "here"]] * 10
    >>> y = [["DET", "NOUN", "VERB"], ["DET", "NOUN", "VERB", "ADV"]] * 10
    >>> model = RNNTagger(hidden_size=8, random_state=0).fit(X, y)
    >>> model.predict([["a", "dog", "sleeps"]])[0]
    array(['DET', 'NOUN', 'VERB'], dtype='<U4')

    With letters and a CRF, and the two most probable sequences of labels:

    >>> model = RNNTagger(hidden_size=8, characters=True, crf=True, random_state=0).fit(X, y)
    >>> (best, log_probability), second = model.n_best([["a", "dog", "sleeps"]], 2)[0]
    >>> best
    array(['DET', 'NOUN', 'VERB'], dtype='<U4')
    >>> 0 > log_probability > second[1]
    True
    """

    _rules = {name: rule for name, rule in RULES.items() if name != "pooling"} | {
        "characters": boolean(),
        "character_embedding_size": integer(1),
        "character_hidden_size": integer(1),
        "input_dropout": real(0, 1, "[)"),
        "word_dropout": real_or("auto", 0, 1, "[)"),
        "crf": boolean(),
        "scheme": one_of_or_none(("bio", "bioes")),
        "class_weight": class_weights(),
    }

    def __init__(
        self,
        cell: str = "gru",
        hidden_size: int = 64,
        *,
        num_layers: int = 1,
        bidirectional: bool = True,
        embedding_size: int | str | None = "auto",
        min_frequency: int = 1,
        characters: bool = False,
        character_embedding_size: int = 32,
        character_hidden_size: int = 32,
        standardize: bool | str = "auto",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        input_dropout: float = 0.0,
        word_dropout: float | str = "auto",
        crf: bool = False,
        scheme: str | None = None,
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
        self.embedding_size = embedding_size
        self.min_frequency = min_frequency
        self.characters = characters
        self.character_embedding_size = character_embedding_size
        self.character_hidden_size = character_hidden_size
        self.standardize = standardize
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.input_dropout = input_dropout
        self.word_dropout = word_dropout
        self.crf = crf
        self.scheme = scheme
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

    def _network_settings(self) -> dict[str, Any]:
        settings = super()._network_settings()
        if self.characters:
            settings |= {
                "characters": len(self.letters_) + 1,
                "character_embedding_size": self.character_embedding_size,
                "character_hidden_size": self.character_hidden_size,
            }
        return settings

    def _dropout_settings(self) -> dict[str, float]:
        rate = self.word_dropout
        if rate == "auto":
            rate = AUTO_WORD_DROPOUT if self.characters else 0.0
        elif rate and not self._reads_tokens:
            raise ValueError(
                f"word_dropout={rate} is of tokens, and X has channels; use input_dropout, or "
                'word_dropout="auto"'
            )
        rates = super()._dropout_settings()
        return {**rates, "input_dropout": self.input_dropout, "word_dropout": float(rate)}

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the share of steps whose label is right.

        Parameters
        ----------
        X : sequences of shape (n,)
            As in fit.
        y : n arrays of shape (T_i,)
            True labels.
        sample_weight : array-like of shape (n,), or n arrays of shape (T_i,), optional

        Returns
        -------
        score : float
            The accuracy over all steps of all sequences.
        """
        true, labels, weight = self._rows_to_score(y, sample_weight, self.predict(X))
        return float(np.average(labels == true, weights=weight))

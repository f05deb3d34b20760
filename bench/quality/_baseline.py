"""The linear baseline: a linear model on a few statistics of each sequence, or on words.

A recurrent network that is no better than this has not earned its keep. A sequence is summarised by
the mean, standard deviation, minimum, maximum and last value of each channel, and the slope of a
least-squares line through it; the number of steps comes on top, and all is standardised. A text is
its words and pairs of neighbouring words: weighted by TF-IDF where classes are asked for, counted
where a number is, for that may depend on how long the text is. On that stands a logistic or a ridge
regression, whose regularisation is chosen by cross-validation within what it is fitted on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

Kind = Literal["classification", "regression"]
FOLDS = 5
WEAKNESSES = np.logspace(-3, 2, 6)  # of regularisation: the strongest first, which wins ties


def slopes(x: np.ndarray) -> np.ndarray:
    """Of a least-squares line through each channel of x (T, C), a step; 0 where T is 1."""
    time = np.arange(len(x)) - (len(x) - 1) / 2
    spread = time @ time
    return time @ x / spread if spread else np.zeros(x.shape[1])


def summaries(X: Sequence[np.ndarray]) -> np.ndarray:
    """Of sequences (T_i, C) the features (n, 6 C + 1): six of each channel, and the length."""

    def of(x: np.ndarray) -> np.ndarray:
        return np.concatenate(
            [x.mean(0), x.std(0), x.min(0), x.max(0), x[-1], slopes(x), [float(len(x))]]
        )

    return np.stack([of(np.asarray(x, np.float64)) for x in X])


def baseline(
    kind: Kind, *, tokens: str | None = None, lowercase: bool = True, folds: Any = None
) -> Any:
    """An estimator of lists of sequences, or of texts where ``tokens`` is given.

    ``tokens`` is the regular expression of a token. ``folds`` cuts what is fitted for the choice of
    the regularisation; else it is cut into five parts at random, of like shares of every class.
    """
    classes = kind == "classification"
    features: list[Any] = [FunctionTransformer(summaries), StandardScaler()]
    if tokens is not None:
        words = TfidfVectorizer if classes else CountVectorizer
        features = [words(token_pattern=tokens, lowercase=lowercase, ngram_range=(1, 2))]
    if classes:
        model, grid = LogisticRegression(max_iter=10_000), {"C": WEAKNESSES}
        scoring, usual = "neg_log_loss", StratifiedKFold
    else:
        model, grid = Ridge(), {"alpha": 1 / WEAKNESSES}
        scoring, usual = "neg_root_mean_squared_error", KFold
    cut = usual(FOLDS, shuffle=True, random_state=0) if folds is None else folds
    return make_pipeline(*features, GridSearchCV(model, grid, scoring=scoring, cv=cut))

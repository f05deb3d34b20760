"""The linear baseline: a linear model on a few statistics of each sequence, or on words.

A recurrent network should be better than this. A sequence is summarised by the mean, standard
deviation, minimum, maximum and last value of each channel, the slope of a least-squares line
through it, and the number of steps, all standardised. A text is summarised by its words and pairs
of neighbouring words: weighted by TF-IDF for classification, counted for regression, as a number
may depend on the length of the text. The model is a logistic or a ridge regression, whose
regularisation is chosen by cross-validation on the data of the fit.
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
WEAKNESSES = np.logspace(-3, 2, 6)  # strongest regularisation first, which wins ties


def slopes(x: np.ndarray) -> np.ndarray:
    """The slope per step of a least-squares line through each channel of x (T, C); 0 if T is 1."""
    time = np.arange(len(x)) - (len(x) - 1) / 2
    spread = time @ time
    return time @ x / spread if spread else np.zeros(x.shape[1])


def summaries(X: Sequence[np.ndarray]) -> np.ndarray:
    """Features (n, 6 C + 1) of sequences (T_i, C): six of each channel, and the length."""

    def of(x: np.ndarray) -> np.ndarray:
        return np.concatenate(
            [x.mean(0), x.std(0), x.min(0), x.max(0), x[-1], slopes(x), [float(len(x))]]
        )

    return np.stack([of(np.asarray(x, np.float64)) for x in X])


def baseline(
    kind: Kind, *, tokens: str | None = None, lowercase: bool = True, folds: Any = None
) -> Any:
    """An estimator of lists of sequences, or of texts if ``tokens`` is given.

    ``tokens`` is the regular expression of a token. ``folds`` splits the data of the fit for the
    choice of the regularisation; by default five random folds, stratified for classes.
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

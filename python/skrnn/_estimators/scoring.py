"""Validation scores: of the parameters in training, on sequences that are held out."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np
from sklearn.metrics import check_scoring

from skrnn._estimators.samples import Samples


def validation_score(estimator: Any, held_out: Samples) -> Callable[[], float]:
    """Return a function that scores an estimator in its state at the time of the call.

    Parameters
    ----------
    estimator : SequenceEstimator
        Its `scoring` is used; None is its own `score`.
    held_out : Samples
        Their weights are used if the scorer takes weights.

    Raises
    ------
    ValueError
        For the name of a scorer that cannot score what the estimator predicts.
    """
    scoring = estimator.scoring
    given = held_out.as_given
    X, y, sample_weight = held_out.X, given["y"], given["sample_weight"]
    scorer = None if scoring is None else check_scoring(estimator, scoring=scoring)
    if isinstance(scoring, str):
        _check_fits(scorer, estimator, X, y)
    weighted = sample_weight is not None and (scorer is None or _takes_weights(scorer))
    options = {"sample_weight": sample_weight} if weighted else {}

    def score() -> float:
        try:
            if scorer is None:
                return float(estimator.score(X, y, **options))
            return float(scorer(estimator, X, y, **options))
        except ValueError:
            finite = estimator._decoded_outputs(X, lambda outputs: np.isfinite(outputs).all(axis=1))
            if all(map(np.all, finite)):
                raise
            return float("nan")  # metrics refuse the NaN predictions of a diverged network

    return score


def _check_fits(scorer: Any, estimator: Any, X: Any, y: Any) -> None:
    """Raise ValueError if a scorer of scikit-learn cannot score the predictions."""
    try:
        scorer(estimator, X, y)  # with the initial parameters
    except (AttributeError, TypeError, ValueError) as error:
        loss = f"loss={estimator.loss!r} and " if hasattr(estimator, "loss") else ""
        raise ValueError(
            f"scoring={estimator.scoring!r} does not fit {type(estimator).__name__} with {loss}"
            f"this y: {error}. Use scoring=None, which is the estimator's own score, or another "
            "scorer; of labels at every step, make_scorer of a score in skrnn.metrics"
        ) from error


def _takes_weights(scorer: Any) -> bool:
    """Whether a scorer, or the metric that it is made of, has a parameter sample_weight."""
    return "sample_weight" in signature(getattr(scorer, "_score_func", scorer)).parameters

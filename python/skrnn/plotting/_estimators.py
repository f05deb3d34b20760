"""Finding the estimator that a display is made from."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skrnn._estimators.base import SequenceEstimator
from skrnn._serving.pipelines import best_of


def final_estimator(model: Any) -> SequenceEstimator:
    """Return a fitted estimator of skrnn, or that which a pipeline ends in or a search found best.

    Parameters
    ----------
    model : estimator, Pipeline or search

    Raises
    ------
    TypeError
        For anything else; says what it is.
    NotFittedError
        Where fit has not been called.
    """
    model = best_of(model)
    final = model.steps[-1][1] if isinstance(model, Pipeline) else model
    if not isinstance(final, SequenceEstimator):
        what = f"a Pipeline that ends in {final!r}" if final is not model else repr(model)
        raise TypeError(
            "expected a fitted estimator of skrnn, a Pipeline that ends in one, or a search of "
            f"either; got {what}"
        )
    check_is_fitted(final, "params_")
    return final


def input_of_final(model: Any, X: Any) -> Any:
    """Return what reaches the final estimator of a fitted pipeline, which otherwise is X.

    Parameters
    ----------
    model : estimator, Pipeline or search
    X : object
        What the model predicts from.
    """
    model = best_of(model)
    if not isinstance(model, Pipeline) or len(model.steps) == 1:
        return X
    return model[:-1].transform(X)

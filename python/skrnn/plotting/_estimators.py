"""Which estimators displays are made from."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skrnn._estimator import SequenceEstimator


def final_estimator(model: Any) -> SequenceEstimator:
    """Return a fitted estimator of skrnn, or that which a pipeline ends in.

    Parameters
    ----------
    model : estimator or Pipeline

    Raises
    ------
    TypeError
        For anything else; says what it is.
    NotFittedError
        Where fit has not been called.
    """
    final = model.steps[-1][1] if isinstance(model, Pipeline) else model
    if not isinstance(final, SequenceEstimator):
        what = f"a Pipeline that ends in {final!r}" if final is not model else repr(model)
        best = " (its best_estimator_, say)" if hasattr(model, "best_estimator_") else ""
        raise TypeError(
            "expected a fitted estimator of skrnn, or a Pipeline that ends in one; got "
            f"{what}{best}"
        )
    check_is_fitted(final, "params_")
    return final


def input_of_final(model: Any, X: Any) -> Any:
    """Return what reaches the final estimator of a fitted pipeline, which otherwise is X.

    Parameters
    ----------
    model : estimator or Pipeline
    X : object
        What the model predicts from.
    """
    if not isinstance(model, Pipeline) or len(model.steps) == 1:
        return X
    return model[:-1].transform(X)

"""The estimator in a pipeline or search, for the displays."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skrnn._estimators.base import SequenceEstimator
from skrnn._serving.pipelines import best_of


def final_estimator(model: Any) -> SequenceEstimator:
    """Return the fitted estimator of skrnn in a model, a pipeline's last step or a search's best.

    Parameters
    ----------
    model : estimator, Pipeline or search

    Raises
    ------
    TypeError
        For any other model; the message names it.
    NotFittedError
        If fit has not been called.
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
    """Return the input of the final estimator: X after the steps of a pipeline, else X.

    Parameters
    ----------
    model : estimator, Pipeline or search
    X : object
        The input of the model.
    """
    model = best_of(model)
    if not isinstance(model, Pipeline) or len(model.steps) == 1:
        return X
    return model[:-1].transform(X)

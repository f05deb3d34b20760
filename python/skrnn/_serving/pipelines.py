"""Searches and pipelines around an estimator that is served, and the steps in them.

The core applies the operations of the steps before the estimator to channels, with the same bits:
for streams, and for files that are read without scikit-learn.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.impute import SimpleImputer
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.fixes import parse_version
from sklearn.utils.validation import check_is_fitted

from skrnn import _core
from skrnn._serving.forecasts import MakesForecasts
from skrnn._serving.served import Operation, Served
from skrnn._serving.streams import open_stream
from skrnn.preprocessing import PerStep, TokenEncoder

# scikit-learn's scalers apply statistics in float64 to float32 input, and round the result; from
# 1.8 on, StandardScaler first rounds its statistics to float32.
STANDARD_IN_FLOAT64 = parse_version(sklearn.__version__) < parse_version("1.8.dev0")


@dataclass(frozen=True)
class Scaler:
    """A scaler of scikit-learn: its operations on channels, and its learned attributes."""

    kind: Any
    # (operation, attribute with its values, parameter that switches it on)
    operations: tuple[tuple[str, str, str | None], ...]
    arrays: tuple[str, ...]  # attributes with a value for each channel, or None
    in_float64: bool = True


SCALERS = {
    scaler.kind.__name__: scaler
    for scaler in (
        Scaler(
            StandardScaler,
            (("subtract", "mean_", "with_mean"), ("divide", "scale_", "with_std")),
            ("mean_", "var_", "scale_"),
            STANDARD_IN_FLOAT64,
        ),
        Scaler(
            RobustScaler,
            (("subtract", "center_", "with_centering"), ("divide", "scale_", "with_scaling")),
            ("center_", "scale_"),
        ),
        Scaler(MaxAbsScaler, (("divide", "scale_", None),), ("max_abs_", "scale_")),
        Scaler(
            MinMaxScaler,
            (("multiply", "scale_", None), ("add", "min_", None)),
            ("min_", "scale_", "data_min_", "data_max_", "data_range_"),
        ),
    )
}

SUPPORTED = (
    f"steps before the estimator may be PerStep of one of SimpleImputer, {', '.join(SCALERS)}, or "
    "of a Pipeline of them, several such steps in a row, or one TokenEncoder; and 'passthrough'"
)


def stream(model: Any, batch_size: int = 1, *, method: str = "predict") -> _core.Stream:
    """Return a stream of a whole model, which reads sequences as they arrive.

    The stream of a pipeline scales and fills its input as the steps before the estimator do.

    Parameters
    ----------
    model : estimator, Pipeline or search
        Fitted: an estimator of skrnn, a `sklearn.pipeline.Pipeline` that `save` accepts, too, or a
        search of either, such as a `GridSearchCV`, of which `best_estimator_` is used.
    batch_size : int, default=1
        B, sequences that are read side by side.
    method : {"predict", "predict_proba"}, default="predict"
        The method whose result is returned after each step. Probabilities are for classifiers.

    Returns
    -------
    stream : Stream
        As the `stream` method of estimators returns it: after every step it returns the result of
        `method` of `model` for all steps read so far, the same bits. NaN is accepted if an imputer
        fills it. For a pipeline with a `TokenEncoder` the stream reads the numbers of tokens, which
        its `vocabulary_` has, and 0 for unknown tokens.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        Before fit.
    TypeError
        For a model that is not one of skrnn, for a forecaster, which has a stream of its own, and
        for a `batch_size` that is not an integer.
    ValueError
        For a pipeline with a step that cannot be streamed; the message names it. For a `batch_size`
        below 1, another `method`, and a bidirectional network, attention pooling or a CRF, which
        have no answer while a sequence goes on.

    See Also
    --------
    save, skrnn.runtime.load : The same from a file, with NumPy alone.

    Examples
    --------
    >>> import numpy as np
    >>> import skrnn
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skrnn.preprocessing import PerStep
    >>> rng = np.random.default_rng(0)
    >>> X = [100 * rng.normal(size=(length, 2)) for length in (3, 5, 7, 9) * 10]
    >>> y = [x.mean() for x in X]
    >>> net = skrnn.RNNRegressor(hidden_size=8, max_iter=5, random_state=0)
    >>> model = make_pipeline(PerStep(StandardScaler()), net).fit(X, y)
    >>> stream = skrnn.stream(model)
    >>> for x_t in X[0]:
    ...     answer = stream.step(x_t)
    >>> bool((answer == model.predict(X[:1])).all())
    True
    """
    model = best_of(model)
    estimator = estimator_of(model)
    if isinstance(estimator, MakesForecasts):
        raise TypeError("a forecaster has a stream of other steps; call its method stream")
    check_is_fitted(estimator, "params_")
    served = estimator._served(operations_of(model))
    return open_stream(served, estimator._meaning(), batch_size, method, estimator._lexicon())


def best_of(model: Any) -> Any:
    """Return the best estimator of a search, also at the end of a pipeline; or the model itself.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        For a search that is not fitted.
    ValueError
        For a search without a fitted best estimator.
    """
    if isinstance(model, BaseSearchCV):
        check_is_fitted(model)
        if not hasattr(model, "best_estimator_"):
            raise ValueError(
                f"this {type(model).__name__} has no best_estimator_, because it was fitted with "
                f"refit={model.refit!r}; fit it with refit=True"
            )
        return best_of(model.best_estimator_)
    if type(model) is Pipeline and isinstance(model.steps[-1][1], BaseSearchCV):
        name, search = model.steps[-1]
        changed = copy(model)
        changed.steps = [*model.steps[:-1], (name, best_of(search))]
        return changed
    return model


def estimator_of(model: Any) -> Any:
    """Return the estimator of skrnn that a model is, or that its pipeline ends in.

    Raises
    ------
    TypeError
        For a model without one.
    ValueError
        For a pipeline of another class than scikit-learn's.
    """
    estimator = model
    if isinstance(model, Pipeline):
        if type(model) is not Pipeline:
            raise ValueError(
                f"a {type(model).__name__} can be neither saved nor streamed; expected "
                "scikit-learn's own Pipeline"
            )
        estimator = model.steps[-1][1]
    if not isinstance(estimator, Served):
        last = "" if estimator is model else "a Pipeline that ends in "
        raise TypeError(
            f"{last}{estimator!r} can be neither saved nor streamed; expected an estimator of "
            "skrnn, a Pipeline that ends in one, or a fitted search of either"
        )
    return estimator


def operations_of(model: Any) -> list[Operation]:
    """Return the operations of a model on channels before its network, in order.

    Parameters
    ----------
    model : estimator or Pipeline
        Fitted.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        For a step that is not fitted.
    ValueError
        For a step that the core has no operations for; it names the step.
    """
    operations: list[Operation] = []
    steps = [
        (f"step {name!r} of the pipeline", step)
        for name, step in (model.steps[:-1] if isinstance(model, Pipeline) else [])
        if not is_passthrough(step)
    ]
    for what, step in steps:
        if type(step) is PerStep:
            check_is_fitted(step)
            operations += _operations_of_channels(step.transformer_, what)
        elif type(step) is not TokenEncoder:
            raise refusal(f"{what} is {_kind(step)}")
        elif len(steps) > 1:
            raise refusal(f"{what} is a TokenEncoder beside other steps")
        else:
            check_is_fitted(step)
    return operations


def is_passthrough(step: Any) -> bool:
    """Whether a step of a pipeline does nothing."""
    return step is None or (isinstance(step, str) and step == "passthrough")


def refusal(what: str) -> ValueError:
    """Return the error for a step that is not supported."""
    return ValueError(f"{what}, which can be neither saved nor streamed: {SUPPORTED}")


def _kind(step: Any) -> str:
    return repr(step) if isinstance(step, str) else type(step).__name__


def _operations_of_channels(inner: Any, what: str) -> list[Operation]:
    """Return the operations of a transformer inside a PerStep."""
    if is_passthrough(inner):
        return []
    if type(inner) is Pipeline:
        return [
            operation
            for name, step in inner.steps
            for operation in _operations_of_channels(step, f"step {name!r} in {what}")
        ]
    if type(inner) is SimpleImputer:
        return [("fill", _fillings(inner, what), True)]
    scaler = SCALERS.get(type(inner).__name__)
    if scaler is None or type(inner) is not scaler.kind:
        raise refusal(f"{what} has the transformer {_kind(inner)}")
    check_is_fitted(inner)
    if getattr(inner, "clip", False):
        raise ValueError(
            f"{what} has clip=True, which can be neither saved nor streamed; clip the data before "
            "the pipeline"
        )
    return [
        (operation, np.asarray(getattr(inner, values), np.float64), scaler.in_float64)
        for operation, values, switch in scaler.operations
        if switch is None or getattr(inner, switch)
    ]


def _fillings(inner: Any, what: str) -> NDArray[np.float64]:
    """Return the value that an imputer fills in for each channel."""
    check_is_fitted(inner)
    missing, why = inner.missing_values, ""
    dropped = [i for i, value in enumerate(inner.statistics_) if value != value]
    if not (isinstance(missing, (float, np.floating)) and np.isnan(missing)):
        why = f"fills {missing!r} and not NaN; write np.nan where values are missing"
    elif inner.add_indicator:
        why = "adds channels (add_indicator=True); add them before the pipeline"
    elif dropped:
        why = (
            f"drops channel {dropped[0]}, of which fit saw no value; fit it with "
            "keep_empty_features=True, or leave the channel out"
        )
    fillings = np.empty(0)
    if not why:
        # Rounded as in this version of scikit-learn. The copy has no names: the input is an array.
        unnamed = copy(inner)
        vars(unnamed).pop("feature_names_in_", None)
        with np.errstate(over="ignore"):
            fillings = unnamed.transform(np.full((1, len(inner.statistics_)), np.nan))[0]
        if not np.isfinite(fillings).all():
            why = f"fills with {inner.fill_value!r}, which is too large for what it was fitted on"
    if why:
        raise ValueError(f"{what} can be neither saved nor streamed: its SimpleImputer {why}")
    return np.asarray(fillings, np.float64)

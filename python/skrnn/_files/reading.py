"""`skrnn.load`: a file to the estimator, or the pipeline, that was saved."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from skrnn import _core
from skrnn._estimators.fitting import TrainableEstimator
from skrnn._estimators.parameters import check_parameters
from skrnn._estimators.pipelines import operations_of
from skrnn._estimators.serving import Operation
from skrnn._estimators.standardization import Units
from skrnn._files.description import Description, read_file
from skrnn._files.estimators import ESTIMATORS, served_sections
from skrnn._files.pipelines import build_pipeline
from skrnn._files.values import shorten
from skrnn._training.loop import History

LONGEST_WORD = 200


def load(path: str | os.PathLike[str]) -> Any:
    """Return the estimator, or the pipeline, that was saved to a file.

    It predicts the same bits as the one that was saved, on the same instruction set. Nothing in a
    file is run as code, so that files of strangers may be loaded, and digests of all that is read
    tell a damaged file from a sound one.

    Parameters
    ----------
    path : str or path-like
        A file that `skrnn.save`, or the `save` of an estimator, has written.

    Returns
    -------
    model : estimator or Pipeline
        Fitted. Its optimiser remembers nothing: see `save`.

    Raises
    ------
    OSError
        For a file that cannot be read.
    ValueError
        For a file that holds no model, that is damaged, or that a newer version has written.

    See Also
    --------
    save : Writes such files, with an example.
    skrnn.runtime.load : Predictions from the file with NumPy alone.

    Notes
    -----
    The `token_pattern` of a `TokenEncoder` is a regular expression. That of a hostile file may take
    long to search a text.
    """
    return read_file(path, rebuild)


def rebuild(model: _core.Model, description: Description) -> Any:
    """Return the estimator, or the pipeline, of a file that has been read.

    Raises
    ------
    ValueError
        For parts that do not fit one another.
    """
    estimator = _estimator_of(description)
    if is_classifier(estimator) != (description.meaning.classes is not None):
        raise ValueError(f"its answers are not those of its {description.estimator}")
    _restore(estimator, model, description)
    said = {name: description.fields.get(name) for name in ("network", "loss")}
    for name, expected in served_sections(estimator).items():
        if {key: said[name].get(key) for key in expected} != expected:
            raise ValueError(f"its {name} is not that of its {description.estimator}")
    piped = description.final_step is not None
    whole = build_pipeline(description, estimator) if piped else estimator
    mine, read = operations_of(whole), model.operations
    if estimator._units is not None:
        mine += estimator._units.operations
    if len(mine) != len(read) or not all(map(_do_the_same, mine, read)):
        raise ValueError("its operations on the input are not those of its pipeline")
    return whole


def _do_the_same(mine: Operation, read: Operation) -> bool:
    """Whether two operations are the same, but for what versions of scikit-learn round."""
    # What is computed in float64 is as it was in the version that scaled when the file was written,
    # and so is whether the constant of an imputer was rounded to float32.
    dtype = np.float32 if mine[0] == "fill" else np.float64
    with np.errstate(over="ignore"):
        same = np.array_equal(mine[1].astype(dtype), read[1].astype(dtype))
    return mine[0] == read[0] and same


def _estimator_of(description: Description) -> TrainableEstimator:
    kind = ESTIMATORS.get(description.estimator)
    if kind is None:
        raise ValueError(
            f"its estimator {shorten(description.estimator)} is unknown; update scikit-rnn"
        )
    known = kind().get_params(deep=False)
    unknown = [name for name in description.params if name not in known]
    if unknown:
        raise ValueError(
            f"{kind.__name__} has no parameter {shorten(unknown[0])}; update scikit-rnn"
        )
    # Names and numbers; what is called unknown is also compared with what is known.
    for name, value in description.params.items():
        if isinstance(value, str) and len(value) > LONGEST_WORD:
            raise ValueError(f"the parameter {name} is {shorten(value)}")
    estimator = kind(**description.params)
    check_parameters(estimator, estimator._rules)
    return estimator


def _restore(estimator: Any, model: _core.Model, description: Description) -> None:
    """Give an estimator what fit had given it."""
    estimator.params_ = model.parameters
    estimator.n_features_in_ = description.n_features_in
    if description.feature_names is not None:
        estimator.feature_names_in_ = np.array(description.feature_names, dtype=object)
    if description.vocabulary is not None:
        estimator.vocabulary_ = dict(description.vocabulary)
    estimator._saw_table = description.saw_table
    estimator._input_size = description.input_size
    units = [values for _, values, _ in model.operations[-2:]] if description.standardized else None
    estimator._units = None if units is None else Units(*units)

    vars(estimator).update(description.meaning.fitted)
    if description.meaning.classes is None:
        estimator._mean, estimator._scale = model.target_mean, model.target_scale

    training = description.training
    estimator._solver = training.solver
    estimator._history = History(
        training.seed, tuple(training.losses), tuple(training.scores), training.best_epoch
    )
    estimator.n_iter_ = len(training.losses)
    estimator.loss_curve_ = list(training.losses)
    estimator.validation_scores_ = list(training.scores) if training.validated else None
    estimator._note_architecture()

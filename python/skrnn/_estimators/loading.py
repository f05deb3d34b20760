"""`skrnn.load`, which hands the reader of files the classes of estimators."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

from skrnn._estimators.classifier import RNNClassifier
from skrnn._estimators.detector import RNNAnomalyDetector
from skrnn._estimators.fitting import TrainableEstimator
from skrnn._estimators.forecaster import RNNForecaster
from skrnn._estimators.language_model import RNNLanguageModel
from skrnn._estimators.regressor import RNNRegressor
from skrnn._estimators.step_regressor import RNNStepRegressor
from skrnn._estimators.tagger import RNNTagger
from skrnn._files.description import read_file
from skrnn._files.reading import rebuild

ESTIMATORS: dict[str, type[TrainableEstimator]] = {
    kind.__name__: kind
    for kind in (
        RNNClassifier,
        RNNRegressor,
        RNNTagger,
        RNNStepRegressor,
        RNNLanguageModel,
        RNNForecaster,
        RNNAnomalyDetector,
    )
}


def load(path: str | os.PathLike[str]) -> Any:
    """Return the estimator, or the pipeline, that was saved to a file.

    It predicts the same bits as the one that was saved, on the same instruction set. Nothing in a
    file is run as code, so files from untrusted sources may be loaded, and digests of all that is
    read detect damage.

    Parameters
    ----------
    path : str or path-like
        A file that `skrnn.save`, or the `save` of an estimator, has written.

    Returns
    -------
    model : estimator or Pipeline
        Fitted. The state of the optimiser is not saved: see `save`.

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
    return read_file(path, partial(rebuild, kinds=ESTIMATORS))

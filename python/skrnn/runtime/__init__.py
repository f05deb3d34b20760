"""Predictions from saved models, with NumPy alone.

`load` reads what `skrnn.save` has written and returns a `Predictor`. Neither scikit-learn nor
safetensors is imported or has to be installed, which suits small machines.
"""

from __future__ import annotations

import os

from skrnn import _core
from skrnn._files.description import Description, read_file
from skrnn._targets.decoding import NextTokens
from skrnn.runtime._anomalies import AnomalyPredictor
from skrnn.runtime._forecasts import ForecastPredictor
from skrnn.runtime._predictor import Predictor
from skrnn.runtime._texts import TextPredictor

__all__ = ["AnomalyPredictor", "ForecastPredictor", "Predictor", "TextPredictor", "load"]


def load(path: str | os.PathLike[str], *, n_jobs: int | None = None) -> Predictor:
    """Return a predictor with the results of the model in a file.

    Nothing in a file is run as code, so files from untrusted sources may be loaded, and digests of
    all that is read detect damage.

    Parameters
    ----------
    path : str or path-like
        A file that `skrnn.save`, or the `save` of an estimator, has written.
    n_jobs : int or None, default=None
        Threads of predict. None follows OpenMP and threadpoolctl. The bits are the same with any
        number.

    Returns
    -------
    predictor : Predictor
        Of language models a `TextPredictor`, of forecasters a `ForecastPredictor`, and of detectors
        an `AnomalyPredictor`.

    Raises
    ------
    OSError
        For a file that cannot be read.
    ValueError
        For a file that holds no model, that is damaged, or that a newer version has written.

    See Also
    --------
    skrnn.load : Back to the estimator or pipeline.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import skrnn.runtime
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(length, 2)) + label for length, label in [(5, 0), (9, 2)] * 20]
    >>> model = skrnn.RNNClassifier(hidden_size=8, max_iter=5, random_state=0)
    >>> model = model.fit(X, ["low", "high"] * 20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(Path(folder) / "model.skrnn")
    ...     predictor = skrnn.runtime.load(Path(folder) / "model.skrnn")
    >>> predictor
    Predictor(RNNClassifier, cell='gru', hidden_size=8, num_layers=1, n_features_in_=2)
    >>> bool((predictor.predict(X) == model.predict(X)).all())
    True
    """

    def predictor(model: _core.Model, description: Description) -> Predictor:
        kind = Predictor
        if isinstance(description.meaning, NextTokens):
            kind = TextPredictor
        elif description.forecaster is not None:
            kind = ForecastPredictor
        elif description.detector is not None:
            kind = AnomalyPredictor
        return kind(model, description, n_jobs)

    return read_file(path, predictor)

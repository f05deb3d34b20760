"""The predictor of a saved detector; NumPy only."""

from __future__ import annotations

from typing import Any

from skrnn import _core
from skrnn._files.description import Description
from skrnn._sequences.checks import check_input_size
from skrnn._sequences.container import Sequences
from skrnn._sequences.names import hold_to_names
from skrnn._series.reconstruction import Reconstruction
from skrnn._serving.anomalies import ScoresAnomalies, read_channels
from skrnn.runtime._predictor import Predictor


class AnomalyPredictor(ScoresAnomalies, Predictor):  # type: ignore[misc]  # scores series
    """A saved detector: scores of series, outliers and streams.

    The results are those of the saved estimator, the same bits.

    Attributes
    ----------
    offset_ : float
        The threshold of scores.
    """

    def __init__(
        self, model: _core.Model, description: Description, n_jobs: int | None = None
    ) -> None:
        super().__init__(model, description, n_jobs)
        assert description.detector is not None
        self.offset_ = description.detector.offset

    def _detector(self) -> tuple[_core.Model, Reconstruction, int | None]:
        detector = self._description.detector
        assert detector is not None
        return self._model, detector.reconstruction, self._n_jobs

    def _series_of(self, X: Any) -> tuple[bool, Sequences]:
        description = self._description
        one, series = read_channels(X, missing=self._detector()[1].missing)
        names = description.feature_names
        fitted = None if names is None else tuple(names)
        hold_to_names(fitted, series.channel_names, description.estimator)
        expected = description.n_features_in
        check_input_size(series.n_channels, expected, False, description.estimator)
        return one, series

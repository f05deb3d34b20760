"""The base of detectors: the course of a fit, and their engine."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import OutlierMixin
from sklearn.utils.validation import check_is_fitted

from skrnn import _core
from skrnn._estimators.numbers import number_settings
from skrnn._estimators.samples import FitData
from skrnn._estimators.series import SeriesEstimator, SeriesSamples, WindowData
from skrnn._files.description import Description
from skrnn._files.detectors import SavedDetector, detector_arrays, detector_section
from skrnn._parameters import Rule, check_parameters, integer, integer_or, is_number, one_of
from skrnn._sequences.checks import check_n_channels
from skrnn._sequences.container import Sequences
from skrnn._sequences.names import check_names
from skrnn._series.reconstruction import (
    ReconstructedSeries,
    Reconstruction,
    full_windows,
    units_of,
)
from skrnn._serving.anomalies import ScoresAnomalies, read_channels, refuse_short
from skrnn._serving.served import Operation
from skrnn._targets.numbers import NumberCodec, NumberSettings

Self = TypeVar("Self", bound="DetectingEstimator")

UPDATES = 800  # of a fit with max_iter=None, at least
LONGEST = 256  # steps of a window that is chosen
SHARE = 4  # of the series, that such a window is at most
LEAST_ROWS = 2
MARGIN = 3.0  # standard deviations of training scores, that outliers are beyond


def _is_contamination(value: Any) -> bool:
    return value == "auto" if isinstance(value, str) else is_number(value) and 0 < value <= 0.5


DETECTION_RULES = {
    "window": integer_or("auto", 1, none=False),
    "segment_length": integer(1),
    "delay": integer_or("auto", 0, none=False),
    "contamination": Rule(_is_contamination, "a number in (0, 0.5], or 'auto'", ["auto"]),
    "missing": one_of(("refuse", "fill")),
    "loss": one_of(("squared_error", "absolute_error")),
}


class DetectingEstimator(ScoresAnomalies, OutlierMixin, SeriesEstimator):  # type: ignore[misc]
    """An estimator of how unusual the steps of series are."""

    _reconstruction: Reconstruction
    _series: list[NDArray[Any]]  # of fit, while it runs
    _threshold: tuple[Reconstruction, float]  # of this fit, while it runs

    def fit(self: Self, X: Any, y: Any = None) -> Self:  # type: ignore[override]  # noqa: ARG002
        """Learn from series what is usual.

        Parameters
        ----------
        X : array-like of shape (T,) or (T, C), data frame, or list of them
            One series: numbers, or rows of channels, which may be the columns of a data frame of
            pandas or polars. Several: a list of them, an (n, T, C) array, or `skrnn.Sequences`.
            They should hold few anomalies.
        y : None
            Ignored; there by scikit-learn's convention.

        Returns
        -------
        self : object

        Raises
        ------
        TypeError, ValueError
            For parameters and data that cannot be used; the message says which and what to do. The
            estimator is then unchanged.
        KeyboardInterrupt
            On Ctrl-C, when the best parameters so far are in place: the estimator is usable.
        """
        check_parameters(self, self._rules)
        begin = not (self.warm_start and hasattr(self, "params_"))
        return self._learn(lambda twin: twin._fit_series(X, begin))

    def _fit_series(self, X: Any, begin: bool) -> None:
        self.__dict__.pop("_threshold", None)
        _, series = self._read(X, begin=begin)
        if begin:
            self._plan_windows(series)
        reconstruction = self._reconstruction
        refuse_short(series, reconstruction.length, reconstruction.width)
        self._series = list(series)
        panel = reconstruction.panel(self._series)
        self._fit(FitData(panel, None), self._target_settings(), begin=begin)

    def _plan_windows(self, series: Sequences) -> None:
        """Choose the windows, and learn the units of channels."""
        width = int(self.segment_length)
        length = _window(self.window, width, series.lengths)
        delay = length - 1 if self.delay == "auto" else int(self.delay)
        if delay >= length:
            raise ValueError(
                f"delay={delay} waits for windows that begin behind the step: a window has "
                f"{length} steps; lower delay to {length - 1} or less, or raise window"
            )
        mean, scale = units_of(series.values)
        self._input_size = width
        self._reconstruction = Reconstruction(
            length // width, width, delay, mean, scale, self.missing == "fill", np.ones(len(mean))
        )
        self._set_codec(
            NumberCodec(self._target_settings(), np.zeros(width), np.ones(width), False)
        )

    def _read(self, X: Any, *, begin: bool) -> tuple[bool, Sequences]:
        one, series = read_channels(X, missing=self.missing == "fill")
        check_names(self, series.channel_names, reset=begin)
        check_n_channels(self, series, reset=begin)
        return one, series

    # ---- What a fit leaves ----

    def _learned(self) -> dict[str, Any] | None:
        learned = super()._learned()
        if learned is None:
            return None
        if not hasattr(self, "_threshold"):
            self._threshold = self._calibrated(learned["params_"])
        return learned | self._attributes(*self._threshold)

    def _as_fitted(self) -> dict[str, Any]:
        attributes = super()._as_fitted()
        return attributes | self._attributes(*self._calibrated(attributes["params_"]))

    def _calibrated(self, params: dict[str, NDArray[np.float32]]) -> tuple[Reconstruction, float]:
        """Return the units of errors, and the threshold of scores, in the series of fit."""
        one = copy.copy(self)
        one.params_ = params
        model, series = one._served(), self._series
        found = self._reconstruction.with_unit(model, series, self.n_jobs)
        scores = np.concatenate(found.scores(model, series, self.n_jobs))
        if self.contamination == "auto":
            return found, float(scores.mean() - MARGIN * scores.std())
        return found, float(np.percentile(scores, 100 * self.contamination))

    @staticmethod
    def _attributes(reconstruction: Reconstruction, offset: float) -> dict[str, Any]:
        return {
            "_reconstruction": reconstruction,
            "window_": reconstruction.length,
            "delay_": reconstruction.delay,
            "offset_": offset,
        }

    # ---- Scores ----

    def _detector(self) -> tuple[_core.Model, Reconstruction, int | None]:
        check_is_fitted(self, "params_")
        return self._served(), self._reconstruction, self.n_jobs

    def _series_of(self, X: Any) -> tuple[bool, Sequences]:
        return self._read(X, begin=False)

    # ---- The engine ----

    def _target_settings(self) -> NumberSettings:
        return number_settings(self, "squared_error", True)

    def _served(self, operations: Sequence[Operation] = ()) -> _core.Model:
        if operations:
            raise ValueError(
                "a detector has units of its own for channels, and cannot be saved or streamed "
                "with a pipeline around it; fit it without the steps before it"
            )
        return super()._served()

    def _windows_of(self, samples: SeriesSamples) -> WindowData:
        length, width = self._reconstruction.length, self._reconstruction.width
        origins = full_windows(samples.panel.lengths, length, samples.begins)
        if len(origins) == 0:
            raise ValueError(
                f"without the part that early_stopping=True holds out, series are shorter than a "
                f"window, {length} steps; pass longer ones, or early_stopping=False"
            )
        return self._window_data(ReconstructedSeries(samples.panel, length, width), origins)

    def _count_of(self, X: Sequences) -> int:
        return len(full_windows(X.lengths, self._reconstruction.length))

    def _most_epochs(self, X: Sequences) -> int:
        if self.max_iter is not None:
            return int(self.max_iter)
        return -(-UPDATES // self._updates_per_epoch(X))

    def _network_settings(self) -> dict[str, Any]:
        reconstruction = self._reconstruction
        return {
            "cell": self.cell,
            "input_size": reconstruction.width,
            "embedding_size": 0,
            "hidden_size": self.hidden_size,
            "num_layers": self.num_layers,
            "bidirectional": False,
            "pooling": "horizon",
            "output_size": reconstruction.width,
            "projection_size": self.hidden_size,
            "horizon": reconstruction.rows,
        }

    # ---- Files ----

    def _restore(self, model: _core.Model, description: Description) -> None:
        if description.detector is None:
            raise ValueError(f"it has nothing of what its {type(self).__name__} has learned")
        found = description.detector
        self.__dict__.update(self._attributes(found.reconstruction, found.offset))
        super()._restore(model, description)

    def _beside_network(self) -> tuple[dict[str, Any], dict[str, NDArray[np.float64]]]:
        saved = SavedDetector(self._reconstruction, self.offset_)
        return {"detector": detector_section(saved)}, detector_arrays(saved)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.input_tags.two_d_array = tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = self.missing == "fill"
        return tags


def _window(window: Any, width: int, lengths: NDArray[np.int64]) -> int:
    """Return the steps of a window, a multiple of `width`."""
    if window == "auto":
        typical = min(LONGEST, int(np.median(lengths)) // SHARE, int(lengths.min()))
        return max(LEAST_ROWS, typical // width) * width
    if window % width:
        below = window // width * width
        near = f"{below} or {below + width}" if below else f"{width}"
        raise ValueError(
            f"window={window} is no multiple of segment_length={width}; use {near}, or another "
            "segment_length"
        )
    return int(window)

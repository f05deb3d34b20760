"""The base of estimators of series, whose samples are windows: data of a fit."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._estimators.fitting import TrainableEstimator
from skrnn._estimators.samples import FitData, Samples
from skrnn._sequences.container import Sequences
from skrnn._sequences.ragged import offsets_of
from skrnn._series.panel import Panel
from skrnn._series.windows import Origins
from skrnn._targets.codec import Settings
from skrnn._targets.rows import SequenceRows
from skrnn._training.loop import Data

# Updates of a fit with max_iter=None: few for few windows, which are soon overfitted, and more for
# many (bench/defaults). In between they grow with the square root of the number of windows.
LEAST_UPDATES, MOST_UPDATES, FEW_WINDOWS = 300, 3000, 300
# An epoch draws no more windows than so many updates take: windows of one series are much alike.
UPDATES_OF_EPOCH = 100


class SeriesSamples(Samples):
    """Series whose windows, from a step of each on, are what is trained on."""

    panel: Panel
    begins: NDArray[np.int64]  # (n,), the first step of each that may be a target

    @classmethod
    def of(cls, panel: Panel, begins: NDArray[np.int64]) -> SeriesSamples:
        """Return series, of which the steps before `begins` are read only."""
        lengths = panel.lengths
        steps = [
            np.column_stack([x, beside[: len(x)]])
            for x, beside in zip(panel.values, panel.covariates, strict=True)
        ]
        X = Sequences._of(np.concatenate(steps), offsets_of(lengths))
        samples = cls(X, np.empty(0), None, SequenceRows())
        object.__setattr__(samples, "panel", panel)
        object.__setattr__(samples, "begins", begins)
        return samples

    @property
    def as_given(self) -> dict[str, Any]:
        """Neither targets nor weights are given."""
        return {"y": None, "sample_weight": None}


class WindowSource(Protocol):
    """Series of which windows are views."""

    def windows(self, origins: Origins) -> tuple[_core.Windows, NDArray[np.int64]]:
        """Return windows for the engine, and the offsets of their rows, (N + 1,)."""


@dataclass
class WindowData:
    """The windows of a fit; an epoch trains on all of them, or on some, drawn anew each time."""

    series: WindowSource
    origins: Origins
    per_epoch: int
    seed: int

    def run_epoch(
        self, trainer: _core.Trainer, parameters: NDArray[np.float32], **options: Any
    ) -> dict[str, Any]:
        """Train one epoch in place."""
        origins = self.origins
        if self.per_epoch < len(origins):
            rng = np.random.default_rng((self.seed, options["epoch"]))
            drawn = rng.choice(len(origins), self.per_epoch, replace=False)
            origins = origins.take(np.sort(drawn))
        windows, offsets = self.series.windows(origins)
        return trainer.run_epoch(parameters, windows, offsets, None, **options)

    def evaluate(
        self, trainer: _core.Trainer, parameters: NDArray[np.float32], n_jobs: int | None
    ) -> float:
        """Return the mean loss."""
        windows, offsets = self.series.windows(self.origins)
        return trainer.evaluate(parameters, windows, offsets, None, n_jobs=n_jobs)


class SeriesEstimator(TrainableEstimator):
    """An estimator that is fitted on windows of series."""

    # What other estimators have parameters for.
    bidirectional = False
    embedding_size = None
    standardize = False
    tbptt = None
    pooling = "horizon"

    @abstractmethod
    def _windows_of(self, samples: SeriesSamples) -> WindowData:
        """Return the windows of series that are trained on, or held out."""

    @abstractmethod
    def _count_of(self, X: Sequences) -> int:
        """Return how many windows series have."""

    def _window_data(self, series: WindowSource, origins: Origins) -> WindowData:
        per_epoch = self._windows_per_epoch(len(origins))
        return WindowData(series, origins, per_epoch, self._history.seed)

    # ---- The course of a fit ----

    def _check_samples(self, given: FitData, settings: Settings, *, begin: bool) -> Samples:  # noqa: ARG002
        """Return the series to train on, which fit has read and planned for."""
        panel = given.X
        assert isinstance(panel, Panel)
        if begin:
            self._reads_tokens, self._saw_table, self._units = False, False, None
            self._begin()
        return SeriesSamples.of(panel, np.zeros(len(panel), np.int64))

    def _check_held_out(self, given: FitData, *, grows: bool) -> Samples | None:  # noqa: ARG002
        return None

    def _split(self, samples: Samples) -> tuple[Samples, Samples]:
        """Return all series but their ends, and their ends, to be forecast from what is before."""
        assert isinstance(samples, SeriesSamples)
        panel, lengths = samples.panel, samples.panel.lengths
        ends = lengths - np.ceil(self.validation_fraction * lengths).astype(np.int64)
        if (ends < 1).all():
            raise ValueError(
                f"early_stopping=True with validation_fraction={self.validation_fraction} leaves "
                "nothing of the series to train on; pass longer series, another "
                "validation_fraction, or early_stopping=False"
            )
        kept = SeriesSamples.of(panel.until(np.maximum(ends, 1)), samples.begins)
        return kept, SeriesSamples.of(panel, np.maximum(ends, 1))

    def _validation_score(self, held_out: Samples) -> Callable[[], float]:
        assert isinstance(held_out, SeriesSamples)
        data = self._windows_of(held_out)
        trainer = self._trainer()
        return lambda: -data.evaluate(trainer, self._arena(self._layout()), self.n_jobs)

    def _training_data(self, samples: Samples) -> Data:
        assert isinstance(samples, SeriesSamples)
        return self._windows_of(samples)

    def _initial_parameters(
        self, layout: _core.NetworkLayout, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        # With a head of zeros the first answers are the levels of windows.
        arena = super()._initial_parameters(layout, rng)
        for name, shape, offset in layout.parameters:
            if name == "head.weight":
                arena[offset : offset + int(np.prod(shape))] = 0
        return arena

    def _updates_per_epoch(self, X: Sequences) -> int:
        count = min(self._count_of(X), self._windows_per_epoch(self._count_of(X)))
        return int(max(1, -(-count // self.batch_size)))

    def _windows_per_epoch(self, count: int) -> int:
        """Return how many of the windows an epoch trains on."""
        if self.max_iter is not None:
            return count
        return int(min(count, UPDATES_OF_EPOCH * self.batch_size))

    def _most_epochs(self, X: Sequences) -> int:
        if self.max_iter is not None:
            return int(self.max_iter)
        count = self._count_of(X)
        grown = LEAST_UPDATES * np.sqrt(count / FEW_WINDOWS)
        updates = np.clip(grown, LEAST_UPDATES, MOST_UPDATES)
        return int(np.clip(round(updates / self._updates_per_epoch(X)), 3, 300))

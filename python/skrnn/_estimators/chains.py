"""The base of taggers: labels of steps by themselves, or of sequences as a whole, by a CRF."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._estimators.classes import ClassEstimator
from skrnn._estimators.samples import FitData, Samples
from skrnn._sequences.counts import check_count
from skrnn._targets.classes import ClassSettings
from skrnn._targets.codec import Settings
from skrnn._targets.decoding import Chain
from skrnn._targets.paths import Paths, best_labels, n_best
from skrnn._targets.rows import StepRows
from skrnn._targets.schemes import check_scheme, check_weights_of_sequences, transitions_of
from skrnn._training.initialization import forbid, named_views


class ChainEstimator(ClassEstimator):
    """An estimator of the label of each step, which may depend on those beside it."""

    crf: bool
    scheme: str | None

    _target_rows = StepRows()

    def _target_settings(self) -> ClassSettings:
        return replace(super()._target_settings(), chain=bool(self.crf))

    def _network_settings(self) -> dict[str, Any]:
        return {**super()._network_settings(), "transitions": bool(self.crf)}

    # ---- Training ----

    def _check_samples(self, given: FitData, settings: Settings, *, begin: bool) -> Samples:
        samples = super()._check_samples(given, settings, begin=begin)
        if self.crf:
            check_weights_of_sequences(samples.sample_weight, samples.X.offsets)
        if self.scheme is not None:
            self._codec.encode(samples.y)  # refuses labels that fit did not see first
            check_scheme(samples.y, samples.X.offsets, self._classes, self.scheme)
        return samples

    def _initial_parameters(
        self, layout: _core.NetworkLayout, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        arena = super()._initial_parameters(layout, rng)
        if self.scheme is not None:
            allowed = transitions_of(self._classes, self.scheme)
            forbid(named_views(layout, arena), allowed.between, allowed.start, allowed.end)
        return arena

    @property
    def _classes(self) -> NDArray[Any]:
        classes: NDArray[Any] = self._codec.attributes["classes_"]
        return classes

    # ---- Predictions ----

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the label of each step.

        Parameters
        ----------
        X : sequences of shape (n,)
            As in fit.

        Returns
        -------
        y : object array of n arrays of shape (T_i,)
            The most probable label of each step, of equal ones the first. With ``crf=True`` the
            most probable sequence of labels (Viterbi's algorithm), of equal ones that with the
            first label at the last step where they differ.
        """
        if not isinstance(self._meaning(), Chain):
            return super().predict(X)
        model, steps = self._served(), self._steps_for_model(X)
        return best_labels(model, steps, self._classes, self.n_jobs)

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Return the logarithm of `predict_proba`.

        Parameters
        ----------
        X : sequences of shape (n,)
            As in fit.

        Returns
        -------
        log_probabilities : object array of n arrays of shape (T_i, n_classes), float64
            Finite also where the probability is zero; with ``crf=True`` -infinity there.
        """
        meaning = self._meaning()
        if not isinstance(meaning, Chain):
            return super().predict_log_proba(X)
        return self._predicted(X, meaning.log_probabilities)[0]

    def n_best(self, X: Any, n: int) -> list[Paths]:
        """Return the most probable sequences of labels, and their probabilities.

        Parameters
        ----------
        X : sequences of shape (n_sequences,)
            As in fit.
        n : int
            How many sequences of labels to return for each sequence.

        Returns
        -------
        paths : list of n_sequences lists of tuples (labels, log_probability)
            The most probable first, with labels of shape (T_i,); the first is that of `predict`.
            Fewer than `n` where there are fewer, or fewer that the `scheme` allows.

        Raises
        ------
        TypeError, ValueError
            For ``crf=False``, and for an `n` that is no integer of 1 or more.
        """
        if not isinstance(self._meaning(), Chain):
            raise ValueError(
                "n_best ranks sequences of labels, which crf=False does not model: its labels do "
                "not depend on one another, and predict_proba has all of their probabilities; fit "
                "with crf=True"
            )
        count = check_count("n", n, 1, what="sequences of labels")
        model, steps = self._served(), self._steps_for_model(X)
        return n_best(model, steps, self._classes, count, self.n_jobs)

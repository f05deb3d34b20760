"""The base of estimators of numbers: their losses, predictions and scores."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import mean_pinball_loss, r2_score

from skrnn import _core
from skrnn._estimators.fitting import TrainableEstimator
from skrnn._estimators.samples import FitData
from skrnn._parameters import Rule, check_parameters, is_number, real
from skrnn._targets.decoding import Numbers
from skrnn._targets.numbers import PROBABILITIES, NumberCodec, NumberSettings

Self = TypeVar("Self", bound="NumberEstimator")


def _are_quantiles(value: Any) -> bool:
    try:
        levels = list(value)
    except TypeError:
        return False
    return len(levels) > 0 and all(is_number(q) and 0 < float(q) < 1 for q in levels)


NUMBER_RULES = {
    "quantiles": Rule(_are_quantiles, "one or more levels between 0 and 1"),
    "delta": real(0, np.inf, "()"),
}


def number_settings(estimator: Any, auto: str, missing: bool) -> NumberSettings:
    """Return the settings of targets of an estimator, whose loss "auto" is `auto`."""
    loss = auto if estimator.loss == "auto" else estimator.loss
    values = {name: getattr(estimator, name) for name in _core.loss_options(loss)}
    options = {
        name: [float(v) for v in value] if np.iterable(value) else float(value)
        for name, value in values.items()
    }
    return NumberSettings(type(estimator).__name__, loss, options, missing)


class NumberEstimator(TrainableEstimator):
    """An estimator of numbers, for each sequence or each step."""

    _missing_targets = False  # whether targets may be NaN, which means that there is none

    def _target_settings(self) -> NumberSettings:
        return number_settings(self, "squared_error", self._missing_targets)

    def partial_fit(self: Self, X: Any, y: Any, *, sample_weight: Any = None) -> Self:
        """Train one more epoch, on these sequences alone, at the rate `learning_rate_init`.

        Nothing is held out, whatever `early_stopping` is, and `learning_rate` has no effect: a
        schedule depends on when training ends, which is not known here.

        Parameters
        ----------
        X : sequences of shape (n,)
            As in fit. The first call learns the vocabulary of strings; new strings in later calls
            are the unknown token.
        y : array-like of shape (n,) or (n, K), or n arrays of shape (T_i,) or (T_i, K)
            Targets, as in fit. Those of the first call set the scale for all calls.
        sample_weight : array-like of shape (n,), or n arrays of shape (T_i,), optional
            How much each sequence, or step, counts among those of this call.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            As in fit.
        """
        check_parameters(self, self._rules)
        return self._fit_one_epoch(FitData(X, y, sample_weight), self._target_settings())

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Return numbers for each sequence, or each step.

        Parameters
        ----------
        X : sequences of shape (n,)
            As in fit.
        return_std : bool, default=False
            Whether to return standard deviations, too; needs ``loss="gaussian_nll"``.

        Returns
        -------
        y : array of shape (n,) or (n, K), float64
            With ``loss="quantile"`` of shape (n, Q), or (n, K, Q). Of estimators that answer at
            every step an object array of n arrays of shape (T_i, ...).
        std : array of the shape of y, float64
            Where `return_std`.
        """
        if return_std and self.loss != "gaussian_nll":
            raise ValueError(
                f"return_std=True needs loss='gaussian_nll', which learns standard deviations; "
                f"this estimator has loss={self.loss!r}"
            )
        meaning = self._meaning()
        assert isinstance(meaning, Numbers)
        if not return_std:
            return self._predicted(X, meaning.predict)[0]
        return tuple(self._predicted(X, meaning.predict, meaning.deviations))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return how good the predictions are; larger is better.

        Parameters
        ----------
        X : sequences of shape (n,)
            As in fit.
        y : array-like of shape (n,) or (n, K), or n arrays of shape (T_i,) or (T_i, K)
            True values.
        sample_weight : array-like of shape (n,), or n arrays of shape (T_i,), optional

        Returns
        -------
        score : float
            The coefficient of determination R^2; with ``loss="quantile"`` minus the mean pinball
            loss over all quantiles; with ``loss="binary_cross_entropy"`` the mean log-likelihood of
            a step, summed over its K values. Of estimators that answer at every step over all steps
            together, without those that have no target.
        """
        if self.loss == PROBABILITIES:
            true, logits, weight = self._rows_to_score(y, sample_weight, self._logits(X))
            true, logits = self._codec.encode(true), _columns(logits)
            likelihood = true * logits - np.logaddexp(0.0, logits)
            return float(np.average(np.nansum(likelihood, axis=1), weights=weight))
        true, values, weight = self._rows_to_score(y, sample_weight, self.predict(X))
        if self._target_rows.every_step:
            codec = self._codec
            assert isinstance(codec, NumberCodec)
            codec.check_columns(_columns(true))
        if self.loss != "quantile":
            return _over_columns(r2_score, true, values, weight)
        losses = [
            _over_columns(partial(mean_pinball_loss, alpha=float(q)), true, values[..., i], weight)
            for i, q in enumerate(self.quantiles)
        ]
        return -float(np.mean(losses))

    def _logits(self, X: Any) -> NDArray[Any]:
        """Return the outputs of the head in the shape of predict."""
        meaning = self._meaning()
        assert isinstance(meaning, Numbers)
        return self._decoded_outputs(X, meaning.predict)


def _columns(values: NDArray[Any]) -> NDArray[Any]:
    return values.reshape(len(values), -1)


def _over_columns(
    metric: Callable[..., Any], true: Any, predicted: NDArray[Any], weight: Any
) -> float:
    """Return a metric; where targets are missing, its mean over columns without them.

    Columns that have no target at all are left out.
    """
    if np.asarray(true).dtype.kind != "f" or not np.isnan(true).any():
        return float(metric(true, predicted, sample_weight=weight))
    scores = []
    for y, prediction in zip(_columns(true).T, _columns(predicted).T, strict=True):
        known = ~np.isnan(y) & (True if weight is None else weight > 0)
        if known.any():
            own = None if weight is None else weight[known]
            scores.append(metric(y[known], prediction[known], sample_weight=own))
    if not scores:
        raise ValueError(
            "sample_weight is zero, or y is NaN, at every step, so there is nothing to score; give "
            "a step with a target a positive weight"
        )
    return float(np.mean(scores))

"""The loss, and the validation score, of each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skrnn.plotting._axes import axes_or_new
from skrnn.plotting._estimators import final_estimator


class TrainingCurveDisplay:
    """Training loss against the epoch, and the validation score where there is one.

    A vertical line marks the epoch whose parameters the estimator has, if `early_stopping` has
    chosen it.

    Make it with `from_estimator`. (scikit-learn's LearningCurveDisplay shows something else: scores
    against the size of the training set.)

    Parameters
    ----------
    loss_curve : sequence of float
        Mean training loss of each epoch.
    validation_scores : sequence of float, optional
        Score on validation data after each epoch; larger is better. NaN where there was none.
    best_epoch : int, optional
        The epoch whose parameters are kept, counted from 1.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Of the loss.
    ax_score_ : matplotlib Axes or None
        Of the score.
    best_line_ : matplotlib Line2D or None
        That marks the epoch whose parameters are kept.
    figure_ : matplotlib Figure
        The figure of both.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNRegressor
    >>> from skrnn.plotting import TrainingCurveDisplay
    >>> X = np.random.default_rng(0).normal(size=(40, 5))
    >>> model = RNNRegressor(hidden_size=8, max_iter=10, random_state=0).fit(X, X.sum(axis=1))
    >>> display = TrainingCurveDisplay.from_estimator(model)
    >>> display.ax_.get_xlabel()
    'epoch'
    """

    def __init__(
        self,
        loss_curve: Sequence[float],
        validation_scores: Sequence[float] | None = None,
        best_epoch: int | None = None,
    ) -> None:
        self.loss_curve = loss_curve
        self.validation_scores = validation_scores
        self.best_epoch = best_epoch

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None, **options: Any) -> Any:
        """Draw the training of a fitted estimator.

        Parameters
        ----------
        estimator : RNNClassifier, RNNRegressor, ..., Pipeline or search
            Fitted; a pipeline ends in one of them. Of a search, the best estimator.
        ax : matplotlib Axes, optional
            Where to draw; None makes a figure.
        **options : dict
            For the line of the loss, as ``color="black"``.

        Returns
        -------
        display : TrainingCurveDisplay

        Raises
        ------
        TypeError
            For another estimator.
        NotFittedError
            If fit has not been called.
        ImportError
            If matplotlib is not installed.
        """
        final: Any = final_estimator(estimator)
        scores = final.validation_scores_ or None
        display = cls(final.loss_curve_, scores, final._history.best_epoch)
        return display.plot(ax=ax, **options)

    def plot(self, *, ax: Any = None, **options: Any) -> TrainingCurveDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; None makes a figure.
        **options : dict
            For the line of the loss.

        Returns
        -------
        self : TrainingCurveDisplay
        """
        self.ax_ = axes_or_new(ax)
        self.figure_ = self.ax_.figure
        self.ax_score_ = self.best_line_ = None
        epochs = np.arange(1, len(self.loss_curve) + 1)
        lines = self.ax_.plot(epochs, self.loss_curve, **({"label": "training loss"} | options))
        self.ax_.set(xlabel="epoch", ylabel="training loss")
        if self.validation_scores is not None:
            self.ax_score_ = self.ax_.twinx()
            lines += self.ax_score_.plot(
                epochs, self.validation_scores, color="tab:orange", label="validation score"
            )
            self.ax_score_.set_ylabel("validation score")
        if self.best_epoch is not None:
            self.best_line_ = self.ax_.axvline(
                self.best_epoch, color="gray", linestyle=":", label="epoch that is kept"
            )
            lines.append(self.best_line_)
        self.ax_.legend(handles=lines, loc="center right")
        return self

"""EarlyStopping: further criteria to stop a fit."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import numpy as np

from skrnn._parameters import Rule, integer, one_of, real
from skrnn._training.callback_protocol import just_ended
from skrnn._training.loop import Patience

MONITORS = ("loss", "validation_score")

RULES: dict[str, Rule] = {
    "monitor": one_of(MONITORS),
    "n_iter_no_change": integer(1, none=True),
    "tol": real(0, np.inf, "[)"),
    "target": real(-np.inf, np.inf, "()", none=True),
    "max_seconds": real(0, np.inf, "()", none=True),
}


class EarlyStopping:
    """End a fit on a target, on a time limit, or on a curve that no longer improves.

    With the `early_stopping` parameter of an estimator validation scores decide when to stop, and
    the best epoch is kept. This callback adds criteria to end sooner, with or without validation.
    The first criterion that holds, including those of the estimator, ends the fit. The parameters
    kept are those of the estimator: of the best epoch with `early_stopping=True`, else of the last
    one.

    Parameters
    ----------
    monitor : {"validation_score", "loss"}, default="validation_score"
        The curve that `n_iter_no_change` and `target` are about. Validation scores need
        `early_stopping=True`, or `X_val` and `y_val` in fit; they are defined by the `scoring` of
        the estimator. The loss is the training loss.
    n_iter_no_change : int, optional
        Epochs without an improvement after which to stop.
    tol : float, default=0.0
        An improvement is more than this above the best score, or below the smallest loss.
    target : float, optional
        Stop at a score of at least this, or a loss of at most this.
    max_seconds : float, optional
        Stop after the epoch in which fit exceeds this time. A fit that is resumed from a
        `Checkpoint` has the same time again.

    Raises
    ------
    ValueError
        For invalid values, and if no criterion is given. In fit, if validation scores are monitored
        and there are none.

    See Also
    --------
    Checkpoint : Resumes a fit.

    Notes
    -----
    The callback has no state: the decision follows from the curves of the fit and the clock. So one
    object serves any number of estimators, and a resumed fit stops where it would have stopped.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNRegressor
    >>> from skrnn.callbacks import EarlyStopping
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(length, 1)) for length in (3, 5, 7, 9) * 10]
    >>> y = [x.mean() for x in X]
    >>> model = RNNRegressor(hidden_size=8, learning_rate_init=0.01, random_state=0)
    >>> stop = EarlyStopping("loss", target=0.5)
    >>> model.set_callbacks(stop).fit(X, y).loss_curve_[-1] <= 0.5
    True
    """

    def __init__(
        self,
        monitor: str = "validation_score",
        *,
        n_iter_no_change: int | None = None,
        tol: float = 0.0,
        target: float | None = None,
        max_seconds: float | None = None,
    ) -> None:
        self.monitor = monitor
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.target = target
        self.max_seconds = max_seconds
        for name, rule in RULES.items():
            if not rule.holds(getattr(self, name)):
                raise ValueError(
                    f"EarlyStopping got {name}={getattr(self, name)!r}; expected {name} to be "
                    f"{rule.expected}"
                )
        if n_iter_no_change is None and target is None and max_seconds is None:
            raise ValueError(
                "EarlyStopping has no reason to stop; give n_iter_no_change, target or max_seconds"
            )

    def __repr__(self) -> str:
        given = [f"{name}={getattr(self, name)!r}" for name in RULES]
        return f"EarlyStopping({', '.join(given)})"

    # ---- scikit-learn's protocol ----

    def setup(self, estimator: Any, context: Any) -> None:  # noqa: ARG002
        """Refuse estimators without the curves."""
        if getattr(estimator, "_run", None) is None:
            raise TypeError(
                "EarlyStopping is for the estimators of skrnn, which have a loss_curve_; set it on "
                f"one of those and not on {type(estimator).__name__}"
            )
        needs_scores = self.n_iter_no_change is not None or self.target is not None
        if needs_scores and self.monitor == "validation_score" and not estimator._run.validated:
            raise ValueError(
                "EarlyStopping(monitor='validation_score'), but there are no validation scores; "
                "give fit X_val and y_val, or the estimator early_stopping=True, or monitor='loss'"
            )

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
        """Return whether to stop after this epoch."""
        run = estimator._run
        if not just_ended(context, run):
            return False
        if self.max_seconds is not None:
            spent = datetime.now(timezone.utc) - context.parent.init_time
            if spent.total_seconds() >= self.max_seconds:
                return True
        # Larger is better.
        rising = run.scores if self.monitor == "validation_score" else [-x for x in run.losses]
        if self.target is not None:
            goal = self.target if self.monitor == "validation_score" else -self.target
            if rising[-1] >= goal:
                return True
        if self.n_iter_no_change is None:
            return False
        patience = Patience(self.tol, self.n_iter_no_change)
        return any(patience.step(value) for value in rising)

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

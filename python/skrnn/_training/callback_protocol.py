"""The tasks of a fit, for callbacks of scikit-learn's protocol, which is new in 1.9."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from skrnn._training.loop import Run

try:
    from sklearn import callback as protocol
except ImportError:
    from skrnn._training import callbacks_before_1_9 as protocol

F = TypeVar("F", bound=Callable[..., Any])

CallbackSupportMixin: Any = protocol.CallbackSupportMixin


def with_callbacks(fit: F) -> F:
    """Call `teardown` of the callbacks at the end of a fit, however it ends."""
    managed: F = protocol.with_callbacks(fit)
    return managed


def just_ended(context: Any, run: Run) -> bool:
    """Whether a task is the last run epoch, and not a fit or an epoch before a resume."""
    return bool(context.max_subtasks == 0 and context.task_id + 1 == run.epochs)


class Epochs:
    """The tasks of a fit: itself, and in it each epoch.

    Parameters
    ----------
    estimator : estimator
    max_iter : int
        Largest number of epochs.
    done : int
        Epochs that the resumed fit has run before. They are empty tasks; only the last of them ends
        as if it had just been run.
    attributes : callable
        Returns the attributes that a copy of the estimator needs to predict in its current state.
    **data : object
        The `X`, `y` and `metadata` that callbacks may ask for.
    """

    def __init__(
        self,
        estimator: Any,
        max_iter: int,
        done: int,
        attributes: Callable[[], dict[str, Any]],
        **data: Any,
    ) -> None:
        self._estimator = estimator
        self._now = {"estimator": estimator, "reconstruction_attributes": attributes, **data}
        self._fit = estimator._init_callback_context(max_subtasks=max_iter)
        self._fit.call_on_fit_task_begin(estimator=estimator, **data)
        for epoch in range(done):
            self._epoch = self._fit.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(estimator=estimator)
            if epoch < done - 1:
                self._epoch.call_on_fit_task_end(estimator=estimator)

    def begin(self) -> None:
        """Tell the callbacks that an epoch begins."""
        self._epoch = self._fit.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(**self._now)

    def end(self) -> bool:
        """Tell the callbacks that the epoch ended; return whether one requests to stop."""
        return bool(self._epoch.call_on_fit_task_end(**self._now))

    def end_fit(self) -> None:
        """Tell the callbacks that the fit ended."""
        self._fit.call_on_fit_task_end(**self._now)

"""Fits that change the whole of an estimator, by one assignment, or nothing."""

from __future__ import annotations

import copy
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

Self = TypeVar("Self", bound="LearnsByTwin")

# What an estimator has while it is fitted, and at no other time.
IN_FIT = {
    "_run",
    "_network",
    "_checkpoint_file",
    "_callback_fit_ctx",
    "_skl_callbacks_to_teardown",
}

# Of each estimator, what a fit holds from its beginning to its end.
_fits: WeakKeyDictionary[Any, threading.Lock] = WeakKeyDictionary()


class LearnsByTwin(ABC):
    """Has a twin fitted in its place, which validation scores and callbacks see.

    The estimator is what it was until it takes over what the twin has learned, and that is one
    assignment: neither an error nor Ctrl-C leaves half of a fit behind.
    """

    def _learn(self: Self, fit: Callable[[Self], None]) -> Self:
        """Let a twin be fitted, and take over what it has learned, however the fit ends."""
        running = _fits.setdefault(self, threading.Lock())
        if running.locked() or hasattr(self, "_run"):
            raise RuntimeError(
                f"this {type(self).__name__} is being fitted; neither a callback nor another "
                "thread can fit it as well. Fit a copy: sklearn.base.clone(estimator).fit(X, y)"
            )
        with running:
            self._learn_alone(fit)
        return self

    def _learn_alone(self: Self, fit: Callable[[Self], None]) -> None:
        twin = copy.copy(self)
        try:
            try:
                fit(twin)
            finally:
                self._take_over(twin)
        finally:
            self._take_over(twin)  # again, in case Ctrl-C came while it did

    def _take_over(self: Self, twin: Self) -> None:
        learned = twin._learned()
        if learned is not None:
            self.__dict__ = twin.__getstate__() | learned

    @abstractmethod
    def _learned(self) -> dict[str, Any] | None:
        """Return by name what a fit leaves behind if it ends now, or None where it changes nothing.

        Called once more, it returns the same.
        """

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy has, or a pickle: nothing that is only there while fit runs."""
        state: dict[str, Any] = super().__getstate__()  # type: ignore[misc]  # BaseEstimator's
        return {name: value for name, value in state.items() if name not in IN_FIT}

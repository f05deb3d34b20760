"""Fits of a copy, taken over by one assignment: an estimator changes as a whole or not at all."""

from __future__ import annotations

import copy
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

Self = TypeVar("Self", bound="LearnsByTwin")

# Attributes that an estimator has only while it is fitted.
IN_FIT = {
    "_run",
    "_network",
    "_checkpoint_file",
    "_series",
    "_threshold",
    "_callback_fit_ctx",
    "_skl_callbacks_to_teardown",
}

# A lock for each estimator, held during a fit.
_fits: WeakKeyDictionary[Any, threading.Lock] = WeakKeyDictionary()


class LearnsByTwin(ABC):
    """An estimator that fits a copy of itself, its twin, which scores and callbacks see.

    The estimator is unchanged until it takes over the state of the twin by one assignment: neither
    an error nor Ctrl-C leaves it half fitted.
    """

    def _learn(self: Self, fit: Callable[[Self], None]) -> Self:
        """Fit a twin, and take over what it has learned, however the fit ends."""
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
            self._take_over(twin)  # again, in case Ctrl-C came during the first call

    def _take_over(self: Self, twin: Self) -> None:
        learned = twin._learned()
        if learned is not None:
            self.__dict__ = twin.__getstate__() | learned

    @abstractmethod
    def _learned(self) -> dict[str, Any] | None:
        """Return the attributes to keep if the fit ends now, or None if it changes nothing.

        A second call returns the same.
        """

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes for copies and pickles, without those that exist only in fit."""
        state: dict[str, Any] = super().__getstate__()  # type: ignore[misc]  # BaseEstimator's
        return {name: value for name, value in state.items() if name not in IN_FIT}

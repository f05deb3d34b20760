"""The part of scikit-learn's callback protocol that our estimators use, for releases before 1.9.

Names and behaviour are those of `sklearn.callback`, which documents them. Missing is the part that
needs support by meta-estimators: callbacks are not propagated, and no task has parents beyond the
fit.
"""

from __future__ import annotations

import copy
import functools
import inspect
import uuid
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

HOOKS = ("setup", "on_fit_task_begin", "on_fit_task_end", "teardown")


class CallbackContext:
    """A task: a fit, or an epoch of one."""

    source_estimator_name = None
    source_task_name = None
    sequential_subtasks = True

    def __init__(self, estimator: Any, task_name: str, max_subtasks: int | None) -> None:
        self._callbacks = list(getattr(estimator, "_skl_callbacks", []))
        self._children = 0
        self.estimator_name = type(estimator).__name__
        self.task_name = task_name
        self.task_id = 0
        self.max_subtasks = max_subtasks
        self.parent: CallbackContext | None = None
        self.root_uuid = uuid.uuid4()
        self.init_time = datetime.now(timezone.utc)

    def subcontext(self, task_name: str = "", max_subtasks: int | None = 0) -> CallbackContext:
        child = copy.copy(self)
        child._children = 0
        child.task_name, child.task_id = task_name, self._children
        child.max_subtasks, child.parent = max_subtasks, self
        child.init_time = datetime.now(timezone.utc)
        self._children += 1
        return child

    def call_on_fit_task_begin(self, *, estimator: Any, **offered: Any) -> CallbackContext:
        self._call("on_fit_task_begin", estimator, offered)
        return self

    def call_on_fit_task_end(self, *, estimator: Any, **offered: Any) -> bool:
        return self._call("on_fit_task_end", estimator, offered)

    def _call(self, hook: str, estimator: Any, offered: dict[str, Any]) -> bool:
        """Call a hook of all callbacks with the keyword arguments that it asks for."""
        attributes = offered.pop("reconstruction_attributes", None)
        if attributes is not None:
            offered["fitted_estimator"] = functools.cache(
                lambda: _fitted(estimator, attributes() if callable(attributes) else attributes)
            )
        stop = False
        for callback in self._callbacks:
            method = getattr(callback, hook)
            asked = {
                name: offered.get(name)
                for name, parameter in inspect.signature(method).parameters.items()
                if parameter.kind == parameter.KEYWORD_ONLY
            }
            values = {name: v() if callable(v) else v for name, v in asked.items()}
            stop = bool(method(estimator, self, **values)) or stop
        return stop


def _fitted(estimator: Any, attributes: dict[str, Any]) -> Any:
    twin = copy.copy(estimator)
    for name, value in attributes.items():
        setattr(twin, name, value)
    return twin


class CallbackSupportMixin:
    """Gives estimators `set_callbacks`."""

    def set_callbacks(self, *callbacks: Any) -> Any:
        """Set the callbacks of each epoch of fit, in place of earlier ones.

        Parameters
        ----------
        *callbacks : callbacks
            Of `skrnn.callbacks`, or other objects of scikit-learn's `FitCallback` protocol.

        Returns
        -------
        self : object

        Raises
        ------
        TypeError
            For classes, and for objects that lack a method of the protocol.
        """
        for callback in callbacks:
            if isinstance(callback, type) or not all(hasattr(callback, hook) for hook in HOOKS):
                raise TypeError(
                    f"callbacks must be instances with the methods {', '.join(HOOKS)}; got "
                    f"{callback!r}"
                )
        self.__dict__.pop("_skl_callbacks", None)
        if callbacks:
            self._skl_callbacks = list(callbacks)
        return self

    def __sklearn_clone__(self) -> Any:
        """Return an unfitted clone, which shares the callbacks."""
        clone = super().__sklearn_clone__()  # type: ignore[misc]  # BaseEstimator has it
        if hasattr(self, "_skl_callbacks"):
            clone._skl_callbacks = self._skl_callbacks
        return clone

    def _init_callback_context(
        self, task_name: str = "fit", *, max_subtasks: int | None = 0
    ) -> CallbackContext:
        self._callback_fit_ctx = CallbackContext(self, task_name, max_subtasks)
        self._skl_callbacks_to_teardown: list[Any] = []
        for callback in getattr(self, "_skl_callbacks", []):
            self._skl_callbacks_to_teardown.append(callback)
            callback.setup(estimator=self, context=self._callback_fit_ctx)
        return self._callback_fit_ctx


def with_callbacks(method: Callable[..., Any]) -> Callable[..., Any]:
    """Call `teardown` of the callbacks at the end of a fit, however it ends."""

    @functools.wraps(method)
    def managed(estimator: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(estimator, *args, **kwargs)
        finally:
            context = estimator.__dict__.pop("_callback_fit_ctx", None)
            for callback in estimator.__dict__.pop("_skl_callbacks_to_teardown", []):
                callback.teardown(estimator=estimator, context=context)

    return managed

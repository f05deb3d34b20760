"""The identity of a fit, which a checkpoint belongs to: settings and data, as text to compare."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from skrnn._sequences.container import Sequences
from skrnn._sequences.context import TextsInContext
from skrnn._training.loop import ENDING_SCHEDULES

Identity = dict[str, str]

# Parameters that do not change the bits of an epoch, or that are compared in another way.
FREE = {"max_iter", "n_jobs", "verbose", "warm_start", "random_state"}

# Names, for messages, of items that are compared by hash.
DIGESTS = {
    "X": "X",
    "context": "context",
    "y": "y",
    "sample_weight": "sample_weight",
    "X_val": "X_val",
    "context_val": "context_val",
    "y_val": "y_val",
    "sample_weight_val": "sample_weight_val",
    "random_state": "the seed drawn from random_state",
    "start": "the estimator that fit went on from",
}


def identity_of(estimator: Any, begin: bool, max_iter: int, **data: Any) -> Identity:
    """Return the identity of a fit.

    Parameters
    ----------
    estimator : SequenceEstimator
        Its history has the seed of the fit.
    begin : bool
        Whether the fit starts anew; else it continues from what the estimator has learned.
    max_iter : int
        Largest number of epochs, given or chosen.
    **data : Sequences, array or None
        The data of the fit, checked.
    """
    history = estimator._history
    identity = {"estimator": type(estimator).__name__}
    for name, value in estimator.get_params(deep=False).items():
        if name not in FREE:
            identity[name] = _text(value)
    if estimator.learning_rate in ENDING_SCHEDULES:
        # Such a schedule spans the fit: another length changes the weights from the first update
        # on.
        identity["max_iter"] = str(max_iter)
    # Without a random_state the seed may differ.
    identity["random_state"] = (
        "any" if begin and estimator.random_state is None else str(history.seed)
    )
    identity["start"] = (
        "begins anew"
        if begin
        else digest(*estimator.params_.values(), history.optimizer_state, np.array(history.losses))
    )
    for name, values in data.items():
        if isinstance(values, TextsInContext):
            identity[name.replace("X", "context")] = digest(*values.context.arrays)
        identity[name] = digest(*values.arrays) if isinstance(values, Sequences) else digest(values)
    return identity


def differences(saved: Identity, now: Identity) -> list[str]:
    """Return how two fits differ, one phrase for each."""
    found = []
    for name in [*now, *(name for name in saved if name not in now)]:
        one, other = saved.get(name), now.get(name)
        if one == other:
            continue
        found.append(
            f"{DIGESTS[name]} differs" if name in DIGESTS else f"{name} was {one} and is {other}"
        )
    return found


def digest(*arrays: Any) -> str:
    """Return a hash of types, shapes and values."""
    sha = hashlib.sha256()
    for array in arrays:
        if array is None:
            sha.update(b"None")
            continue
        array = np.ascontiguousarray(array)
        sha.update(f"{array.dtype} {array.shape}".encode())
        if array.dtype == object:
            sha.update("\0".join(map(repr, array.ravel().tolist())).encode())
        else:
            sha.update(array.data)
    return sha.hexdigest()


def _text(value: Any) -> str:
    """Return a parameter as text that is the same in every process."""
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if isinstance(value, Mapping):
        items = sorted(f"{_text(name)}: {_text(item)}" for name, item in value.items())
        return "{" + ", ".join(items) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_text, value)) + "]"
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))

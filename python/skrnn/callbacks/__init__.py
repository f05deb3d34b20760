"""Callbacks, which are called after each epoch of a fit.

`EarlyStopping` ends the training on a target, a time limit, or a curve that no longer improves;
`Checkpoint` saves it, so that a killed fit can be resumed, with the same bits.

Estimators take them with `set_callbacks`. From scikit-learn 1.9 on this is scikit-learn's protocol,
and its own callbacks work as well: `sklearn.callback.ProgressBar` and `ScoringMonitor`. Each epoch
of `fit` is a task. `partial_fit` calls no callbacks.
"""

from __future__ import annotations

from skrnn.callbacks._checkpoint import Checkpoint
from skrnn.callbacks._early_stopping import EarlyStopping

__all__ = ["Checkpoint", "EarlyStopping"]

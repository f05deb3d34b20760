"""Our side of fit.py."""

from __future__ import annotations

import skrnn
from peers.fit_task import Array, Labels, Predict, Task
from skrnn import RNNClassifier

WHO = "skrnn"
VERSION = skrnn.__version__


def _fit(X: list[Array], y: Labels, task: Task) -> Predict:
    model = RNNClassifier(
        "lstm",
        task.hidden,
        pooling="last",
        standardize=False,
        learning_rate="constant",
        batch_size=task.batch,
        learning_rate_init=task.rate,
        clip_norm=task.clip,
        max_iter=task.epochs,
        n_iter_no_change=task.epochs,  # no stop before the last epoch
        random_state=task.seed,
        n_jobs=task.threads,
    )
    model.fit(X, y)
    if model.n_iter_ != task.epochs:
        raise RuntimeError(f"{model.n_iter_} epochs were run instead of {task.epochs}")
    return model.predict


VARIANTS = {"list of arrays": _fit}

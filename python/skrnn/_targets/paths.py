"""The most probable sequences of labels of a model with transitions (a CRF); NumPy only."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._sequences.ragged import by_sequence
from skrnn._sequences.spelling import Steps

Paths = list[tuple[NDArray[Any], float]]

# Scores that are learned stay far above; those of forbidden transitions are -10000.
_FORBIDDEN_BELOW = -5000.0


def best_labels(
    model: _core.Model, steps: Steps, classes: NDArray[Any], n_jobs: int | None
) -> NDArray[Any]:
    """Return the most probable labels of each sequence, n arrays of shape (T_i,)."""
    values, offsets, spellings = steps
    labels, _ = model.best_paths(values, offsets, spellings=spellings, n_jobs=n_jobs)
    return by_sequence(classes[labels[0]], offsets)


def n_best(
    model: _core.Model, steps: Steps, classes: NDArray[Any], n: int, n_jobs: int | None
) -> list[Paths]:
    """Return the `n` most probable (labels, log-probability) of each sequence, best first.

    Paths with a forbidden transition are left out, except for the best of a sequence that has no
    other.
    """
    values, offsets, spellings = steps
    n = min(n, len(classes) ** int(np.diff(offsets).max()))  # no sequence has more
    labels, scores = model.best_paths(values, offsets, n, spellings=spellings, n_jobs=n_jobs)
    parameters = model.parameters
    between, start, end = (
        parameters[f"crf.{name}"] > _FORBIDDEN_BELOW for name in ("transitions", "start", "end")
    )

    def is_allowed(path: NDArray[np.int64]) -> bool:
        return bool(start[path[0]] and end[path[-1]] and between[path[:-1], path[1:]].all())

    return [
        [
            (classes[path], float(score))
            for rank, (path, score) in enumerate(zip(labels[:, a:b], of_paths, strict=True))
            if np.isfinite(score) and (rank == 0 or is_allowed(path))
        ]
        for (a, b), of_paths in zip(pairwise(offsets.tolist()), scores.T, strict=True)
    ]

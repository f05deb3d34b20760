"""Rules for the parameters that estimators have in common."""

from __future__ import annotations

import numpy as np

from skrnn import _core
from skrnn._parameters import (
    Rule,
    boolean,
    boolean_or,
    integer,
    integer_or,
    loudness,
    one_of,
    real,
    scorer,
    seed,
    threads,
)

POOLINGS = ("last", "mean", "max", "attention", "last_mean_max")
SCHEDULES = ("constant", "cosine", "one_cycle", "plateau")
# Parameters that every estimator has, and their rules.
RULES: dict[str, Rule] = {
    "cell": one_of(_core.cells()),
    "hidden_size": integer(1),
    "num_layers": integer(1),
    "bidirectional": boolean(),
    "pooling": one_of(POOLINGS),
    "embedding_size": integer_or("auto", 1),
    "min_frequency": integer(1),
    "standardize": boolean_or("auto"),
    "dropout": real(0, 1, "[)"),
    "recurrent_dropout": real(0, 1, "[)"),
    "solver": one_of(_core.solvers()),
    "learning_rate_init": real(0, np.inf, "()"),
    "learning_rate": one_of(SCHEDULES),
    "alpha": real(0, np.inf, "[)"),
    "clip_norm": real(0, np.inf, "()", none=True),
    "batch_size": integer(1),
    "max_iter": integer(1, none=True),
    "tol": real(0, np.inf, "[)"),
    "n_iter_no_change": integer(1),
    "early_stopping": boolean(),
    "validation_fraction": real(0, 1, "()"),
    "scoring": scorer(),
    "tbptt": integer(1, none=True),
    "warm_start": boolean(),
    "random_state": seed(),
    "verbose": loudness(),
    "n_jobs": threads(),
}

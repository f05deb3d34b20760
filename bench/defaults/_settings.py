"""The settings compared: the defaults, and variants that change one parameter or a few.

A setting has parameters of the estimator and these further keys: `scaled` (whether a StandardScaler
precedes the estimator), `updates` (their number, which sets the epochs), `keeping_bias` (the bias
of the gate that keeps the state, a number or "chrono"), `averaged` (whether the weights of the last
quarter of a fit are averaged).
"""

from __future__ import annotations

from typing import Any

BEFORE = {
    "cell": "lstm",
    "pooling": "last",
    "learning_rate_init": 1e-3,
    "learning_rate": "constant",
    "batch_size": 32,
    "max_iter": 100,
    "keeping_bias": 1.0,
}
RAW = {"scaled": False}

SETTINGS: dict[str, dict[str, Any]] = {
    "default": {},
    "before": BEFORE,
    "before, gru": BEFORE | {"cell": "gru"},
    "before, max, 3e-3, 200 epochs to the end": BEFORE
    | {"pooling": "max", "learning_rate_init": 3e-3, "max_iter": 200, "n_iter_no_change": 200},
    "lstm": {"cell": "lstm"},
    "rnn": {"cell": "rnn"},
    "last_mean_max": {"pooling": "last_mean_max"},
    "last": {"pooling": "last"},
    "mean": {"pooling": "mean"},
    "max": {"pooling": "max"},
    "attention": {"pooling": "attention"},
    "bidirectional": {"bidirectional": True},
    "bidirectional, max": {"bidirectional": True, "pooling": "max"},
    "rate 3e-3": {"learning_rate_init": 3e-3},
    "rate 3e-2": {"learning_rate_init": 3e-2},
    "cosine": {"learning_rate": "cosine"},
    "constant": {"learning_rate": "constant", "n_iter_no_change": 200},
    "constant, averaged weights": {"learning_rate": "constant", "averaged": True},
    "500 updates": {"updates": 500},
    "2,000 updates": {"updates": 2000},
    "100 epochs": {"max_iter": 100},
    "100 epochs, early stopping on a quarter": {
        "max_iter": 100,
        "early_stopping": True,
        "validation_fraction": 0.25,
    },
    "batches of 8": {"batch_size": 8},
    "batches of 32": {"batch_size": 32},
    "update bias 1": {"keeping_bias": 1.0},
    "chrono": {"keeping_bias": "chrono"},
    "last, update bias 1": {"pooling": "last", "keeping_bias": 1.0},
    "last, chrono": {"pooling": "last", "keeping_bias": "chrono"},
    "32 units": {"hidden_size": 32},
    "128 units": {"hidden_size": 128},
    "two layers": {"num_layers": 2},
    "dropout 0.2": {"dropout": 0.2},
    "gradients up to 5": {"clip_norm": 5.0},
    "gradients of any length": {"clip_norm": None},
    "nothing before it": RAW,
    "nothing before it, not standardised": RAW | {"standardize": False},
}

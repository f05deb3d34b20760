"""Is a day's power demand one of summer or of winter? 67 days to learn from, 1,029 for the test.

A day is 24 hourly values, standardised in the files. Settings were compared on the training part by
cross-validation, stratified, five folds, twice.

    lstm last             accuracy 0.9484  log-loss 0.2323
    gru last              accuracy 0.9478  log-loss 0.1368
    gru mean              accuracy 0.9192  log-loss 0.2992
    bigru last            accuracy 0.9626  log-loss 0.1612
    bilstm mean           accuracy 0.9478  log-loss 0.2684
    bigru mean            accuracy 0.9269  log-loss 0.2497
    bigru max             accuracy 0.9484  log-loss 0.1934
    gru last, 120 epochs  accuracy 0.9478  log-loss 0.2096
    gru last, rate 1e-2   accuracy 0.9478  log-loss 0.2502
    gru last, dropouts    accuracy 0.9698  log-loss 0.1163
    lstm last, dropouts   accuracy 0.9412  log-loss 0.1334
    bigru last, dropouts  accuracy 0.9703  log-loss 0.1134
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sklearn.model_selection import RepeatedStratifiedKFold

from _data import ucr_uea
from _question import Part, Question, accuracy, main, parts
from skrnn import RNNClassifier

BASE = {"learning_rate_init": 3e-3, "max_iter": 60, "learning_rate": "cosine"}
DROPOUTS = {"dropout": 0.5, "recurrent_dropout": 0.3}
SETTINGS: dict[str, dict[str, Any]] = {
    "lstm last": BASE,
    "gru last": BASE | {"cell": "gru"},
    "gru mean": BASE | {"cell": "gru", "pooling": "mean"},
    "bigru last": BASE | {"cell": "gru", "bidirectional": True},
    "bilstm mean": BASE | {"bidirectional": True, "pooling": "mean"},
    "bigru mean": BASE | {"cell": "gru", "bidirectional": True, "pooling": "mean"},
    "bigru max": BASE | {"cell": "gru", "bidirectional": True, "pooling": "max"},
    "gru last, 120 epochs": BASE | {"cell": "gru", "max_iter": 120},
    "gru last, rate 1e-2": BASE | {"cell": "gru", "learning_rate_init": 1e-2},
    "gru last, dropouts": BASE | {"cell": "gru"} | DROPOUTS,
    "lstm last, dropouts": BASE | DROPOUTS,
    "bigru last, dropouts": BASE | {"cell": "gru", "bidirectional": True} | DROPOUTS,
}


def load(data: Path) -> tuple[list[Part], Part]:
    split = ucr_uea(data, "ItalyPowerDemand")
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0).split(split.y, split.y)
    return parts(split.X, split.y, folds), Part(*split)


def make(seed: int, n_jobs: int | None, **settings: Any) -> Any:
    return RNNClassifier(
        batch_size=16,
        n_iter_no_change=settings["max_iter"],
        random_state=seed,
        n_jobs=n_jobs,
        **settings,
    )


QUESTION = Question(
    name="italy_power_demand",
    metric="accuracy",
    target=0.967,
    published={"TWIESN": 0.871, "1NN-DTW": 0.950, "LSTM-FCN": 0.962},
    settings=SETTINGS,
    chosen="bigru last, dropouts",
    load=load,
    make=make,
    score=accuracy,
)

if __name__ == "__main__":
    main(QUESTION, __doc__)

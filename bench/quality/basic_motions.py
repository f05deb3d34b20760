"""BasicMotions: the activity, of four, of a watch's wearer. 40 recordings, 40 for the test.

A recording is 100 steps of three accelerations and three rotations. Settings were compared on the
training part by cross-validation, stratified, four folds, twice.

    lstm last            accuracy 0.9000  log-loss 0.4607
    gru last             accuracy 0.9625  log-loss 0.1846
    lstm mean            accuracy 0.8500  log-loss 0.8555
    gru mean             accuracy 0.9750  log-loss 0.1335
    gru max              accuracy 0.9625  log-loss 0.2112
    gru attention        accuracy 0.9500  log-loss 0.2955
    bigru mean           accuracy 0.9750  log-loss 0.1604
    bigru max            accuracy 1.0000  log-loss 0.0103
    bigru mean, dropout  accuracy 0.9625  log-loss 0.1244
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sklearn.model_selection import RepeatedStratifiedKFold

from _data import ucr_uea
from _models import scaled_classifier
from _question import Part, Question, accuracy, main, parts

BASE = {"learning_rate_init": 3e-3, "max_iter": 100, "learning_rate": "cosine", "batch_size": 8}
GRU = BASE | {"cell": "gru"}
SETTINGS: dict[str, dict[str, Any]] = {
    "lstm last": BASE,
    "gru last": GRU,
    "lstm mean": BASE | {"pooling": "mean"},
    "gru mean": GRU | {"pooling": "mean"},
    "gru max": GRU | {"pooling": "max"},
    "gru attention": GRU | {"pooling": "attention"},
    "bigru mean": GRU | {"bidirectional": True, "pooling": "mean"},
    "bigru max": GRU | {"bidirectional": True, "pooling": "max"},
    "bigru mean, dropout": GRU | {"bidirectional": True, "pooling": "mean", "dropout": 0.5},
}


def load(data: Path) -> tuple[list[Part], Part]:
    split = ucr_uea(data, "BasicMotions")
    folds = RepeatedStratifiedKFold(n_splits=4, n_repeats=2, random_state=0).split(split.y, split.y)
    return parts(split.X, split.y, folds), Part(*split)


QUESTION = Question(
    name="basic_motions",
    metric="accuracy",
    target=0.97,
    published={"kernel SVM": 1.0, "1NN-DTW": 0.975},
    settings=SETTINGS,
    chosen="bigru max",
    load=load,
    make=scaled_classifier,
    score=accuracy,
)

if __name__ == "__main__":
    main(QUESTION, __doc__)

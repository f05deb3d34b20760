"""MovementAAL: whether a walk leads into another room. Four signal strengths, 314 walks, one split.

One half for training and one for the test, stratified by house and target, drawn once: published
figures are of other halves. Settings were compared on the training half by cross-validation,
stratified in the same way, five folds.

    lstm last                         accuracy 0.8524  log-loss 0.8885
    gru last                          accuracy 0.8591  log-loss 0.9310
    gru mean                          accuracy 0.8532  log-loss 1.0612
    gru max                           accuracy 0.8208  log-loss 0.8710
    bigru last                        accuracy 0.8720  log-loss 0.8285
    bigru mean                        accuracy 0.8976  log-loss 0.6678
    bilstm max                        accuracy 0.8782  log-loss 0.4434
    bigru max                         accuracy 0.8593  log-loss 0.5975
    bigru attention                   accuracy 0.8524  log-loss 0.9289
    bigru max, dropout                accuracy 0.8657  log-loss 0.5677
    bigru mean, dropouts              accuracy 0.9107  log-loss 0.3911
    bigru max, dropouts               accuracy 0.8909  log-loss 0.3174
    gru last, dropouts                accuracy 0.8403  log-loss 0.5191
    bigru mean, dropouts, 200 epochs  accuracy 0.9046  log-loss 0.5097
    bigru mean, two layers, dropouts  accuracy 0.9296  log-loss 0.4502
    bigru mean, weight decay          accuracy 0.9105  log-loss 0.5344
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold, train_test_split

from _data import movement_aal
from _models import scaled_classifier
from _question import Part, Question, accuracy, main, parts

BASE = {"learning_rate_init": 3e-3, "max_iter": 100, "learning_rate": "cosine", "batch_size": 16}
GRU = BASE | {"cell": "gru"}
DROPOUTS = {"dropout": 0.5, "recurrent_dropout": 0.3}
BIGRU = GRU | {"bidirectional": True}
SETTINGS: dict[str, dict[str, Any]] = {
    "lstm last": BASE,
    "gru last": GRU,
    "gru mean": GRU | {"pooling": "mean"},
    "gru max": GRU | {"pooling": "max"},
    "bigru last": BIGRU,
    "bigru mean": BIGRU | {"pooling": "mean"},
    "bilstm max": BASE | {"bidirectional": True, "pooling": "max"},
    "bigru max": BIGRU | {"pooling": "max"},
    "bigru attention": BIGRU | {"pooling": "attention"},
    "bigru max, dropout": BIGRU | {"pooling": "max", "dropout": 0.5},
    "bigru mean, dropouts": BIGRU | {"pooling": "mean"} | DROPOUTS,
    "bigru max, dropouts": BIGRU | {"pooling": "max"} | DROPOUTS,
    "gru last, dropouts": GRU | DROPOUTS,
    "bigru mean, dropouts, 200 epochs": BIGRU | {"pooling": "mean", "max_iter": 200} | DROPOUTS,
    "bigru mean, two layers, dropouts": BIGRU | {"pooling": "mean", "num_layers": 2} | DROPOUTS,
    "bigru mean, weight decay": BIGRU | {"pooling": "mean", "solver": "adamw", "alpha": 0.1},
}


def load(data: Path) -> tuple[list[Part], Part]:
    X, y, houses = movement_aal(data)
    kinds = houses * 2 + (y > 0)
    fitted, tested = train_test_split(
        np.arange(len(X)), test_size=0.5, stratify=kinds, random_state=0
    )
    X_train = [X[i] for i in fitted]
    folds = StratifiedKFold(5, shuffle=True, random_state=0).split(fitted, kinds[fitted])
    final = Part(X_train, y[fitted], [X[i] for i in tested], y[tested])
    return parts(X_train, y[fitted], folds), final


QUESTION = Question(
    name="movement_aal",
    metric="accuracy",
    target=0.90,
    published={"SVM": 0.656, "LSTM-FCN": 0.733, "MLSTM-FCN": 0.796},
    settings=SETTINGS,
    chosen="bigru mean, two layers, dropouts",
    load=load,
    make=scaled_classifier,
    score=accuracy,
)

if __name__ == "__main__":
    main(QUESTION, __doc__)

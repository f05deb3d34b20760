"""JapaneseVowels: the speaker, of nine, of two vowels. 270 utterances for training, 370 to test.

Channels are standardised. Settings were compared on the training part by cross-validation,
stratified, five folds.

    lstm last                             accuracy 0.9444  log-loss 0.1776
    gru last                              accuracy 0.9593  log-loss 0.1133
    lstm mean                             accuracy 0.9333  log-loss 0.2649
    gru mean                              accuracy 0.9481  log-loss 0.1996
    gru attention                         accuracy 0.9593  log-loss 0.1219
    bigru last                            accuracy 0.9741  log-loss 0.0868
    bilstm mean                           accuracy 0.9593  log-loss 0.1144
    bigru mean                            accuracy 0.9593  log-loss 0.1135
    bigru max                             accuracy 0.9704  log-loss 0.0861
    bigru mean, dropout                   accuracy 0.9704  log-loss 0.1089
    bigru mean, dropouts                  accuracy 0.9704  log-loss 0.1020
    bigru last, dropout                   accuracy 0.9815  log-loss 0.0751
    bigru last, dropouts                  accuracy 0.9778  log-loss 0.0726
    bigru last, dropouts, 120 epochs      accuracy 0.9778  log-loss 0.0655
    bigru max, dropouts                   accuracy 0.9704  log-loss 0.0828
    bigru max, dropouts, 120 epochs       accuracy 0.9741  log-loss 0.0824
    bigru 128 last, dropouts, 120 epochs  accuracy 0.9741  log-loss 0.0709
    bilstm last, dropouts                 accuracy 0.9741  log-loss 0.0801
    bigru attention, dropouts             accuracy 0.9667  log-loss 0.1082
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sklearn.model_selection import StratifiedKFold

from _data import ucr_uea
from _models import scaled_classifier
from _question import Part, Question, accuracy, main, parts

BASE = {"learning_rate_init": 3e-3, "max_iter": 60, "learning_rate": "cosine"}
BIGRU = BASE | {"cell": "gru", "bidirectional": True}
DROPOUTS = {"dropout": 0.5, "recurrent_dropout": 0.3}
SETTINGS: dict[str, dict[str, Any]] = {
    "lstm last": BASE,
    "gru last": BASE | {"cell": "gru"},
    "lstm mean": BASE | {"pooling": "mean"},
    "gru mean": BASE | {"cell": "gru", "pooling": "mean"},
    "gru attention": BASE | {"cell": "gru", "pooling": "attention"},
    "bigru last": BIGRU,
    "bilstm mean": BASE | {"bidirectional": True, "pooling": "mean"},
    "bigru mean": BIGRU | {"pooling": "mean"},
    "bigru max": BIGRU | {"pooling": "max"},
    "bigru mean, dropout": BIGRU | {"pooling": "mean", "dropout": 0.5},
    "bigru mean, dropouts": BIGRU | {"pooling": "mean"} | DROPOUTS,
    "bigru last, dropout": BIGRU | {"dropout": 0.5},
    "bigru last, dropouts": BIGRU | DROPOUTS,
    "bigru last, dropouts, 120 epochs": BIGRU | DROPOUTS | {"max_iter": 120},
    "bigru max, dropouts": BIGRU | {"pooling": "max"} | DROPOUTS,
    "bigru max, dropouts, 120 epochs": BIGRU | {"pooling": "max"} | DROPOUTS | {"max_iter": 120},
    "bigru 128 last, dropouts, 120 epochs": BIGRU
    | DROPOUTS
    | {"hidden_size": 128, "max_iter": 120},
    "bilstm last, dropouts": BASE | {"bidirectional": True} | DROPOUTS,
    "bigru attention, dropouts": BIGRU | {"pooling": "attention"} | DROPOUTS,
}


def load(data: Path) -> tuple[list[Part], Part]:
    split = ucr_uea(data, "JapaneseVowels")
    folds = StratifiedKFold(5, shuffle=True, random_state=0).split(split.y, split.y)
    return parts(split.X, split.y, folds), Part(*split)


QUESTION = Question(
    name="japanese_vowels",
    metric="accuracy",
    target=0.975,
    published={"TWIESN": 0.965, "MLP": 0.976, "FCN": 0.993, "LSTM-FCN": 0.99, "1NN-DTW": 0.949},
    settings=SETTINGS,
    chosen="bigru last, dropout",
    load=load,
    make=scaled_classifier,
    score=accuracy,
)

if __name__ == "__main__":
    main(QUESTION, __doc__)

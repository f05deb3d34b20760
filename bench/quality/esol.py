"""ESOL: the solubility of a molecule from its SMILES string. 1,128 molecules, one split.

Four fifths for training and a fifth for the test, drawn once; SMILES-X has as many for training,
and writes every molecule in several ways, which is not done here. Tokens are the atoms and signs of
the formula (a regular expression: "Cl" and "[nH]" are one token). Settings were compared on the
training part by cross-validation, five folds.

    gru last             RMSE 0.7433
    lstm mean            RMSE 0.8135
    gru mean             RMSE 0.7682
    bigru last           RMSE 0.8010
    bigru mean           RMSE 0.7215
    bigru max            RMSE 0.6905
    gru max              RMSE 0.7067
    bigru max, dropouts  RMSE 0.7322
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from sklearn.model_selection import KFold, train_test_split
from sklearn.pipeline import make_pipeline

from _baseline import baseline
from _data import esol
from _models import THEN
from _question import Part, Question, main, parts, rmse
from skrnn import RNNRegressor
from skrnn.preprocessing import TokenEncoder

TOKENS = r"\[[^\]]+\]|Br|Cl|%\d\d|."

BASE = {
    "cell": "gru",
    "embedding_size": 32,
    "learning_rate_init": 3e-3,
    "max_iter": 60,
    "learning_rate": "cosine",
}
DROPOUTS = {"dropout": 0.2, "recurrent_dropout": 0.2}
SETTINGS: dict[str, dict[str, Any]] = {
    "gru last": BASE,
    "lstm mean": BASE | {"cell": "lstm", "pooling": "mean"},
    "gru mean": BASE | {"pooling": "mean"},
    "bigru last": BASE | {"bidirectional": True},
    "bigru mean": BASE | {"bidirectional": True, "pooling": "mean"},
    "bigru max": BASE | {"bidirectional": True, "pooling": "max"},
    "gru max": BASE | {"pooling": "max"},
    "bigru max, dropouts": BASE | DROPOUTS | {"bidirectional": True, "pooling": "max"},
}


def load(data: Path) -> tuple[list[Part], Part]:
    texts, y = esol(data)
    X, X_test, y, y_test = train_test_split(texts, y, test_size=0.2, random_state=0)
    folds = KFold(5, shuffle=True, random_state=0).split(X)
    return parts(X, y, folds), Part(X, y, X_test, y_test)


def make(seed: int, n_jobs: int | None, **settings: Any) -> Any:
    return make_pipeline(
        TokenEncoder(lowercase=False, token_pattern=TOKENS),
        RNNRegressor(
            n_iter_no_change=settings["max_iter"],
            random_state=seed,
            n_jobs=n_jobs,
            **(THEN | settings),
        ),
    )


QUESTION = Question(
    name="esol",
    metric="RMSE",
    target=0.75,
    published={"SMILES-X": 0.57},
    settings=SETTINGS,
    chosen="bigru max",
    load=load,
    make=make,
    score=rmse,
    baseline=partial(baseline, "regression", tokens=TOKENS, lowercase=False),
    larger_is_better=False,
)

if __name__ == "__main__":
    main(QUESTION, __doc__)

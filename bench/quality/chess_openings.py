"""Chess openings: 3,807 named lines of play; the next move, from the moves before it.

A fifth of the lines, drawn once, is for the test; settings were compared on the rest by
cross-validation, four folds. Lines share their beginnings, so that much can be known from counts:
the baseline looks back on six moves.

    settings           top-1            top-3
    baseline           0.5688 ± 0.0036  0.8071 ± 0.0049
    defaults           0.5999 ± 0.0030  0.8326 ± 0.0049
    lstm 128           0.6042 ± 0.0029  0.8355 ± 0.0055
    lstm 128, dropout  0.5995 ± 0.0035  0.8333 ± 0.0046
    lstm 256, dropout  0.6053 ± 0.0027  0.8392 ± 0.0055
    gru 128, dropout   0.5987 ± 0.0031  0.8301 ± 0.0054

The best in top-1 was chosen.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import KFold, train_test_split

from _ngrams import NGrams
from _question import Part, Question, main
from skrnn import RNNLanguageModel

BASE = {"max_iter": 20}
SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "lstm 128": BASE,
    "lstm 128, dropout": BASE | {"dropout": 0.3},
    "lstm 256, dropout": BASE | {"hidden_size": 256, "dropout": 0.5, "learning_rate_init": 5e-3},
    "gru 128, dropout": BASE | {"cell": "gru", "dropout": 0.3},
}


def load(data: Path) -> tuple[list[Part], Part]:
    games = []
    for path in sorted((data / "chess_openings").glob("?.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            moves = line.split("\t")[2].split()
            games.append([move for move in moves if not re.fullmatch(r"\d+\.+", move)])
    train, test = train_test_split(games, test_size=0.2, random_state=0)
    folds = [
        Part([train[i] for i in fitted], None, [train[i] for i in held_out], None)
        for fitted, held_out in KFold(4, shuffle=True, random_state=0).split(train)
    ]
    return folds, Part(train, None, test, None)


def make(seed: int, n_jobs: int | None, **settings: Any) -> Any:
    return RNNLanguageModel(random_state=seed, n_jobs=n_jobs, **settings)


def score(model: Any, X: Any, y: Any) -> dict[str, float]:  # noqa: ARG001
    """How often the move that was played is the most probable one, or among the first three."""
    prefixes = [game[:i] for game in X for i in range(len(game))]
    played = [move for game in X for move in game]
    if isinstance(model, NGrams):
        best = model.ranked(prefixes, 3)
    else:
        moves = model.classes_[1:-1]  # neither the unknown move nor the end
        rows = model.predict_proba(prefixes)[:, 1:-1]
        best = [list(moves[np.argsort(-row, kind="stable")[:3]]) for row in rows]
    first = [moves[0] == move for moves, move in zip(best, played, strict=True)]
    three = [move in moves for moves, move in zip(best, played, strict=True)]
    return {"top-1": float(np.mean(first)), "top-3": float(np.mean(three))}


QUESTION = Question(
    name="chess_openings",
    metric="top-1",
    target=None,
    published={},
    settings=SETTINGS,
    chosen="lstm 256, dropout",
    load=load,
    make=make,
    score=score,
    baseline=lambda: NGrams(6),
)

if __name__ == "__main__":
    main(QUESTION, __doc__)

"""SMILES: molecules as texts; the share of 1,000 generated ones that RDKit parses.

The 1,128 formulas of ESOL, whose numbers are not used; needs ``rdkit``. Of what is generated, it
also counts what is parsed, is no formula of the training part and was not written before. Settings
were compared by cross-validation on four fifths, five folds; the rest is for the final score in
nats a character. The baseline counts what follows eight characters: it copies.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sklearn.model_selection import KFold, train_test_split

from _data import esol
from _ngrams import NGrams
from _question import Part, Question, main
from skrnn import RNNLanguageModel

COUNT = 1000
BASE = {"max_iter": 60}
SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "lstm 128": BASE,
    "lstm 128, dropout": BASE | {"dropout": 0.2},
    "lstm 256, dropout": BASE | {"hidden_size": 256, "dropout": 0.2, "learning_rate_init": 5e-3},
    "2 x gru 128, dropout": BASE | {"cell": "gru", "num_layers": 2, "dropout": 0.2},
    "2 x gru 128, 120 epochs": BASE
    | {"cell": "gru", "num_layers": 2, "dropout": 0.3, "max_iter": 120},
    "2 x gru 256, dropout": BASE
    | {"cell": "gru", "num_layers": 2, "hidden_size": 256, "dropout": 0.4}
    | {"learning_rate_init": 5e-3},
}


def load(data: Path) -> tuple[list[Part], Part]:
    texts, _ = esol(data)
    train, test = train_test_split(texts, test_size=0.2, random_state=0)
    folds = [
        Part([train[i] for i in fitted], train, [train[i] for i in held_out], train)
        for fitted, held_out in KFold(5, shuffle=True, random_state=0).split(train)
    ]
    return folds, Part(train, train, test, train)


def make(seed: int, n_jobs: int | None, **settings: Any) -> Any:
    return RNNLanguageModel(random_state=seed, n_jobs=n_jobs, **settings)


def score(model: Any, X: Any, known: Any) -> dict[str, float]:
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")  # it prints why it refuses each one
    if isinstance(model, NGrams):
        texts = model.write(COUNT, seed=0)
    else:
        texts = model.generate(
            max_new_tokens=200, num_return_sequences=COUNT, random_state=model.random_state
        )
    valid = [text for text in texts if text and Chem.MolFromSmiles(text) is not None]
    new = set(valid) - set(known)
    return {
        "valid": len(valid) / COUNT,
        "valid and new": len(new) / COUNT,
        "nats/char": -model.score(X),
    }


QUESTION = Question(
    name="smiles",
    metric="valid",
    target=0.8,
    published={},
    settings=SETTINGS,
    chosen="lstm 128, dropout",
    load=load,
    make=make,
    score=score,
    baseline=lambda: NGrams(8),
)

if __name__ == "__main__":
    main(QUESTION, __doc__)

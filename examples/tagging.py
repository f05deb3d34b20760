"""The part of speech of every word: what the words tell, their letters, and the labels beside.

Without arguments the sentences are of an invented language: a noun or a verb ends in -a, an
adjective or an adverb in -o, the ending of other words is their own, and a grammar tells which part
follows which. Every fifth noun, verb, adjective and adverb is a new word.

    python examples/tagging.py                        # some seconds
    python examples/tagging.py some.conllu            # a file of Universal Dependencies (UPOS)

Prints the share of right labels, of all words and of those that training has not seen, and saves
tagging.png: the shares of wrong labels, and for one sentence the probability of each label at each
word.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from skrnn import RNNTagger

PICTURE = Path("tagging.png")
ENDINGS = {"NOUN": "a", "VERB": "a", "ADJ": "o", "ADV": "o"}
CLOSED = {"DET": ["li", "so", "ken"], "ADP": ["enu", "peru", "isu"]}
GRAMMAR = {  # what may follow, each as often
    "START": ["DET", "ADV", "NOUN"],
    "DET": ["ADJ", "NOUN"],
    "ADJ": ["ADJ", "NOUN"],
    "NOUN": ["VERB", "ADV", "ADP", "END"],
    "VERB": ["DET", "ADV", "ADP", "ADJ", "END"],
    "ADV": ["DET", "VERB"],
    "ADP": ["DET", "NOUN"],
}
MODELS = {
    "words": {"min_frequency": 2},
    "words and letters": {"characters": True},
    "words, letters and a CRF": {"characters": True, "crf": True},
}

Sentences = list[list[str]]


def invented(n: int, rng: np.random.Generator) -> tuple[Sentences, Sentences]:
    """Sentences of the invented language, and the parts of speech of their words."""

    def stem() -> str:
        return "".join(rng.choice([*"bdfgklmnprstvz"]) + rng.choice([*"aeiou"]) for _ in range(2))

    known = {part: [stem() + ending for _ in range(60)] for part, ending in ENDINGS.items()}
    known["VERB"][:30] = known["NOUN"][:30]  # these are both
    known |= CLOSED
    X, y = [], []
    for _ in range(n):
        words: list[str] = []
        parts: list[str] = []
        part = str(rng.choice(GRAMMAR["START"]))
        while part != "END" and len(parts) < 15:
            new = part in ENDINGS and rng.random() < 0.2
            words.append(stem() + ENDINGS[part] if new else str(rng.choice(known[part])))
            parts.append(part)
            part = str(rng.choice(GRAMMAR[part]))
        X.append(words)
        y.append(parts)
    return X, y


def read(path: Path) -> tuple[Sentences, Sentences]:
    """The words of a CoNLL-U file, and their universal parts of speech."""
    X, y = [], []
    for sentence in path.read_text(encoding="utf-8").split("\n\n"):
        rows = [line.split("\t") for line in sentence.splitlines() if not line.startswith("#")]
        rows = [row for row in rows if row[0].isdecimal()]  # not 1-2 and 1.1
        if rows:
            X.append([row[1] for row in rows])
            y.append([row[3] for row in rows])
    return X, y


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("conllu", type=Path, nargs="?", help="sentences to read")
    path = parser.parse_args().conllu
    X, y = invented(300, np.random.default_rng(0)) if path is None else read(path)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=0)
    seen = {word for words in X_train for word in words}
    unseen = np.array([word not in seen for words in X_test for word in words])
    true = np.concatenate(y_test)
    print(f"{len(X_train)} sentences to learn from, {len(X_test)} to label")
    print(f"{'':<26} all words   {unseen.mean():.0%} unseen")

    shares = {}
    for name, settings in MODELS.items():
        model = RNNTagger("lstm", 32, max_iter=8, random_state=0, **settings)
        model.fit(X_train, y_train)
        right = np.concatenate(model.predict(X_test)) == true
        shares[name] = right.mean(), right[unseen].mean() if unseen.any() else np.nan
        print(f"{name:<26} {shares[name][0]:9.3f} {shares[name][1]:10.3f}")

    best = model.n_best(X_test, 3)
    doubtful = min(
        (i for i, words in enumerate(X_test) if len(words) <= 12), key=lambda i: best[i][0][1]
    )
    shown = X_test[doubtful]
    print("\nThe most doubtful short sentence, and its three most probable readings:")
    for labels, log_probability in best[doubtful]:
        pairs = (f"{word}/{label}" for word, label in zip(shown, labels, strict=True))
        print(f"  {np.exp(log_probability):.4f}  {' '.join(pairs)}")

    mpl.use("Agg")
    figure, (left, right_side) = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
    for place, (name, values) in enumerate(shares.items()):
        left.bar(np.arange(2) + 0.27 * (place - 1), 1 - np.array(values), 0.25, label=name)
    left.set(xticks=[0, 1], xticklabels=["all words", "unseen words"], ylabel="wrong labels")
    left.legend(loc="upper left")
    image = right_side.imshow(model.predict_proba([shown])[0].T, vmin=0, vmax=1, aspect="auto")
    right_side.set(xticks=range(len(shown)), yticks=range(len(model.classes_)))
    right_side.set_xticklabels(shown, rotation=45, ha="right")
    right_side.set_yticklabels(model.classes_)
    figure.colorbar(image, label="probability")
    figure.savefig(PICTURE)
    print(f"\npicture  {PICTURE.resolve()}")


if __name__ == "__main__":
    main()

"""Read handwritten digits row by row with a GRU.

A digit of scikit-learn's `load_digits` is 8 rows of 8 pixels: a sequence of 8 steps of 8 channels.
Prints accuracy and time, and saves a plot of the training to digits_rows.png.
"""

from __future__ import annotations

import time
from pathlib import Path

import matplotlib as mpl
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skrnn import RNNClassifier
from skrnn.plotting import TrainingCurveDisplay

PICTURE = Path("digits_rows.png")


def main() -> None:
    digits = load_digits()
    X = digits.images / 16.0  # (1797, 8, 8): sequences, steps, channels
    X_train, X_test, y_train, y_test = train_test_split(
        X, digits.target, test_size=0.25, stratify=digits.target, random_state=0
    )

    # A tenth of the training digits is held out and scored after each epoch, for the plot.
    X_train, X_val, y_train, y_val = train_test_split(
        X_train, y_train, test_size=0.1, stratify=y_train, random_state=0
    )
    model = RNNClassifier(random_state=0)
    start = time.perf_counter()
    model.fit(X_train, y_train, X_val=X_val, y_val=y_val)
    seconds = time.perf_counter() - start

    cell, units = model.cell.upper(), model.hidden_size
    print(f"{cell} of {units} units, {len(X_train)} digits, {model.n_iter_} epochs")
    print(f"fit      {seconds:.2f} s")
    print(
        f"accuracy {model.score(X_test, y_test):.3f} on {len(X_test)} digits not seen in training"
    )

    mpl.use("Agg")
    TrainingCurveDisplay.from_estimator(model).figure_.savefig(PICTURE)
    print(f"picture  {PICTURE.resolve()}")


if __name__ == "__main__":
    main()

"""Watch gradients vanish, and how learning keeps them from it.

The class of a sequence stands in its first step, 60 steps of noise before the answer is due. The
picture gradient_flow.png shows for each cell how much the loss depends on the state after each
step: after one epoch the gradient fades on its way back to the first step, by a factor of a hundred
and more; when a cell has learned the task, it has learned to hand the gradient on.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

from skrnn import RNNClassifier
from skrnn.plotting import GradientFlowDisplay

PICTURE = Path("gradient_flow.png")


def main() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 300)
    X = rng.normal(size=(len(y), 60, 1))
    X[:, 0, 0] = 4 * y - 2

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
    for epochs, ax in zip((1, 40), axes, strict=True):
        models = {}
        for cell in ("rnn", "lstm", "gru"):
            model = RNNClassifier(
                cell, 32, max_iter=epochs, learning_rate_init=3e-3, random_state=0
            )
            models[cell] = model.fit(X, y)
            print(f"{cell:4} {model.n_iter_:2} epochs, accuracy {model.score(X, y):.2f}")
        GradientFlowDisplay.from_estimator(models, X, y, ax=ax)
        ax.set_title("after one epoch" if epochs == 1 else "when the task is learned")
    figure.savefig(PICTURE)
    print(f"picture {PICTURE.resolve()}")


if __name__ == "__main__":
    main()

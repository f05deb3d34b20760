"""Vanishing gradients, and the length of dependencies that each cell can learn.

The class of a sequence is in its first step, before some steps of noise. The plots in
gradient_flow.png, each with several seeds, which draw the weights and the data anew:

- After one epoch the gradient of the plain RNN fades exponentially on its way back: a straight line
  on this axis, for any seed. It starts with orthogonal recurrent weights, so that only the slope of
  tanh shrinks it, to some 88 % per step: after 60 steps a thousandth is left. The gates that keep a
  state are initially biased to keep it, the LSTM's forget gate by one and the GRU's update gate by
  two, and the recurrent weights pass on more: of the GRU's gradient a hundredth is left, and some
  LSTMs have opened their gates within this epoch.
- After 60 epochs of 60 steps all of them have learned to pass the gradient on: the lines are level.
  They differ in the size of the gradient: where the class was found (solid lines) the loss is
  almost zero, and its gradient, too. A network that has not found it is drawn dotted.
- The accuracy on unseen sequences is mostly close to one, or to one half, which is guessing: each
  dot is a seed. The line of their mean shows how often the class is found rather than how well. The
  plain RNN begins to miss it from 80 steps on; the flatter the gradient at first, the longer the
  sequences that are learned.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

from skrnn import RNNClassifier
from skrnn.plotting import GradientFlowDisplay

PICTURE = Path("gradient_flow.png")
CELLS = {"rnn": "tab:blue", "lstm": "tab:orange", "gru": "tab:green"}
LENGTHS = (20, 40, 60, 80, 100)
SHOWN = 60  # steps in the plots of gradients
EPOCHS = 60
SEEDS = range(6)


def task(steps: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, 300)
    X = rng.normal(size=(len(y), steps, 1))
    X[:, 0, 0] = 4 * y - 2
    return X, y


def fitted(cell: str, steps: int, seed: int, epochs: int = EPOCHS) -> RNNClassifier:
    model = RNNClassifier(
        cell,
        32,
        pooling="last",  # so that only the network can carry the class to the end
        learning_rate_init=3e-3,
        learning_rate="constant",
        max_iter=epochs,
        n_iter_no_change=epochs,  # no stop before the last epoch
        random_state=seed,
    )
    return model.fit(*task(steps, 2 * seed))


def accuracy(model: RNNClassifier, steps: int, seed: int) -> float:
    return model.score(*task(steps, 2 * seed + 1))


def draw_gradients(ax: mpl.axes.Axes, cell: str, model: RNNClassifier, seed: int) -> None:
    found = accuracy(model, SHOWN, seed) > 0.75
    GradientFlowDisplay.from_estimator(
        model,
        *task(SHOWN, 2 * seed),
        ax=ax,
        color=CELLS[cell],
        linewidth=1,
        linestyle="-" if found or model.n_iter_ == 1 else ":",
        label=cell if seed == 0 else None,
    )


def main() -> None:
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(14, 4), layout="constrained")
    axes[1].sharey(axes[0])
    for cell, color in CELLS.items():
        for seed in SEEDS:
            draw_gradients(axes[0], cell, fitted(cell, SHOWN, seed, epochs=1), seed)
        found = {}
        for steps in LENGTHS:
            models = [fitted(cell, steps, seed) for seed in SEEDS]
            found[steps] = [accuracy(model, steps, seed) for seed, model in enumerate(models)]
            if steps == SHOWN:
                for seed, model in enumerate(models):
                    draw_gradients(axes[1], cell, model, seed)
        # Side by side, or dots of one cell would hide those of another.
        aside = 2 * (list(CELLS).index(cell) - 1)
        for steps, accuracies in found.items():
            axes[2].scatter([steps + aside] * len(accuracies), accuracies, 14, color, alpha=0.5)
        means = [np.mean(accuracies) for accuracies in found.values()]
        axes[2].plot(np.array(LENGTHS) + aside, means, color=color, label=cell)
        words = [f"{min(a):.2f}..{max(a):.2f} ({steps})" for steps, a in found.items()]
        print(f"{cell:4} accuracy of {len(SEEDS)} seeds (steps): {', '.join(words)}")
    axes[0].set_title("after one epoch")
    axes[1].set_title(f"after {EPOCHS} epochs: class found (solid) or not (dotted)")
    axes[2].set(xlabel="steps", ylabel="accuracy", title="seeds, and their mean")
    axes[2].legend()
    figure.savefig(PICTURE)
    print(f"picture {PICTURE.resolve()}")


if __name__ == "__main__":
    main()

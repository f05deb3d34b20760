"""Read handwritten digits row by row with an LSTM, trained on the kernels and NumPy alone.

A digit of scikit-learn's `load_digits` is 8 rows of 8 pixels: a sequence of 8 steps of 8 channels.
The network is one LSTM and a linear layer on its last state; the loss is the mean cross-entropy and
the optimiser is Adam (Kingma & Ba 2015, algorithm 1).
"""

from __future__ import annotations

import time

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skrnn import kernels

HIDDEN_SIZE = 64
BATCH_SIZE = 32
N_EPOCHS = 20
# Of 1e-3, 3e-3, 1e-2 and 3e-2 the best on a quarter of the training digits, held out.
LEARNING_RATE = 1e-2

Parameters = dict[str, np.ndarray]


def initial_parameters(
    input_size: int, n_classes: int, rng: np.random.Generator
) -> tuple[Parameters, Parameters]:
    """Parameters of the LSTM and of the head, uniform within PyTorch's bound."""
    lstm_shapes = {
        "weight_ih": (4 * HIDDEN_SIZE, input_size),
        "weight_hh": (4 * HIDDEN_SIZE, HIDDEN_SIZE),
        "bias_ih": (4 * HIDDEN_SIZE,),
    }
    head_shapes = {"weight": (n_classes, HIDDEN_SIZE), "bias": (n_classes,)}
    bound = HIDDEN_SIZE**-0.5

    def draw(shapes: dict[str, tuple[int, ...]]) -> Parameters:
        return {
            name: rng.uniform(-bound, bound, shape).astype(np.float32)
            for name, shape in shapes.items()
        }

    return draw(lstm_shapes), draw(head_shapes)


def gradients(
    lstm_parameters: Parameters, head: Parameters, x: np.ndarray, labels: np.ndarray
) -> tuple[Parameters, Parameters]:
    """Gradients of the mean cross-entropy; x is (T, B, I), labels (B,)."""
    lstm = kernels.LSTM(**lstm_parameters)
    _, (h_n, _), cache = lstm.forward(x, train=True)
    logits = h_n @ head["weight"].T + head["bias"]

    # d(cross-entropy)/d(logits) = softmax(logits) - onehot(labels)
    dlogits = np.exp(logits - logits.max(axis=1, keepdims=True))
    dlogits /= dlogits.sum(axis=1, keepdims=True)
    dlogits[np.arange(len(labels)), labels] -= 1
    dlogits /= len(labels)

    dlstm = lstm.backward(cache, None, (dlogits @ head["weight"], None))
    dhead = {"weight": dlogits.T @ h_n, "bias": dlogits.sum(axis=0)}
    return {name: dlstm[name] for name in lstm_parameters}, dhead


class Adam:
    """One step changes the parameters in place."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.mean = {name: np.zeros_like(value) for name, value in parameters.items()}
        self.square = {name: np.zeros_like(value) for name, value in parameters.items()}
        self.t = 0

    def step(self, gradients: Parameters) -> None:
        self.t += 1
        rate = LEARNING_RATE * np.sqrt(1 - 0.999**self.t) / (1 - 0.9**self.t)
        for name, gradient in gradients.items():
            self.mean[name] += 0.1 * (gradient - self.mean[name])
            self.square[name] += 0.001 * (gradient**2 - self.square[name])
            self.parameters[name] -= (
                np.float32(rate) * self.mean[name] / (np.sqrt(self.square[name]) + np.float32(1e-8))
            )


def main() -> float:
    """Train, print what came out, and return the accuracy on the test digits."""
    rng = np.random.default_rng(0)
    images, digits = load_digits(return_X_y=True)
    sequences = (images.reshape(-1, 8, 8) / 16).astype(np.float32)  # (n, T, I)
    x_train, x_test, y_train, y_test = train_test_split(
        sequences, digits, stratify=digits, random_state=0
    )
    lstm_parameters, head = initial_parameters(x_train.shape[2], 10, rng)
    optimizers = Adam(lstm_parameters), Adam(head)

    start = time.perf_counter()
    for _ in range(N_EPOCHS):
        for batch in np.split(
            rng.permutation(len(x_train)), range(BATCH_SIZE, len(x_train), BATCH_SIZE)
        ):
            x = np.ascontiguousarray(x_train[batch].swapaxes(0, 1))  # (T, B, I)
            for optimizer, gradient in zip(
                optimizers, gradients(lstm_parameters, head, x, y_train[batch]), strict=True
            ):
                optimizer.step(gradient)
    seconds = time.perf_counter() - start

    x = np.ascontiguousarray(x_test.swapaxes(0, 1))
    _, (h_n, _) = kernels.LSTM(**lstm_parameters).forward(x)
    predicted = (h_n @ head["weight"].T + head["bias"]).argmax(axis=1)
    accuracy = float((predicted == y_test).mean())
    print(
        f"{N_EPOCHS} epochs over {len(x_train)} digits in {seconds:.1f} s; "
        f"{accuracy:.1%} of {len(x_test)} unseen digits right"
    )
    return accuracy


if __name__ == "__main__":
    main()

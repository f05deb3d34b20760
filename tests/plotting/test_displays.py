"""The displays draw what they say they draw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skrnn import RNNClassifier, RNNRegressor

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")

from skrnn.plotting import GradientFlowDisplay, TrainingCurveDisplay  # noqa: E402


@pytest.fixture(autouse=True)
def _close() -> Any:
    yield
    plt.close("all")


def ragged(n: int = 30) -> tuple[list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(length, 2)) for length in rng.integers(1, 9, n)]
    return X, np.array([x.sum() for x in X])


def test_training_curve() -> None:
    X, y = ragged()
    model = RNNRegressor(hidden_size=4, max_iter=5, early_stopping=True, random_state=0).fit(X, y)
    display = TrainingCurveDisplay.from_estimator(model, color="black")
    (line,) = display.ax_.lines
    np.testing.assert_array_equal(line.get_xdata(), np.arange(1, model.n_iter_ + 1))
    np.testing.assert_array_equal(line.get_ydata(), model.loss_curve_)
    assert display.ax_score_ is not None
    np.testing.assert_array_equal(display.ax_score_.lines[0].get_ydata(), model.validation_scores_)


def test_training_curve_on_given_axes() -> None:
    X, y = ragged()
    ax = plt.subplots()[1]
    model = RNNRegressor(hidden_size=4, max_iter=2).fit(X, y)
    display = TrainingCurveDisplay.from_estimator(model, ax=ax)
    assert display.ax_ is ax
    assert display.ax_score_ is None


def test_not_fitted() -> None:
    with pytest.raises(NotFittedError):
        TrainingCurveDisplay.from_estimator(RNNRegressor())
    with pytest.raises(NotFittedError):
        GradientFlowDisplay.from_estimator(RNNRegressor(), *ragged())


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "gru_reset_before"])
def test_gradient_flow_is_the_slope_of_the_loss(cell: str, bidirectional: bool) -> None:
    """A state that is pushed a little after step t changes the loss by what the norm says.

    The push is given to the bias of one step: of a copy of the network that reads the sequence in
    two parts, the second from the state that the first left.
    """
    X, y = ragged(6)
    model = RNNRegressor(
        cell, 5, num_layers=1, bidirectional=bidirectional, max_iter=3, random_state=0
    ).fit(X, y)
    display = GradientFlowDisplay.from_estimator({"it": model}, X, y)
    slopes = [_slopes(model, x, target) for x, target in zip(X, y, strict=True)]
    longest = max(map(len, X))
    expected = [np.mean([s[t] for s in slopes if t < len(s)]) for t in range(longest)]
    np.testing.assert_allclose(display.norms["it"], expected, rtol=2e-2, atol=1e-5)


def _slopes(model: Any, x: np.ndarray, target: float) -> list[float]:
    """|dL/dh_t| of the forward layer for one sequence, by central differences of its last part."""
    from reference import CELLS
    from reference.layer import Layer

    def layer(end: str) -> Any:
        weights = {
            name: model.params_[f"rnn.{name}_l0{end}"].astype(float)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        }
        return Layer(CELLS[model.cell], **weights, reverse=bool(end))

    forward = layer("")
    x = x[:, None, :].astype(np.float32).astype(float)
    other = []
    if model.bidirectional:
        other = [layer("_reverse").forward(x)[1][0][0]]
    scaled = (target - model._mean[0]) / model._scale[0]

    def loss(h: np.ndarray) -> float:
        features = np.concatenate([h[0], *other])
        output = model.params_["head.weight"].astype(float) @ features + model.params_["head.bias"]
        return float(((output - scaled) ** 2 / 2)[0])

    norms = []
    for t in range(len(x)):
        _, state, _ = forward.forward(x[: t + 1])
        gradient = []
        for unit in range(state[0].shape[1]):
            values = []
            for push in (1e-4, -1e-4):
                h = state[0].copy()
                h[0, unit] += push
                rest = (h, *state[1:])
                if t + 1 < len(x):
                    rest = forward.forward(x[t + 1 :], rest)[1]
                values.append(loss(rest[0]))
            gradient.append((values[0] - values[1]) / 2e-4)
        norms.append(float(np.linalg.norm(gradient)))
    return norms


def test_layers_and_directions_that_are_not_there() -> None:
    X, y = ragged()
    model = RNNRegressor(hidden_size=3, max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match=r"layer=1, but this RNNRegressor has num_layers=1"):
        GradientFlowDisplay.from_estimator(model, X, y, layer=1)
    with pytest.raises(ValueError, match="bidirectional=False"):
        GradientFlowDisplay.from_estimator(model, X, y, reverse=True)


def test_plain_cells_forget_and_gated_ones_do_not() -> None:
    """What the picture is for: over 80 steps the gradient of a plain RNN falls far lower."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(80, 1)) for _ in range(20)]
    y = np.arange(20) % 2
    models = {
        cell: RNNClassifier(cell, 16, max_iter=1, random_state=0).fit(X, y)
        for cell in ("rnn", "lstm")
    }
    norms = GradientFlowDisplay.from_estimator(models, X, y).norms
    fall = {cell: values[0] / values[-1] for cell, values in norms.items()}
    assert fall["rnn"] < fall["lstm"]

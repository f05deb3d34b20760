"""Plots of the displays: lines, marks and labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skrnn
from skrnn import RNNClassifier, RNNLanguageModel, RNNRegressor, RNNStepRegressor, RNNTagger
from skrnn.preprocessing import PerStep

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
    (line, _) = display.ax_.lines  # the second marks the best epoch
    np.testing.assert_array_equal(line.get_xdata(), np.arange(1, model.n_iter_ + 1))
    np.testing.assert_array_equal(line.get_ydata(), model.loss_curve_)
    assert display.ax_score_ is not None
    np.testing.assert_array_equal(display.ax_score_.lines[0].get_ydata(), model.validation_scores_)


def test_the_epoch_that_is_kept_is_marked() -> None:
    X, y = ragged()
    scores, best = iter([0.1, 0.3, 0.2, 0.3]), 2
    model = RNNRegressor(early_stopping=True, max_iter=4, scoring=lambda *_: next(scores))
    display = TrainingCurveDisplay.from_estimator(model.fit(X, y))
    assert list(display.best_line_.get_xdata()) == [best, best]
    assert "epoch that is kept" in [t.get_text() for t in display.ax_.get_legend().get_texts()]
    # The last epoch is not marked: it was not chosen.
    alone = RNNRegressor(max_iter=2).fit(X, y)
    assert TrainingCurveDisplay.from_estimator(alone).best_line_ is None


def test_warm_starts_with_and_without_validation(tmp_path: Path) -> None:
    """Scores are drawn at their epochs, and the best one is that of the last fit."""
    X, y = ragged()
    model = RNNRegressor(hidden_size=4, max_iter=3, warm_start=True, random_state=0)
    model.fit(X, y).fit(X, y, X_val=X, y_val=y).fit(X, y)
    display = TrainingCurveDisplay.from_estimator(model)
    (line,) = display.ax_score_.lines
    assert list(line.get_xdata()[np.isfinite(line.get_ydata())]) == [4, 5, 6]
    np.testing.assert_array_equal(line.get_ydata()[3:6], model.validation_scores_[3:6])
    scores = iter([0.1, 0.2, 0.1])
    model.set_params(early_stopping=True, scoring=lambda *_: next(scores)).fit(X, y)
    assert TrainingCurveDisplay.from_estimator(model).best_epoch == 11
    model.set_params(scoring=None).save(tmp_path / "model.skrnn")
    loaded = skrnn.load(tmp_path / "model.skrnn")
    assert TrainingCurveDisplay.from_estimator(loaded).best_epoch == 11
    model.set_params(early_stopping=False).fit(X, y)
    assert TrainingCurveDisplay.from_estimator(model).best_line_ is None


def test_pipelines_and_searches() -> None:
    """The plot is of the last step, with X transformed by the steps before it."""
    X, y = ragged()
    scale, model = PerStep(StandardScaler()), RNNRegressor("lstm", hidden_size=4, max_iter=2)
    pipeline = make_pipeline(scale, model).fit(X, y)
    assert TrainingCurveDisplay.from_estimator(pipeline).loss_curve == model.loss_curve_
    expected = GradientFlowDisplay.from_estimator(model, scale.transform(X), y).norms
    for given in (pipeline, {"lstm": pipeline}):
        found = GradientFlowDisplay.from_estimator(given, X, y).norms
        np.testing.assert_array_equal(found["lstm"], expected["lstm"])
    search = GridSearchCV(pipeline, {"rnnregressor__random_state": [0]}, cv=2).fit(X, y)
    found = GradientFlowDisplay.from_estimator(search, X, y).norms
    best = GradientFlowDisplay.from_estimator(search.best_estimator_, X, y).norms
    np.testing.assert_array_equal(found["lstm"], best["lstm"])
    alone = make_pipeline(model)
    found = GradientFlowDisplay.from_estimator(alone, scale.transform(X), y).norms
    np.testing.assert_array_equal(found["lstm"], expected["lstm"])


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (Ridge(), r"got Ridge\(\)"),
        (make_pipeline(StandardScaler(), Ridge()), r"a Pipeline that ends in Ridge\(\)"),
    ],
    ids=str,
)
def test_other_estimators(model: Any, says: str) -> None:
    X = np.random.default_rng(0).normal(size=(20, 3))
    model.fit(X, X.sum(axis=1))
    says = rf"(?s)expected a fitted estimator of skrnn.*{says}"
    with pytest.raises(TypeError, match=says):
        TrainingCurveDisplay.from_estimator(model)
    with pytest.raises(TypeError, match=says):
        GradientFlowDisplay.from_estimator(model, X, X.sum(axis=1))


UP_TO_NOW = [x.sum(axis=1).cumsum() for x in ragged()[0]]
WORDS = ["".join("ab"[int(step > 0)] for step in x[:, 0]) for x in ragged()[0]]


@pytest.mark.parametrize(
    ("model", "X", "y"),
    [
        (RNNTagger, ragged()[0], [np.where(y > 0, "up", "down") for y in UP_TO_NOW]),
        (RNNStepRegressor, ragged()[0], UP_TO_NOW),
        (RNNLanguageModel, WORDS, None),
        (RNNLanguageModel, "".join(WORDS), None),
    ],
)
def test_estimators_of_every_step(model: Any, X: Any, y: Any) -> None:
    model = model(cell="gru", hidden_size=4, max_iter=2, random_state=0).fit(X, y)
    assert TrainingCurveDisplay.from_estimator(model).loss_curve == model.loss_curve_
    norms = GradientFlowDisplay.from_estimator(model, X, y).norms["gru"]
    # Here the state after every step reaches an answer.
    assert (norms > 0).all()


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
    with pytest.raises(NotFittedError):
        GradientFlowDisplay.from_estimator(make_pipeline(RNNRegressor()), *ragged())


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "gru_reset_before"])
def test_gradient_flow_is_the_slope_of_the_loss(cell: str, bidirectional: bool) -> None:
    """The norms agree with finite differences of the loss by the state after step t.

    The state is changed between two parts of the sequence: a copy of the network reads the second
    part from the last state of the first.
    """
    X, y = ragged(6)
    model = RNNRegressor(
        cell, 5, bidirectional=bidirectional, pooling="last", max_iter=3, random_state=0
    ).fit(X, y)
    slopes = [_slopes(model, x, target) for x, target in zip(X, y, strict=True)]
    longest = max(map(len, X))
    for align, steps in (("start", range(longest)), ("end", range(-longest, 0))):
        display = GradientFlowDisplay.from_estimator({"it": model}, X, y, align=align)
        there = [[s[t] for s in slopes if -len(s) <= t < len(s)] for t in steps]
        expected = [np.mean(norms) for norms in there]
        np.testing.assert_allclose(display.norms["it"], expected, rtol=2e-2, atol=1e-5)
        shown = [t + 1 if align == "end" else t for t in steps]
        np.testing.assert_array_equal(display.lines_[0].get_xdata(), shown)


def test_sequences_are_aligned_at_the_step_read_last() -> None:
    """So that short sequences do not hide a vanishing gradient."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(length, 1)) for length in (5, 10, 20, 40) * 5]
    y = rng.normal(size=len(X))
    settings: dict[str, Any] = {"pooling": "last", "max_iter": 1, "random_state": 0}
    model = RNNRegressor("rnn", 8, bidirectional=True, **settings).fit(X, y)
    ends = GradientFlowDisplay.from_estimator(model, X, y)
    assert ends.align == "end"
    assert ends.norms["rnn"][-1] > 10 * ends.norms["rnn"][0]
    starts = GradientFlowDisplay.from_estimator(model, X, y, reverse=True)
    assert starts.align == "start"
    assert starts.norms["rnn"][0] > 10 * starts.norms["rnn"][-1]
    with pytest.raises(ValueError, match="align='middle'; expected one of 'end', 'start'"):
        GradientFlowDisplay.from_estimator(model, X, y, align="middle")


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
    scaled = (target - model._codec.mean[0]) / model._codec.scale[0]

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


def test_missing_layers_and_directions() -> None:
    X, y = ragged()
    model = RNNRegressor(hidden_size=3, max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match=r"layer=1, but this RNNRegressor has num_layers=1"):
        GradientFlowDisplay.from_estimator(model, X, y, layer=1)
    with pytest.raises(ValueError, match="is not bidirectional"):
        GradientFlowDisplay.from_estimator(model, X, y, reverse=True)


def test_plain_cells_forget_and_gated_ones_do_not() -> None:
    """The purpose of the plot: over 80 steps the gradient of a plain RNN is far smaller."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(80, 1)) for _ in range(20)]
    y = np.arange(20) % 2
    models = {
        cell: RNNClassifier(
            cell, 16, pooling="last", max_iter=1, learning_rate_init=1e-3, random_state=0
        ).fit(X, y)
        for cell in ("rnn", "lstm")
    }
    norms = GradientFlowDisplay.from_estimator(models, X, y).norms
    fall = {cell: values[0] / values[-1] for cell, values in norms.items()}
    assert fall["rnn"] < fall["lstm"]

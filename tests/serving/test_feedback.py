"""Models that go on with a sequence: what they read next is what they wrote."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skrnn.runtime
from skrnn import RNNRegressor, RNNStepRegressor, Sequences
from skrnn.preprocessing import PerStep

LOSSES = {
    "squared_error": {},
    "absolute_error": {},
    "huber": {},
    "quantile": {"quantiles": (0.9, 0.5)},
    "gaussian_nll": {},
    "poisson": {},
    "binary_cross_entropy": {},
}
SAMPLED = ("gaussian_nll", "poisson", "binary_cross_entropy")
FED_BACK = [loss for loss in LOSSES if loss not in SAMPLED]


def series(loss: str) -> list[np.ndarray]:
    """Sequences of two channels, far from unit scale where the loss allows it."""
    rng = np.random.default_rng(0)
    walks = [rng.normal(size=(t, 2)).cumsum(axis=0) for t in rng.integers(4, 9, 20)]
    if loss == "binary_cross_entropy":
        return [(walk > 0).astype(float) for walk in walks]
    if loss == "poisson":
        return [np.floor(np.abs(walk)) for walk in walks]
    return [100 + 5 * walk for walk in walks]


def next_step(X: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    return [x[:-1] for x in X], [x[1:] for x in X]


@cache
def fitted(loss: str = "squared_error", cell: str = "gru", **settings: Any) -> RNNStepRegressor:
    model = RNNStepRegressor(
        cell,
        6,
        loss=loss,
        max_iter=20,
        learning_rate_init=0.03,
        random_state=0,
        **LOSSES[loss],
        **settings,
    )
    return model.fit(*next_step(series(loss)))


def by_predict(model: Any, x: np.ndarray, n_steps: int) -> np.ndarray:
    """The continuation as the last prediction of all steps so far, n_steps times."""
    for _ in range(n_steps):
        last = model.predict([x])[0][-1]
        if getattr(model, "loss", None) == "quantile":
            last = last[..., 1]
        x = np.concatenate([x, np.reshape(last, (1, *x.shape[1:]))])
    return x[-n_steps:]


@pytest.mark.parametrize("cell", skrnn.cells())
@pytest.mark.parametrize("loss", FED_BACK)
def test_a_prediction_is_the_next_input(loss: str, cell: str) -> None:
    model, X = fitted(loss, cell), series(loss)
    assert model._units is not None  # the channels are standardised
    found = model.generate(X[:5], 6)
    for x, steps in zip(X, found, strict=False):
        assert steps.dtype == np.float64
        np.testing.assert_array_equal(steps, by_predict(model, x, 6))


def test_channels_that_are_not_standardised() -> None:
    model = fitted(standardize=False)
    x = series("squared_error")[0].astype(np.float32)
    np.testing.assert_array_equal(model.generate(x, 5), by_predict(model, x.astype(np.float64), 5))


def test_a_sine_goes_on() -> None:
    """The network has learned x_(t+1) = 2 cos(w) x_t - x_(t-1)."""
    sine = 7 + 3 * np.sin(np.arange(140) * np.pi / 10)
    X = [sine[i : i + 40] for i in range(60)]
    model = RNNStepRegressor(hidden_size=16, random_state=0).fit(*next_step(X))
    assert np.abs(model.generate(sine[:20], 40) - sine[20:60]).max() < 0.3


def test_one_number_a_step() -> None:
    """The continuation has the dimensions of the prefix, whichever y had."""
    X = [x[:, 0] for x in series("squared_error")]
    flat, column = next_step(X), next_step([x[:, None] for x in X])
    settings: dict[str, Any] = {"hidden_size": 4, "max_iter": 3, "random_state": 0}
    for given in (flat, column):
        model = RNNStepRegressor(**settings).fit(*given)
        steps = model.generate(X[0], 3)
        np.testing.assert_array_equal(steps, by_predict(model, X[0], 3))
        for form in (X[0].tolist(), [np.array(x_t) for x_t in X[0]]):
            np.testing.assert_array_equal(model.generate(form, 3), steps)
        np.testing.assert_array_equal(model.generate(X[0][:, None], 3), steps[:, None])
        np.testing.assert_array_equal(model.generate(X, 3)[0], steps)


def paths(loss: str, n_steps: int = 200, n: int = 40) -> tuple[Any, Any, list[np.ndarray]]:
    """A model, generated sequences with their prefixes, and the generated steps alone."""
    model, X = fitted(loss), series(loss)
    prefixes = [X[i % 20] for i in range(n)]
    steps = model.generate(prefixes, n_steps, random_state=1)
    return model, [np.concatenate(pair) for pair in zip(prefixes, steps, strict=True)], steps


def before(rows: list[np.ndarray], steps: list[np.ndarray]) -> np.ndarray:
    """What was predicted for each generated step, (steps, C)."""
    return np.concatenate([r[-len(s) - 1 : -1] for r, s in zip(rows, steps, strict=True)])


def test_gaussian_steps_are_normal_about_the_prediction() -> None:
    model, whole, steps = paths("gaussian_nll")
    mean, std = (before(rows, steps) for rows in model.predict(whole, return_std=True))
    z = (np.concatenate(steps) - mean) / std
    assert kstest(z.ravel(), "norm").pvalue > 0.01
    # Of independent numbers, their products and the products of their neighbours have mean 0.
    assert abs(np.mean(z[:, 0] * z[:, 1])) < 4 / len(z) ** 0.5
    assert abs(np.mean(z[1:] * z[:-1])) < 4 / z.size**0.5


def test_events_have_the_predicted_probability() -> None:
    model, whole, steps = paths("binary_cross_entropy")
    p, x = before(model.predict(whole), steps), np.concatenate(steps)
    assert set(np.unique(x)) == {0.0, 1.0}
    for low, high in [(0, 0.2), (0.2, 0.8), (0.8, 1.0)]:
        own = (low <= p) & (p < high)
        error = np.sqrt((p[own] * (1 - p[own])).sum())
        assert own.sum() > 300
        assert abs((x[own] - p[own]).sum()) < 4 * error


def test_counts_have_the_predicted_rate() -> None:
    model, whole, steps = paths("poisson")
    rate, x = before(model.predict(whole), steps), np.concatenate(steps)
    assert (x == np.floor(x)).all()
    assert abs((x - rate).sum()) < 4 * np.sqrt(rate.sum())
    # Mean and variance of a Poisson distribution are equal.
    assert np.mean((x - rate) ** 2 / rate) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("loss", SAMPLED)
def test_a_seed_and_a_place_determine_the_steps(loss: str) -> None:
    model, (a, b, c, *_) = fitted(loss), series(loss)
    together = model.generate([a, b, c], 30, random_state=3)
    for prefix in (a, [a], [a, c], a[None]):
        alone = model.generate(prefix, 30, random_state=3)
        np.testing.assert_array_equal(alone if prefix is a else alone[0], together[0])
    np.testing.assert_array_equal(model.generate([c, b], 30, random_state=3)[1], together[1])
    np.testing.assert_array_equal(model.generate(a, 9, random_state=3), together[0][:9])
    first, second = model.generate([a, a], 30, random_state=3)
    assert (first != second).any()
    assert (model.generate(a, 30, random_state=4) != first).any()
    assert (model.generate(a, 30) != model.generate(a, 30)).any()


def test_random_states_are_those_of_scikit_learn() -> None:
    model, prefix = fitted("gaussian_nll"), series("gaussian_nll")[0]
    rng = np.random.RandomState(5)
    first, second = (model.generate(prefix, 5, random_state=rng) for _ in range(2))
    assert (first != second).any()
    again = model.generate(prefix, 5, random_state=np.random.RandomState(5))
    np.testing.assert_array_equal(again, first)


def test_threads_and_forms_change_nothing() -> None:
    model, X = fitted("gaussian_nll"), series("gaussian_nll")[:6]
    expected = model.generate(X, 8, random_state=0)
    objects = np.empty(len(X), dtype=object)
    objects[:] = X
    for form in (tuple(X), Sequences(X), objects, [x.tolist() for x in X]):
        found = model.generate(form, 8, random_state=0)
        assert all(map(np.array_equal, found, expected))
    one = X[0]
    for alone in (one, one.tolist(), pd.DataFrame(one)):
        np.testing.assert_array_equal(model.generate(alone, 8, random_state=0), expected[0])
    for jobs in (1, 2):
        model.set_params(n_jobs=jobs)
        assert all(map(np.array_equal, model.generate(X, 8, random_state=0), expected))
    model.set_params(n_jobs=None)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_saved_model_goes_on_with_the_same_bits(loss: str, tmp_path: Path) -> None:
    model, X = fitted(loss), series(loss)
    model.save(tmp_path / "model.skrnn")
    predictor = skrnn.runtime.load(tmp_path / "model.skrnn")
    found = predictor.generate(X, 7, random_state=2)
    assert all(map(np.array_equal, found, model.generate(X, 7, random_state=2)))


def test_a_saved_pipeline_reads_what_it_writes(tmp_path: Path) -> None:
    """Its input and its output are in the units of the series, which its scaler does not change."""
    X = series("squared_error")
    network = RNNStepRegressor(hidden_size=5, max_iter=5, random_state=0)
    pipeline = make_pipeline(PerStep(StandardScaler()), network).fit(*next_step(X))
    skrnn.save(pipeline, tmp_path / "model.skrnn")
    predictor = skrnn.runtime.load(tmp_path / "model.skrnn")
    np.testing.assert_array_equal(predictor.generate(X[0], 6), by_predict(pipeline, X[0], 6))


def test_no_steps() -> None:
    assert fitted().generate(np.zeros((3, 2)), 0).shape == (0, 2)


def test_names_of_channels_are_those_of_fit() -> None:
    frames = [pd.DataFrame(x, columns=["a", "b"]) for x in series("squared_error")]
    model = RNNStepRegressor(hidden_size=3, max_iter=2, random_state=0)
    model.fit([f[:-1] for f in frames], [f[1:].to_numpy() for f in frames])
    assert model.generate(frames[0], 2).shape == (2, 2)
    with pytest.raises(ValueError, match="feature names should match"):
        model.generate(frames[0][["b", "a"]], 2)


PREFIX = np.zeros((3, 2))


@pytest.mark.parametrize(
    ("prefix", "n_steps", "random_state", "kind", "says"),
    [
        (PREFIX, -1, None, ValueError, "n_steps=-1; expected an integer in 0"),
        (PREFIX, 2**70, None, ValueError, f"n_steps={2**70}; expected an integer in 0"),
        (PREFIX, 2.0, None, TypeError, "n_steps=2.0 is a float; expected an integer"),
        (PREFIX, True, None, TypeError, "n_steps=True is a bool"),
        (PREFIX, None, None, TypeError, "n_steps=None is a NoneType"),
        (PREFIX, 2, -1, ValueError, "random_state=-1; expected an integer in 0"),
        (PREFIX, 2, 2**32, ValueError, "random_state=4294967296; expected an integer in 0"),
        (PREFIX, 2, 0.5, TypeError, "random_state=0.5 is a float; expected an integer"),
        (np.zeros((0, 2)), 2, None, ValueError, "sequence 0 of prefix has no steps"),
        ([PREFIX, np.zeros((0, 2))], 2, None, ValueError, "sequence 1 of prefix has no steps"),
        ([], 2, None, ValueError, r"Found prefix with 0 sample\(s\)"),
        (np.zeros((3, 4)), 2, None, ValueError, "prefix has 4 features, but RNNStepRegressor"),
        ([1.0, 2.0], 2, None, ValueError, "prefix has 1 features, but RNNStepRegressor"),
        (np.full((1, 2), np.nan), 2, None, ValueError, "Input prefix contains NaN"),
        (np.full((1, 2), np.inf), 2, None, ValueError, "Input prefix contains infinity"),
        ("text", 2, None, TypeError, "prefix is a str"),
        (["a", "b"], 2, None, ValueError, "prefix holds strings"),
        ({"a": 1}, 2, None, TypeError, "prefix is a dict"),
        (None, 2, None, TypeError, "prefix is a NoneType"),
    ],
)
def test_arguments_that_are_refused(
    prefix: Any, n_steps: Any, random_state: Any, kind: type[Exception], says: str, tmp_path: Path
) -> None:
    model = fitted()
    model.save(tmp_path / "model.skrnn")
    for one in (model, skrnn.runtime.load(tmp_path / "model.skrnn")):
        with pytest.raises(kind, match=says):
            one.generate(prefix, n_steps, random_state=random_state)


def test_models_that_cannot_go_on(tmp_path: Path) -> None:
    X = series("squared_error")
    settings: dict[str, Any] = {"hidden_size": 3, "max_iter": 2, "random_state": 0}

    def refused(model: RNNStepRegressor, prefix: Any, says: str) -> None:
        model.save(tmp_path / "model.skrnn")
        for one in (model, skrnn.runtime.load(tmp_path / "model.skrnn")):
            with pytest.raises(ValueError, match=says):
                one.generate(prefix, 0)

    with pytest.raises(NotFittedError):
        RNNStepRegressor().generate(PREFIX, 1)
    sums = RNNStepRegressor(**settings).fit(X, [x.sum(axis=1) for x in X])
    refused(sums, X[0], "this model reads 2 channels and predicts 1 numbers; fit it with the next")
    both = RNNStepRegressor(bidirectional=True, **settings).fit(*next_step(X))
    refused(both, X[0], "bidirectional")
    words = [["a", "b"], ["b", "c"]]
    tokens = RNNStepRegressor(**settings).fit(words, [[0.0, 1.0]] * 2)
    refused(tokens, words, "generate needs a model that reads channels, and this one reads tokens")
    tails = RNNStepRegressor(loss="quantile", quantiles=(0.1, 0.9), **settings)
    refused(tails.fit(*next_step(X)), X[0], r"quantiles=\[0.1, 0.9\] do not hold 0.5")


@pytest.mark.parametrize("levels", [(0.5, 0.1, 0.9), (0.1, 0.5), [0.1, 0.4, 0.9]])
def test_other_quantiles_than_those_of_fit_are_refused(levels: Any, tmp_path: Path) -> None:
    """A step would go on with the first quantile in place of the median."""
    X = series("quantile")
    model = RNNStepRegressor(loss="quantile", hidden_size=3, max_iter=2, random_state=0)
    model.fit(*next_step(X)).set_params(quantiles=levels)
    says = r"quantiles=.* are not those .* fitted with, \[0.1, 0.5, 0.9\]; set them back"
    path = tmp_path / "model.skrnn"
    for use in (model.predict, lambda X: model.generate(X, 1), lambda X: model.score(X, X)):
        with pytest.raises(ValueError, match=says):
            use(X)
    with pytest.raises(ValueError, match=says):
        model.save(path)
    model.set_params(quantiles=np.array([0.1, 0.5, 0.9])).save(path)
    assert np.array_equal(skrnn.load(path).predict(X)[0], model.predict(X)[0])


def test_other_models_have_no_generate(tmp_path: Path) -> None:
    X = series("squared_error")
    model = RNNRegressor(hidden_size=3, max_iter=2, random_state=0).fit(X, np.arange(len(X)))
    model.save(tmp_path / "model.skrnn")
    with pytest.raises(AttributeError, match="RNNRegressor has no generate; use predict"):
        skrnn.runtime.load(tmp_path / "model.skrnn").generate(X[0], 1)


def test_rates_beyond_counts_are_refused() -> None:
    model = RNNStepRegressor(hidden_size=3, max_iter=2, random_state=0, loss="poisson")
    model.fit(*next_step(series("poisson")))
    model.params_["head.bias"][:] = 80.0  # rates of exp(80)
    with pytest.raises(ValueError, match=r"the rates have grown to \d.* no counts can be drawn"):
        model.generate(PREFIX, 1)

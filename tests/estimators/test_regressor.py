"""RNNRegressor: its losses, and targets of any scale."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss, r2_score
from sklearn.utils import get_tags

from cases import CASES, SMALL, Case, assert_same_bits, on, pairs, sums
from skrnn import RNNRegressor

REGRESSORS = [case for case in CASES if case.kind is RNNRegressor]


def noise(n: int, seed: int = 0) -> list[np.ndarray]:
    """Sequences of one channel, independent of the targets."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(1 + i % 3, 1)) * 0.01 for i in range(n)]


def model(**settings: Any) -> RNNRegressor:
    return RNNRegressor(**{**SMALL, **settings})


X, _ = REGRESSORS[0].data(n=60)
Y = sums(X)
LONG = {"hidden_size": 16, "max_iter": 150, "learning_rate_init": 0.01}


@pytest.mark.parametrize(
    "loss", ["auto", "squared_error", "absolute_error", "huber", "gaussian_nll"]
)
@pytest.mark.parametrize("delta", [0.5, 10])
def test_losses_of_numbers_learn_a_sum(loss: str, delta: float) -> None:
    fitted = model(loss=loss, delta=delta, **LONG).fit(X, Y)
    assert fitted.score(X, Y) > 0.9
    assert fitted.score(X, Y) == r2_score(Y, fitted.predict(X))


@on(REGRESSORS)
def test_shapes(case: Case) -> None:
    X, y = case.data()
    fitted = case.fitted()
    columns = () if y.ndim == 1 else y.shape[1:]
    levels = (3,) if fitted.loss == "quantile" else ()
    assert fitted.predict(X).shape == (len(X), *columns, *levels)
    assert fitted.predict(X).dtype == np.float64
    one = case.make().fit(X, y.reshape(len(X), -1)[:, :1])
    assert one.predict(X).shape == (len(X), 1, *levels)


def test_each_output_is_learned_on_its_scale() -> None:
    y = np.column_stack([Y, 1e6 + 1e3 * Y, -1e-6 * Y])
    fitted = model(**LONG).fit(X, y)
    assert (r2_score(y, fitted.predict(X), multioutput="raw_values") > 0.9).all()


@pytest.mark.parametrize(
    "loss", ["squared_error", "absolute_error", "huber", "quantile", "gaussian_nll"]
)
def test_scale_and_offset_of_the_targets_do_not_matter(loss: str) -> None:
    plain = model(loss=loss).fit(X, Y).predict(X)
    for scale, offset in [(2.0**40, 0.0), (2.0**-300, 0.0), (2.0**1000, 0.0), (64.0, 2.0**20)]:
        moved = model(loss=loss).fit(X, Y * scale + offset).predict(X)
        np.testing.assert_allclose((moved - offset) / scale, plain, rtol=1e-5, atol=1e-5)


def test_rates_do_not_depend_on_their_scale_either() -> None:
    y = np.abs(Y).round()
    plain = model(loss="poisson").fit(X, y).predict(X)
    many = model(loss="poisson").fit(X, 1024 * y).predict(X)
    np.testing.assert_allclose(many, 1024 * plain, rtol=1e-5)


@on(REGRESSORS)
def test_constant_targets_are_predicted(case: Case) -> None:
    X, y = case.data()
    for value in (0.0, 0.1, 7.0, 1e9):
        constant = np.full_like(y, value, dtype=float)
        predicted = case.make(max_iter=100, learning_rate_init=0.02).fit(X, constant).predict(X)
        atol = 0.05 * max(value, 1.0) if case.name == "regressor-poisson" else 0.2 + 1e-6 * value
        np.testing.assert_allclose(predicted, np.full_like(predicted, value), rtol=0, atol=atol)


def test_targets_of_extreme_size() -> None:
    for y in (Y * 1e300, np.where(Y > 0, 1e305, -1e305), Y * 1e-310, np.r_[1e30, Y[1:]]):
        predicted = model().fit(X, y).predict(X)
        assert np.isfinite(predicted).all()
        assert np.abs(predicted).max() <= 4 * np.abs(y).max()


# ---- Distributions ----


def test_quantiles_of_noise() -> None:
    rng = np.random.default_rng(0)
    y = rng.exponential(5.0, 600)
    levels = (0.1, 0.5, 0.9)
    fitted = model(
        loss="quantile", quantiles=levels, max_iter=60, batch_size=100, learning_rate_init=0.02
    ).fit(noise(600), y)
    predicted = fitted.predict(noise(600))
    below = (y[:, None] <= predicted).mean(axis=0)
    np.testing.assert_allclose(below, levels, rtol=0, atol=0.06)
    losses = [mean_pinball_loss(y, predicted[:, i], alpha=q) for i, q in enumerate(levels)]
    assert fitted.score(noise(600), y) == pytest.approx(-np.mean(losses))


def test_quantiles_in_any_order_and_container() -> None:
    expected = model(loss="quantile", quantiles=[0.5]).fit(X, Y)
    assert expected.predict(X).shape == (60, 1)
    same = model(loss="quantile", quantiles=np.array([0.5])).fit(X, Y)
    assert_same_bits(same.params_, expected.params_)
    several = model(loss="quantile", quantiles=(0.9, 0.1), **LONG).fit(X, Y).predict(X)
    assert np.mean(several[:, 0] > several[:, 1]) > 0.9


def test_the_median_is_the_absolute_error() -> None:
    # The pinball loss at one half is half the absolute error; the factor does not matter to Adam.
    settings = {"clip_norm": None, "solver": "sgd"}
    median = model(loss="quantile", quantiles=[0.5], learning_rate_init=0.02, **settings).fit(X, Y)
    absolute = model(loss="absolute_error", learning_rate_init=0.01, **settings).fit(X, Y)
    np.testing.assert_allclose(median.predict(X)[:, 0], absolute.predict(X), rtol=1e-5, atol=1e-6)


def test_a_wide_huber_is_the_squared_error() -> None:
    huber = model(loss="huber", delta=1e6, clip_norm=None).fit(X, Y)
    squared = model(loss="squared_error", clip_norm=None).fit(X, Y)
    np.testing.assert_allclose(huber.predict(X), squared.predict(X), rtol=1e-4, atol=1e-4)


def test_mean_and_deviation_of_noise() -> None:
    rng = np.random.default_rng(0)
    wide = np.arange(600) % 2 == 0
    series = [np.full((3, 1), 1.0 if w else -1.0) for w in wide]
    y = 100 + rng.normal(size=600) * np.where(wide, 8.0, 2.0)
    fitted = model(loss="gaussian_nll", max_iter=80, batch_size=100, learning_rate_init=0.02)
    mean, std = fitted.fit(series, y).predict(series, return_std=True)
    assert_same_bits(mean, fitted.predict(series))
    assert mean.shape == std.shape == (600,)
    np.testing.assert_allclose(mean, 100, rtol=0, atol=1.5)
    np.testing.assert_allclose(std, np.where(wide, 8.0, 2.0), rtol=0.2)


def test_deviations_of_several_outputs() -> None:
    mean, std = model(loss="gaussian_nll").fit(X, pairs(X)).predict(X, return_std=True)
    assert mean.shape == std.shape == (60, 2)
    assert (std > 0).all()


@pytest.mark.parametrize("rate", [0.5, 5.0, 2000.0])
def test_rates_of_counts(rate: float) -> None:
    y = np.random.default_rng(0).poisson(rate, 600)
    fitted = model(loss="poisson", max_iter=40, batch_size=100, learning_rate_init=0.01)
    predicted = fitted.fit(noise(600), y).predict(noise(600))
    assert (predicted > 0).all()
    # At the optimum rates sum to the counts, as for every exponential family with an intercept.
    assert predicted.mean() == pytest.approx(y.mean(), rel=0.03)


@pytest.mark.parametrize("loss", ["auto", "squared_error", "quantile", "poisson"])
def test_the_tag_for_targets_that_cannot_be_negative(loss: str) -> None:
    assert get_tags(RNNRegressor(loss=loss)).target_tags.positive_only == (loss == "poisson")

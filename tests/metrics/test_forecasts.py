"""Scores of forecasts by their definitions, number by number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import make_scorer, mean_pinball_loss

from helpers.support import says
from skrnn._series.naive import naive, naive2
from skrnn.metrics import coverage, mase, owa, pinball_loss, smape

SMALL = st.integers(-5, 5).map(float)
MASKED = np.ma.masked_array([1.0, 2.0], [False, True])


@st.composite
def forecasts(draw: Any) -> tuple[list[list[float]], list[list[float]], list[list[float]]]:
    """Series, forecasts of them, and what came before, which is not constant."""
    n = draw(st.integers(1, 4))
    lengths = [draw(st.integers(1, 5)) for _ in range(n)]

    def rows(sizes: list[int]) -> list[list[float]]:
        return [draw(st.lists(SMALL, min_size=size, max_size=size)) for size in sizes]

    return rows(lengths), rows(lengths), [[0.0, 1.0, *row] for row in rows([4] * n)]


@given(forecasts())
def test_smape(given: Any) -> None:
    true, predicted, _ = given
    of_series = []
    for y, f in zip(true, predicted, strict=True):
        errors = [
            200 * abs(a - b) / (abs(a) + abs(b)) if a or b else 0.0
            for a, b in zip(y, f, strict=True)
        ]
        of_series.append(sum(errors) / len(errors))
    assert smape(true, predicted) == pytest.approx(sum(of_series) / len(of_series))
    assert smape(true, true) == 0


@given(forecasts(), st.integers(1, 2))
def test_mase(given: Any, seasonality: int) -> None:
    true, predicted, train = given
    train = [[*row, 7.0] for row in train]  # a step of 2 that changes, too
    of_series = []
    for y, f, before in zip(true, predicted, train, strict=True):
        error = sum(abs(a - b) for a, b in zip(y, f, strict=True)) / len(y)
        steps = [abs(a - b) for a, b in zip(before[seasonality:], before, strict=False)]
        of_series.append(error / (sum(steps) / len(steps)))
    found = mase(true, predicted, train, seasonality=seasonality)
    assert found == pytest.approx(sum(of_series) / len(of_series))


@given(forecasts())
def test_owa_compares_with_given_forecasts(given: Any) -> None:
    true, predicted, train = given
    other = [[x + 1 for x in row] for row in true]
    expected = (
        smape(true, predicted) / smape(true, other)
        + mase(true, predicted, train) / mase(true, other, train)
    ) / 2
    assert owa(true, predicted, train, y_naive=other) == pytest.approx(expected)


def test_owa_of_the_naive_forecast_is_1() -> None:
    rng = np.random.default_rng(0)
    season = np.array([1.5, 0.5, 0.8, 1.2])
    train = [50 * np.resize(season, 4 * n) + rng.normal(size=4 * n) for n in (5, 9)]
    true = [50 * np.resize(season, h) + rng.normal(size=h) for h in (3, 6)]
    of_seasons = [naive2(values, len(y), 4) for values, y in zip(train, true, strict=True)]
    assert owa(true, of_seasons, train, seasonality=4) == 1
    of_last_values = [naive(values, len(y)) for values, y in zip(train, true, strict=True)]
    assert owa(true, of_last_values, train) == 1
    assert owa(true, of_last_values, train, seasonality=4) > 2  # the seasons are significant


@pytest.mark.parametrize("shape", [(7,), (3, 5)])
def test_pinball_loss_is_that_of_scikit_learn(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    quantiles = [0.1, 0.5, 0.8]
    y, f = rng.normal(size=shape), rng.normal(size=(*shape, 3))
    losses = [
        mean_pinball_loss(y.ravel(), f[..., i].ravel(), alpha=q) for i, q in enumerate(quantiles)
    ]
    assert pinball_loss(y, f, quantiles) == pytest.approx(np.mean(losses))
    assert pinball_loss(y, f[..., 1:2], [0.5]) == pytest.approx(np.abs(y - f[..., 1]).mean() / 2)


def test_true_quantiles_have_the_smallest_pinball_loss() -> None:
    y = np.random.default_rng(2).normal(size=20_000)
    true = np.array([-1.2815515655, 0.0, 0.5244005127])  # of the normal distribution

    def loss(shift: float) -> float:
        return pinball_loss(y, np.tile(true + shift, (len(y), 1)), [0.1, 0.5, 0.7])

    assert loss(0) < min(loss(-0.1), loss(0.1))


def test_coverage_counts_observations() -> None:
    y, low, high = [[1, 2, 3], [4]], [[0, 3, 3], [-np.inf]], [[1, 4, 3], [np.inf]]
    assert coverage(y, low, high) == 0.75
    assert coverage([5, np.nan], [6, 0], [7, 1]) == 0


@pytest.mark.parametrize("n", [1, 3])
def test_forms(n: int) -> None:
    """Arrays, lists, and what pandas has are the same series."""
    rng = np.random.default_rng(n)
    y, f, before = rng.normal(size=(n, 4)), rng.normal(size=(n, 4)), rng.normal(size=(n, 9))
    expected = mase(y, f, before, seasonality=2)
    for form in (list, tuple, lambda a: a.tolist(), lambda a: [pd.Series(row) for row in a]):
        assert mase(form(y), form(f), form(before), seasonality=2) == expected
    if n == 1:
        for form in (
            lambda a: a[0],
            lambda a: list(a[0]),
            lambda a: pd.Series(a[0], range(7, 7 + a.size)),
        ):
            assert mase(form(y), form(f), form(before), seasonality=2) == expected


def test_missing_observations_do_not_count() -> None:
    y, f, before = [1.0, np.nan, 4.0], [2.0, 100.0, 4.0], [1.0, np.nan, 2.0, 5.0]
    assert smape(y, f) == smape([1.0, 4.0], [2.0, 4.0])
    assert mase(y, f, before) == 0.5 / 3
    assert pinball_loss(y, np.array(f)[:, None], [0.5]) == 0.25


def test_missing_numbers_of_pandas_were_not_observed() -> None:
    y = pd.Series([1, None, 4], dtype="Int64")
    assert smape(y, [2.0, 100.0, 4.0]) == smape([1.0, 4.0], [2.0, 4.0])


def test_scorers() -> None:
    scorer = make_scorer(smape, greater_is_better=False)

    class Zero(RegressorMixin, BaseEstimator):
        def predict(self, X: Any) -> Any:
            return [[0.0] * len(x) for x in X]

    assert scorer(Zero(), [[1], [2, 3]], [[1.0], [0.0, 3.0]]) == -150


@pytest.mark.parametrize(
    ("call", "error", "parts"),
    [
        (lambda: smape("abc", [1]), TypeError, ["y_true", "'abc'", "series of numbers"]),
        (lambda: smape(1.0, [1]), TypeError, ["y_true", "1.0"]),
        (lambda: smape([], []), ValueError, ["y_true is empty"]),
        (lambda: smape({"a": 1.0}, [1]), TypeError, ["y_true", "a dict", "series of numbers"]),
        (lambda: smape({1.0, 2.0}, [1, 2]), TypeError, ["y_true", "a set"]),
        (lambda: smape({1: 2.0}.values(), [1]), TypeError, ["y_true", "a dict_values"]),
        (lambda: smape(np.array(3.0), [1]), TypeError, ["y_true", "array(3.)"]),
        (lambda: smape(["1", "2"], [1, 2]), TypeError, ["Series 0 of y_true", "'1'", "numbers"]),
        (lambda: smape([1, 2], ["1", "2"]), TypeError, ["Series 0 of y_pred", "numbers"]),
        (lambda: smape([1], np.array(["1"], object)), TypeError, ["y_pred", "expected numbers"]),
        (lambda: smape(np.array([1 + 2j]), [1]), TypeError, ["y_true", "expected numbers"]),
        (lambda: smape(np.array([3], "M8[D]"), [1]), TypeError, ["y_true", "expected numbers"]),
        (lambda: smape([1], np.array([3], "m8[D]")), TypeError, ["y_pred", "expected numbers"]),
        (lambda: smape([10**400], [1]), ValueError, ["y_true", "too large for float64"]),
        (lambda: smape(MASKED, [1, 2]), ValueError, ["y_true", "masked", ".filled(np.nan)"]),
        (lambda: smape([1, 2], MASKED), ValueError, ["y_pred", "masked"]),
        (lambda: smape([MASKED], [[1, 2]]), ValueError, ["Series 0 of y_true", "masked"]),
        (lambda: smape(["a"], [1]), TypeError, ["y_true", "numbers"]),
        (lambda: smape([[1], []], [[1], []]), ValueError, ["Series 1 of y_true", "(0,)"]),
        (lambda: smape([[1], [2]], [[1]]), ValueError, ["2 series", "y_pred has 1"]),
        (lambda: smape([1, 2], [1]), ValueError, ["2 steps", "1 in y_pred"]),
        (lambda: smape([1, 2], [1, np.nan]), ValueError, ["y_pred", "nan at step 1"]),
        (lambda: smape([1, np.inf], [1, 2]), ValueError, ["y_true", "inf at step 1", "NaN where"]),
        (lambda: smape([[1], [np.nan]], [[1], [1]]), ValueError, ["Series 1", "no observation"]),
        (lambda: smape(np.zeros((2, 2, 2)), np.zeros((2, 2))), ValueError, ["(2, 2)"]),
        (lambda: mase([1], [1], [5, 5]), ValueError, ["Series 0 of y_train", "each step equals"]),
        (lambda: mase([1], [1], [1, np.nan, 2]), ValueError, ["y_train", "no two steps", "NaN"]),
        (lambda: mase([1], [1], [5], seasonality=1), ValueError, ["1 steps", "season has 1"]),
        (lambda: mase([[1], [1]], [[1], [1]], [1, 2]), ValueError, ["y_train has 1"]),
        (lambda: mase([1], [1], [1, 2], seasonality=0), ValueError, ["seasonality=0", "in 1.."]),
        (lambda: mase([1], [1], [1, 2], seasonality=1.5), TypeError, ["seasonality=1.5", "float"]),
        (lambda: mase([1], [1], [1, 2], seasonality=True), TypeError, ["seasonality=True"]),
        (lambda: owa([2], [1], [1, 2]), ValueError, ["naive forecasts are equal to y_true"]),
        (lambda: owa([2], [1], [1, np.nan]), ValueError, ["y_train", "nan at step 1"]),
        (
            lambda: owa([1], [1], [1, 2, 3, 0] * 6, seasonality=4),
            ValueError,
            ["Series 0 of y_train", "zero", "y_naive"],
        ),
        (
            lambda: owa([1], [1], [1, -1] * 12, seasonality=2),
            ValueError,
            ["Series 0 of y_train", "zero", "y_naive"],
        ),
        (lambda: owa([2], [1], [1, 2], y_naive=[np.nan]), ValueError, ["y_naive is nan"]),
        (lambda: owa([2], [1], [1, 2], y_naive=[1, 2]), ValueError, ["1 steps", "2 in y_naive"]),
        (lambda: pinball_loss([1], [[1]], [10**400]), ValueError, ["quantiles", "(0, 1)"]),
        (lambda: pinball_loss([1], [[1]], np.array([0.5j])), ValueError, ["quantiles", "(0, 1)"]),
        (lambda: pinball_loss([1], [[1]], [1.0]), ValueError, ["quantiles=[1.0]", "(0, 1)"]),
        (lambda: pinball_loss([1], [[1]], "a"), ValueError, ["quantiles='a'"]),
        (lambda: pinball_loss([1], [[1, 2]], [0.5]), ValueError, ["(1, 2)", "(T, 1)"]),
        (lambda: pinball_loss([1], [1], [0.5]), ValueError, ["(1,)", "(T, 1)"]),
        (lambda: coverage([1], [2], [1]), ValueError, ["2.0", "1.0", "above the upper"]),
        (lambda: coverage([1], [np.nan], [1]), ValueError, ["y_lower", "nan"]),
    ],
)
def test_refusals(call: Any, error: type[Exception], parts: list[str]) -> None:
    with pytest.raises(error, match=says(*parts)):
        call()

"""What forecasters answer: strategies step by step, streams, quantiles, intervals and paths."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from cases import assert_same_bits
from helpers.support import says
from series import SCALINGS, SEASON, STRATEGIES, seasonal, several, small
from skrnn import RNNForecaster


def by_hand(model: RNNForecaster, steps: int) -> np.ndarray:
    """Forecasts of `steps` steps, feeding the answers of the network one after another."""
    stream = model.stream()
    block = model._fitted.plan.block
    stream.horizon = block  # all that the network answers at once
    answers, found = np.atleast_2d(stream.forecast()), []
    while len(found) * block < steps:
        found.append(answers)
        answers = np.atleast_2d(stream.process(answers))
    return np.concatenate(found, axis=1)[:, :steps]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("scaling", SCALINGS)
def test_steps_beyond_an_answer_follow_from_those_before(
    scaling: str | None, strategy: str
) -> None:
    """With "recursive" each step by itself."""
    for series in (seasonal(), several()):
        model = small(strategy=strategy, scaling=scaling).fit(series)
        assert model._fitted.plan.block == {"recursive": 1}.get(strategy, model.horizon_)
        for steps in (1, model.horizon_, 2 * model.horizon_ + 1):
            forecast = np.atleast_2d(model.predict(steps))
            np.testing.assert_array_equal(forecast, by_hand(model, steps))
        assert_same_bits(model.predict(), model.predict(model.horizon_))
        assert_same_bits(np.asarray(model.predict(30))[..., :7], np.asarray(model.predict(7)))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_segment_of_one_horizon_is_direct(strategy: str) -> None:
    """Strategies that read and answer the same with their settings are the same network."""
    settings = {"lookback": 12, "horizon": 4, "segment_length": 4, "seasonality": None}
    model = small(strategy=strategy, **settings).fit(seasonal())
    direct = small(strategy="direct", **settings).fit(seasonal())
    if strategy == "segments":
        assert "projection.weight" in model.params_
    else:
        assert_same_bits(model.params_, direct.params_)
        assert_same_bits(model.predict(9), direct.predict(9))


# ---- Streams ----


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_stream_forecasts_as_predict(scaling: str | None, strategy: str) -> None:
    """With the facts of fit: a fit on what the stream has read would have others."""
    series, more = several(), np.random.default_rng(0).normal(10, 2, size=(3, 20))
    model = small(strategy=strategy, scaling=scaling).fit(series)
    stream = model.stream()
    assert stream.horizon == model.horizon_
    assert_same_bits(stream.forecast(), np.array(model.predict()))
    forecaster, fitted = model._forecaster()
    for t in range(20):
        answer = stream.step(more[:, t])
        histories = [np.append(x, row[: t + 1]) for x, row in zip(series, more, strict=True)]
        panel = fitted.histories.with_values(histories)
        expected = forecaster.forecast(panel, fitted.facts, model.horizon_)
        assert_same_bits(answer, expected.values[..., 0])
    assert_same_bits(stream.forecast(), answer)
    again = model.stream()
    assert_same_bits(again.process(more), answer)
    assert_same_bits(again.state, stream.state)


def test_the_state_of_a_stream() -> None:
    model = small().fit(several())
    stream, other = model.stream(), model.stream()
    begin, state = stream.forecast(), stream.state
    stream.process(np.ones((3, 5)))
    moved = stream.state
    state[0][:] = 1e9  # a copy
    other.state = moved
    assert_same_bits(other.forecast(), stream.forecast())
    moved[0][:] = 1e9
    assert_same_bits(other.forecast(), stream.forecast())
    model.fit(seasonal())  # which does not change streams
    assert_same_bits(other.forecast(), stream.forecast())
    stream.reset()
    assert_same_bits(stream.forecast(), begin)
    one = small().fit(seasonal()).stream()
    assert one.step(3.0).shape == one.step([3.0]).shape == one.process([3.0]).shape == (SEASON,)
    assert_same_bits(one.process([]), one.forecast())


@pytest.mark.parametrize(
    ("method", "argument", "error", "parts"),
    [
        ("step", 3.0, ValueError, ["y_t has shape (1,)", "3 series"]),
        ("step", [1, 2, 3, 4], ValueError, ["y_t has shape (4,)"]),
        ("step", [[1], [2], [3]], ValueError, ["y_t has shape (3, 1)"]),
        ("step", [1, np.nan, 3], ValueError, ["y_t is nan", "finite"]),
        ("step", [1, 1e200, 3], ValueError, ["y_t is 1e+200", "scale"]),
        ("step", ["a", "b", "c"], TypeError, ["y_t", "expected numbers"]),
        ("process", [1, 2, 3], ValueError, ["block has shape (3,)"]),
        ("process", np.ones((3, 2, 1)), ValueError, ["block has shape (3, 2, 1)"]),
        ("process", [[1, 2], [3, np.inf], [5, 6]], ValueError, ["block is inf at step 1"]),
        ("state", [[1.0]], ValueError, ["state has 1 series", "3"]),
        ("state", [[1.0], [2.0], []], ValueError, ["shape (0,)"]),
        ("state", [[1.0], [2.0], [np.nan]], ValueError, ["state is nan"]),
        ("state", [[1.0], [2.0], ["a"]], TypeError, ["state", "numbers"]),
    ],
)
def test_what_a_stream_refuses_changes_nothing(
    method: str, argument: Any, error: type[Exception], parts: list[str]
) -> None:
    stream = small().fit(several()).stream()
    before = stream.state
    calls = {"state": partial(setattr, stream, "state"), "step": stream.step}
    calls["process"] = stream.process
    with pytest.raises(error, match=says(*parts)):
        calls[method](argument)
    assert_same_bits(stream.state, before)


def test_a_stream_of_gaps() -> None:
    """A number that nobody observed is as the last one."""
    y = seasonal()
    model = small(missing="fill").fit(y)
    stream, other = model.stream(), model.stream()
    for number in (np.nan, 12.0, np.nan, np.nan):
        answer = stream.step(number)
    assert_same_bits(answer, other.process([y[-1], 12.0, 12.0, 12.0]))
    with pytest.raises(ValueError, match="inf"):
        stream.step(np.inf)


def test_a_forecaster_with_covariates_has_no_stream() -> None:
    model = small().fit(seasonal(), np.ones(60))
    with pytest.raises(ValueError, match=says("covariates", "predict")):
        model.stream()


# ---- Quantiles, intervals, paths ----


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_quantiles_of_the_network_do_not_cross(strategy: str) -> None:
    levels = [0.05, 0.25, 0.4, 0.9, 0.95]
    model = small(strategy=strategy, loss="quantile", quantiles=levels, dropout=0.0)
    for calibration in (None, 0.2):
        model.set_params(calibration=calibration).fit(several())
        found = np.array(model.predict_quantiles(15, quantiles=levels))
        assert found.shape == (3, 15, 5)
        assert (np.diff(found, axis=-1) >= 0).all()
        assert_same_bits(np.array(model.predict(15)), found[..., 2].copy())  # nearest to 0.5
        some = np.array(model.predict_quantiles(15, quantiles=[0.9, 0.05]))
        assert_same_bits(some, np.ascontiguousarray(found[..., [3, 0]]))
    assert (found[..., -1] > found[..., 0]).mean() > 0.9 or model.trust_ == 0
    with pytest.raises(ValueError, match=says("quantiles has 0.5", "0.25")):
        model.predict_quantiles(quantiles=[0.5])


def test_quantiles_are_learned() -> None:
    """Of noise around a constant: those of its distribution."""
    rng = np.random.default_rng(0)
    y = rng.uniform(0, 1, 1500)
    model = RNNForecaster(
        hidden_size=4,
        horizon=2,
        lookback=4,
        loss="quantile",
        quantiles=(0.1, 0.5, 0.8),
        scaling="standard",
        seasonality=None,
        random_state=0,
        n_jobs=1,
        calibration=None,
        max_iter=8,
        batch_size=32,
    )
    found = model.fit(y).predict_quantiles(quantiles=(0.1, 0.5, 0.8))
    np.testing.assert_allclose(found, [[0.1, 0.5, 0.8]] * 2, atol=0.08)
    normal = rng.normal(3, 2, 1500)
    gaussian = RNNForecaster(**{**model.get_params(), "loss": "gaussian_nll"}).fit(normal)
    found = gaussian.predict_quantiles(quantiles=(0.1, 0.5, 0.8))
    np.testing.assert_allclose(found, [[3 - 2 * 1.2816, 3, 3 + 2 * 0.8416]] * 2, atol=0.4)


@pytest.mark.parametrize("loss", ["auto", "squared_error", "huber", "quantile", "gaussian_nll"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_intervals_lie_around_the_forecast(strategy: str, loss: str) -> None:
    model = small(strategy=strategy, loss=loss).fit(several())
    forecast = np.array(model.predict(15))
    before = np.zeros_like(forecast)
    for coverage in (0.1, 0.5, 0.9, 0.99, 0.999):
        ends = np.array(model.predict_interval(15, coverage=coverage))
        lower, upper = forecast - ends[..., 0], ends[..., 1] - forecast
        np.testing.assert_allclose(lower, upper, rtol=1e-9)
        assert (upper > 0).all()
        assert (upper >= before).all()
        before = upper
    assert (upper > 0).all()


@pytest.mark.parametrize("loss", ["auto", "squared_error", "huber"])
def test_quantiles_of_other_losses_are_ends_of_intervals(loss: str) -> None:
    model = small(loss=loss).fit(several())
    quantiles = np.array(model.predict_quantiles(9, quantiles=(0.1, 0.5, 0.9)))
    ends = np.array(model.predict_interval(9, coverage=0.8))
    np.testing.assert_allclose(quantiles[..., [0, 2]], ends, rtol=1e-12)
    np.testing.assert_array_equal(quantiles[..., 1], np.array(model.predict(9)))


@pytest.mark.parametrize(
    ("scaling", "loss"),
    [
        ("difference", "auto"),
        *((scaling, loss) for scaling in ("standard", "last") for loss in ("auto", "quantile")),
        ("standard", "gaussian_nll"),
        ("last", "gaussian_nll"),
    ],
)
def test_paths_spread(scaling: str, loss: str) -> None:
    """Around the forecast, and the wider the further ahead, as each step follows from the last."""
    walk = np.random.default_rng(0).normal(size=200).cumsum()
    model = small(strategy="recursive", loss=loss, scaling=scaling, seasonality=None)
    model.set_params(lookback=3).fit(walk)
    paths = model.sample_paths(20, n_paths=200, random_state=0)
    assert paths.shape == (20, 200)
    spread = paths.std(axis=1)
    assert spread[0] > 0
    if scaling != "standard":
        assert spread[19] > 2 * spread[0]
        assert abs(paths[0].mean() - model.predict(1)[0]) < 5 * spread[0] / np.sqrt(200)
    assert_same_bits(model.sample_paths(20, n_paths=200, random_state=0), paths)
    assert (model.sample_paths(20, n_paths=200, random_state=1) != paths).any()
    state = np.random.RandomState(3)
    assert (
        model.sample_paths(2, random_state=state) != model.sample_paths(2, random_state=state)
    ).any()


def test_paths_of_several_series() -> None:
    model = small(strategy="recursive").fit(several())
    found = model.sample_paths(7, n_paths=5, random_state=0)
    assert [x.shape for x in found] == [(7, 5)] * 3
    assert [x.shape for x in model.sample_paths(2, series=[[1.0, 2.0]])] == [(2, 100)]
    middle = np.mean(model.sample_paths(7, n_paths=800, random_state=0), axis=2)
    assert np.abs(middle - np.array(model.predict(7)))[:, 0].max() < 1


@pytest.mark.parametrize(
    ("method", "arguments", "error", "parts"),
    [
        ("predict", {"horizon": 0}, ValueError, ["horizon=0", "steps to come"]),
        ("predict", {"horizon": 2.0}, TypeError, ["horizon=2.0", "integer"]),
        ("predict", {"horizon": True}, TypeError, ["horizon=True"]),
        ("predict", {"series": []}, ValueError, ["series is empty"]),
        ("predict", {"exog": np.ones(9)}, ValueError, ["exog is given", "none"]),
        ("predict_interval", {"coverage": 1.0}, ValueError, ["coverage is 1.0", "between"]),
        ("predict_interval", {"coverage": 90}, ValueError, ["coverage is 90"]),
        ("predict_quantiles", {"quantiles": [0.5, 1]}, ValueError, ["quantiles", "between"]),
        ("predict_quantiles", {"quantiles": []}, ValueError, ["quantiles"]),
        ("sample_paths", {}, ValueError, ["strategy='recursive'", "6 steps at once"]),
        ("backtest", {"series": seasonal(), "stride": 0}, ValueError, ["stride=0"]),
        ("backtest", {"series": seasonal(), "start": 0}, ValueError, ["start=0", "share"]),
        ("backtest", {"series": seasonal(), "start": 1.0}, ValueError, ["start=1.0", "share"]),
        ("backtest", {"series": seasonal(), "start": 59}, ValueError, ["no series", "horizon=6"]),
        ("backtest", {"series": seasonal(), "horizon": 60}, ValueError, ["horizon=60", "start"]),
        ("backtest", {"series": seasonal(), "intervals": "a"}, ValueError, ["intervals='a'"]),
        ("backtest", {"series": seasonal(), "coverage": [0.5, 2]}, ValueError, ["coverage"]),
        ("score", {"series": several()}, ValueError, ["3 series", "1"]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_refused_arguments(
    method: str, arguments: Any, error: type[Exception], parts: list[str]
) -> None:
    model = small().fit(seasonal())
    with pytest.raises(error, match=says(*parts)):
        getattr(model, method)(**arguments)


def test_nothing_is_forecast_before_fit() -> None:
    methods = "predict predict_interval predict_quantiles sample_paths stream"
    for method in methods.split():
        with pytest.raises(NotFittedError, match="RNNForecaster"):
            getattr(small(), method)()
    with pytest.raises(NotFittedError, match="RNNForecaster"):
        small().score(seasonal())


@pytest.mark.parametrize("method", ["predict_interval", "predict_quantiles", "sample_paths"])
def test_no_intervals_without_calibration(method: str) -> None:
    model = small(strategy="recursive", calibration=None).fit(seasonal())
    with pytest.raises(ValueError, match=says("calibration=None", "calibration=0.2")):
        getattr(model, method)()

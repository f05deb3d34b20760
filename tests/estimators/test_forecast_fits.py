"""Fits of RNNForecaster: plans, warm starts, searches, interruptions and checkpoints."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score

from cases import assert_same_bits
from helpers.support import says
from series import SCALINGS, SEASON, STRATEGIES, seasonal, several, small
from skrnn import RNNForecaster
from skrnn.callbacks import Checkpoint, EarlyStopping
from test_shared_signatures import sections


class StopError(Exception):
    pass


class Stop:
    """A callback that raises an error at the end of an epoch."""

    def __init__(self, epoch: int, error: type[BaseException]) -> None:
        self.epoch, self.error = epoch, error

    def setup(self, estimator: Any, context: Any) -> None: ...
    def teardown(self, estimator: Any, context: Any) -> None: ...
    def on_fit_task_begin(self, estimator: Any, context: Any) -> None: ...
    def on_fit_task_end(self, _estimator: Any, context: Any) -> bool:
        if context.task_name == "epoch" and context.task_id == self.epoch:
            raise self.error
        return False


def assert_same_forecaster(one: RNNForecaster, other: RNNForecaster) -> None:
    assert_same_bits(one.params_, other.params_)
    assert (one.trust_, one.naive_ratio_) == (other.trust_, other.naive_ratio_)
    assert one.loss_curve_ == other.loss_curve_
    assert_same_bits(np.array(one.predict(9)), np.array(other.predict(9)))
    if one.calibration is not None:
        assert_same_bits(np.array(one.predict_interval(9)), np.array(other.predict_interval(9)))


# ---- What fit learns ----


def test_what_fit_learns_is_documented() -> None:
    model = small().fit(seasonal())
    documented = sections(RNNForecaster)["Attributes"]
    learned = [name for name in vars(model) if name.endswith("_") and name[0] != "_"]
    assert set(learned) == set(documented)
    assert model.n_iter_ == len(model.loss_curve_) == 3
    for name, array in model.params_.items():
        assert array.dtype == np.float32, name
        assert np.isfinite(array).all()
    assert (model.horizon_, model.seasonality_, model.scaling_) == (SEASON, SEASON, "season")
    assert 0 <= model.trust_ <= 1


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_first_forecast_is_the_naive_one(strategy: str) -> None:
    """The head begins with zeros; with a learning rate of almost nothing it stays there."""
    y = seasonal()
    settings = {"strategy": strategy, "learning_rate_init": 1e-30, "calibration": None}
    last = small(scaling="last", **settings).fit(y).predict(8)
    np.testing.assert_allclose(last, np.full(8, y[-1]), rtol=1e-6)
    season = small(scaling="season", **settings).fit(y).predict(8)
    np.testing.assert_allclose(season, np.resize(y[-SEASON:], 8), rtol=1e-6)
    mean = small(scaling="standard", **settings).fit(y).predict(8)
    np.testing.assert_allclose(mean, np.full(8, y.mean()), rtol=1e-6)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_trust_is_between_naive_and_the_network(strategy: str) -> None:
    """Noise around a level that jumps: what was learned does not hold, and is not taken."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=120).cumsum()
    model = small(strategy=strategy, seasonality=None, scaling="last", max_iter=1).fit(y)
    whole = clone(model).set_params(calibration=None).fit(y)
    assert whole.trust_ == 1
    assert_same_bits(model.params_, whole.params_)
    if strategy != "recursive":  # where each step goes on from the one before
        expected = y[-1] + model.trust_ * (whole.predict() - y[-1])
        np.testing.assert_allclose(model.predict(), expected, rtol=1e-6)


def test_settings_of_the_plan() -> None:
    y = seasonal(90)
    for strategy, lookback, segment, horizon in (
        ("segments", 12, 4, 7),
        ("direct", 10, 1, 5),
        ("direct", 12, 3, 5),
        ("recursive", 9, 1, 3),
        ("recursive", 8, 4, 10),
    ):
        model = small(
            strategy=strategy, lookback=lookback, segment_length=segment, horizon=horizon
        ).fit(y)
        plan = model._fitted.plan
        assert (model.lookback_, model.horizon_) == (lookback, horizon)
        assert model.predict().shape == (horizon,)
        widths = {"direct": horizon}.get(strategy, segment)
        assert (plan.width, plan.step_width) == (segment, widths)
        assert plan.block >= horizon or strategy == "recursive"
        read = "projection.weight" if strategy == "segments" else "rnn.weight_ih_l0"
        assert model.params_[read].shape[1] == segment


def test_units_that_fit_chooses() -> None:
    """Differences from a season where that is better, and where windows hold one."""
    rng = np.random.default_rng(0)
    walk = rng.normal(size=90).cumsum()
    seasonal_walk = np.resize(5 * rng.normal(size=SEASON), 90) + 0.1 * walk
    assert small(scaling="auto").fit(seasonal_walk).scaling_ == "season"
    assert small(scaling="auto", lookback=SEASON).fit(seasonal_walk).scaling_ == "season"
    assert small(scaling="auto", lookback=SEASON - 1).fit(seasonal_walk).scaling_ == "last"
    assert small(scaling="auto").fit(walk).scaling_ == "last"
    assert small(scaling="auto", seasonality=None).fit(seasonal_walk).scaling_ == "last"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_seasonal_lags_are_read(strategy: str) -> None:
    """Beside the numbers of a row those a season before the next one."""
    y = seasonal(90)
    settings = {"strategy": strategy, "lookback": 6, "segment_length": 3, "horizon": 3}
    model = small(**settings, seasonal_lags=True, calibration=None, scaling="last").fit(y)
    read = "projection.weight" if strategy == "segments" else "rnn.weight_ih_l0"
    assert model.params_[read].shape[1] == 6
    past = [len(x) for x in model.stream().state]
    assert past == [6 + SEASON - 3]
    moved = y.copy()
    moved[-past[0]] += 1  # the first number that is read, through the lag alone
    assert (model.predict(series=moved) != model.predict(series=y)).any()


def test_the_model_learns_what_lags_and_covariates_say() -> None:
    """Numbers that are those of a hidden series, which only exog knows."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    y = np.concatenate([[0.0], x[1:] + 0.05 * rng.normal(size=399)])
    settings: dict[str, Any] = {
        "horizon": 1,
        "lookback": 2,
        "seasonality": None,
        "scaling": "standard",
        "max_iter": 25,
        "hidden_size": 8,
        "random_state": 0,
        "n_jobs": 1,
        "calibration": None,
        "batch_size": 16,
        "dropout": 0.0,
    }
    for strategy in STRATEGIES:
        model = RNNForecaster(strategy=strategy, **settings).fit(y[:350], x[:350])
        found = [model.predict(1, series=y[:end], exog=x[: end + 1])[0] for end in range(350, 400)]
        assert np.abs(np.array(found) - y[350:]).mean() < 0.35 * np.abs(y[350:]).mean(), strategy


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({"scaling": "season", "seasonality": None}, ["'season'", "needs a season"]),
        ({"scaling": "seasonal_difference", "seasonality": 1}, ["needs a season"]),
        ({"seasonal_lags": True, "seasonality": None}, ["seasonal_lags=True", "seasonality"]),
        ({"seasonal_lags": True, "segment_length": 8}, ["seasonal_lags=True", "8 steps"]),
        ({"segment_length": 9, "lookback": 8}, ["segment_length=9", "lookback=8"]),
        ({"scaling": "difference", "loss": "quantile"}, ["'quantile'", "'difference'"]),
        ({"scaling": "difference", "loss": "gaussian_nll"}, ["'gaussian_nll'"]),
        ({"strategy": "all"}, ["strategy='all'", "segments"]),
        ({"scaling": "max"}, ["scaling='max'", "mean_abs"]),
        ({"calendar": ["week"]}, ["calendar", "week", "weekday"]),
        ({"calendar": ["hour", "hour"]}, ["calendar", "each once"]),
        ({"columns": ["a", "a", "b"]}, ["columns", "three"]),
        ({"columns": "abc"}, ["columns"]),
        ({"missing": "drop"}, ["missing='drop'", "fill"]),
        ({"calibration": 0.0}, ["calibration=0.0"]),
        ({"calibration": 1.0}, ["calibration=1.0"]),
        ({"horizon": 0}, ["horizon=0"]),
        ({"lookback": 2.5}, ["lookback=2.5"]),
        ({"seasonality": "yes"}, ["seasonality='yes'", "auto"]),
        ({"quantiles": [], "loss": "quantile"}, ["quantiles"]),
        ({"loss": "poisson"}, ["loss='poisson'"]),
    ],
    ids=str,
)
def test_refused_settings(settings: Any, parts: list[str]) -> None:
    model = small(**settings)
    with pytest.raises(ValueError, match=says(*parts)):
        model.fit(seasonal())
    assert not hasattr(model, "params_")


# ---- Continued fits ----


def test_a_warm_start_goes_on_with_its_plan_on_other_series() -> None:
    model = small(warm_start=True).fit(several())
    plan = model._fitted.plan
    assert model.fit(seasonal(200)[::-1]) is model
    assert model._fitted.plan == plan
    assert model.n_iter_ == 6
    assert model.predict().shape == (plan.horizon,)
    with pytest.raises(ValueError, match="hidden_size"):
        model.set_params(hidden_size=9).fit(seasonal())
    assert model.set_params(hidden_size=4, warm_start=False).fit(seasonal()).n_iter_ == 3


def test_a_warm_start_keeps_the_units_of_covariates() -> None:
    exog = np.random.default_rng(0).normal(size=60)
    model = small(warm_start=True).fit(seasonal(), exog)
    units = model._fitted.covariates
    assert model.fit(seasonal(), 100 + 10 * exog)._fitted.covariates == units
    with pytest.raises(ValueError, match="exog is None"):
        model.fit(seasonal())


def test_a_refused_fit_changes_nothing() -> None:
    model = small().fit(seasonal())
    state = model.__getstate__()
    for wrong in ([], [np.nan] * 30, [1.0]):
        with pytest.raises(ValueError, match="series"):
            model.fit(wrong)
    assert model.__getstate__() == state


def test_epochs_that_draw_some_of_the_windows() -> None:
    """With max_iter=None: the same bits again, and other windows in each epoch."""
    y = np.random.default_rng(0).normal(size=9000).cumsum()
    settings = {"batch_size": 1, "seasonality": None, "horizon": 2, "lookback": 4, "dropout": 0.0}
    model = small(**settings, max_iter=None, calibration=None)
    model.set_params(early_stopping=True, n_iter_no_change=2, learning_rate_init=1e-30)
    curve = model.fit(y[:2000]).loss_curve_
    assert_same_bits(clone(model).fit(y[:2000]).params_, model.params_)
    assert len(set(np.round(curve, 6))) == len(curve) > 1  # of other windows


# ---- Searches ----


def test_time_series_split() -> None:
    y = seasonal(72)
    model = small(calibration=None)
    splits = TimeSeriesSplit(3, test_size=SEASON)
    scores = cross_val_score(model, y, cv=splits)
    for score, (train, test) in zip(scores, splits.split(y), strict=True):
        error = np.abs(clone(model).fit(y[train]).predict(len(test)) - y[test]).mean()
        assert score == pytest.approx(-error / np.abs(np.diff(y[train])).mean())
    grid = {"scaling": ["season", "last"], "strategy": ["direct", "recursive"]}
    search = GridSearchCV(model, grid, cv=splits).fit(y)
    assert search.best_params_["scaling"] == "season"
    assert search.predict(4).shape == (4,)
    assert_same_bits(search.best_estimator_.params_, clone(search.best_estimator_).fit(y).params_)


# ---- Fits that end early ----


@pytest.mark.parametrize("error", [StopError, KeyboardInterrupt])
def test_calibration_that_is_interrupted_changes_nothing(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    from skrnn._estimators import calibration

    def interrupted(*_: Any) -> Any:
        raise error

    for model in (small(), small().fit(seasonal())):
        before = model.__getstate__()
        with monkeypatch.context() as patch:
            patch.setattr(calibration, "_first_network", interrupted)
            with pytest.raises(error):
                model.fit(seasonal(90))
        assert model.__getstate__() == before


def test_an_interrupted_fit_forecasts() -> None:
    y = several()
    settings = {"learning_rate": "constant", "calibration": None}
    model = small(**settings, max_iter=8).set_callbacks(Stop(4, KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        model.fit(y)
    assert_same_forecaster(model, small(**settings, max_iter=5).fit(y))
    model.set_params(calibration=0.2)
    with pytest.raises(KeyboardInterrupt):
        model.fit(y)
    assert np.isfinite(model.predict_interval()).all()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_killed_fit_resumes_with_the_same_bits(strategy: str, tmp_path: Any) -> None:
    path, settings = tmp_path / "fit.checkpoint", {"strategy": strategy, "max_iter": 8}
    model = small(**settings).set_callbacks(Checkpoint(path), Stop(4, StopError))
    with pytest.raises(StopError):
        model.fit(several())
    assert path.exists()
    assert not hasattr(model, "params_") or model.n_iter_ == 5
    again = small(**settings).set_callbacks(Checkpoint(path)).fit(several())
    assert_same_forecaster(again, small(**settings).fit(several()))


def test_a_checkpoint_of_other_series_is_refused(tmp_path: Any) -> None:
    path = tmp_path / "fit.checkpoint"
    small().set_callbacks(Checkpoint(path)).fit(several())
    for wrong in (several()[:2], [x + 1 for x in several()]):
        with pytest.raises(ValueError, match="another fit"):
            small().set_callbacks(Checkpoint(path)).fit(wrong)
    with pytest.raises(ValueError, match="another fit"):
        small().set_callbacks(Checkpoint(path)).fit(several(), [np.ones(len(x)) for x in several()])


def test_early_stopping() -> None:
    settings = {"early_stopping": True, "learning_rate": "constant", "n_iter_no_change": 3}
    model = small(**settings, max_iter=200, learning_rate_init=0.1, calibration=None)
    model.fit(seasonal(90))
    scores = model.validation_scores_
    assert model.n_iter_ == len(scores) < 200
    assert max(scores[:-3]) >= max(scores[-3:]) - model.tol
    best = int(np.argmax(scores)) + 1
    same = clone(model).set_params(max_iter=best, n_iter_no_change=500).fit(seasonal(90))
    assert_same_bits(same.params_, model.params_)
    stop = EarlyStopping("loss", target=model.loss_curve_[2])
    ended = clone(model).set_params(early_stopping=False).set_callbacks(stop).fit(seasonal(90))
    assert ended.n_iter_ <= 4
    with pytest.raises(ValueError, match=says("early_stopping=True", "longer series")):
        clone(model).set_params(validation_fraction=0.99).fit([1.0, 2.0, 3.0])


@pytest.mark.parametrize("scaling", SCALINGS)
def test_get_params_and_clone(scaling: str | None) -> None:
    model = small(scaling=scaling, calendar=["hour"], columns=("a", "b", "c"))
    assert set(model.get_params()) == set(inspect.signature(RNNForecaster).parameters)
    assert clone(model).get_params() == model.get_params()
    assert clone(small().fit(seasonal())).get_params() == small().get_params()

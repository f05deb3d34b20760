"""Forecasters in files: what they return is the same, in every form that series have."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import skrnn
import skrnn.runtime
from helpers.bits import assert_same
from helpers.model_files import description_of
from helpers.processes import run_python
from models import SMALL, forecaster, forecasts, model_of, series, stirred
from skrnn import RNNForecaster

LENGTH = 48


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.skrnn"


def both(model: Any, path: Path) -> list[Any]:
    """The estimator and the predictor of its file."""
    model.save(path)
    return [skrnn.load(path), skrnn.runtime.load(path)]


def assert_alike(actual: Any, expected: Any) -> None:
    """Assert that two forecasts are the same: bits, types, names, dates and dtypes."""
    assert type(actual) is type(expected)
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(actual, expected, check_exact=True, check_freq=True)
    elif isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(actual, expected, check_exact=True, check_freq=True)
    elif type(expected).__module__.startswith("polars"):
        assert actual.schema == expected.schema
        assert actual.equals(expected)
    else:
        assert_same(actual, expected)


def frame(times: Any, keys: Any = ("b", "a"), names: Any = ("unique_id", "ds", "y")) -> Any:
    """A long frame of a series for each key."""
    values = series(len(keys), LENGTH + len(keys))
    data = {
        names[0]: np.repeat(np.asarray(keys), LENGTH),
        names[1]: pd.Index(np.tile(np.asarray(times), len(keys))),
        names[2]: np.concatenate([x[:LENGTH] for x in values]),
    }
    return pd.DataFrame(data)


def dates(frequency: str, zone: str | None = None) -> Any:
    return pd.date_range("2021-01-29", periods=LENGTH, freq=frequency, tz=zone)


def polars_frame(times: Any, keys: Any) -> Any:
    polars = pytest.importorskip("polars")
    return polars.DataFrame(
        {
            "unique_id": [key for key in keys for _ in range(LENGTH)],
            "ds": [*times] * len(keys),
            "y": np.concatenate([x[:LENGTH] for x in series(len(keys), LENGTH + len(keys))]),
        }
    )


def indexed(index: Any, name: Any = None) -> Any:
    return pd.Series(series(1, LENGTH)[0], index=index, name=name)


def zoned() -> Any:
    data = frame(dates("h"))
    return data.assign(ds=data["ds"].dt.tz_localize("UTC").dt.tz_convert("Asia/Kolkata"))


DAYS = [datetime.date(2024, 1, 1) + datetime.timedelta(days) for days in range(LENGTH)]

FORMS: dict[str, Callable[[], Any]] = {
    "one": lambda: series(1)[0],
    "numbers in a list": lambda: series(1)[0].tolist(),
    "several": series,
    "one in a list": lambda: series(1),
    "array": lambda: np.array([x[:40] for x in series()]),
    "index": lambda: indexed(dates("D")),
    "index with a name": lambda: indexed(dates("MS"), "sales"),
    "index with a number": lambda: indexed(dates("ME"), 3),
    "index with two names": lambda: indexed(dates("B"), ("shop", 3)),
    "index of a time zone": lambda: indexed(dates("h", "UTC"), "sales"),
    "index of an offset": lambda: indexed(dates("h", "UTC+05:30"), "sales"),
    "index of days in a time zone": lambda: indexed(dates("D", "Europe/Berlin")),
    "index of seconds": lambda: indexed(dates("D").as_unit("s")),
    "periods": lambda: indexed(pd.period_range("2020Q1", periods=LENGTH, freq="Q")),
    "frame": lambda: frame(dates("D")),
    "frame of months": lambda: frame(dates("2ME")),
    "frame of business days": lambda: frame(dates("B")),
    "frame of minutes": lambda: frame(dates("15min")),
    "frame of integers": lambda: frame(np.arange(0, 3 * LENGTH, 3)),
    "frame of a time zone": zoned,
    "frame with integers as keys": lambda: frame(dates("D"), [7, -2]),
    "frame with small keys": lambda: frame(dates("D"), np.array([7, -2], np.int8)),
    "frame with bits as keys": lambda: frame(dates("D"), [True, False]),
    "frame with dates as keys": lambda: frame(
        dates("D"), np.array(["2020-02-29", "1960-01-01"], "datetime64[ns]")
    ),
    "frame of one series": lambda: frame(dates("D"), ["only"]),
    "frame without keys": lambda: frame(dates("D"), ["only"]).drop(columns="unique_id"),
    "polars": lambda: polars_frame(DAYS, ["ö", "longer"]),
    "polars with integers": lambda: polars_frame(range(LENGTH), [3, 1]),
    "polars with dates as keys": lambda: polars_frame(DAYS, DAYS[:2]),
}


@pytest.mark.parametrize("name", FORMS)
def test_forecasts_have_the_form_of_the_series(name: str, path: Path) -> None:
    model = forecaster(FORMS[name]())
    for loaded in both(model, path):
        for found, expected in zip(forecasts(loaded, 6), forecasts(model, 6), strict=True):
            assert_alike(found, expected)


@pytest.mark.parametrize("name", ["several", "index with a name", "frame", "polars"])
def test_other_series_may_be_given(name: str, path: Path) -> None:
    model = forecaster(series())
    for loaded in both(model, path):
        given = FORMS[name]()
        assert_alike(loaded.predict(3, series=given), model.predict(3, series=given))


def test_the_columns_of_a_frame_keep_their_names(path: Path) -> None:
    names = ("shop", "week", "sold")
    model = forecaster(frame(dates("W"), names=names), columns=names)
    for loaded in both(model, path):
        assert_alike(loaded.predict(), model.predict())
        assert list(loaded.predict().columns) == [*names]
        assert_alike(
            loaded.predict(series=frame(dates("D"), names=names)),
            model.predict(series=frame(dates("D"), names=names)),
        )


SETTINGS: dict[str, dict[str, Any]] = {
    "direct": {"strategy": "direct", "segment_length": 4},
    "segments": {"segment_length": 3, "horizon": 5, "lookback": 12},
    "not scaled": {"scaling": None},
    **{
        scaling: {"scaling": scaling, "seasonality": 4}
        for scaling in (
            *("standard", "mean_abs", "last", "season", "difference", "seasonal_difference"),
        )
    },
    "lags": {"seasonality": 4, "seasonal_lags": True, "segment_length": 2},
    "layers": {"num_layers": 2, "cell": "lstm"},
    "huber": {"loss": "huber", "delta": 0.3},
    "quantiles": {"loss": "quantile", "quantiles": (0.1, 0.5, 0.7, 0.9)},
    "deviations": {"loss": "gaussian_nll"},
    "large steps": {"horizon": np.int64(4), "lookback": np.int64(8)},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_any_network_forecasts_the_same(name: str, path: Path) -> None:
    model = forecaster(series(), **SETTINGS[name])
    for loaded in both(model, path):
        assert_same(forecasts(loaded, 11), forecasts(model, 11))


@pytest.mark.parametrize("loss", ["auto", "gaussian_nll"])
def test_sample_paths_with_a_seed(loss: str, path: Path) -> None:
    model = forecaster(series(), strategy="recursive", loss=loss)
    for loaded in both(model, path):
        drawn = loaded.sample_paths(7, n_paths=3, random_state=1)
        assert_same(drawn, model.sample_paths(7, n_paths=3, random_state=1))


def test_streams_go_on_from_the_series_of_fit(path: Path) -> None:
    model = model_of("forecaster of gaps")
    for loaded in both(model, path):
        mine, other = model.stream(), loaded.stream()
        for y_t in ([1.0, 2.0, 3.0], [np.nan, 0.0, -1.0], [4.0, 4.0, np.nan]):
            assert_same(other.step(y_t), mine.step(y_t))


def test_attributes_of_a_loaded_forecaster(path: Path) -> None:
    model = model_of("forecaster")
    loaded, predictor = both(model, path)
    for name in ("horizon_", "lookback_", "seasonality_", "scaling_", "trust_", "naive_ratio_"):
        assert getattr(loaded, name) == getattr(model, name)
    assert loaded.get_params() == model.get_params()
    assert loaded.score(series(1, 52)[0][48:]) == model.score(series(1, 52)[0][48:])
    assert repr(predictor).startswith("ForecastPredictor(RNNForecaster, cell='gru'")


def test_a_fit_may_go_on_with_other_series(path: Path) -> None:
    """As it does without a file if the optimiser's state is reset."""
    model = RNNForecaster(**SMALL, horizon=4).fit(series())
    loaded = both(model, path)[0]
    other = [np.cumsum(x) for x in series(4, 60)]
    model._history = loaded._history
    for one in (model, loaded):
        one.set_params(warm_start=True).fit(other)
    assert_same(forecasts(loaded, 6), forecasts(model, 6))
    assert loaded.n_iter_ == model.n_iter_ == 4


def test_a_predictor_has_no_methods_of_other_estimators(path: Path) -> None:
    predictor = both(model_of("forecaster"), path)[1]
    assert isinstance(predictor, skrnn.runtime.ForecastPredictor)
    assert not hasattr(predictor, "classes_")
    for name in ("predict_proba", "predict_log_proba"):
        with pytest.raises(AttributeError, match=f"RNNForecaster has no {name}; use predict"):
            getattr(predictor, name)([1.0])
    with pytest.raises(AttributeError, match="RNNForecaster has no generate; use predict"):
        predictor.generate([1.0], 3)
    with pytest.raises(AttributeError, match=r"RNNForecaster has no n_best; RNNTagger\(crf=True\)"):
        predictor.n_best([1.0], 3)
    with pytest.raises(TypeError, match="return_std"):
        predictor.predict(return_std=True)


# ---- Covariates ----


def beside(rows: int) -> np.ndarray:
    return np.random.default_rng(2).normal(size=(rows, 2)) * [1, 30] + [0, 1000]


@pytest.mark.parametrize("kind", ["steps", "static", "frame", "calendar"])
def test_covariates(kind: str, path: Path) -> None:
    given, exog, ahead, settings = {
        "steps": lambda: (series(1)[0], beside(LENGTH + 3), beside(6), {}),
        "static": lambda: (series(), beside(3), None, {}),
        "frame": lambda: (*with_exog(), {}),
        "calendar": lambda: (frame(dates("h")), None, None, {"calendar": ["hour", "weekday"]}),
    }[kind]()
    model = RNNForecaster(**SMALL, horizon=4, calibration=None, **settings)
    model = stirred(model.fit(given, exog))
    for loaded in both(model, path):
        assert_alike(loaded.predict(6, exog=ahead), model.predict(6, exog=ahead))
        if kind == "steps":  # those that fit has seen already
            assert_alike(loaded.predict(3), model.predict(3))
        if kind != "static":
            continue
        again = model.predict(3, series=series(), exog=exog)
        assert_alike(loaded.predict(3, series=series(), exog=exog), again)


def with_exog() -> tuple[Any, Any, Any]:
    data = frame(dates("D"))
    ahead = frame(pd.date_range(data["ds"].max() + pd.Timedelta("1D"), periods=LENGTH))
    exog, coming = (
        one[["unique_id", "ds"]].assign(price=beside(len(one))[:, 0], sale=beside(len(one))[:, 1])
        for one in (data, ahead)
    )
    return data, exog, coming


# ---- The file ----


def test_large_panels_are_tensors(path: Path) -> None:
    """The description does not grow with the steps of series."""
    small, large = (forecaster(series(2, n), lookback=40, calibration=None) for n in (50, 500))
    sizes = []
    for model in (small, large):
        model.save(path)
        sizes.append(len(str(description_of(path)["forecaster"])))
    assert sizes[0] == pytest.approx(sizes[1], abs=20)


def test_a_name_that_json_cannot_hold(path: Path) -> None:
    model = forecaster(indexed(dates("D"), pd.Timestamp("2020")))
    with pytest.raises(ValueError, match=r"the name of the series .* rename the series"):
        model.save(path)


def test_keys_that_json_cannot_hold(path: Path) -> None:
    data = frame(dates("D"), ["a", "b"])
    data["unique_id"] = data["unique_id"].map({"a": (1, 2), "b": None}).fillna("c")
    model = forecaster(data)
    with pytest.raises(ValueError, match=r"keys of series .* convert the keys to text or integers"):
        model.save(path)


def test_a_time_zone_that_this_machine_does_not_know(path: Path) -> None:
    model = forecaster(zoned())
    model._fitted.form.clock.__dict__["zone"] = "Asia/Nowhere"
    loaded = both(model, path)[0]
    with pytest.raises(ValueError, match="'Asia/Nowhere', is unknown here; install tzdata"):
        loaded.predict()


ALONE = """
import sys, skrnn.runtime
predictor = skrnn.runtime.load(sys.argv[1])
for found in (predictor.predict(3), predictor.predict_interval(3), predictor.stream().step(3.0)):
    print(found.tobytes().hex())
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_the_runtime_imports_nothing_but_numpy(path: Path) -> None:
    model = model_of("forecaster")
    model.save(path)
    *found, modules = run_python("-c", ALONE, str(path)).stdout.splitlines()
    expected = [model.predict(3), model.predict_interval(3), model.stream().step(3.0)]
    assert found == [values.tobytes().hex() for values in expected]
    assert not {"sklearn", "scipy", "pandas", "polars", "safetensors"} & {*modules.split()}

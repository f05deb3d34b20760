"""Refusals of damaged and forged files of forecasters: a ValueError names the wrong value."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import models
import skrnn
import skrnn.runtime
from changes import changed, put
from models import forecaster
from skrnn._series.units import Facts

MISSING = type  # in place of a value: the member is removed
BOTH = pytest.mark.parametrize("load", [skrnn.load, skrnn.runtime.load], ids=["load", "runtime"])


def dated() -> Any:
    """A long frame of two series, with covariates."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame(
        {
            "unique_id": np.repeat(["a", "b"], 40),
            "ds": np.tile(pd.date_range("2024-01-01", periods=40, tz="UTC"), 2),
            "y": rng.normal(size=80).cumsum(),
        }
    )
    exog = data[["unique_id", "ds"]].assign(price=rng.normal(size=80))
    settings = {"calendar": ["weekday"], "seasonality": 7, "seasonal_lags": True}
    return forecaster(data, exog, **settings, segment_length=2, lookback=4)


@pytest.fixture(scope="module", autouse=True)
def subjects() -> Any:
    """One more model for `changed`."""
    patch = pytest.MonkeyPatch()
    known = models.SUBJECTS | {"dated": (cache(dated), lambda: 4)}
    patch.setattr(models, "SUBJECTS", known)
    yield
    patch.undo()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.skrnn"


@BOTH
def test_unchanged_files_are_read(load: Any, path: Path) -> None:
    for name in ("forecaster", "dated"):
        changed(name, path, put("producer", "somebody"))
        load(path)


HUGE = (0, -1, 2**20 + 1, 2**63 - 1, 2**63, 1.0, True, "7", None, [7], MISSING)

WRONG: list[tuple[str, str, Any]] = [
    *(("forecaster", "forecaster", wrong) for wrong in (MISSING, None, [], {}, 3, "a")),
    *(
        ("dated", f"forecaster.plan.{name}", wrong)
        for name in ("horizon", "rows", "width", "steps", "step_width", "seasonality")
        for wrong in HUGE
    ),
    *(("dated", "forecaster.plan.covariates", wrong) for wrong in (-1, 0, 2, 4, 1.0, None)),
    ("dated", "forecaster.plan.horizon", 5),  # 4 are answered at once
    ("dated", "forecaster.plan.horizon", 2),
    ("dated", "forecaster.plan.width", 3),
    ("dated", "forecaster.plan.steps", 3),
    ("dated", "forecaster.plan.step_width", 4),
    ("dated", "forecaster.plan.seasonality", 1),
    ("dated", "forecaster.plan.seasonality", 6),
    *(
        ("dated", "forecaster.plan.lags", wrong)
        for wrong in ([], [6], [7, 7], [7.0], [True], ["7"], [2**40], 7, None, {"tuple": [7]})
    ),
    ("forecaster", "forecaster.plan.lags", [4]),
    *(("dated", "forecaster.plan.scaling", wrong) for wrong in ("Last", 1, [], {}, MISSING)),
    ("dated", "network.horizon", 3),
    ("dated", "network.projection_size", 3),
    ("dated", "network.future_covariates", 3),
    ("dated", "network.future_covariates", MISSING),
    ("forecaster", "network.pooling", "last"),
    ("forecaster", "loss.targets", 2),
    ("forecaster", "estimator.fitted.answers.one_column", True),
    ("forecaster", "estimator.fitted.answers.kind", "flags"),
    ("forecaster", "estimator.fitted.n_features_in", 2),
    ("forecaster", "estimator.fitted.saw_table", True),
    ("forecaster", "estimator.fitted.feature_names_in", ["a"]),
    ("forecaster", "estimator.fitted.vocabulary", ["a"]),
    *(("forecaster", "forecaster.missing", wrong) for wrong in (0, None, "no", MISSING)),
    *(("forecaster", "forecaster.trust", wrong) for wrong in (-0.1, 1.1, True, None, "1", [])),
    *(("forecaster", "forecaster.naive_ratio", wrong) for wrong in (-1, "1", True, [])),
    *(
        ("forecaster", "forecaster.effective_errors", wrong)
        for wrong in (0, None, 0.5, -1, "3", True, [], MISSING)
    ),
    *(("dated", "forecaster.covariates.calendar", wrong) for wrong in (["week"], [], "day", None)),
    ("dated", "forecaster.covariates.calendar", ["weekday", "weekday"]),
    ("dated", "forecaster.covariates.calendar", ["weekday", "hour"]),
    *(("dated", "forecaster.covariates.exog", wrong) for wrong in (0, 2, -1, 1.0, None, 2**62)),
    *(("dated", "forecaster.covariates.names", wrong) for wrong in ([], ["a", "b"], [3], "p", 3)),
    *(("dated", "forecaster.covariates.static", wrong) for wrong in (0, None, MISSING)),
    *(("dated", "forecaster.form", wrong) for wrong in (None, [], MISSING)),
    *(
        ("dated", "forecaster.form.kind", wrong)
        for wrong in ("one", "several", "array", "index", "Frame", None, ["frame"], {})
    ),
    *(("forecaster", "forecaster.form.kind", wrong) for wrong in ("index", "frame")),
    *(
        ("dated", "forecaster.form.columns", wrong)
        for wrong in (["a", "b"], ["a", "b", "c", "d"], ["a", "a", "b"], ["a", "b", 3], None, "abc")
    ),
    *(
        ("dated", "forecaster.form.keys", wrong)
        for wrong in (
            *(None, [], ["a", "b"], {"dtype": "U1", "array": ["a"]}),
            *({"dtype": "U1", "array": ["a", "a"]}, {"dtype": "U1", "array": ["a", "b", "c"]}),
            *({"dtype": "V8", "array": ["a", "b"]}, {"dtype": "U99999999", "array": ["a", "b"]}),
            *({"dtype": "datetime64[ns]", "array": ["a", "b"]}, {"dtype": ["U1"], "array": []}),
            *({"dtype": "datetime64[ns]", "array": [1, -(2**63)]}, {"dtype": "datetime64[ns]"}),
            {"dtype": "datetime64[Y]", "array": [1, 2]},
        )
    ),
    ("forecaster", "forecaster.form.keys", {"dtype": "U1", "array": ["a"]}),
    *(
        ("dated", "forecaster.form.last", wrong)
        for wrong in (
            *(None, [], {"dtype": "datetime64[ns]", "array": [1]}),
            *({"dtype": "datetime64[ns]", "array": [1, 2.5]}, {"dtype": "int64", "array": [1, 2]}),
            *({"dtype": "datetime64[s]", "array": [1, 2]}, {"dtype": "float64", "array": [1, 2]}),
            {"dtype": "datetime64[ns]", "array": [1, -(2**63)]},
        )
    ),
    ("forecaster", "forecaster.form.last", {"dtype": "int64", "array": [1]}),
    ("forecaster", "forecaster.form.step", {"kind": "integers", "size": 1}),
    *(
        ("dated", "forecaster.form.step", wrong)
        for wrong in (
            *(
                [],
                3,
                {"kind": "days", "size": 1},
                {"kind": "months", "size": 0},
                {"kind": "months"},
            ),
            *({"kind": "integers", "size": 1}, {"kind": "months", "size": 10**9}),
            *({"kind": ["months"], "size": 1}, {"kind": "nanoseconds", "size": 2**63 - 1}),
        )
    ),
    *(
        ("dated", "forecaster.form.library", wrong)
        for wrong in ("", "os", "polars.io", "numpy", None, ["pandas"], "Pandas")
    ),
    ("forecaster", "forecaster.form.library", "pandas"),
    *(
        ("dated", "forecaster.form.zone", wrong)
        for wrong in (
            *("", "/etc/passwd", "../UTC", "Europe/../UTC", "dateutil//etc/passwd", "UTC\n", 3, []),
            "a" * 101,
        )
    ),
    ("forecaster", "forecaster.form.zone", "UTC"),
    *(("dated", "forecaster.form.unit", wrong) for wrong in (None, "", "Y", "generic", 3, ["s"])),
    *(
        ("dated", "forecaster.form.period", wrong)
        for wrong in ("", "M; M", "M\n", "-M", "9" * 10 + "M", 3, ["M"], "M" * 99)
    ),
    ("forecaster", "forecaster.form.period", "M"),
    *(("dated", "forecaster.form.is_local", wrong) for wrong in (None, 0, "")),
    ("forecaster", "forecaster.form.is_local", True),
    *(("dated", "forecaster.form.name", wrong) for wrong in ({}, [], {"tuple": [[]]})),
    *(("dated", "arrays", wrong) for wrong in (None, {}, [], MISSING, {"lengths": 2})),
    ("one target", "arrays", {"lengths": 1}),
    ("one target", "forecaster", {}),
    ("one target", "network.future_covariates", 1),
    ("dated", "pipeline", {"verbose": False, "final_step": "a", "steps": []}),
]


@BOTH
@pytest.mark.parametrize(("name", "place", "value"), WRONG, ids=lambda value: str(value)[:40])
def test_impossible_values(name: str, place: str, value: Any, load: Any, path: Path) -> None:
    changed(name, path, put(place, value))
    with pytest.raises(ValueError, match="cannot be loaded: ") as error:
        load(path)
    assert len(str(error.value)) < 1000 + len(str(path))


def test_a_forecaster_of_another_network(path: Path) -> None:
    for name, value in (("strategy", "direct"), ("num_layers", 2), ("loss", "huber")):
        changed("forecaster", path, put(f"estimator.params.{name}", value))
        with pytest.raises(ValueError, match="is not that of its RNNForecaster"):
            skrnn.load(path)


@pytest.mark.parametrize("kind", ["RNNRegressor", "RNNStepRegressor", "RNNClassifier"])
def test_an_estimator_of_another_kind(kind: str, path: Path) -> None:
    def change(description: Any, _: Any) -> None:
        description["estimator"]["class"] = kind
        description["estimator"]["params"] = {"hidden_size": 5}

    changed("forecaster", path, change)
    with pytest.raises(ValueError, match="cannot be loaded"):
        skrnn.load(path)


def test_a_forecaster_without_what_it_learned(path: Path) -> None:
    def change(description: Any, _: Any) -> None:
        description["estimator"]["class"] = "RNNForecaster"
        description["estimator"]["params"] = {}

    changed("one target", path, change)
    with pytest.raises(ValueError, match="it has nothing of what its RNNForecaster has learned"):
        skrnn.load(path)


# ---- Arrays ----


def resized(name: str, count: int) -> Callable[[Any, Any], None]:
    """The first numbers of an array, or more than it has."""

    def change(description: Any, tensors: dict[str, Any]) -> None:
        description["arrays"][name] = count
        tensors[f"array.{name}"] = np.resize(tensors[f"array.{name}"], count)

    return change


def with_number(name: str, place: int, value: float) -> Callable[[Any, Any], None]:
    def change(_: Any, tensors: dict[str, Any]) -> None:
        tensors[f"array.{name}"][place] = value

    return change


def without(name: str) -> Callable[[Any, Any], None]:
    def change(description: Any, tensors: dict[str, Any]) -> None:
        del description["arrays"][name], tensors[f"array.{name}"]

    return change


def added(name: str) -> Callable[[Any, Any], None]:
    def change(description: Any, tensors: dict[str, Any]) -> None:
        description["arrays"][name] = 1
        tensors[f"array.{name}"] = np.ones(1)

    return change


NAMES = [
    *("lengths", "values", "rows", "covariates", "errors", "exog.mean", "exog.scale"),
    *(f"facts.{name}" for name in Facts.COLUMNS),
]
NUMBERS: list[tuple[str, float]] = [
    *(("lengths", number) for number in (0.0, -1.0, 1.5, 1e300, np.nan, np.inf)),
    *(("rows", number) for number in (0.0, 1.0, 2.5, np.nan)),
    *(("values", number) for number in (np.nan, np.inf)),
    *((name, number) for name in NAMES[3:] for number in (np.nan, -np.inf)),
    ("exog.scale", 0.0),
    ("exog.scale", -1.0),
    ("errors", 1e300),  # is above the next
]


@BOTH
@pytest.mark.parametrize("name", NAMES)
def test_arrays_of_another_length(name: str, load: Any, path: Path) -> None:
    for change in (resized(name, 3), resized(name, 9), without(name), added("other")):
        changed("dated", path, change)
        with pytest.raises(ValueError, match="cannot be loaded: "):
            load(path)


@BOTH
@pytest.mark.parametrize(("name", "number"), NUMBERS, ids=str)
def test_impossible_numbers(name: str, number: float, load: Any, path: Path) -> None:
    changed("dated", path, with_number(name, 0, number))
    with pytest.raises(ValueError, match="cannot be loaded: "):
        load(path)


@BOTH
@pytest.mark.parametrize("name", ["deviation", "magnitude", "changes", "moves", "grows"])
def test_impossible_facts(name: str, load: Any, path: Path) -> None:
    says, numbers = {
        "grows": ("0 or 1", (0.5, -1.0)),
        "deviation": ("0 or above", (-1e-9, -1.0)),
        "magnitude": ("0 or above", (-1e-9, -1.0)),
    }.get(name, ("above 0", (0.0, -1.0)))
    for number in numbers:
        changed("dated", path, with_number(f"facts.{name}", 1, number))
        with pytest.raises(ValueError, match=rf"its array facts\.{name} has to be {says}"):
            load(path)

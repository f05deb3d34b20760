"""The program `forecast` of examples/cpp: its forecasts are those of Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skrnn
from programs import ISAS, NEEDED, run

pytestmark = NEEDED

FORECASTERS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "lags": {"seasonal_lags": True, "segment_length": 2, "lookback": 12},
    "direct": {"strategy": "direct", "scaling": "standard"},
    "recursive": {"strategy": "recursive", "scaling": "mean_abs", "cell": "lstm"},
    "differences": {"scaling": "difference", "seasonality": None},
    "seasonal differences": {"scaling": "seasonal_difference"},
    "quantiles": {"loss": "quantile", "quantiles": (0.2, 0.6, 0.8), "scaling": "last"},
    "deviations": {"loss": "gaussian_nll", "scaling": None, "num_layers": 2},
}


def monthly(n: int, start: int) -> np.ndarray:
    """A series whose changes grow with its level."""
    t = np.arange(start, start + n)
    noise = np.random.default_rng(start).normal(size=n)
    return (50 + t) * (1 + 0.3 * np.sin(t * np.pi / 2)) + noise


@pytest.mark.parametrize("name", FORECASTERS)
def test_the_program_forecasts_as_python(
    name: str,
    launchers: dict[str, list[str]],
    in_python: Callable[[str], None],
    tmp_path: Path,
) -> None:
    settings = {"hidden_size": 12, "horizon": 5, "seasonality": 4, "max_iter": 20}
    settings |= {"random_state": 0, **FORECASTERS[name]}
    model = skrnn.RNNForecaster(missing="fill", **settings)
    model.fit([monthly(60, 0), monthly(44, 10)]).save(tmp_path / "model.skrnn")
    gaps = monthly(50, 3)
    gaps[[0, 20, 21, -1]] = np.nan
    in_python(ISAS[0])
    for series in (monthly(70, 5), monthly(7, 5), monthly(1, 5), gaps, np.full(9, 4.0)):
        for horizon in (5, 13):
            process = run(
                launchers["forecast"],
                *(tmp_path / "model.skrnn", horizon),
                input=" ".join(f"{y:.17g}" for y in series),
            )
            assert process.returncode == 0, process.stderr
            forecast = np.array(process.stdout.split(), np.float64)
            expected = model.predict(horizon, series=series)
            # The scale of a window is rounded to float32 from a sum in another order.
            np.testing.assert_allclose(forecast, expected, 1e-5)


@pytest.mark.parametrize(
    ("arguments", "numbers", "part"),
    [
        (["abc"], "1 2", "HORIZON is abc; expected an integer"),
        ([0], "1 2", "horizon must be at least 1"),
        ([2], "1 two 3", '"two" is no number'),
        ([2], "", "the series has no number"),
        ([2], "1 nan 3", "expected finite numbers"),
    ],
)
def test_what_the_program_does_not_forecast(
    arguments: list[Any], numbers: str, part: str, launchers: dict[str, list[str]], tmp_path: Path
) -> None:
    model = skrnn.RNNForecaster(hidden_size=4, max_iter=1, random_state=0, calibration=None)
    model.fit(monthly(40, 0)).save(tmp_path / "model.skrnn")
    process = run(launchers["forecast"], tmp_path / "model.skrnn", *arguments, input=numbers)
    assert process.returncode == 1
    assert part in process.stderr


def test_a_model_that_is_no_forecaster(launchers: dict[str, list[str]], tmp_path: Path) -> None:
    model = skrnn.RNNRegressor(hidden_size=2, max_iter=1, random_state=0)
    model.fit([np.zeros((2, 1)), np.ones((3, 1))], [0.0, 1.0]).save(tmp_path / "model.skrnn")
    process = run(launchers["forecast"], tmp_path / "model.skrnn", input="1 2")
    assert process.returncode == 1
    assert "the model is no forecaster" in process.stderr

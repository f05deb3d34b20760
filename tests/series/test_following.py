"""What follows series of fit: by keys and times, in any order, with gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skrnn import RNNForecaster
from skrnn._series.following import following
from skrnn._series.reading import read_series

pd = pytest.importorskip("pandas")

COLUMNS = ("unique_id", "ds", "y")


def read(series: Any) -> Any:
    return read_series(series, COLUMNS, missing=True)


def frame(times: Any, key: Any = 0) -> Any:
    return pd.DataFrame({"unique_id": key, "ds": times, "y": np.arange(float(len(times)))})


@pytest.mark.parametrize("step", ["h", "D", "B", "W-WED", "MS", "ME", "QS", "3h"])
def test_steps_are_found_by_their_times(step: str) -> None:
    """Whatever is left out of them, months without their end days among them."""
    times = pd.date_range("2024-01-01", periods=30, freq=step)
    form = read(frame(times[:20])).form
    rng = np.random.default_rng(0)
    for size in (10, 9, 5, 3, 1):
        kept = np.sort(rng.choice(10, size, replace=False))
        later = frame(times[20:]).iloc[kept].sample(frac=1, random_state=0)
        (found,) = following(form, read(later))
        expected = np.full(kept[-1] + 1, np.nan)
        expected[kept] = kept
        np.testing.assert_array_equal(found, expected)


def test_series_are_found_by_their_keys() -> None:
    days = pd.date_range("2024-01-01", periods=12)
    fitted = pd.concat([frame(days[:8], "b"), frame(days[:8], "a"), frame(days[:4], "ended")])
    later = pd.concat([frame(days[8:], "new"), frame(days[8:10], "a"), frame(days[8:], "b")])
    b, a, ended = following(read(fitted).form, read(later))
    np.testing.assert_array_equal(b, np.arange(4.0))
    np.testing.assert_array_equal(a, np.arange(2.0))
    assert len(ended) == 0


@pytest.mark.parametrize("shift", ["-1D", "1h"])
def test_other_times(shift: str) -> None:
    days = pd.date_range("2024-01-01", periods=9)
    form = read(frame(days[:6])).form
    with pytest.raises(ValueError, match=r"series 0 has the times .*, which are no steps after"):
        following(form, read(frame(days[6:] + pd.Timedelta(shift))))


def test_units_of_errors_are_those_of_the_series() -> None:
    """And not of the differences that the network may read."""
    rng = np.random.default_rng(0)
    y = 100 + 0.5 * np.arange(90) + rng.normal(size=90)
    scores = []
    for scaling in ("last", "difference", "seasonal_difference"):
        model = RNNForecaster(
            horizon=3, lookback=6, hidden_size=4, seasonality=3, scaling=scaling, max_iter=1
        )
        scores.append(model.backtest(y, start=60).scores)
    for one in scores[1:]:
        for name in ("mae", "mase"):
            assert one[name]["seasonal_naive"] == pytest.approx(scores[0][name]["seasonal_naive"])
    scale = np.abs(y[3:60] - y[:57]).mean()
    assert scores[0]["mase"]["naive"] == pytest.approx(scores[0]["mae"]["naive"] / scale)

"""Forecasts in the procedure of `_question.py`: series are X, and what follows them is y."""

from __future__ import annotations

from typing import Any

import numpy as np

from skrnn import RNNForecaster
from skrnn.metrics import mase, owa, smape

Series = list[np.ndarray]  # (T_i,)


class SeasonalNaive:
    """Repeats the last season."""

    def __init__(self, seasonality: int, horizon: int) -> None:
        self.seasonality, self.horizon = seasonality, horizon

    def fit(self, X: Series, _: Any = None) -> SeasonalNaive:
        """Keep the last seasons."""
        self.seasons = [x[-self.seasonality :] for x in X]
        return self

    def predict(self) -> Series:
        """A forecast of each series."""
        return [np.resize(season, self.horizon) for season in self.seasons]


def forecaster(seed: int, n_jobs: int | None, **settings: Any) -> Any:
    """Ours."""
    return RNNForecaster(random_state=seed, n_jobs=n_jobs, **settings)


def of_competition(model: Any, X: Series, y: Series, seasonality: int) -> dict[str, float]:
    """OWA relative to Naive 2, sMAPE and MASE; X are the histories."""
    forecasts = model.predict()
    scores = {
        "OWA": owa(y, forecasts, X, seasonality=seasonality),
        "sMAPE": smape(y, forecasts),
        "MASE": mase(y, forecasts, X, seasonality=seasonality),
    }
    if isinstance(model, RNNForecaster) and model.calibration is not None:
        for coverage in (0.8, 0.95):
            ends = model.predict_interval(coverage=coverage)
            inside = [(a[:, 0] <= b) & (b <= a[:, 1]) for a, b in zip(ends, y, strict=True)]
            scores[f"covered of {coverage}"] = float(np.mean(np.concatenate(inside)))
    return scores


class Backtested:
    """A forecaster, or the last value repeated, from all origins behind the training part."""

    def __init__(self, estimator: RNNForecaster | None, horizon: int, start: int) -> None:
        self.estimator, self.horizon, self.start = estimator, horizon, start

    def fit(self, X: Series, _: Any = None) -> Backtested:
        """Fit on what is before `start`, and forecast what is behind it."""
        own = self.estimator is not None
        model = self.estimator or RNNForecaster(max_iter=1, hidden_size=1, seasonality=None)
        model.set_params(calibration=None, horizon=self.horizon)
        backtest = model.backtest(X, start=self.start, coverage=())
        self.ends = backtest.ends
        self.errors = backtest.forecasts["forecaster" if own else "naive"] - backtest.actual
        return self


def from_origins(model: Backtested, steps: range, _: Any) -> dict[str, float]:
    """MSE and MAE over all windows whose targets are among these steps of the series."""
    errors = model.errors[model.ends >= steps[0]]
    return {"MSE": float(np.mean(errors**2)), "MAE": float(np.mean(np.abs(errors)))}

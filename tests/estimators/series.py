"""Series for tests of forecasters, and settings so small that a fit takes milliseconds."""

from __future__ import annotations

from typing import Any

import numpy as np

from skrnn import RNNForecaster

SMALL: dict[str, Any] = {
    "hidden_size": 4,
    "max_iter": 3,
    "n_iter_no_change": 1000,  # fits end with max_iter, without a warning
    "batch_size": 8,
    "random_state": 0,
    "n_jobs": 1,
}
SEASON = 6

STRATEGIES = ("segments", "direct", "recursive")
SCALINGS = (
    None,
    "standard",
    "mean_abs",
    "last",
    "season",
    "difference",
    "seasonal_difference",
)


def small(**settings: Any) -> RNNForecaster:
    """A forecaster of series with a season of `SEASON` steps."""
    return RNNForecaster(**{**SMALL, "seasonality": SEASON, **settings})


def seasonal(n: int = 60, seed: int = 0) -> np.ndarray:
    """A positive series with a season, a trend and noise."""
    t = np.arange(n)
    noise = np.random.default_rng(seed).normal(scale=0.3, size=n)
    return 10 + 0.05 * t + 2 * np.sin(2 * np.pi * (t + seed) / SEASON) + noise


def several() -> list[np.ndarray]:
    """Series of different lengths."""
    return [seasonal(n, seed) for seed, n in enumerate((60, 45, 52))]

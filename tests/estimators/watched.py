"""Detectors of anomalies, and series for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from skrnn import RNNAnomalyDetector

SMALL: dict[str, Any] = {
    "hidden_size": 5,
    "window": 12,
    "segment_length": 4,
    "max_iter": 3,
    "random_state": 0,
    "n_jobs": 1,
}


def detector(**settings: Any) -> RNNAnomalyDetector:
    return RNNAnomalyDetector(**(SMALL | settings))


def series(steps: int = 80, channels: int = 1, seed: int = 0) -> Any:
    """Waves with noise, of different levels and sizes."""
    rng = np.random.default_rng(seed)
    t = np.arange(steps)[:, None]
    waves = np.sin(t / 3 + np.arange(channels)) + 0.2 * rng.normal(size=(steps, channels))
    return 10.0 ** np.arange(channels) * (waves + 5)

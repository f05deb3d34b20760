"""Models that several of these scripts share."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import RNNClassifier
from skrnn.preprocessing import PerStep

# The defaults at the time when the settings in these scripts were chosen and first tested. Since
# then the initial bias of the GRU's update gate is two, before it was one.
THEN = {
    "cell": "lstm",
    "pooling": "last",
    "standardize": False,
    "learning_rate": "constant",
    "batch_size": 32,
}


def scaled_classifier(seed: int, n_jobs: int | None, **settings: Any) -> Any:
    """A classifier after a StandardScaler; training runs all of its epochs."""
    return make_pipeline(
        PerStep(StandardScaler()),
        RNNClassifier(
            n_iter_no_change=settings["max_iter"],
            random_state=seed,
            n_jobs=n_jobs,
            **(THEN | settings),
        ),
    )

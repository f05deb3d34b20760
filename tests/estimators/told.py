"""Language models that are told what to write, and their texts."""

from __future__ import annotations

from typing import Any

import numpy as np

from skrnn import RNNLanguageModel

SMALL: dict[str, Any] = {"hidden_size": 9, "max_iter": 3, "random_state": 0, "n_jobs": 1}
TEXTS = ["anna", "bo", "", "hanna", "otto", "b"] * 5
VECTORS = np.random.default_rng(0).normal(size=(len(TEXTS), 2))
STEPS = [np.random.default_rng(i).normal(size=(max(1, len(t)), 2)) for i, t in enumerate(TEXTS)]
LONG = "the cat sat on the mat. the dog sat on the cat. " * 30
OF_LONG = np.random.default_rng(0).normal(size=(len(LONG), 3))


def small(**settings: Any) -> RNNLanguageModel:
    return RNNLanguageModel(**{**SMALL, **settings})

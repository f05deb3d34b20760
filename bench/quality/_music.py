"""Polyphonic music: the keys of the next frame, from the frames before it.

The protocol is that of Boulanger-Lewandowski et al. (ICML 2012) as applied by Bai et al. (2018):
the negative log-likelihood of the 88 keys of a frame is summed over keys and averaged over frames.
The first frame of a piece, which has none before it, is not predicted. Settings are fitted on the
training part, and compared on the validation part. The published figures are those of Bai et al.

The linear baseline is a logistic regression of each key on the last frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from _data import polymusic
from _question import Part, Question
from skrnn import RNNStepRegressor


def following(pieces: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The frames that are read, and those that follow them."""
    return [piece[:-1] for piece in pieces], [piece[1:] for piece in pieces]


def nll(model: Any, X: Sequence[np.ndarray], y: Sequence[np.ndarray]) -> dict[str, float]:
    return {"NLL": -model.score(X, y)}


class LastFrame:
    """A logistic regression of each key on all keys of the last frame.

    A key that never sounds in training, or always, has the frequency that it would have with one
    more frame of either kind.
    """

    def fit(self, X: Sequence[np.ndarray], y: Sequence[np.ndarray]) -> LastFrame:
        read, follows = np.concatenate(X), np.concatenate(y)
        self.rates = (follows.sum(axis=0) + 1) / (len(follows) + 2)
        varied = np.flatnonzero(follows.min(axis=0) != follows.max(axis=0))
        self.models = {
            key: LogisticRegression(max_iter=1000).fit(read, follows[:, key]) for key in varied
        }
        return self

    def score(self, X: Sequence[np.ndarray], y: Sequence[np.ndarray]) -> float:
        """The mean log-likelihood of a frame."""
        read, follows = np.concatenate(X), np.concatenate(y)
        logits = np.tile(np.log(self.rates / (1 - self.rates)), (len(read), 1))
        for key, model in self.models.items():
            logits[:, key] = model.decision_function(read)
        return float((follows * logits - np.logaddexp(0, logits)).sum(axis=1).mean())


def make(seed: int, n_jobs: int | None, **settings: Any) -> RNNStepRegressor:
    return RNNStepRegressor(
        loss="binary_cross_entropy",
        standardize=False,
        random_state=seed,
        n_jobs=n_jobs,
        **settings,
    )


def question(name: str, data_name: str, **options: Any) -> Question:
    """The question of one data set; ``options`` are its target, settings and published figures."""

    def load(data: Path) -> tuple[list[Part], Part]:
        train, valid, test = (
            following(polymusic(data, data_name, part)) for part in ("train", "valid", "test")
        )
        return [Part(*train, *valid)], Part(*train, *test)

    return Question(
        name=name,
        metric="NLL",
        load=load,
        make=make,
        score=nll,
        baseline=LastFrame,
        larger_is_better=False,
        **options,
    )

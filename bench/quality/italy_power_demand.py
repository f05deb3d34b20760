"""ItalyPowerDemand: a day of summer or of winter. 67 days for training, 1,029 for the test.

A day is 24 hourly values, standardised in the files; "changes" adds the change since the hour
before. Settings were compared on the training part by cross-validation, stratified, ten folds, ten
times; ± is the standard error over the hundred fits, as if they were independent, though they share
67 days: no two rows with "changes" differ significantly.

    gru                             accuracy 0.9602 ± 0.0075  log-loss 0.1224 ± 0.0183
    bigru                           accuracy 0.9662 ± 0.0071  log-loss 0.1142 ± 0.0185
    gru, clock                      accuracy 0.9467 ± 0.0083  log-loss 0.1356 ± 0.0239
    gru, changes, clock             accuracy 0.9662 ± 0.0072  log-loss 0.1178 ± 0.0225
    gru, changes, 120 epochs        accuracy 0.9664 ± 0.0072  log-loss 0.1346 ± 0.0287
    gru, changes, rate 1e-2         accuracy 0.9681 ± 0.0078  log-loss 0.1512 ± 0.0335
    gru, changes, heavier dropouts  accuracy 0.9769 ± 0.0065  log-loss 0.1268 ± 0.0136
    gru, changes                    accuracy 0.9752 ± 0.0074  log-loss 0.1042 ± 0.0188
    bigru, changes                  accuracy 0.9733 ± 0.0076  log-loss 0.1071 ± 0.0185
    bilstm, changes                 accuracy 0.9660 ± 0.0080  log-loss 0.1079 ± 0.0179
    lstm, changes                   accuracy 0.9738 ± 0.0063  log-loss 0.1004 ± 0.0168
    lstm, changes, 5 members        accuracy 0.9712 ± 0.0063  log-loss 0.0989 ± 0.0158

The search was done by an earlier form of this script, with the same folds and other seeds: the
first seven rows, printed here by this one after the test, had log-losses from 0.1224 to 0.1492 then
(the choice is the same with either), and lstm, gru and bigru with changes 0.1030, 0.1093, 0.1054.
Also tried then on GRUs without changes, none with a log-loss below 0.125: no dropouts, heavier
ones, the hour as one channel or as 24, pooling by mean, max or attention, 32 and 128 units, 30 and
120 epochs, rates of 1e-3 and 1e-2, one cycle, decay.

The rule: of the rows within one standard error of the best accuracy, the lowest log-loss, and an
ensemble only if it wins by more than a standard error. The choice was committed before it was
scored on the test days. That was their second use (0.9658 ± 0.0011 over five seeds); the first was
with "bigru" (0.9638 ± 0.0023).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from _data import ucr_uea
from _models import THEN
from _question import Part, Question, accuracy, main, parts
from skrnn import RNNClassifier

BASE = {"cell": "gru", "learning_rate_init": 3e-3, "max_iter": 60, "learning_rate": "cosine"}
BASE |= {"dropout": 0.5, "recurrent_dropout": 0.3}
BIGRU = BASE | {"bidirectional": True}
CHANGES = {"channels": ("value", "change")}
CLOCK = {"channels": ("value", "clock")}
BOTH = {"channels": ("value", "change", "clock")}
SETTINGS: dict[str, dict[str, Any]] = {
    "gru": BASE,
    "bigru": BIGRU,
    "gru, clock": BASE | CLOCK,
    "gru, changes, clock": BASE | BOTH,
    "gru, changes, 120 epochs": BASE | CHANGES | {"max_iter": 120},
    "gru, changes, rate 1e-2": BASE | CHANGES | {"learning_rate_init": 1e-2},
    "gru, changes, heavier dropouts": BASE | CHANGES | {"dropout": 0.7, "recurrent_dropout": 0.5},
    "gru, changes": BASE | CHANGES,
    "bigru, changes": BIGRU | CHANGES,
    "bilstm, changes": BIGRU | CHANGES | {"cell": "lstm"},
    "lstm, changes": BASE | CHANGES | {"cell": "lstm"},
    "lstm, changes, 5 members": BASE | CHANGES | {"cell": "lstm", "members": 5},
}


def described(days: list[np.ndarray], channels: Sequence[str]) -> list[np.ndarray]:
    """The named channels of days (24, 1): demand, its change in an hour, the hour as an angle."""
    hours = np.arange(24)[:, None] * np.pi / 12
    clock = np.hstack([np.sin(hours), np.cos(hours)])

    def of(day: np.ndarray, channel: str) -> np.ndarray:
        if channel == "change":
            return np.diff(day, axis=0, prepend=day[:1])
        return clock if channel == "clock" else day

    return [np.hstack([of(day, channel) for channel in channels]) for day in days]


def load(data: Path) -> tuple[list[Part], Part]:
    split = ucr_uea(data, "ItalyPowerDemand")
    folds = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=1)
    return parts(split.X, split.y, folds.split(split.y, split.y)), Part(*split)


def make(
    seed: int,
    n_jobs: int | None,
    channels: Sequence[str] = ("value",),
    members: int = 1,
    **settings: Any,
) -> Any:
    """An ensemble: mean probabilities of ``members`` fits that differ only in the seed."""

    def classifier(seed: int) -> RNNClassifier:
        return RNNClassifier(
            n_iter_no_change=settings["max_iter"],
            random_state=seed,
            n_jobs=n_jobs,
            **(THEN | {"batch_size": 16} | settings),
        )

    fits = [(str(i), classifier(seed * members + i)) for i in range(members)]
    return make_pipeline(
        FunctionTransformer(described, kw_args={"channels": channels}),
        VotingClassifier(fits, voting="soft"),
    )


QUESTION = Question(
    name="italy_power_demand",
    metric="accuracy",
    target=0.967,
    published={"TWIESN": 0.871, "1NN-DTW": 0.950, "LSTM-FCN": 0.962},
    settings=SETTINGS,
    chosen="lstm, changes",
    load=load,
    make=make,
    score=accuracy,
)

if __name__ == "__main__":
    main(QUESTION, __doc__)

"""C-MAPSS FD001: remaining flights of jet engines. 100 engines run to failure, 100 cut off before.

Trained on windows that end at every second flight of the first 100 engines, with targets of at most
125 flights: before its fault an engine shows no sign of it. The test is the last window of each of
the other 100. The decisive score is against targets of at most 125, as in training; that against
uncapped targets is also printed, because papers differ in this.

Nearly constant columns are dropped, the others smoothed over an engine's flights so far and
standardised. The prediction is the mean of an ensemble of LSTMs that differ only in the seed.
Settings were compared on the training engines only: five folds of engines, each engine cut off at
ten random flights, mean over folds ± its standard error. For an ensemble, RMSE is that of the mean,
followed by the mean RMSE of its members.

    window 50                              RMSE 16.34 ± 0.38
    window 80                              RMSE 16.85 ± 0.55
    sensors                                RMSE 15.46 ± 0.68
    sensors, dropouts                      RMSE 16.04 ± 0.97
    smooth                                 RMSE 14.98 ± 0.55
    smooth, 4 epochs                       RMSE 15.29 ± 0.46
    smooth, 16 units                       RMSE 20.12 ± 1.15
    smooth, PCA 3                          RMSE 14.41 ± 0.77
    64 units, rate 3e-3                    RMSE 14.08 ± 0.45
    64 units, rate 3e-3, span 20           RMSE 14.68 ± 0.39
    64 units, rate 3e-3, dropout           RMSE 14.87 ± 0.70
    64 units, rate 3e-3, PCA 3             RMSE 13.53 ± 0.65
    16 units, rate 1e-2, 3 members         RMSE 13.88 ± 0.65  of a member 14.86 ± 0.66
    16 units, rate 1e-2, PCA 3, 3 members  RMSE 13.17 ± 0.54  of a member 14.05 ± 0.57
    32 units, rate 6e-3, 3 members         RMSE 12.96 ± 0.39  of a member 14.05 ± 0.44
    32 units, rate 6e-3, PCA 3, 3 members  RMSE 12.98 ± 0.42  of a member 13.62 ± 0.42
    32 units, rate 6e-3, PCA 2, 3 members  RMSE 13.02 ± 0.52  of a member 13.45 ± 0.51
    32 units, rate 6e-3, PCA 3, 5 members  RMSE 12.90 ± 0.46  of a member 13.68 ± 0.39

The flight's number as a channel (16.89, smoothed) and the difference from an engine's first twenty
flights (17.40, "sensors") made it worse. Later rows were chosen with knowledge of earlier ones, so
they are somewhat optimistic. All but the last row come from an earlier form of this script, with
the same folds and cuts, that clipped each member to 0 and CAP, not their mean; members had other
seeds.

The rule was the lowest RMSE, which is the last row. The choice was committed before it was scored
on the test engines. That was their second use (14.56 ± 0.28 over five seeds); the first was with
"window 50" (15.63 ± 0.63). On two folds "window 80" had then seemed better, which five folds do not
confirm.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.ensemble import VotingRegressor
from sklearn.feature_selection import VarianceThreshold
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from _baseline import baseline
from _data import cmapss
from _models import THEN
from _question import Part, Question, main
from skrnn import RNNRegressor
from skrnn.preprocessing import PerStep

CAP = 125
SHORTEST = 20  # flights of a window
EVERY = 2  # flights from window to window

BASE = {
    "hidden_size": 64,
    "learning_rate_init": 1e-3,
    "learning_rate": "cosine",
    "max_iter": 10,
    "batch_size": 64,
    "window": 50,
}
SENSORS = BASE | {"least_variance": 1e-5}
SMOOTH = SENSORS | {"span": 10}
UNITS_64 = SMOOTH | {"learning_rate_init": 3e-3}
UNITS_32 = SMOOTH | {"hidden_size": 32, "learning_rate_init": 6e-3}
UNITS_16 = SMOOTH | {"hidden_size": 16, "learning_rate_init": 1e-2}
PCA_3 = {"components": 3}
SETTINGS: dict[str, dict[str, Any]] = {
    "window 50": BASE,
    "window 80": BASE | {"window": 80},
    "sensors": SENSORS,
    "sensors, dropouts": SENSORS | {"dropout": 0.3, "recurrent_dropout": 0.2},
    "smooth": SMOOTH,
    "smooth, 4 epochs": SMOOTH | {"max_iter": 4},
    "smooth, 16 units": SMOOTH | {"hidden_size": 16},
    "smooth, PCA 3": SMOOTH | PCA_3,
    "64 units, rate 3e-3": UNITS_64,
    "64 units, rate 3e-3, span 20": UNITS_64 | {"span": 20},
    "64 units, rate 3e-3, dropout": UNITS_64 | {"dropout": 0.3},
    "64 units, rate 3e-3, PCA 3": UNITS_64 | PCA_3,
    "16 units, rate 1e-2, 3 members": UNITS_16 | {"members": 3},
    "16 units, rate 1e-2, PCA 3, 3 members": UNITS_16 | PCA_3 | {"members": 3},
    "32 units, rate 6e-3, 3 members": UNITS_32 | {"members": 3},
    "32 units, rate 6e-3, PCA 3, 3 members": UNITS_32 | PCA_3 | {"members": 3},
    "32 units, rate 6e-3, PCA 2, 3 members": UNITS_32 | {"components": 2, "members": 3},
    "32 units, rate 6e-3, PCA 3, 5 members": UNITS_32 | PCA_3 | {"members": 5},
}


class OnWindows:
    """An estimator of sequences, fitted on windows of engines, that predicts from their last ones.

    ``span`` is that of an exponential mean over an engine's flights so far; 1 is no smoothing.
    """

    def __init__(self, estimator: Any, window: int, span: float) -> None:
        self.estimator, self.window, self.span = estimator, window, span

    def fit(self, engines: list[np.ndarray], _: Any) -> OnWindows:
        """Fit on engines run to failure. Windows at an engine's beginning are shorter."""
        X, left = [], []
        for engine in map(self._smooth, engines):
            for end in range(len(engine), SHORTEST - 1, -EVERY):
                X.append(engine[max(0, end - self.window) : end])
                left.append(min(len(engine) - end, CAP))
        self.estimator.fit(X, np.array(left, float))
        return self

    def transform(self, engines: list[np.ndarray]) -> np.ndarray:
        """The prediction of each member of an ensemble."""
        return self.estimator.transform(
            [self._smooth(engine)[-self.window :] for engine in engines]
        )

    def _smooth(self, engine: np.ndarray) -> np.ndarray:
        return pd.DataFrame(engine).ewm(span=self.span).mean().to_numpy()


def load(data: Path) -> tuple[list[Part], Part]:
    """Folds that hold out each training engine once, cut off after each of ten random flights."""
    engines, cut_off, left = cmapss(data)
    rng = np.random.default_rng(1)
    cuts = [np.sort(rng.integers(31, len(engine), 10)) for engine in engines]
    validation = []
    for fitted, held_out in KFold(5, shuffle=True, random_state=1).split(engines):
        ends = [(i, int(end)) for i in held_out for end in cuts[i]]
        validation.append(
            Part(
                [engines[i] for i in fitted],
                None,
                [engines[i][:end] for i, end in ends],
                np.array([len(engines[i]) - end for i, end in ends], float),
            )
        )
    return validation, Part(engines, None, cut_off, left)


def make(
    seed: int,
    n_jobs: int | None,
    window: int,
    least_variance: float = 1e-6,
    span: float = 1,
    components: int | None = None,
    members: int = 1,
    **settings: Any,
) -> OnWindows:
    """An ensemble: the mean of ``members`` fits that differ only in the seed."""
    scaled = [VarianceThreshold(least_variance), StandardScaler()]
    if components is not None:
        scaled.append(PCA(components))

    def regressor(seed: int) -> RNNRegressor:
        return RNNRegressor(
            n_iter_no_change=settings["max_iter"],
            random_state=seed,
            n_jobs=n_jobs,
            **(THEN | settings),
        )

    fits = [(str(i), regressor(seed * members + i)) for i in range(members)]
    return OnWindows(
        make_pipeline(PerStep(make_pipeline(*scaled)), VotingRegressor(fits)), window, span
    )


def linear() -> OnWindows:
    """The baseline, on the windows of smoothed flights of the chosen settings.

    The folds for its regularisation hold out whole engines, except those cut by a fold's ends,
    because neighbouring windows of an engine are almost equal.
    """
    ridge = VotingRegressor([("ridge", baseline("regression", folds=KFold(5)))])
    return OnWindows(ridge, SMOOTH["window"], SMOOTH["span"])


def score(model: OnWindows, engines: list[np.ndarray], left: np.ndarray) -> dict[str, float]:
    """Root mean squared errors; predictions are clipped to 0 and CAP."""
    members = model.transform(engines)

    def error(predicted: np.ndarray, wanted: np.ndarray) -> float:
        return float(np.sqrt(np.mean((np.clip(predicted, 0, CAP) - wanted) ** 2)))

    mean, capped = members.mean(axis=1), np.minimum(left, CAP)
    return {
        "RMSE": error(mean, capped),
        "RMSE, not capped": error(mean, left),
        "RMSE of a member": float(np.mean([error(member, capped) for member in members.T])),
    }


QUESTION = Question(
    name="cmapss",
    metric="RMSE",
    target=14.5,
    published={
        "deep LSTM": 16.14,
        "LSTM": 14.93,
        "BiLSTM": 13.65,
        "DCNN": 12.61,
        "CNN": 18.45,
        "SVR": 20.96,
    },
    settings=SETTINGS,
    chosen="32 units, rate 6e-3, PCA 3, 5 members",
    load=load,
    make=make,
    score=score,
    baseline=linear,
    larger_is_better=False,
)

if __name__ == "__main__":
    main(QUESTION, __doc__)

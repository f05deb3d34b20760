"""The comparison of settings on which the estimators' defaults rest.

Every setting is tried on every data set of _sets.py: fitted on one half of its training part and
scored on the other (accuracy, or R^2 for regression), small sets three times. Channels are
standardised first, unless a setting says otherwise, and texts are numbered by a TokenEncoder. No
test part is used. Each score is saved at once, so that a run can be interrupted and continued:

    python bench/defaults/choose.py --jobs 2
    python bench/defaults/choose.py --settings default max lstm --sets fsdd esol
    python bench/defaults/choose.py --table        # of the saved scores, as Markdown

README.md beside this file has the table and the conclusions.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from _sets import ARCHIVE, SETS, Cases, folder
from _settings import SETTINGS
from skrnn import RNNClassifier, RNNRegressor
from skrnn._training import initialization
from skrnn._training.loop import EPOCHS, UPDATES
from skrnn.preprocessing import PerStep, TokenEncoder

RESULTS = Path(__file__).resolve().parents[1] / "results" / "defaults.jsonl"


def pipeline(cases: Cases, scaled: bool = True, **parameters: Any) -> Any:
    """The estimator of the task, after the preprocessing that its input needs."""
    estimator = {"classification": RNNClassifier, "regression": RNNRegressor}[cases.task]
    sizes = {}
    if cases.kind == "channels":
        first = [PerStep(StandardScaler())] if scaled else []
    elif cases.kind == "words":
        first = [TokenEncoder(token_pattern=r"\S+", min_frequency=2)]
        sizes = {"embedding_size": 64}
    else:
        first = [TokenEncoder("char", lowercase=False)]
        sizes = {"embedding_size": 32}
    return make_pipeline(*first, estimator(random_state=0, n_jobs=1, **sizes, **parameters))


def _fit(cases: Cases, X: list[Any], y: np.ndarray, setting: dict[str, Any]) -> Any:
    """Fit one setting, with the further keys of _settings.py."""
    setting = dict(setting)
    bias, updates = setting.pop("keeping_bias", None), setting.pop("updates", None)
    averaged = setting.pop("averaged", False)
    if updates is not None:
        of_epoch = np.ceil(len(y) / setting.get("batch_size", RNNClassifier().batch_size))
        setting["max_iter"] = int(np.clip(round(updates / of_epoch), *EPOCHS))
    model = pipeline(cases, **setting)
    longest = np.percentile([len(x) for x in X], 90)
    with _keeping_bias(None if bias is None else _biases(bias, longest)):
        if averaged:
            return _fit_averaged(model, X, y)
        return model.fit(X, y)


@contextmanager
def _keeping_bias(bias: Any) -> Iterator[None]:
    """Replace the initial bias of the gate that keeps the state."""
    usual = initialization.fill_gates

    def fill_gates(gates: Any, info: dict[str, Any], rng: np.random.Generator) -> None:
        if bias is not None and info["initial"] == "gate_constant":
            info = info | {"value": bias}
        usual(gates, info, rng)

    with patch.object(initialization, "fill_gates", fill_gates):
        yield


def _biases(bias: float | str, longest: float) -> Any:
    """A number, or for each unit the bias that makes it forget after 1 to `longest` steps."""
    if bias != "chrono":
        return bias
    units = RNNClassifier().hidden_size
    # Tallec & Ollivier, ICLR 2018; the LSTM's input gates, which they also set, are unchanged.
    return np.log(np.random.default_rng(0).uniform(1, max(longest, 3) - 1, units))


def _fit_averaged(model: Any, X: list[Any], y: np.ndarray) -> Any:
    """Fit epoch by epoch, then set the weights to their mean over the last quarter of epochs."""
    for _, step in model.steps[:-1]:
        X = step.fit_transform(X)
    estimator, kept = model[-1], []
    epochs = int(np.clip(round(UPDATES / np.ceil(len(y) / estimator.batch_size)), *EPOCHS))
    for epoch in range(epochs):
        estimator.partial_fit(X, y)
        if epoch >= epochs - max(epochs // 4, 1):
            kept.append(estimator.params_)
    estimator.params_ = {name: np.mean([of[name] for of in kept], axis=0) for name in kept[0]}
    return model


def _run(name: str, of: str, data: Path) -> list[dict[str, Any]]:
    """Scores of one setting on all folds of one set."""
    cases = SETS[of](data)
    found = []
    for fold, (fitted, checked) in enumerate(cases.folds()):
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of fits that have not converged
            model = _fit(cases, [cases.X[i] for i in fitted], cases.y[fitted], SETTINGS[name])
        seconds = time.perf_counter() - start
        said, right = model.predict([cases.X[i] for i in checked]), cases.y[checked]
        is_class = cases.task == "classification"
        score = np.mean(said == right) if is_class else r2_score(right, said)
        found.append(
            {"setting": name, "set": of, "fold": fold, "score": float(score), "seconds": seconds}
        )
    return found


def _kept(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def table(rows: list[dict[str, Any]]) -> str:
    """A table in Markdown: a line per setting, the best mean over all sets first."""
    scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    seconds: dict[str, float] = defaultdict(float)
    for row in rows:
        scores[row["setting"]][row["set"]].append(row["score"])
        seconds[row["setting"]] += row["seconds"]
    sets = [name for name in SETS if any(name in of for of in scores.values())]
    means = {
        setting: {name: float(np.mean(of[name])) for name in sets if name in of}
        for setting, of in scores.items()
    }
    lines = [
        "| setting | all | archive | " + " | ".join(sets) + " | s |",
        "| --- |" + " ---: |" * (len(sets) + 3),
    ]
    whole = {setting: of for setting, of in means.items() if len(of) == len(sets)}
    for setting, of in sorted(whole.items(), key=lambda item: -np.mean(list(item[1].values()))):
        shown = [np.mean(list(of.values())), np.mean([of[name] for name in ARCHIVE if name in of])]
        shown += [of[name] for name in sets]
        numbers = " | ".join(f"{value:.3f}".replace("0.", ".", 1) for value in shown)
        lines.append(f"| {setting} | {numbers} | {seconds[setting]:.0f} |")
    lines += [f"\n{setting}: not yet on all sets" for setting in means.keys() - whole.keys()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="the data folder; else SKRNN_DATA")
    parser.add_argument("--settings", nargs="*", default=list(SETTINGS), choices=list(SETTINGS))
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--table", action="store_true", help="print the saved scores, run nothing")
    parser.add_argument("--json", type=Path, default=RESULTS)
    given = parser.parse_args()
    if not given.table:
        data = folder(given.data)
        if data is None:
            raise SystemExit("pass --data or set SKRNN_DATA")
        os.environ["OMP_NUM_THREADS"] = "1"
        there = {(row["setting"], row["set"]) for row in _kept(given.json)}
        wanted = [(s, of) for s in given.settings for of in given.sets if (s, of) not in there]
        given.json.parent.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(given.jobs) as pool, given.json.open("a") as file:
            for rows in pool.map(_run, *zip(*wanted, strict=True), [data] * len(wanted)):
                file.writelines(json.dumps(row) + "\n" for row in rows)
                file.flush()
    print(table(_kept(given.json)))


if __name__ == "__main__":
    main()

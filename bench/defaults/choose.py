"""Which settings serve best when nobody has tuned anything? The table behind the defaults.

Every setting is tried on every data set of _sets.py: fitted on one half of its training part and
scored on the other (accuracy, or R^2 of numbers), small sets three times. Channels are standardised
first, unless a setting says otherwise, and texts are numbered by a TokenEncoder. No test part is
used. Scores are kept as they come, so that a run can be broken off and taken up again:

    python bench/defaults/choose.py --jobs 2
    python bench/defaults/choose.py --settings default "max" "lstm" --sets fsdd esol
    python bench/defaults/choose.py --table        # of what is there, as Markdown

README.md beside this file has the table, and what was concluded from it.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from _sets import SETS, Cases
from _settings import SETTINGS
from skrnn import RNNClassifier, RNNRegressor
from skrnn.preprocessing import PerStep, TokenEncoder

RESULTS = Path(__file__).resolve().parents[1] / "results" / "defaults.jsonl"
ARCHIVE = (  # the sets of the classification archive, and two like them
    "ArrowHead",
    "BasicMotions",
    "ECG200",
    "GunPoint",
    "ItalyPowerDemand",
    "JapaneseVowels",
    "PenDigits_SFA",
    "movement_aal",
    "fsdd",
)


def pipeline(cases: Cases, settings: dict[str, Any]) -> Any:
    """What is fitted: the estimator of the task, behind what its input needs."""
    settings = dict(settings)
    scaled = settings.pop("scaled", True)
    estimator = {"classification": RNNClassifier, "regression": RNNRegressor}[cases.task]
    if cases.kind == "channels":
        first = [PerStep(StandardScaler())] if scaled else []
        sizes = {}
    elif cases.kind == "words":
        first = [TokenEncoder(token_pattern=r"\S+", min_frequency=2)]
        sizes = {"embedding_size": 64}
    else:
        first = [TokenEncoder("char", lowercase=False)]
        sizes = {"embedding_size": 32}
    return make_pipeline(*first, estimator(random_state=0, n_jobs=1, **sizes, **settings))


def _run(name: str, of: str, data: Path) -> list[dict[str, Any]]:
    """Scores of one setting on all folds of one set."""
    cases = SETS[of](data)
    found = []
    for fold, (fitted, checked) in enumerate(cases.folds()):
        model = pipeline(cases, SETTINGS[name])
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of fits that are not done
            model.fit([cases.X[i] for i in fitted], cases.y[fitted])
        seconds = time.perf_counter() - start
        said, right = model.predict([cases.X[i] for i in checked]), cases.y[checked]
        right_enough = cases.task == "classification"
        score = np.mean(said == right) if right_enough else r2_score(right, said)
        found.append(
            {"setting": name, "set": of, "fold": fold, "score": float(score), "seconds": seconds}
        )
    return found


def _kept(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: a line a setting, the best mean over all sets first."""
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
    for setting in means.keys() - whole.keys():
        lines.append(f"\n{setting}: not yet on all sets")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="the data folder; else SKRNN_DATA")
    parser.add_argument("--settings", nargs="*", default=list(SETTINGS), choices=list(SETTINGS))
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--table", action="store_true", help="print what is there, run nothing")
    parser.add_argument("--json", type=Path, default=RESULTS)
    given = parser.parse_args()
    if not given.table:
        from _data import folder

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

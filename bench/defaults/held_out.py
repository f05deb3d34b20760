"""The defaults on the test parts, once: estimators with default parameters and a linear baseline.

    python bench/defaults/held_out.py

`RNNClassifier(random_state=seed)` is fitted to the training part without preprocessing and scored
on the test part. The baseline is that of bench/quality/_baseline.py: a logistic regression on
summaries of each sequence. These scores must not be used for any choice; the defaults were chosen
by choose.py, which reads training parts only.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from _sets import ARCHIVE, folder, split_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "quality"))
from _baseline import baseline
from skrnn import RNNClassifier


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="the data folder; else SKRNN_DATA")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=None, help="threads")
    given = parser.parse_args()
    data = folder(given.data)
    if data is None:
        raise SystemExit("pass --data or set SKRNN_DATA")
    print("| set | defaults | sd of seeds | linear baseline | s a fit |")
    print("| --- | ---: | ---: | ---: | ---: |")
    ours, theirs = [], []
    for name in ARCHIVE:
        X, y, X_test, y_test = split_of(name, data)
        scores: list[float] = []
        seconds: list[float] = []
        for seed in range(given.seeds):
            model: Any = RNNClassifier(random_state=seed, n_jobs=given.jobs)
            start = time.perf_counter()
            model.fit(X, y)
            seconds.append(time.perf_counter() - start)
            scores.append(model.score(X_test, y_test))
        ours.append(statistics.mean(scores))
        linear = baseline("classification").fit(X, y)  # whose own score is a log-loss
        theirs.append(float(np.mean(linear.predict(X_test) == y_test)))
        print(
            f"| {name} | {ours[-1]:.3f} | {statistics.stdev(scores):.3f} | {theirs[-1]:.3f} "
            f"| {statistics.median(seconds):.1f} |",
            flush=True,
        )
    print(f"| mean | {np.mean(ours):.3f} | | {np.mean(theirs):.3f} | |")


if __name__ == "__main__":
    main()

"""scikit-learn's own callbacks, and its meta-estimators that support callbacks: 1.9 and later."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fits import At, Recorder, data, make
from skrnn.callbacks import Checkpoint
from skrnn.preprocessing import PerStep

callbacks = pytest.importorskip("sklearn.callback", reason="scikit-learn has them from 1.9 on")


@pytest.fixture
def progress_bar() -> Any:
    pytest.importorskip("rich")
    return callbacks.ProgressBar()


def test_progress_bar(progress_bar: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make().set_callbacks(progress_bar).fit(*data())
    out = capsys.readouterr().out
    assert "RNNClassifier - fit" in out
    assert "100%" in out


def test_progress_bar_of_a_fit_that_is_resumed(
    progress_bar: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bar begins with the epochs of the checkpoint."""
    checkpoint = Checkpoint(tmp_path / "fit.checkpoint")
    make(max_iter=8).set_callbacks(checkpoint).fit(*data())
    done = []

    class Done(Recorder):
        def on_fit_task_begin(self, _estimator: Any, context: Any) -> None:
            done.append(context.task_id)

    make(max_iter=10).set_callbacks(checkpoint, progress_bar, Done()).fit(*data())
    assert done == [0, *range(10)]
    assert "100%" in capsys.readouterr().out


def test_scoring_monitor() -> None:
    X, y = data()
    monitor = callbacks.ScoringMonitor(scoring="accuracy")
    model = make(max_iter=4).set_callbacks(monitor).fit(X, y)
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert [row["task_id"] for row in rows] == [0, 1, 2, 3]
    scores = [make(max_iter=epochs).fit(X, y).score(X, y) for epochs in (1, 2, 3, 4)]
    assert [row["accuracy"] for row in rows] == scores
    assert scores[-1] == model.score(X, y)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_fits_of_a_search_share_a_callback(n_jobs: int) -> None:
    monitor = callbacks.ScoringMonitor(scoring="accuracy")
    model = make(max_iter=3).set_callbacks(monitor)
    search = GridSearchCV(
        model, {"hidden_size": [3, 4]}, cv=2, n_jobs=n_jobs, error_score="raise"
    ).fit(*data())
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(rows) == 3 * (2 * 2 + 1)
    refit = [row for row in rows if len(row["task_id_path"]) == 3]
    assert refit[-1]["accuracy"] == search.score(*data())


def test_a_progress_bar_over_a_search(
    progress_bar: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    search = GridSearchCV(make(max_iter=2), {"hidden_size": [3, 4]}, cv=2)
    search.set_callbacks(progress_bar).fit(*data())
    out = capsys.readouterr().out
    assert "GridSearchCV - fit" in out
    assert "RNNClassifier - fit" in out


def test_in_a_pipeline() -> None:
    """A callback of the estimator, which stops only the estimator."""
    stop = At(1, lambda: True)
    pipeline = make_pipeline(PerStep(StandardScaler()), make().set_callbacks(stop))
    X, y = data()
    pipeline.fit(X, y)
    assert pipeline[-1].n_iter_ == 2
    assert np.isfinite(pipeline.score(X, y))

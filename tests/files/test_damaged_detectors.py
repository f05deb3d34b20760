"""Refusals of damaged and forged files of detectors: a ValueError names the wrong value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skrnn
import skrnn.runtime
from changes import changed, put
from models import model_of
from skrnn.preprocessing import PerStep

MISSING = type  # in place of a value: the member is removed
BOTH = pytest.mark.parametrize("load", [skrnn.load, skrnn.runtime.load], ids=["load", "runtime"])
UNITS = ("units.mean", "units.scale", "units.error")
SUBJECT = "detector of frames"  # of three channels, in windows of two rows of three steps


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.skrnn"


@BOTH
def test_an_unchanged_file_is_read(load: Any, path: Path) -> None:
    changed(SUBJECT, path, put("producer", "somebody"))
    load(path)


WRONG: list[tuple[str, str, Any]] = [
    *((SUBJECT, "detector", wrong) for wrong in (MISSING, None, [], {}, 3, "a")),
    *((SUBJECT, "detector.rows", wrong) for wrong in (0, 1, 3, 2**40, 2.0, None, "2", MISSING)),
    *((SUBJECT, "detector.delay", wrong) for wrong in (-1, 6, 2.0, None, MISSING)),
    *((SUBJECT, "detector.missing", wrong) for wrong in (0, None, "no", MISSING)),
    *((SUBJECT, "detector.offset", wrong) for wrong in (None, "1", True, [], MISSING)),
    (SUBJECT, "forecaster", {}),
    (SUBJECT, "pipeline", {"verbose": False, "final_step": "a", "steps": []}),
    (SUBJECT, "network.pooling", "last"),
    (SUBJECT, "network.horizon", 3),
    (SUBJECT, "network.input_size", 6),
    (SUBJECT, "network.future_covariates", 1),
    (SUBJECT, "loss.targets", 1),
    (SUBJECT, "loss.name", "huber"),
    (SUBJECT, "loss.name", "gaussian_nll"),
    *((SUBJECT, "estimator.fitted.n_features_in", wrong) for wrong in (0, 1, 4, None)),
    (SUBJECT, "estimator.fitted.feature_names_in", ["a"]),
    (SUBJECT, "estimator.fitted.saw_table", True),
    (SUBJECT, "estimator.fitted.vocabulary", ["a"]),
    ("one target", "detector", {}),
    ("one target", "detector", {"rows": 1, "delay": 0, "missing": False, "offset": 0.0}),
]


@BOTH
@pytest.mark.parametrize(("name", "place", "value"), WRONG, ids=lambda value: str(value)[:40])
def test_impossible_values(name: str, place: str, value: Any, load: Any, path: Path) -> None:
    changed(name, path, put(place, value))
    with pytest.raises(ValueError, match="cannot be loaded: ") as error:
        load(path)
    assert len(str(error.value)) < 1000 + len(str(path))


@BOTH
@pytest.mark.parametrize("name", UNITS)
def test_arrays(name: str, load: Any, path: Path) -> None:
    def without(description: Any, tensors: Any) -> None:
        del tensors[f"array.{name}"], description["arrays"][name]

    def longer(description: Any, tensors: Any) -> None:
        tensors[f"array.{name}"] = np.ones(4)
        description["arrays"][name] = 4

    def below(_: Any, tensors: Any) -> None:
        tensors[f"array.{name}"][1] = -1.0

    def another(description: Any, tensors: Any) -> None:
        tensors["array.more"] = np.ones(3)
        description["arrays"]["more"] = 3

    for change, part in (
        (without, f"no array {name}"),
        (longer, f"array {name} has to be a number for each of 3 channels"),
        (below, f"array {name} has to be above 0"),
        (another, "array 'more' is no part"),
    ):
        if change is below and name == "units.mean":
            continue
        changed(SUBJECT, path, change)
        with pytest.raises(ValueError, match=part):
            load(path)


@pytest.mark.parametrize(
    ("name", "value"), [("cell", "lstm"), ("num_layers", 2), ("loss", "absolute_error")]
)
def test_a_detector_of_another_network(name: str, value: Any, path: Path) -> None:
    changed(SUBJECT, path, put(f"estimator.params.{name}", value))
    with pytest.raises(ValueError, match="is not that of its RNNAnomalyDetector"):
        skrnn.load(path)


def test_a_detector_without_what_it_learned(path: Path) -> None:
    def change(description: Any, _: Any) -> None:
        description["estimator"]["class"] = "RNNAnomalyDetector"
        description["estimator"]["params"] = {}

    changed("one target", path, change)
    with pytest.raises(ValueError, match="nothing of what its RNNAnomalyDetector has learned"):
        skrnn.load(path)


def test_what_its_predictor_does_not_have(path: Path) -> None:
    skrnn.save(model_of(SUBJECT), path)
    predictor = skrnn.runtime.load(path)
    for name, arguments in (("predict_proba", ([],)), ("n_best", ([], 1)), ("generate", ([], 1))):
        with pytest.raises(AttributeError, match=f"RNNAnomalyDetector has no {name}"):
            getattr(predictor, name)(*arguments)


def test_a_pipeline_around_a_detector_is_refused(path: Path) -> None:
    detector = skrnn.RNNAnomalyDetector(window=4, segment_length=2, max_iter=1)
    rng = np.random.default_rng(0)
    model = make_pipeline(PerStep(StandardScaler()), detector).fit([rng.normal(size=(9, 2))])
    with pytest.raises(ValueError, match="a detector has units of its own"):
        skrnn.save(model, path)
    with pytest.raises(ValueError, match="a detector has units of its own"):
        skrnn.stream(model)

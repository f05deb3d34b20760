"""Refusals of damaged and forged files: a ValueError names the wrong value."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skrnn
import skrnn.runtime
from changes import changed, put
from models import model_of, sequences
from skrnn._files.description import FORMAT_VERSION

LOADERS = [skrnn.load, skrnn.runtime.load]
BOTH = pytest.mark.parametrize("load", LOADERS, ids=["load", "runtime"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.skrnn"


MISSING = type  # in place of a value: the member is removed


def test_a_harmless_change_is_accepted(path: Path) -> None:
    changed("classes str", path, put("producer", "somebody"))
    for load in LOADERS:
        assert load(path).predict(sequences()).tolist()


# ---- Versions ----


@BOTH
def test_a_file_of_a_newer_version(load: Any, path: Path) -> None:
    changed("classes str", path, put("format_version", FORMAT_VERSION + 1))
    expected = rf"format_version {FORMAT_VERSION + 1}.*update scikit-rnn"
    with pytest.raises(ValueError, match=expected) as error:
        load(path)
    assert repr(str(path)) in str(error.value)


def test_an_estimator_of_a_newer_version(path: Path) -> None:
    changed("classes str", path, put("estimator.class", "RNNOracle"))
    with pytest.raises(ValueError, match="'RNNOracle' is unknown; update scikit-rnn"):
        skrnn.load(path)


def test_a_parameter_of_a_newer_version(path: Path) -> None:
    changed("classes str", path, put("estimator.params.momentum", 0.9))
    with pytest.raises(ValueError, match="has no parameter 'momentum'; update scikit-rnn"):
        skrnn.load(path)


def test_a_parameter_that_an_older_version_did_not_have(path: Path) -> None:
    """The parameter gets its default."""
    changed("classes str", path, put("estimator.params.tbptt", MISSING))
    assert skrnn.load(path).get_params() == model_of("classes str").get_params()


# ---- Wrong contents ----

LABELS = "estimator.fitted.answers.labels"

WRONG_FOR_BOTH: list[tuple[str, str, Any]] = [
    ("words that follow", "estimator.fitted.answers.kind", "classes"),
    ("words that follow", "estimator.fitted.answers.tokens", "char"),
    ("words that follow", "estimator.fitted.answers.tokens", "integers"),
    ("words that follow", "estimator.fitted.answers.tokens", ["word"]),
    ("words that follow", "estimator.fitted.answers.one_text", 1),
    ("words that follow", "estimator.fitted.vocabulary", ["the"]),
    ("words that follow", "estimator.fitted.vocabulary", None),
    ("words that follow", "loss.name", "squared_error"),
    ("classes str", "estimator", MISSING),
    ("classes str", "estimator", []),
    ("classes str", "estimator.params", [1]),
    ("classes str", "estimator.params.tol", {"tuple": 1}),
    ("classes str", "estimator.params.class_weight", {"keys": [[1]], "values": [1]}),
    ("classes str", "estimator.params.class_weight", {"keys": ["a", "b"], "values": [1]}),
    ("classes str", "estimator.fitted", None),
    ("classes str", "estimator.fitted.n_features_in", 4),
    ("classes str", "estimator.fitted.n_features_in", 3.0),
    ("classes str", "estimator.fitted.n_features_in", True),
    ("classes str", "estimator.fitted.saw_table", 0),
    ("classes str", "estimator.fitted.saw_table", True),
    ("classes str", "estimator.fitted.feature_names_in", ["a", "b"]),
    ("classes str", "estimator.fitted.feature_names_in", ["a", "b", 3]),
    ("classes str", "estimator.fitted.answers", {"kind": "flags"}),
    ("classes str", "estimator.fitted.answers", {"kind": "numbers", "one_column": True}),
    ("classes str", "estimator.fitted.answers.kind", "cats"),
    ("classes str", LABELS, ["a", "b", "c"]),
    ("classes str", LABELS, {"dtype": "U9", "array": ["certainly", "no"]}),
    ("classes str", LABELS, {"dtype": "U9", "array": ["a", "b", "b"]}),
    ("classes str", LABELS, {"dtype": "U9", "array": ["b", "a", "c"]}),
    ("classes str", LABELS, {"dtype": "U1", "array": ["aa", "b", "c"]}),
    ("classes str", LABELS, {"dtype": "U9", "array": ["a", "b", 3]}),
    ("classes str", LABELS, {"dtype": "U99999999", "array": ["a", "b", "c"]}),
    ("classes str", LABELS, {"dtype": "U9999999999999", "array": ["a", "b", "c"]}),
    ("classes str", LABELS, {"dtype": "int64", "array": [1, 2, 2**63]}),
    ("classes str", LABELS, {"dtype": "int8", "array": [1, 2, 200]}),
    ("classes str", LABELS, {"dtype": "int64", "array": [1, 2, 3.5]}),
    ("classes str", LABELS, {"dtype": "int64", "array": [1, 2, True]}),
    ("classes str", LABELS, {"dtype": "float16", "array": [1, 2, 1e300]}),
    ("classes str", LABELS, {"dtype": "object", "array": ["a", "b", None]}),
    ("classes str", LABELS, {"dtype": "V8", "array": ["a", "b", "c"]}),
    ("classes str", LABELS, {"dtype": "M8[D]", "array": [1, 2, 3]}),
    ("classes str", "estimator.training", MISSING),
    ("classes str", "estimator.training.seed", -1),
    ("classes str", "estimator.training.seed", 2**31),
    ("classes str", "estimator.training.solver", "newton"),
    ("classes str", "estimator.training.losses", [0.5, "many"]),
    ("classes str", "estimator.training.scores", 3),
    ("classes str", "network.pooling", "every_step"),
    ("classes str", "pipeline", MISSING),
    ("classes str", "pipeline", 3),
    ("one target", "estimator.fitted.answers.one_column", 1),
    ("two targets", "estimator.fitted.answers.one_column", True),
    ("one target", "estimator.fitted.answers", {"kind": "flags"}),
    ("tokens", "estimator.fitted.feature_names_in", ["a"]),
    *(
        ("texts", "estimator.fitted.vocabulary", wrong)
        for wrong in (
            *([], {}, "abc", {"a": 1}, ["a", "a"], ["a"], ["a"] * 10, [f"{i}" for i in range(99)]),
            *([1, 2, 3], ["a", True], ["a", None], ["a", 1.0], ["a", ["b"]], [10**25]),
        )
    ),
    *(
        ("tagger letters", "estimator.fitted.letters", wrong)
        for wrong in (MISSING, None, [], "abc", ["a", "a"], ["a"], [*"abcdefghijkl"], [1, 2, 3])
    ),
    ("texts", "estimator.fitted.letters", ["a", "b"]),
    ("tokens", "estimator.fitted.letters", ["a", "b"]),
    ("classes str", "estimator.fitted.letters", ["a", "b"]),
    ("tagger letters", "network.characters", True),
    ("tagger letters", "network.characters", 0),
    ("tagger letters", "network.character_hidden_size", 3),
    ("tagger letters", "network.character_hidden_size", MISSING),
    ("tagger", "network.side_channels", 2),
    ("characters that follow", "network.side_channels", 2),
    ("tagger crf", "network.transitions", False),
    ("tagger crf", "network.transitions", 1),
    ("tagger crf", "network.transitions", MISSING),
    ("tagger", "network.transitions", True),
    ("tagger crf", "estimator.fitted.answers.kind", "classes"),
    ("tagger", "estimator.fitted.answers.kind", "chain"),
    ("tokens", "estimator.fitted.vocabulary", ["a", "b"]),
    ("classes str", "estimator.fitted.vocabulary", ["a", "b"]),
    ("encoder words", "estimator.fitted.vocabulary", ["a", "b"]),
    ("scaler mean", "pipeline.steps", {}),
    ("scaler mean", "pipeline.steps", [[]]),
    ("scaler mean", "pipeline.steps.0.class", "PCA"),
    ("scaler mean", "pipeline.steps.0.class", "TokenEncoder"),
    ("scaler mean", "pipeline.steps.0.name", "net"),
    ("scaler mean", "pipeline.final_step", None),
    ("steps passthrough", "pipeline.steps.0.class", "PerStap"),
    ("steps passthrough", "pipeline.steps.0.class", None),
    ("steps passthrough", "pipeline.steps.0.name", "rnnclassifier"),
    ("classes str", "crc32", MISSING),
    ("tokens", "pipeline", {"verbose": False, "final_step": "a", "steps": [{"class": "PerStep"}]}),
    ("encoder words", "pipeline.steps.0.vocabulary", []),
    ("encoder words", "pipeline.steps.0.vocabulary", ["a", "a"]),
    ("encoder words", "pipeline.steps.0.vocabulary", ["a", 1.0]),
    ("encoder words", "pipeline.steps.0.vocabulary", ["a", True]),
    ("encoder words", "pipeline.steps.0.vocabulary", ["a", None]),
    ("encoder words", "pipeline.steps.0.vocabulary", [10**25]),
    ("encoder words", "pipeline.steps.0.vocabulary", {"a": 1}),
    ("encoder words", "pipeline.steps.0.params.analyzer", "letter"),
    ("encoder words", "pipeline.steps.0.params.analyzer", ["word"]),
    ("encoder words", "pipeline.steps.0.params.lowercase", "yes"),
    ("encoder words", "pipeline.steps.0.params.token_pattern", "("),
    ("encoder words", "pipeline.steps.0.params.token_pattern", "(a)(b)"),
    ("encoder words", "pipeline.steps.0.params.token_pattern", "(" * 240 + ")" * 240),
    ("encoder words", "pipeline.steps.0.params.token_pattern", "a" * 501),
    ("encoder words", "pipeline.steps.0.params.token_pattern", "a{99999999999999999999}"),
]

# Values that the runtime does not read.
WRONG_FOR_ESTIMATORS: list[tuple[str, str, Any]] = [
    ("words that follow", "estimator.params.tie_weights", True),
    ("words that follow", "estimator.params.analyzer", "byte"),
    ("words that follow", "estimator.params.embedding_size", None),
    ("classes str", "estimator.class", "RNNRegressor"),
    ("classes str", "estimator.class", "os.system"),
    ("classes str", "estimator.params.hidden_size", 6),
    ("tagger crf", "estimator.params.crf", False),
    ("tagger", "estimator.params.crf", True),
    ("tagger letters", "estimator.params.characters", False),
    ("tagger letters", "estimator.params.character_hidden_size", 3),
    ("tagger", "estimator.params.scheme", "bio"),
    ("tagger crf", "estimator.params.scheme", "iob1"),
    ("classes str", "estimator.params.hidden_size", "5"),
    ("classes str", "estimator.params.pooling", "mean"),
    ("classes str", "estimator.params.bidirectional", True),
    ("classes str", "estimator.params.embedding_size", 2),
    ("classes str", "estimator.params.min_frequency", 0),
    ("classes str", "estimator.params.cell", ["lstm"]),
    ("classes str", "estimator.params.cell", "a" * 10**6),
    ("classes str", "estimator.params.tol", -1),
    ("classes str", "estimator.params.solver", None),
    ("classes str", "estimator.params.scoring", "a" * 10**6),
    ("classes str", "estimator.params.random_state", {"tuple": [1]}),
    ("classes str", "estimator.params.class_weight", {"keys": ["a"], "values": ["b"]}),
    ("classes str", "estimator.params.loss", "squared_error"),
    ("quantiles", "estimator.params.quantiles", {"tuple": [0.1, 0.5, 0.8]}),
    ("quantiles", "estimator.params.quantiles", {"tuple": [0.1, 0.5]}),
    ("one target", "estimator.params.loss", "absolute_error"),
    ("huber", "estimator.params.delta", 0.5),
    ("scaler mean", "pipeline.steps.0.name", "a__b"),
    ("scaler mean", "pipeline.steps.0.name", "steps"),
    ("scaler mean", "pipeline.verbose", "yes"),
    ("scaler mean", "pipeline.steps.0.transformer.class", "PCA"),
    ("scaler mean", "pipeline.steps.0.transformer.class", "MaxAbsScaler"),
    ("scaler mean", "pipeline.steps.0.transformer.params.with_mean", 3),
    ("scaler mean", "pipeline.steps.0.transformer.params.with_mean", False),
    ("scaler mean", "pipeline.steps.0.transformer.params.with_std", True),
    ("scaler mean", "pipeline.steps.0.transformer.params.speed", 3),
    ("scaler mean", "pipeline.steps.0.transformer.attributes.mean_", None),
    ("scaler mean", "pipeline.steps.0.transformer.attributes.mean_", [1.0, 2.0, 3.0]),
    (
        "scaler mean",
        "pipeline.steps.0.transformer.attributes.mean_",
        {"dtype": "float64", "array": [1.0, 2.0, 3.0]},
    ),
    (
        "scaler mean",
        "pipeline.steps.0.transformer.attributes.var_",
        {"dtype": "float64", "array": [1.0, 2.0]},
    ),
    ("scaler mean", "pipeline.steps.0.transformer.attributes.n_samples_seen_", "many"),
    ("scaler mean", "pipeline.steps.0.transformer.attributes.n_samples_seen_", {"scalar": None}),
    ("scaler min max", "pipeline.steps.0.transformer.params.clip", True),
    ("scaler min max", "pipeline.steps.0.transformer.params.feature_range", "ab"),
    ("steps passthrough", "pipeline.steps.1.class", "passthrough"),
    *(
        ("imputer in a pipeline", f"pipeline.steps.0.transformer.{place}", value)
        for place, value in (
            ("class", "Popeline"),
            ("verbose", 1),
            ("steps", []),
            ("steps", {}),
            ("steps.0.name", "robustscaler"),
            ("steps.0.name", "a__b"),
            ("steps.0.class", "passthrough"),
            ("steps.0.class", "PerStep"),
            ("steps.1.class", "passthrough"),
            ("steps.0.params.add_indicator", True),
            ("steps.0.params.missing_values", -1),
            ("steps.0.params.missing_values", "nan"),
            ("steps.0.params.strategy", "constant"),
            ("steps.0.params.strategy", "worst"),
            ("steps.0.params.speed", 5),
            ("steps.0.attributes.statistics_", None),
            ("steps.0.attributes.statistics_", {"dtype": "float64", "array": [1.0, 2.0]}),
            ("steps.0.attributes.statistics_", {"dtype": "float64", "array": [1.0, 2.0, 3.0]}),
            ("steps.0.attributes.statistics_", {"dtype": "U1", "array": ["a", "b", "c"]}),
            ("steps.0.attributes.dtype", "int8"),
            ("steps.0.attributes.dtype", "O"),
        )
    ),
    ("imputer constant", "pipeline.steps.0.transformer.params.fill_value", "a"),
    ("imputer constant", "pipeline.steps.0.transformer.params.fill_value", 3.0),
    ("imputer constant", "pipeline.steps.0.transformer.params.fill_value", {"tuple": []}),
    ("encoder words", "pipeline.steps.0.params.min_frequency", 0),
    ("encoder words", "pipeline.steps.0.params.max_tokens", "5"),
    ("encoder words", "pipeline.steps.0.params.speed", 5),
]


def shown(value: Any) -> str:
    return str(value)[:40]


@BOTH
@pytest.mark.parametrize(("name", "place", "value"), WRONG_FOR_BOTH, ids=shown)
def test_impossible_values(name: str, place: str, value: Any, load: Any, path: Path) -> None:
    changed(name, path, put(place, value))
    with pytest.raises(ValueError, match="cannot be loaded: ") as error:
        load(path)
    assert len(str(error.value)) < 1000 + len(str(path))


@pytest.mark.parametrize(("name", "place", "value"), WRONG_FOR_ESTIMATORS, ids=shown)
def test_values_of_no_estimator(name: str, place: str, value: Any, path: Path) -> None:
    changed(name, path, put(place, value))
    with pytest.raises(ValueError, match="cannot be loaded: ") as error:
        skrnn.load(path)
    assert len(str(error.value)) < 1000 + len(str(path))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("one target", "RNNClassifier"), ("classes str", "RNNRegressor"), ("labels", "RNNRegressor")],
)
def test_an_estimator_of_another_kind(name: str, kind: str, path: Path) -> None:
    """Also if it has all the parameters."""

    def change(description: Any, _: Any) -> None:
        description["estimator"]["class"] = kind
        description["estimator"]["params"] = {"hidden_size": 5}

    changed(name, path, change)
    with pytest.raises(ValueError, match=f"its answers are not those of its {kind}"):
        skrnn.load(path)


@BOTH
def test_units_of_targets_only_for_regressors(load: Any, path: Path) -> None:
    def add(_: Any, tensors: dict[str, Any]) -> None:
        tensors["target.mean"] = tensors["target.scale"] = np.ones(1)

    def remove(_: Any, tensors: dict[str, Any]) -> None:
        del tensors["target.mean"], tensors["target.scale"]

    for name, change in (("classes str", add), ("one target", remove)):
        changed(name, path, change)
        with pytest.raises(ValueError, match=r"target\.mean and target\.scale are for regressors"):
            load(path)


def test_a_scaler_that_differs_from_the_operations(path: Path) -> None:
    def change(_: Any, tensors: dict[str, Any]) -> None:
        tensors["input.0"] = tensors["input.0"] + 1

    changed("scaler mean", path, change)
    with pytest.raises(ValueError, match="operations on the input are not those of its pipeline"):
        skrnn.load(path)


@BOTH
def test_too_many_steps(load: Any, path: Path) -> None:
    def change(description: Any, _: Any) -> None:
        steps = description["pipeline"]["steps"]
        steps += [{**copy.deepcopy(steps[0]), "name": f"step {i}"} for i in range(200)]

    changed("scaler neither", path, change)
    with pytest.raises(ValueError, match="has 201 steps; expected 100 at most"):
        load(path)

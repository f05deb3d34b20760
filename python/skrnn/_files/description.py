"""The JSON of a file, read and checked; NumPy only.

The core reads the tensors, and the network's settings in the JSON. The rest is read here: the
estimator, the meaning of its answers, and the pipeline around it.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from skrnn import _core
from skrnn._files.detectors import SavedDetector, detector_of
from skrnn._files.fields import Fields
from skrnn._files.forecasters import forecaster_of
from skrnn._files.meanings import meaning_of
from skrnn._files.paths import checked_path
from skrnn._files.values import shorten
from skrnn._files.vocabulary import vocabulary_of
from skrnn._sequences.lexicon import Lexicon
from skrnn._sequences.tokens import Analyzer
from skrnn._sequences.vocabulary import Vocabulary
from skrnn._series.fitted import Fitted
from skrnn._targets.decoding import Chain, Meaning, NextTokens

FORMAT_VERSION = 5  # as the head of cpp/src/files/model_file.h describes it

# One character of JSON takes up to 50 bytes in Python. A vocabulary of half a million words fits.
LONGEST = 2**23
LONGEST_PATTERN = 500  # a long regular expression takes long to compile
MOST_STEPS = 100
_LOSSES_BEFORE_FORMAT_3 = {"squared": "squared_error", "absolute": "absolute_error"}
_LONGEST_INTEGER = 20  # digits and sign of 64 bits
_LONGEST_MESSAGE = 500

Made = TypeVar("Made")


@dataclass(frozen=True)
class Training:
    """The course of training, for fits that continue it."""

    solver: str
    seed: int
    losses: list[float]
    scores: list[float]  # one for each epoch, or none
    validated: bool  # whether any epoch was validated
    best_epoch: int | None


@dataclass(frozen=True)
class Tokens:
    """The TokenEncoder in front of a network."""

    analyzer: Analyzer
    vocabulary: Vocabulary


@dataclass(frozen=True)
class Description:
    """Everything in a file except its tensors."""

    estimator: str  # the name of its class
    params: dict[str, Any]
    input_size: int  # channels, or tokens
    embedding_size: int
    every_step: bool  # whether the network answers at every step, or once a sequence
    n_features_in: int
    feature_names: list[str] | None
    saw_table: bool
    lexicon: Lexicon | None  # learned by the estimator from strings
    standardized: bool  # whether the estimator has the last two operations on channels
    meaning: Meaning
    training: Training
    fields: Fields  # the whole JSON
    forecaster: Fitted | None  # what a forecaster has learned beside its network
    detector: SavedDetector | None
    final_step: str | None  # the name of the estimator in its pipeline, if it has one
    steps: list[Fields]  # before it
    tokens: Tokens | None

    @property
    def transforms(self) -> bool:
        """Whether a step before the estimator transforms its input."""
        return self._first is not None

    @property
    def _first(self) -> Fields | None:
        """The first step other than passthrough, if any."""
        return next((step for step in self.steps if step.get("class") != "passthrough"), None)

    @property
    def input_names(self) -> list[str] | None:
        """Names of the channels, or the columns of a table, that the first step has seen in fit."""
        return self.feature_names if self._first is None else names_seen(self._first)

    @property
    def input_was_table(self) -> bool | None:
        """Whether the first step has seen a table; None for pipelines in old files."""
        return self.saw_table if self._first is None else saw_table(self._first)


def names_seen(step: Fields) -> list[str] | None:
    """Return the names that a step of a pipeline has seen, of channels or of a table's columns.

    Raises
    ------
    ValueError
        For names that are not text.
    """
    return step.strings("feature_names_in") if "feature_names_in" in step.value else None


def saw_table(step: Fields) -> bool | None:
    """Return whether a step of a pipeline has seen a table, or None if the file lacks it."""
    return bool(step.of_type("saw_table", bool)) if "saw_table" in step.value else None


def read_file(
    path: str | os.PathLike[str], make: Callable[[_core.Model, Description], Made]
) -> Made:
    """Return ``make(model, description)`` for the model in a file.

    Parameters
    ----------
    path : str or path-like
    make : callable

    Raises
    ------
    TypeError
        For an object that is not a path.
    OSError
        For a file that cannot be read.
    ValueError
        For a file that holds no model, or is damaged. The message names the file.
    """
    name = os.fspath(checked_path(path))
    try:
        return build(_core.Model.load(name), make)
    except ValueError as error:
        # Messages may repeat text from the file, of any length.
        raise ValueError(f"{name!r} cannot be loaded: {str(error)[:_LONGEST_MESSAGE]}") from error


def build(model: _core.Model, make: Callable[[_core.Model, Description], Made]) -> Made:
    """Return ``make(model, description)`` for a model that the core has read.

    Raises
    ------
    ValueError
        For anything that is not valid.
    """
    try:
        return make(model, describe(model))
    except (TypeError, OverflowError, RecursionError) as error:
        # Errors of estimators, or of scikit-learn, for parameters that `save` never writes.
        raise ValueError(f"it is damaged: {error!r}") from error


def describe(model: _core.Model) -> Description:
    """Return the description of a model, from the JSON that the core has read.

    Raises
    ------
    ValueError
        For anything that the estimators could not have written.
    """
    text = model.description
    if len(text) > LONGEST:
        raise ValueError(f"its JSON has {len(text)} characters; expected {LONGEST} at most")
    root = Fields(json.loads(text, parse_float=_finite, parse_int=_integer), "metadata")
    if root.integer("format_version", 1) < 3:
        _update_loss(root)
    estimator = root.fields("estimator")
    fitted = estimator.fields("fitted")
    network = root.fields("network")
    params = estimator.decoded("params")
    final_step, steps, tokens = _pipeline(root)
    lexicon = _lexicon(fitted)
    detector, arrays = detector_of(root, model.arrays)
    description = Description(
        estimator=estimator.of_type("class", str),
        params=params,
        input_size=network.integer("input_size", 1),
        embedding_size=network.integer("embedding_size", 0),
        every_step=network.of_type("pooling", str) == "every_step",
        n_features_in=fitted.integer("n_features_in", 1),
        feature_names=_feature_names(fitted),
        saw_table=fitted.of_type("saw_table", bool),
        lexicon=lexicon,
        standardized=_standardized(fitted, model),
        meaning=meaning_of(
            fitted.fields("answers"), root.fields("loss"), model.answer_size, lexicon
        ),
        training=_training(estimator.fields("training")),
        fields=root,
        forecaster=forecaster_of(root, arrays),
        detector=detector,
        final_step=final_step,
        steps=steps,
        tokens=tokens,
    )
    _check_input(description, model)
    _check_network(description, network)
    if (description.meaning.classes is None) != bool(len(model.target_mean)):
        raise ValueError("target.mean and target.scale are for regressors, which need them")
    return description


def _update_loss(root: Fields) -> None:
    """Convert the name and options of the loss in a file of format 1 or 2 to format 3."""
    for holder, name in (
        (root.fields("loss").value, "name"),
        (root.fields("estimator").fields("params").value, "loss"),
    ):
        old = holder.get(name)
        if isinstance(old, str):
            holder[name] = _LOSSES_BEFORE_FORMAT_3.get(old, old)
    loss = root.fields("loss").value
    names = _core.loss_options(root.fields("loss").of_type("name", str))
    loss["options"] = {name: loss[name] for name in names if name in loss}


def _standardized(fitted: Fields, model: _core.Model) -> bool:
    if not fitted.value.get("standardized", False):  # absent in format 1
        return False
    last = [(name, in_float64) for name, _, in_float64 in model.operations[-2:]]
    if not fitted.of_type("standardized", bool) or last != [("subtract", True), ("divide", True)]:
        raise ValueError(f"{fitted.path}.standardized is not what its operations are")
    return True


def _lexicon(fitted: Fields) -> Lexicon | None:
    has_letters = fitted.value.get("letters") is not None  # absent before format 4
    letters = vocabulary_of(fitted, str, name="letters") if has_letters else None
    if fitted.value.get("vocabulary") is None:  # absent in formats 1 and 2
        if has_letters:
            raise ValueError(f"{fitted.path} has letters, but no vocabulary")
        return None
    return Lexicon(vocabulary_of(fitted, str), letters)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"its JSON holds {shorten(text)}, which is no float64")
    return value


def _integer(text: str) -> int:
    # Longer integers can be chosen with equal hashes, which makes dictionaries of them slow.
    if len(text) > _LONGEST_INTEGER:
        raise ValueError(f"its JSON holds {shorten(text)}, which has more than 64 bits")
    return int(text)


def _feature_names(fitted: Fields) -> list[str] | None:
    if fitted.get("feature_names_in") is None:
        return None
    names = fitted.strings("feature_names_in")
    count = fitted.integer("n_features_in", 1)
    if len(names) != count:
        raise ValueError(f"{fitted.path} has {len(names)} feature_names_in for {count} features")
    return names


def _check_input(description: Description, model: _core.Model) -> None:
    table, tokens = description.saw_table, description.embedding_size > 0
    channels = model.channels
    if description.forecaster is not None:
        # Series of one number a step, as they are; the channels of its network are a window's.
        channels = 1
        if table or description.feature_names or description.final_step or model.operations:
            raise ValueError("a forecaster has no columns, pipeline or operations on channels")
    if description.detector is not None:
        channels = description.n_features_in  # which its units are checked against
        if table or description.final_step or model.operations or description.forecaster:
            raise ValueError("a detector has no table, pipeline or operations on channels")
    if table and (tokens or channels != 1):
        raise ValueError("saw_table is for networks of one channel")
    if not table and description.n_features_in != channels:
        raise ValueError(f"n_features_in is {description.n_features_in} for {channels} channels")
    if tokens and description.feature_names is not None:
        raise ValueError("feature_names_in is for channels, but the network reads tokens")
    if description.transforms and tokens != (description.tokens is not None):
        raise ValueError("pipeline.steps do not suit the input of the network")
    if description.lexicon is not None:
        vocabulary = description.lexicon.tokens
        if not tokens or description.transforms:
            raise ValueError("vocabulary is for an estimator that reads strings as they come")
        boundary = int(isinstance(description.meaning, NextTokens))
        if len(vocabulary) + 1 + boundary != description.input_size:
            raise ValueError(
                f"vocabulary has {len(vocabulary)} tokens, with the unknown one more, and the "
                f"network {description.input_size}"
            )
    for step in description.steps:
        names, saw = names_seen(step), saw_table(step)
        if saw and channels != 1:
            raise ValueError(f"{step.path}.saw_table is for networks of one channel")
        if not saw and names is not None and len(names) != channels:
            raise ValueError(
                f"{step.path} has {len(names)} feature_names_in for {channels} channels"
            )


def _check_network(description: Description, network: Fields) -> None:
    """Raise ValueError for letters or labels that are not those of the network."""
    lexicon = description.lexicon
    known = 0 if lexicon is None or lexicon.letters is None else len(lexicon.letters) + 1
    characters = network.value.get("characters", 0)
    if characters != known:
        raise ValueError(
            f"network.characters is {shorten(characters)}, and with the unknown letter there are "
            f"{known}"
        )
    if network.value.get("side_channels", 0) and not isinstance(description.meaning, NextTokens):
        raise ValueError("network.side_channels is for language models")
    for name in ("projection_size", "horizon", "future_covariates"):
        of_series = description.forecaster or description.detector
        if network.value.get(name, 0) and of_series is None:
            raise ValueError(f"network.{name} is for forecasters and detectors")
    chain = isinstance(description.meaning, Chain)
    if network.value.get("transitions", False) is not chain:
        raise ValueError("network.transitions does not suit the kind of its answers")


def _training(training: Fields) -> Training:
    losses, scores = training.numbers("losses"), training.numbers("scores")
    validated = training.of_type("validated", bool)
    # Older files have scores for the last epochs only.
    scores = [math.nan] * (len(losses) - len(scores)) + scores if validated else []
    if len(scores) > len(losses):
        raise ValueError(
            f"{training.path} has {len(scores)} scores, and {len(losses)} losses of epochs"
        )
    best = training.value.get("best_epoch")  # absent in such files
    return Training(
        solver=_solver(training),
        seed=training.integer("seed", 0, 2**31 - 1),
        losses=losses,
        scores=scores,
        validated=validated,
        best_epoch=None if best is None else training.integer("best_epoch", 1, len(losses)),
    )


def _solver(training: Fields) -> str:
    solver = training.of_type("solver", str)
    if solver not in _core.solvers():
        raise ValueError(f"{training.path}.solver is unknown: {shorten(solver)}")
    return str(solver)


# ---- Pipelines ----


def _pipeline(root: Fields) -> tuple[str | None, list[Fields], Tokens | None]:
    if root.get("pipeline") is None:
        return None, [], None
    pipeline = root.fields("pipeline")
    steps = pipeline.items("steps")
    if len(steps) > MOST_STEPS:
        raise ValueError(f"{pipeline.path} has {len(steps)} steps; expected {MOST_STEPS} at most")
    names = [*(step.of_type("name", str) for step in steps), pipeline.of_type("final_step", str)]
    if len(set(names)) < len(names):
        raise ValueError(f"{pipeline.path} has two steps of one name")
    changing = [step for step in steps if step.of_type("class", str) != "passthrough"]
    classes = [step.get("class") for step in changing]
    if classes == ["TokenEncoder"]:
        return names[-1], steps, _tokens(changing[0])
    if any(name != "PerStep" for name in classes):
        raise ValueError(f"{pipeline.path}.steps holds something else than PerStep")
    return names[-1], steps, None


def _tokens(step: Fields) -> Tokens:
    params = Fields(step.decoded("params"), f"{step.path}.params")
    vocabulary = vocabulary_of(step, str, int)
    pattern = params.of_type("token_pattern", str)
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"{params.path}.token_pattern has more than {LONGEST_PATTERN} characters")
    analyzer = Analyzer(params.of_type("analyzer", str), params.of_type("lowercase", bool), pattern)
    try:
        analyzer.build()
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise ValueError(f"{params.path}.token_pattern is no pattern: {error!r}") from error
    return Tokens(analyzer, vocabulary)

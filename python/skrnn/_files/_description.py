"""What a file says of its model, read and checked; NumPy only.

The core has read the numbers, and of the JSON what a network is made of. The rest is read here: the
estimator that it was, what its answers mean, and the pipeline around it.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from skrnn import _core
from skrnn._answers import Classes, Flags, Meaning, Numbers
from skrnn._files._values import decode, decode_array, shorten
from skrnn._tokens import Analyzer

FORMAT_VERSION = 1

# Python makes up to 25 bytes of a character of JSON. A vocabulary of a million words has room.
LONGEST = 2**24


LONGEST_PATTERN = 500  # to compile a long regular expression takes long
MOST_STEPS = 100
_LONGEST_INTEGER = 20  # digits and sign of 64 bits
_LONGEST_MESSAGE = 500

Made = TypeVar("Made")


class Fields:
    """An object of the JSON, whose members have to be there and of a type."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise ValueError(f"{path} has to be an object, and is {shorten(value)}")
        self.value = value
        self.path = path

    def get(self, name: str) -> Any:
        """Return a member of any type."""
        if name not in self.value:
            raise ValueError(f"{self.path} has no {name!r}")
        return self.value[name]

    def of_type(self, name: str, kind: type) -> Any:
        """Return a member of one of JSON's types."""
        value = self.get(name)
        if type(value) is not kind:
            raise ValueError(
                f"{self.path}.{name} has to be of type {kind.__name__}, and is {shorten(value)}"
            )
        return value

    def integer(self, name: str, least: int, most: int = 2**63 - 1) -> int:
        """Return an integer in a range."""
        value = self.of_type(name, int)
        if not least <= value <= most:
            raise ValueError(
                f"{self.path}.{name} has to be in {least}..{most}, and is {shorten(value)}"
            )
        return int(value)

    def decoded(self, name: str) -> dict[str, Any]:
        """Return a member that is an object of encoded values."""
        return {key: decode(value) for key, value in self.of_type(name, dict).items()}

    def strings(self, name: str) -> list[str]:
        """Return a list of strings."""
        values = self.of_type(name, list)
        if not all(isinstance(value, str) for value in values):
            raise ValueError(f"{self.path}.{name} has to be a list of strings")
        return list(values)

    def numbers(self, name: str) -> list[float]:
        """Return a list of numbers, NaN and infinities among them by their names."""
        return [self._number(value, name) for value in self.of_type(name, list)]

    def _number(self, value: Any, name: str) -> float:
        if type(value) in (int, float) or value in ("nan", "inf", "-inf"):
            return float(value)
        raise ValueError(f"{self.path}.{name} has to be a list of numbers")

    def fields(self, name: str) -> Fields:
        """Return a member that is an object."""
        return Fields(self.get(name), f"{self.path}.{name}")

    def items(self, name: str) -> list[Fields]:
        """Return a member that is a list of objects."""
        values = self.of_type(name, list)
        return [Fields(value, f"{self.path}.{name}[{i}]") for i, value in enumerate(values)]


@dataclass(frozen=True)
class Training:
    """How the estimator was trained, for those who go on."""

    solver: str
    seed: int
    losses: list[float]
    scores: list[float]
    validated: bool  # whether the last fit was


@dataclass(frozen=True)
class Tokens:
    """The TokenEncoder in front of a network."""

    analyzer: Analyzer
    vocabulary: dict[Hashable, int]


@dataclass(frozen=True)
class Description:
    """Everything in a file but the numbers."""

    estimator: str  # the name of its class
    params: dict[str, Any]
    input_size: int  # channels, or tokens
    embedding_size: int
    n_features_in: int
    feature_names: list[str] | None
    saw_table: bool
    meaning: Meaning
    training: Training
    fields: Fields  # all of it
    final_step: str | None  # the name of the estimator in its pipeline, if it has one
    steps: list[Fields]  # before it: then no input reaches it as it came
    tokens: Tokens | None


def read_file(
    path: str | os.PathLike[str], make: Callable[[_core.Model, Description], Made]
) -> Made:
    """Return what is made of the model in a file, and of what the file says of it.

    Parameters
    ----------
    path : str or path-like
    make : callable

    Raises
    ------
    OSError
        For a file that cannot be read.
    ValueError
        For one that holds no model, or a damaged one. It names the file.
    """
    name = os.fspath(path)
    try:
        return build(_core.Model.load(name), make)
    except ValueError as error:
        # Of what is in the file, messages repeat whatever they have to, however long it is.
        raise ValueError(f"{name!r} cannot be loaded: {str(error)[:_LONGEST_MESSAGE]}") from error


def build(model: _core.Model, make: Callable[[_core.Model, Description], Made]) -> Made:
    """Return what is made of a model that the core has read.

    Raises
    ------
    ValueError
        For anything that is not sound.
    """
    try:
        return make(model, describe(model))
    except (TypeError, OverflowError, RecursionError) as error:
        # What estimators, or scikit-learn, say of parameters that nobody would give them.
        raise ValueError(f"it is damaged: {error!r}") from error


def describe(model: _core.Model) -> Description:
    """Return what the JSON of a model says, where the core has read it.

    Raises
    ------
    ValueError
        For anything that the estimators could not have written.
    """
    text = model.description
    if len(text) > LONGEST:
        raise ValueError(f"its JSON has {len(text)} characters; expected {LONGEST} at most")
    root = Fields(json.loads(text, parse_float=_finite, parse_int=_integer), "metadata")
    estimator = root.fields("estimator")
    fitted = estimator.fields("fitted")
    network = root.fields("network")
    params = estimator.decoded("params")
    final_step, steps, tokens = _pipeline(root)
    description = Description(
        estimator=estimator.of_type("class", str),
        params=params,
        input_size=network.integer("input_size", 1),
        embedding_size=network.integer("embedding_size", 0),
        n_features_in=fitted.integer("n_features_in", 1),
        feature_names=_feature_names(fitted),
        saw_table=fitted.of_type("saw_table", bool),
        meaning=_meaning(fitted.fields("answers"), root.fields("loss"), model.answer_size),
        training=_training(estimator.fields("training")),
        fields=root,
        final_step=final_step,
        steps=steps,
        tokens=tokens,
    )
    _check_input(description, model.channels)
    if network.of_type("pooling", str) == "every_step":
        raise ValueError("its network answers at every step, as no estimator of this version does")
    if isinstance(description.meaning, Numbers) != bool(len(model.target_mean)):
        raise ValueError("target.mean and target.scale are for regressors, which need them")
    return description


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"its JSON holds {shorten(text)}, which is no float64")
    return value


def _integer(text: str) -> int:
    # Beyond 64 bits hashes of integers can be made equal, and dictionaries of them slow.
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


def _check_input(description: Description, channels: int) -> None:
    table, tokens = description.saw_table, description.embedding_size > 0
    if table and (tokens or channels != 1):
        raise ValueError("saw_table is for networks of one channel")
    if not table and description.n_features_in != channels:
        raise ValueError(f"n_features_in is {description.n_features_in} for {channels} channels")
    if tokens and description.feature_names is not None:
        raise ValueError("feature_names_in is for channels, but the network reads tokens")
    if description.steps and tokens != (description.tokens is not None):
        raise ValueError("pipeline.steps do not suit the input of the network")


def _meaning(answers: Fields, loss: Fields, size: int) -> Meaning:
    kind, name = answers.of_type("kind", str), loss.of_type("name", str)
    if kind == "classes" and name == "cross_entropy":
        labels = decode_array(answers.get("labels"), f"{answers.path}.labels")
        if len(labels) != size:
            raise ValueError(f"{answers.path} has {len(labels)} labels for {size} outputs")
        if labels.tolist() != sorted(set(labels.tolist())):
            raise ValueError(f"the labels in {answers.path} are not sorted, or not unique")
        return Classes(labels)
    if kind == "flags" and name == "binary_cross_entropy":
        return Flags()
    if kind == "numbers" and name not in ("cross_entropy", "binary_cross_entropy"):
        targets = loss.integer("targets", 1)
        one_column = answers.of_type("one_column", bool)
        if one_column and targets != 1:
            raise ValueError(f"{answers.path} has one column, and loss {targets} targets")
        quantiles = len(loss.of_type("quantiles", list)) if name == "quantile" else None
        return Numbers(targets, one_column, quantiles)
    raise ValueError(f"{answers.path}.kind {shorten(kind)} does not suit the loss {name!r}")


def _training(training: Fields) -> Training:
    return Training(
        solver=_solver(training),
        seed=training.integer("seed", 0, 2**31 - 1),
        losses=training.numbers("losses"),
        scores=training.numbers("scores"),
        validated=training.of_type("validated", bool),
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
    classes = [step.of_type("class", str) for step in steps]
    if classes == ["TokenEncoder"]:
        return names[-1], steps, _tokens(steps[0])
    if any(name != "PerStep" for name in classes):
        raise ValueError(f"{pipeline.path}.steps holds something else than PerStep")
    return names[-1], steps, None


def _tokens(step: Fields) -> Tokens:
    params = Fields(step.decoded("params"), f"{step.path}.params")
    tokens = step.of_type("vocabulary", list)
    if not all(type(token) in (str, int) for token in tokens):
        raise ValueError(f"{step.path}.vocabulary holds something else than strings and integers")
    vocabulary: dict[Hashable, int] = {
        token: number for number, token in enumerate(tokens, start=1)
    }
    if not vocabulary or len(vocabulary) < len(tokens):
        raise ValueError(f"{step.path}.vocabulary is empty, or has a token twice")
    pattern = params.of_type("token_pattern", str)
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"{params.path}.token_pattern has more than {LONGEST_PATTERN} characters")
    analyzer = Analyzer(params.of_type("analyzer", str), params.of_type("lowercase", bool), pattern)
    try:
        analyzer.build()
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise ValueError(f"{params.path}.token_pattern is no pattern: {error!r}") from error
    return Tokens(analyzer, vocabulary)


def array_of(fields: Fields, name: str, size: int) -> Any:
    """Return an array of numbers with a value for each channel, or None."""
    if fields.get(name) is None:
        return None
    array = decode_array(fields.get(name), f"{fields.path}.{name}")
    if array.shape != (size,) or not np.issubdtype(array.dtype, np.number):
        raise ValueError(f"{fields.path}.{name} has shape {array.shape}; expected ({size},)")
    return array

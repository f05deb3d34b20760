"""The saved estimator or pipeline, rebuilt from its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from skrnn import _core
from skrnn._files.description import Description
from skrnn._files.network import served_sections
from skrnn._files.pipelines import build_pipeline
from skrnn._files.values import shorten
from skrnn._parameters import check_parameters
from skrnn._serving.pipelines import operations_of
from skrnn._serving.served import Operation
from skrnn._targets.outputs import ABSENT

LONGEST_WORD = 200


def rebuild(model: _core.Model, description: Description, kinds: Mapping[str, type[Any]]) -> Any:
    """Return the estimator, or the pipeline, of a file that has been read.

    Parameters
    ----------
    model : Model
    description : Description
    kinds : mapping of str to type
        The classes of estimators, by their names in files.

    Raises
    ------
    ValueError
        For parts that do not fit one another.
    """
    estimator = _estimator_of(description, kinds)
    estimator._restore(model, description)
    said = {name: description.fields.get(name) for name in ("network", "loss")}
    for name, expected in served_sections(estimator).items():
        absent = ABSENT if name == "network" else {}
        found = {**absent, **said[name]}
        expected = {**absent, **expected}
        if {key: found.get(key) for key in expected} != expected:
            raise ValueError(f"its {name} is not that of its {description.estimator}")
    piped = description.final_step is not None
    whole = build_pipeline(description, estimator) if piped else estimator
    mine, read = operations_of(whole), model.operations
    if estimator._units is not None:
        mine += estimator._units.operations
    if len(mine) != len(read) or not all(map(_do_the_same, mine, read)):
        raise ValueError("its operations on the input are not those of its pipeline")
    return whole


def _do_the_same(mine: Operation, read: Operation) -> bool:
    """Whether two operations are equal, up to rounding in versions of scikit-learn."""
    # The file keeps two properties of the version of scikit-learn that wrote it: whether an
    # operation is computed in float64, and whether the constant of an imputer is rounded to
    # float32.
    dtype = np.float32 if mine[0] == "fill" else np.float64
    with np.errstate(over="ignore"):
        same = np.array_equal(mine[1].astype(dtype), read[1].astype(dtype))
    return mine[0] == read[0] and same


def _estimator_of(description: Description, kinds: Mapping[str, type[Any]]) -> Any:
    kind = kinds.get(description.estimator)
    if kind is None:
        raise ValueError(
            f"its estimator {shorten(description.estimator)} is unknown; update scikit-rnn"
        )
    known = kind().get_params(deep=False)
    unknown = [name for name in description.params if name not in known]
    if unknown:
        raise ValueError(
            f"{kind.__name__} has no parameter {shorten(unknown[0])}; update scikit-rnn"
        )
    # Parameters are names and numbers. The check of an unknown name compares it with all known
    # ones, so its length is bounded.
    for name, value in description.params.items():
        if isinstance(value, str) and len(value) > LONGEST_WORD:
            raise ValueError(f"the parameter {name} is {shorten(value)}")
    estimator = kind(**description.params)
    check_parameters(estimator, estimator._rules)
    return estimator

"""Pipelines whose first steps a file can hold: scalers of channels, or a TokenEncoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.fixes import parse_version
from sklearn.utils.validation import check_is_fitted

from skrnn._files._description import (
    LONGEST_PATTERN,
    MOST_STEPS,
    Description,
    names_seen,
    saw_table,
)
from skrnn._files._fields import Fields
from skrnn._files._values import encode, encode_array, shorten
from skrnn.preprocessing import PerStep, TokenEncoder

# (name, values of each channel, whether it is computed in float64); see skrnn/model.h
Operation = tuple[str, NDArray[Any], bool]

# To float32 input scikit-learn's scalers apply statistics in float64, and round the result; but
# from 1.8 on StandardScaler rounds its statistics to float32 before.
STANDARD_IN_FLOAT64 = parse_version(sklearn.__version__) < parse_version("1.8.dev0")


@dataclass(frozen=True)
class Scaler:
    """A scaler of scikit-learn: what it does to a channel, and what else it remembers."""

    kind: Any
    # (operation, attribute with its values, parameter that switches it on)
    operations: tuple[tuple[str, str, str | None], ...]
    arrays: tuple[str, ...]  # attributes with a value for each channel; None where there are none
    in_float64: bool = True


SCALERS = {
    scaler.kind.__name__: scaler
    for scaler in (
        Scaler(
            StandardScaler,
            (("subtract", "mean_", "with_mean"), ("divide", "scale_", "with_std")),
            ("mean_", "var_", "scale_"),
            STANDARD_IN_FLOAT64,
        ),
        Scaler(
            RobustScaler,
            (("subtract", "center_", "with_centering"), ("divide", "scale_", "with_scaling")),
            ("center_", "scale_"),
        ),
        Scaler(MaxAbsScaler, (("divide", "scale_", None),), ("max_abs_", "scale_")),
        Scaler(
            MinMaxScaler,
            (("multiply", "scale_", None), ("add", "min_", None)),
            ("min_", "scale_", "data_min_", "data_max_", "data_range_"),
        ),
    )
}

SUPPORTED = (
    f"steps before the estimator may be PerStep of one of {', '.join(SCALERS)}, several of them in "
    "a row, or one TokenEncoder"
)


def estimator_of(model: Any) -> Any:
    """Return the last step of a pipeline, or what is none as it is.

    Raises
    ------
    ValueError
        For a pipeline that a file cannot hold.
    """
    if not isinstance(model, Pipeline):
        return model
    if len(model.steps) > MOST_STEPS:
        raise ValueError(f"a pipeline of {len(model.steps)} steps cannot be saved")
    if type(model) is not Pipeline:
        raise ValueError(f"a {type(model).__name__} cannot be saved; only scikit-learn's Pipeline")
    for name, value in model.get_params(deep=False).items():
        if name not in ("steps", "verbose") and value is not None:
            raise ValueError(
                f"the pipeline has {name}={value!r}, which a file cannot hold; "
                f"set_params({name}=None) before saving"
            )
    return model.steps[-1][1]


def pipeline_section(pipeline: Pipeline) -> dict[str, Any]:
    """Return what a file says of a pipeline.

    Raises
    ------
    ValueError
        For a step that a file cannot hold; it names the step.
    """
    steps = [_step_section(name, step) for name, step in pipeline.steps[:-1]]
    classes = [step["class"] for step in steps]
    if "TokenEncoder" in classes and len(classes) > 1:
        raise ValueError(f"step {steps[1]['name']!r} of the pipeline cannot be saved: {SUPPORTED}")
    return {
        "verbose": bool(pipeline.verbose),
        "steps": steps,
        "final_step": encode(pipeline.steps[-1][0], "the name of a step"),
    }


def operations_of(pipeline: Pipeline) -> list[Operation]:
    """Return what a pipeline does to channels, one after the other."""
    operations: list[Operation] = []
    for _, step in pipeline.steps[:-1]:
        if isinstance(step, PerStep):
            inner = step.transformer_
            scaler = SCALERS[type(inner).__name__]
            operations += [
                (operation, np.asarray(getattr(inner, values), np.float64), scaler.in_float64)
                for operation, values, switch in scaler.operations
                if switch is None or getattr(inner, switch)
            ]
    return operations


def build_pipeline(description: Description, estimator: Any) -> Pipeline:
    """Return the fitted pipeline that a file describes, around its estimator.

    Raises
    ------
    ValueError
        For what no pipeline could have been.
    """
    steps = [(step.of_type("name", str), _step_of(step, description)) for step in description.steps]
    pipeline = Pipeline(
        [*steps, (description.final_step, estimator)],
        verbose=description.fields.fields("pipeline").of_type("verbose", bool),
    )
    pipeline._validate_steps()
    return pipeline


# ---- Steps ----


def _step_section(name: str, step: Any) -> dict[str, Any]:
    what = f"step {name!r} of the pipeline"
    if type(step) is TokenEncoder:
        check_is_fitted(step)
        section = _encoder_section(step, what)
    elif type(step) is PerStep:
        check_is_fitted(step)
        section = _scaler_section(step, what)
    else:
        kind = step if step is None or isinstance(step, str) else type(step).__name__
        raise ValueError(f"{what} is {kind}, which cannot be saved: {SUPPORTED}")
    return {"name": encode(name, what), **section}


def _step_of(step: Fields, description: Description) -> Any:
    if step.of_type("class", str) == "PerStep":
        return _scaler_of(step, description.input_size)
    return _encoder_of(step, description)


def _scaler_section(step: PerStep, what: str) -> dict[str, Any]:
    inner = step.transformer_
    name = type(inner).__name__
    scaler = SCALERS.get(name)
    if scaler is None or type(inner) is not scaler.kind:
        raise ValueError(f"{what} is PerStep of {name}, which cannot be saved: {SUPPORTED}")
    params = inner.get_params()
    if type(step.transformer) is not scaler.kind or step.transformer.get_params() != params:
        raise ValueError(
            f"{what} has another transformer than the one it was fitted with; fit it again"
        )
    if params.pop("clip", False):  # not in a file: only newer scalers have it
        raise ValueError(f"{what} has clip=True, which cannot be saved; clip the data before it")
    attributes = {"n_samples_seen_": _seen(inner, what)}
    for attribute in scaler.arrays:
        array = getattr(inner, attribute)
        label = f"{attribute} of {what}"
        attributes[attribute] = None if array is None else encode_array(np.asarray(array), label)
    return {
        "class": "PerStep",
        **_input_section(step, what),
        "transformer": {
            "class": name,
            "params": {key: encode(value, f"{key} of {what}") for key, value in params.items()},
            "attributes": attributes,
        },
    }


def _input_section(step: PerStep, what: str) -> dict[str, Any]:
    """Return what a file says of the input that a step was fitted on; either may be missing."""
    names = step._table_names if step._saw_table else getattr(step, "feature_names_in_", None)
    section: dict[str, Any] = {}
    if names is not None:
        section["feature_names_in"] = encode(list(names), f"feature_names_in_ of {what}")
    if step._saw_table is not None:
        section["saw_table"] = step._saw_table
    return section


def _scaler_of(step: Fields, channels: int) -> PerStep:
    fields = step.fields("transformer")
    name = fields.of_type("class", str)
    if name not in SCALERS:
        raise ValueError(f"{fields.path}.class is unknown: {shorten(name)}")
    scaler = SCALERS[name]
    params = fields.decoded("params")
    _check_params(params, scaler.kind, fields.path)
    inner = scaler.kind(**params)
    inner._validate_params()
    if params.get("clip"):
        raise ValueError(f"{fields.path}.params.clip has to be false")
    attributes = fields.fields("attributes")
    for attribute in scaler.arrays:
        setattr(inner, attribute, attributes.array(attribute, channels))
    for _, attribute, switch in scaler.operations:
        needed = switch is None or getattr(inner, switch)
        if needed and getattr(inner, attribute) is None:
            raise ValueError(f"{attributes.path} has no {attribute}")
    if attributes.get("n_samples_seen_") is not None:
        inner.n_samples_seen_ = _seen_of(attributes, channels)
    inner.n_features_in_ = channels
    result = PerStep(scaler.kind(**params))
    result.transformer_ = inner
    result.n_features_in_ = channels
    if (table := saw_table(step)) is not None:
        result._saw_table = table
    names = names_seen(step)
    if names is not None and table:
        result._table_names = tuple(names)
    elif names is not None:
        result.feature_names_in_ = np.array(names, dtype=object)
        inner.feature_names_in_ = result.feature_names_in_.copy()
    return result


def _seen(inner: Any, what: str) -> Any:
    """Return how many steps a scaler has seen, of each channel where they differ."""
    seen = getattr(inner, "n_samples_seen_", None)
    if isinstance(seen, np.generic):  # scikit-learn asks for its shape
        return {"scalar": encode_array(seen.reshape(1), what)}
    return encode(seen, f"n_samples_seen_ of {what}")


def _seen_of(attributes: Fields, channels: int) -> Any:
    seen = attributes.get("n_samples_seen_")
    if type(seen) in (int, float):
        return seen
    if isinstance(seen, dict) and "scalar" in seen:
        return attributes.fields("n_samples_seen_").array("scalar", 1)[0]
    return attributes.array("n_samples_seen_", channels)


def _encoder_section(step: TokenEncoder, what: str) -> dict[str, Any]:
    if callable(step.analyzer):
        raise ValueError(
            f"{what} has the analyzer {step.analyzer!r}, and a file holds no code; use 'word' with "
            "a token_pattern, or 'char', or encode texts before the pipeline"
        )
    if len(step.token_pattern) > LONGEST_PATTERN:
        raise ValueError(
            f"{what} has a token_pattern of more than {LONGEST_PATTERN} characters, which cannot "
            "be saved"
        )
    tokens = [_token(token, what) for token in step.vocabulary_]
    if list(step.vocabulary_.values()) != list(range(1, len(tokens) + 1)):
        raise ValueError(f"{what} has a vocabulary_ that is not numbered from 1 on; fit it again")
    params = step.get_params()
    return {
        "class": "TokenEncoder",
        "params": {key: encode(value, f"{key} of {what}") for key, value in params.items()},
        "vocabulary": tokens,
    }


def _token(token: Any, what: str) -> Any:
    if isinstance(token, np.generic):
        token = token.item()
    if type(token) not in (str, int):
        raise ValueError(
            f"{what} knows the token {token!r}, a {type(token).__name__}; a file can hold tokens "
            "that are strings or integers"
        )
    return encode(token, what)


def _encoder_of(step: Fields, description: Description) -> TokenEncoder:
    assert description.tokens is not None
    params = step.decoded("params")
    _check_params(params, TokenEncoder, step.path)
    encoder = TokenEncoder(**params)
    for name in ("min_frequency", "max_tokens"):
        value = params[name]
        if not (type(value) is int and value >= 1) and not (name == "max_tokens" and value is None):
            raise ValueError(f"{step.path}.params.{name} is {shorten(value)}")
    encoder.vocabulary_ = dict(description.tokens.vocabulary)
    encoder.n_tokens_ = len(encoder.vocabulary_) + 1
    return encoder


def _check_params(params: dict[str, Any], kind: type, path: str) -> None:
    """Raise ValueError for parameters that are none of a transformer; add those it got since."""
    defaults = kind().get_params()
    unknown = [name for name in params if name not in defaults]
    if unknown:
        raise ValueError(
            f"{path}.params has {shorten(unknown[0])}, which {kind.__name__} of this version of "
            "scikit-learn or scikit-rnn does not know; update them"
        )
    for name, value in defaults.items():
        params.setdefault(name, value)

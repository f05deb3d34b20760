"""Transformers of channels to JSON and back: scalers, imputers, and pipelines of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline

from skrnn._files.description import MOST_STEPS, names_seen, saw_table
from skrnn._files.fields import Fields
from skrnn._files.values import complete_params, encode, encode_array, shorten
from skrnn._serving.pipelines import SCALERS, is_passthrough
from skrnn.preprocessing import PerStep


def channels_section(step: PerStep, what: str) -> dict[str, Any]:
    """Return the section of a fitted PerStep in a file; `what` is its name in messages.

    Raises
    ------
    ValueError
        For a transformer that a file cannot hold.
    """
    before, after = (
        _section_of(inner, what, fitted=False) for inner in (step.transformer, step.transformer_)
    )
    if before != after:
        raise ValueError(
            f"{what} has another transformer than the one it was fitted with; fit it again"
        )
    return {
        "class": "PerStep",
        **_input_section(step, what),
        "transformer": _section_of(step.transformer_, what, fitted=True),
    }


def _input_section(step: PerStep, what: str) -> dict[str, Any]:
    """Return the input names and form that a step was fitted on; either may be missing."""
    names = step._table_names if step._saw_table else getattr(step, "feature_names_in_", None)
    section: dict[str, Any] = {}
    if names is not None:
        section["feature_names_in"] = encode(list(names), f"feature_names_in_ of {what}")
    if step._saw_table is not None:
        section["saw_table"] = step._saw_table
    return section


def channels_of(step: Fields, channels: int) -> PerStep:
    """Return the fitted PerStep that a file describes.

    Raises
    ------
    ValueError
        For a section that no PerStep can have.
    """
    inner = _transformer_of(step.fields("transformer"), channels)
    result = PerStep(clone(inner))
    result.transformer_ = inner
    result.n_features_in_ = channels
    if (table := saw_table(step)) is not None:
        result._saw_table = table
    names = names_seen(step)
    if names is not None and table:
        result._table_names = tuple(names)
    elif names is not None:
        result.feature_names_in_ = np.array(names, dtype=object)
        _name_channels(inner, result.feature_names_in_)
    return result


def _name_channels(inner: Any, names: NDArray[Any]) -> None:
    """Set the names seen in fit on a transformer, and on the transformers inside it."""
    if isinstance(inner, Pipeline):
        # Only the first step has seen the frame; its output is an array.
        first = [step for _, step in inner.steps if not is_passthrough(step)][:1]
        for step in first:
            _name_channels(step, names)
    elif not is_passthrough(inner):
        inner.feature_names_in_ = names.copy()


def check_settings(pipeline: Pipeline, what: str) -> None:
    """Raise ValueError for a pipeline with settings, or so many steps, that a file cannot hold."""
    if len(pipeline.steps) > MOST_STEPS:
        raise ValueError(f"{what} has {len(pipeline.steps)} steps; a file holds {MOST_STEPS}")
    for name, value in pipeline.get_params(deep=False).items():
        if name not in ("steps", "verbose") and value is not None:
            raise ValueError(
                f"{what} has {name}={value!r}, which a file cannot hold; set_params({name}=None) "
                "before saving"
            )


def build_steps(steps: list[tuple[str, Any]], verbose: bool) -> Pipeline:
    """Return a pipeline whose steps are fitted.

    Raises
    ------
    ValueError
        For names that steps cannot have.
    """
    pipeline = Pipeline(steps, verbose=verbose)
    pipeline._validate_steps()
    return pipeline


def _section_of(inner: Any, what: str, *, fitted: bool) -> dict[str, Any]:
    """Return the section of a transformer, with or without its learned attributes."""
    if is_passthrough(inner):
        return {"class": "passthrough"}
    name = type(inner).__name__
    if isinstance(inner, Pipeline):
        check_settings(inner, what)
        steps = [
            {
                "name": encode(key, what),
                **_section_of(step, f"step {key!r} in {what}", fitted=fitted),
            }
            for key, step in inner.steps
        ]
        return {"class": name, "verbose": bool(inner.verbose), "steps": steps}
    params = inner.get_params()
    params.pop("clip", None)  # false, and only newer scalers have it
    params.pop("missing_values", None)  # NaN, which JSON cannot hold
    encoded = {key: encode(value, f"{key} of {what}") for key, value in params.items()}
    attributes = {"attributes": _learned_by(inner, what)} if fitted else {}
    return {"class": name, "params": encoded, **attributes}


def _learned_by(inner: Any, what: str) -> dict[str, Any]:
    if isinstance(inner, SimpleImputer):
        statistics = None  # those of a constant follow from the parameters
        if inner.strategy != "constant":
            statistics = encode_array(np.asarray(inner.statistics_), f"statistics_ of {what}")
        return {"statistics_": statistics, "dtype": inner._fit_dtype.name}
    attributes = {"n_samples_seen_": _seen(inner, what)}
    for attribute in SCALERS[type(inner).__name__].arrays:
        array = getattr(inner, attribute)
        label = f"{attribute} of {what}"
        attributes[attribute] = None if array is None else encode_array(np.asarray(array), label)
    return attributes


def _transformer_of(fields: Fields, channels: int) -> Any:
    name = fields.of_type("class", str)
    if name == "passthrough":
        return name
    if name == "Pipeline":
        steps = fields.items("steps")
        if not 1 <= len(steps) <= MOST_STEPS:
            raise ValueError(f"{fields.path} has {len(steps)} steps; expected 1..{MOST_STEPS}")
        return build_steps(
            [(step.of_type("name", str), _transformer_of(step, channels)) for step in steps],
            fields.of_type("verbose", bool),
        )
    if name == "SimpleImputer":
        return _imputer_of(fields, channels)
    if name in SCALERS:
        return _scaler_of(fields, channels)
    raise ValueError(f"{fields.path}.class is unknown: {shorten(name)}")


def _imputer_of(fields: Fields, channels: int) -> SimpleImputer:
    params = fields.decoded("params")
    complete_params(params, SimpleImputer, fields.path)
    if params["add_indicator"] or params["missing_values"] == params["missing_values"]:
        raise ValueError(f"{fields.path}.params are not those of an imputer that was saved")
    attributes = fields.fields("attributes")
    dtype = attributes.of_type("dtype", str)
    if dtype not in ("float32", "float64"):
        raise ValueError(f"{attributes.path}.dtype is unknown: {shorten(dtype)}")
    # fit sets more attributes than a file holds, and others in each version of scikit-learn.
    inner = SimpleImputer(**params).fit(np.zeros((1, channels), dtype))
    statistics = attributes.array("statistics_", channels)
    if (statistics is None) != (params["strategy"] == "constant"):
        raise ValueError(f"{attributes.path}.statistics_ does not suit the strategy")
    if statistics is not None:
        inner.statistics_ = statistics
    return inner


def _scaler_of(fields: Fields, channels: int) -> Any:
    scaler = SCALERS[fields.get("class")]
    params = fields.decoded("params")
    complete_params(params, scaler.kind, fields.path)
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
    return inner


def _seen(inner: Any, what: str) -> Any:
    """Return the steps that a scaler has seen, for each channel if they differ."""
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

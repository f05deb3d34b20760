"""Pipelines to JSON and back: the steps before the estimator."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

from skrnn._files.description import Description
from skrnn._files.encoders import encoder_of, encoder_section
from skrnn._files.fields import Fields
from skrnn._files.transformers import build_steps, channels_of, channels_section, check_settings
from skrnn._files.values import encode
from skrnn._serving.pipelines import is_passthrough
from skrnn.preprocessing import PerStep


def pipeline_section(pipeline: Pipeline) -> dict[str, Any]:
    """Return the section of a pipeline, all steps of which `operations_of` supports.

    Raises
    ------
    ValueError
        For a step that a file cannot hold; it names the step.
    """
    check_settings(pipeline, "the pipeline")
    return {
        "verbose": bool(pipeline.verbose),
        "steps": [_step_section(name, step) for name, step in pipeline.steps[:-1]],
        "final_step": encode(pipeline.steps[-1][0], "the name of a step"),
    }


def build_pipeline(description: Description, estimator: Any) -> Pipeline:
    """Return the fitted pipeline that a file describes, around its estimator.

    Raises
    ------
    ValueError
        For steps that no pipeline can have.
    """
    pipeline = description.fields.fields("pipeline")
    steps = [(step.of_type("name", str), _step_of(step, description)) for step in description.steps]
    steps.append((pipeline.of_type("final_step", str), estimator))
    return build_steps(steps, pipeline.of_type("verbose", bool))


def _step_section(name: str, step: Any) -> dict[str, Any]:
    what = f"step {name!r} of the pipeline"
    if is_passthrough(step):
        section: dict[str, Any] = {"class": "passthrough"}
    elif isinstance(step, PerStep):
        section = channels_section(step, what)
    else:
        section = encoder_section(step, what)
    return {"name": encode(name, what), **section}


def _step_of(step: Fields, description: Description) -> Any:
    kind = step.of_type("class", str)
    if kind == "passthrough":
        return kind
    if kind == "PerStep":
        return channels_of(step, description.input_size)
    assert description.tokens is not None
    return encoder_of(step, description.tokens)

"""Files of models, written again with changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file, save_file

import skrnn
from helpers.model_files import description_of, sealed
from models import model_of


def changed(name: str, path: Path, change: Callable[[Any, dict[str, Any]], Any]) -> None:
    """Save a model, and write it again with a changed description and changed tensors."""
    skrnn.save(model_of(name), path)
    description, tensors = description_of(path), load_file(path)
    change(description, tensors)
    save_file(tensors, path, {"skrnn": json.dumps(description)})
    path.write_bytes(sealed(path.read_bytes()))


def put(place: str, value: Any) -> Callable[[Any, Any], None]:
    """A change of one value; place is like "estimator.params.tol" or "pipeline.steps.0.name"."""

    def change(description: Any, _: Any) -> None:
        *parents, last = place.split(".")
        for name in parents:
            description = description[int(name) if name.isdigit() else name]
        if isinstance(value, type):
            del description[last]
        else:
            description[last] = value

    return change

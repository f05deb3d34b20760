"""What a detector has beside its network, to the JSON and arrays of a file and back; NumPy only.

Arrays, float64, with a number for each channel: units.mean, units.scale and units.error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._files.fields import Fields
from skrnn._files.values import shorten
from skrnn._series.reconstruction import Reconstruction

Values = NDArray[np.float64]

_MOST = 2**20  # steps of a window
_LOSSES = ("squared_error", "absolute_error")
_ARRAYS = {"mean": "units.mean", "scale": "units.scale", "unit": "units.error"}


@dataclass(frozen=True)
class SavedDetector:
    """What a detector has learned."""

    reconstruction: Reconstruction
    offset: float


def detector_section(detector: SavedDetector) -> dict[str, Any]:
    """Return what a detector has learned as JSON, without its arrays."""
    reconstruction = detector.reconstruction
    return {
        "rows": int(reconstruction.rows),
        "delay": int(reconstruction.delay),
        "missing": bool(reconstruction.missing),
        "offset": float(detector.offset),
    }


def detector_arrays(detector: SavedDetector) -> dict[str, Values]:
    """Return the arrays of a detector by name."""
    return {name: getattr(detector.reconstruction, field) for field, name in _ARRAYS.items()}


def detector_of(
    root: Fields, arrays: Mapping[str, Values]
) -> tuple[SavedDetector | None, dict[str, Values]]:
    """Return what the detector in a file has learned, or None, and the arrays that are not its own.

    Parameters
    ----------
    root : Fields
        The whole JSON.
    arrays : mapping of str to array of shape (length,)
        Those of the file.

    Raises
    ------
    ValueError
        For anything that no detector writes.
    """
    left = dict(arrays)
    if root.value.get("detector") is None:
        return None, left
    section, network = root.fields("detector"), root.fields("network")
    rows = section.integer("rows", 1, _MOST)
    width = network.integer("input_size", 1, _MOST // rows)
    _check_network(rows, width, root)
    channels = root.fields("estimator").fields("fitted").integer("n_features_in", 1)
    units = {field: _units(left, name, channels) for field, name in _ARRAYS.items()}
    for field in ("scale", "unit"):
        if (units[field] <= 0).any():
            raise ValueError(f"its array {_ARRAYS[field]} has to be above 0")
    reconstruction = Reconstruction(
        rows,
        width,
        section.integer("delay", 0, rows * width - 1),
        missing=section.of_type("missing", bool),
        **units,
    )
    return SavedDetector(reconstruction, section.number("offset", -math.inf)), left


def _units(arrays: dict[str, Values], name: str, channels: int) -> Values:
    """Take an array away."""
    if name not in arrays:
        raise ValueError(f"it has no array {name}")
    values = arrays.pop(name)
    if len(values) != channels or not np.isfinite(values).all():
        raise ValueError(f"its array {name} has to be a number for each of {channels} channels")
    return values


def _check_network(rows: int, width: int, root: Fields) -> None:
    """Raise ValueError unless the network reconstructs what it reads."""
    network, loss = root.fields("network").value, root.fields("loss")
    expected = {
        "pooling": "horizon",
        "embedding_size": 0,
        "output_size": width,
        "horizon": rows,
        "future_covariates": 0,
    }
    for name, value in expected.items():
        found = network.get(name, 0)
        if found != value:
            raise ValueError(f"network.{name} is {shorten(found)}, and a detector needs {value!r}")
    if loss.get("targets") != width or loss.get("name") not in _LOSSES:
        raise ValueError("loss is not that of a detector")

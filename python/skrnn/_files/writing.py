"""`skrnn.save`: a fitted estimator, or a pipeline around one, to a file."""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save as to_safetensors
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skrnn import _core
from skrnn._files.atomic import write_atomically
from skrnn._files.description import FORMAT_VERSION, LONGEST, build
from skrnn._files.meanings import section_of
from skrnn._files.network import served_sections
from skrnn._files.paths import checked_path
from skrnn._files.pipelines import pipeline_section
from skrnn._files.reading import rebuild
from skrnn._files.values import encode
from skrnn._files.vocabulary import vocabulary_section
from skrnn._parameters import check_parameters
from skrnn._serving.pipelines import best_of, estimator_of, operations_of

# Fixes, for messages, of parameters that JSON cannot hold.
FIXES = {
    "random_state": "set_params(random_state=None), or an int, before saving",
    "scoring": "set_params(scoring=None), or a name of sklearn.metrics.get_scorer_names(), before "
    "saving",
}


def save(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted estimator, or a pipeline around one, to a file.

    The file is in the safetensors format: weights, and everything else as JSON. It holds no code,
    and `skrnn.load` runs none; its digests detect damage. It is written atomically: `path` is the
    old file or the new one, whatever happens.

    Parameters
    ----------
    model : estimator, Pipeline or search
        An estimator of skrnn, or a `sklearn.pipeline.Pipeline` that ends in one. The steps before
        it may be `PerStep` of `SimpleImputer`, `StandardScaler`, `RobustScaler`, `MaxAbsScaler` or
        `MinMaxScaler`, or of a pipeline of those, several such steps in a row, or one
        `TokenEncoder`; and "passthrough" as a step of a pipeline. Of a search, such as a
        `GridSearchCV`, its `best_estimator_` is saved.
    path : str or path-like
        An existing file is replaced, and keeps its permissions.

    Raises
    ------
    TypeError
        For a model that is not an estimator of skrnn.
    ValueError
        For parameters that a file cannot hold, such as a callable `scoring` or a `RandomState`; the
        message names them and the fix. For an architecture that was changed since `fit`.
    sklearn.exceptions.NotFittedError
        For an estimator that is not fitted.
    OSError
        If the file cannot be written.

    See Also
    --------
    load : Back to the estimator or pipeline.
    skrnn.runtime.load : Predictions from the file with NumPy alone.

    Notes
    -----
    The state of the optimiser is not saved, nor are callbacks and metadata requests. `partial_fit`,
    and `fit` with `warm_start`, continue from the parameters; `skrnn.callbacks.Checkpoint` saves
    all that is needed to continue with the same bits.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import skrnn
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(length, 1)) for length in (3, 5, 7, 9) * 10]
    >>> y = [x.mean() for x in X]
    >>> model = skrnn.RNNRegressor(hidden_size=8, max_iter=5, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     skrnn.save(model, Path(folder) / "model.skrnn")
    ...     loaded = skrnn.load(Path(folder) / "model.skrnn")
    >>> bool((loaded.predict(X) == model.predict(X)).all())
    True
    """
    write_atomically(checked_path(path), content_of(model))


def content_of(model: Any) -> bytes:
    """Return the content of the file that `save` writes.

    Raises
    ------
    TypeError, ValueError
        As `save`.
    """
    model = best_of(model)
    estimator = estimator_of(model)
    kind = type(estimator)
    if not kind.__module__.startswith("skrnn."):
        raise TypeError(
            f"a {kind.__name__} cannot be saved; expected an estimator of skrnn itself: a file "
            f"holds no code, and so not what {kind.__module__} adds to it"
        )
    check_is_fitted(estimator, "params_")
    check_parameters(estimator, estimator._rules)
    served = estimator._served(operations_of(model))  # which refuses parameters changed since fit
    pipeline = pipeline_section(model) if isinstance(model, Pipeline) else None
    sections, arrays = estimator._beside_network()
    tensors = _tensors(served, arrays)
    description = {
        "format_version": FORMAT_VERSION,
        # Digests that detect damage; cpp/src/files/crc32.h computes the same.
        "crc32": {name: zlib.crc32(array.tobytes()) for name, array in tensors.items()},
        "producer": f"scikit-rnn {_core.__version__}",
        **served_sections(estimator),
        "input": {
            "operations": [
                {"operation": name, "tensor": f"input.{i}", "in_float64": in_float64}
                for i, (name, _, in_float64) in enumerate(served.operations)
            ]
        },
        **({"arrays": {name: len(array) for name, array in arrays.items()}} if arrays else {}),
        "estimator": _estimator_section(estimator),
        **sections,
        "pipeline": pipeline,
    }
    text = json.dumps(description, allow_nan=False, ensure_ascii=False, separators=(",", ":"))[:-1]
    text += f',"digest":"{zlib.crc32(text.encode()):08x}"}}'
    if len(text) > LONGEST:
        raise ValueError(
            f"{type(model).__name__} has {len(text)} characters of classes, vocabulary, names or "
            f"keys, but files hold {LONGEST} at most; limit the vocabulary with max_tokens or "
            "min_frequency, or fit fewer series"
        )
    content = to_safetensors(tensors, {"skrnn": text})
    # Read the file back now: an error must not appear only when it is loaded.
    build(_core.Model.parse(content), partial(rebuild, kinds={kind.__name__: kind}))
    return content


def _tensors(
    served: _core.Model, arrays: Mapping[str, NDArray[np.float64]]
) -> dict[str, NDArray[Any]]:
    tensors: dict[str, NDArray[Any]] = dict(served.parameters)
    if len(served.target_mean):
        tensors["target.mean"] = served.target_mean
        tensors["target.scale"] = served.target_scale
    for i, (_, values, _) in enumerate(served.operations):
        tensors[f"input.{i}"] = values
    tensors.update((f"array.{name}", values) for name, values in arrays.items())
    return tensors


def _estimator_section(estimator: Any) -> dict[str, Any]:
    names = getattr(estimator, "feature_names_in_", None)
    history = estimator._history
    known, kind = estimator._lexicon(), type(estimator).__name__
    letters = None if known is None else known.letters
    return {
        "class": kind,
        "params": _params_section(estimator),
        "fitted": {
            "n_features_in": int(estimator.n_features_in_),
            "feature_names_in": None if names is None else encode(list(names), "feature_names_in_"),
            "vocabulary": None if known is None else vocabulary_section(known.tokens, kind),
            "letters": None if letters is None else vocabulary_section(letters, kind),
            "saw_table": bool(estimator._saw_table),
            "standardized": estimator._units is not None,
            "answers": section_of(estimator._meaning()),
        },
        "training": {
            "solver": estimator._solver,
            "seed": int(history.seed),
            "losses": _numbers(history.losses),
            "scores": _numbers(history.scores),
            "validated": estimator.validation_scores_ is not None,
            "best_epoch": history.best_epoch,
        },
    }


def _params_section(estimator: Any) -> dict[str, Any]:
    kind, params = type(estimator).__name__, estimator.get_params(deep=False)
    return {name: _encode_param(kind, name, value) for name, value in params.items()}


def _encode_param(kind: str, name: str, value: Any) -> Any:
    try:
        return encode(value, name)
    except ValueError as error:
        fix = FIXES.get(name, f"set_params({name}=...) to numbers or text before saving")
        raise ValueError(
            f"{kind} has {name}={value!r}, which a file cannot hold; {fix} ({error})"
        ) from error


def _numbers(values: Iterable[float]) -> list[Any]:
    """Return numbers for JSON, with NaN and infinities as strings."""
    return [float(value) if math.isfinite(value) else repr(float(value)) for value in values]

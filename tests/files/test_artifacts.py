"""Files of all earlier format versions are loaded, with unchanged predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import skrnn
from helpers import runtime_alone
from helpers.model_files import header_of, sealed, with_header
from helpers.processes import run_python
from skrnn._estimators.base import SequenceEstimator
from skrnn._estimators.loading import ESTIMATORS
from skrnn._files.description import FORMAT_VERSION

# The first format that holds an estimator.
FIRST_VERSION = {"RNNTagger": 4, "RNNStepRegressor": 4, "RNNLanguageModel": 4, "RNNForecaster": 5}
FIRST_VERSION |= {"RNNAnomalyDetector": 5}

FOLDER = Path(__file__).parent.parent / "artifacts"
FILES = sorted(FOLDER.glob("version_*/*.skrnn"))
FORECASTERS = [path for path in FILES if path.stem.startswith("forecaster")]

METHODS = ("predict", "predict_proba", "predict_log_proba", "score_samples")

# The answers are of one instruction set of one machine. On others sums have another order, and each
# float32 rounding is 6e-8 of its value: an answer has less than a hundred of them.
RTOL = 5e-6


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", sorted({*FILES} - {*FORECASTERS}), ids=name_of)
def test_predictions_are_unchanged(path: Path) -> None:
    expected = np.load(path.with_suffix(".npz"), allow_pickle=False)
    model, (X, _) = skrnn.load(path), runtime_alone.input_of(expected)
    if hasattr(model, "feature_names_in_"):
        X = pd.DataFrame(X, columns=model.feature_names_in_)
    beside, predicted = runtime_alone.context_of(expected), {}
    for name in METHODS:
        if name in expected:
            predicted[name] = getattr(model, name)(X, **beside)
    if "std" in expected:
        predicted["std"] = model.predict(X, return_std=True)[1]
    if "n_best" in expected:
        predicted["n_best"] = runtime_alone.best_scores(model, X)
    assert {*predicted} == {*expected} & {*METHODS, "std", "n_best"}
    for name, values in predicted.items():
        values = runtime_alone.rows_of(values)
        assert (values.dtype, values.shape) == (expected[name].dtype, expected[name].shape)
        if values.dtype.kind == "f":
            np.testing.assert_allclose(values, expected[name], RTOL, atol=RTOL)
        else:
            np.testing.assert_array_equal(values, expected[name])


@pytest.mark.parametrize("path", FORECASTERS, ids=name_of)
def test_forecasts_are_unchanged(path: Path) -> None:
    expected = np.load(path.with_suffix(".npz"), allow_pickle=False)
    model = skrnn.load(path)
    found = runtime_alone.forecasts_of(model, expected)
    if "times" in expected:
        frame = model.predict(int(expected["horizon"]))
        assert frame["unique_id"].tolist() == expected["keys"].tolist()
        times = frame["ds"].to_numpy().astype("datetime64[ns]").astype(np.int64)
        assert times.tolist() == expected["times"].tolist()
        found |= {"keys": expected["keys"], "times": expected["times"], "y": frame["y"].to_numpy()}
    assert {*found, "horizon"} == {*expected}
    runtime_alone.compare(found, expected, RTOL)


def test_the_runtime_alone_predicts_the_same() -> None:
    """In a process where only NumPy can be imported."""
    pairs = [str(file) for path in FILES for file in (path, path.with_suffix(".npz"))]
    program = str(Path(runtime_alone.__file__))
    output = run_python(program, *pairs, "--rtol", str(RTOL)).stdout.splitlines()
    assert len(output) == len(FILES)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error"])
def test_losses_had_other_names_before_format_3(loss: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    X, y = [rng.normal(size=(t, 2)) for t in range(1, 9)], np.arange(8.0)
    path = tmp_path / "model.skrnn"
    model = skrnn.RNNRegressor(hidden_size=2, max_iter=1, loss=loss, random_state=0).fit(X, y)
    model.save(path)

    data = path.read_bytes()
    header = header_of(data)
    description = header["__metadata__"]["skrnn"]
    old = loss.removesuffix("_error")
    description["loss"]["name"] = description["estimator"]["params"]["loss"] = old
    path.write_bytes(sealed(with_header(data, header)))
    with pytest.raises(ValueError, match=old):
        skrnn.load(path)
    description["format_version"] = 2
    path.write_bytes(sealed(with_header(data, header)))
    assert skrnn.load(path).loss == loss
    np.testing.assert_array_equal(skrnn.load(path).predict(X), model.predict(X))
    np.testing.assert_array_equal(skrnn.runtime.load(path).predict(X), model.predict(X))


def test_there_is_one_of_each_estimator_and_version() -> None:
    for version in range(1, FORMAT_VERSION + 1):
        names = [path.stem for path in FILES if path.parent.name == f"version_{version}"]
        for kind in ESTIMATORS:
            if version >= FIRST_VERSION.get(kind, 1):
                assert any(name.startswith(kind.removeprefix("RNN").lower()) for name in names)


def test_they_are_small() -> None:
    """Some 130 kB per version."""
    sizes = [path.stat().st_size for path in FOLDER.rglob("*.*")]
    assert sum(sizes) < 140_000 * FORMAT_VERSION


def test_the_script_writes_such_files(tmp_path: Path) -> None:
    """On one machine, its files are read with the same bits."""
    folder = tmp_path / f"version_{FORMAT_VERSION}"
    run_python(str(FOLDER / "write.py"), str(folder))
    written = sorted(folder.glob("*.skrnn"))
    assert [path.name for path in written] == [
        path.name for path in FILES if path.parent.name == f"version_{FORMAT_VERSION}"
    ]
    for path in written:
        runtime_alone.check(path, path.with_suffix(".npz"))


def test_every_estimator_can_be_saved() -> None:
    public = [getattr(skrnn, name) for name in skrnn.__all__]
    kinds = [kind for kind in public if isinstance(kind, type)]
    assert {kind for kind in kinds if issubclass(kind, SequenceEstimator)} == {*ESTIMATORS.values()}

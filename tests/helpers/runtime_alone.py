"""Predict and stream with NumPy alone: python runtime_alone.py MODEL EXPECTED [MODEL EXPECTED ...].

MODEL is a file of `skrnn.save`. EXPECTED is an .npz with the input, either "values" and "offsets"
of sequences, "table" or "texts", with the "context" of models that read one, and with the
estimator's predictions: "predict" and, if it has them, "predict_proba", "std" and the scores of
"n_best". Of a forecaster it has the "horizon", and forecasts. ``--rtol`` is for files of another
machine; without it the bits have to be the same. Imports no other tests, and hides the modules that
`skrnn.runtime` must not need.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

FORBIDDEN = ("sklearn", "scipy", "safetensors", "joblib", "pandas", "polars")


class Hidden:
    """An importer that refuses the modules that the runtime must not need."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:  # noqa: ARG002
        if name.partition(".")[0] in FORBIDDEN:
            raise ModuleNotFoundError(f"skrnn.runtime must do without {name}", name=name)


def input_of(expected: Any) -> tuple[Any, Any]:
    """The input in a file of expectations, and its first sequence as a block for a stream."""
    if "texts" in expected:
        return expected["texts"].tolist(), None
    if "table" in expected:
        return expected["table"], expected["table"][0][:, None]
    X = np.split(expected["values"], expected["offsets"][1:-1])
    return X, X[0]


def context_of(expected: Any) -> dict[str, Any]:
    """The argument of that name, a vector for each sequence, for models that read one."""
    return {"context": expected["context"]} if "context" in expected else {}


def rows_of(values: Any) -> Any:
    """The answers of all sequences; those at every step end to end."""
    return np.concatenate(values) if values.dtype == object else values


def best_scores(model: Any, X: Any) -> Any:
    """Log-probabilities of the two best sequences of labels, where there are two."""
    return np.array([score for paths in model.n_best(X, 2) for _, score in paths])


def check(model: Path, expectations: Path, rtol: float = 0.0) -> None:
    """Raise AssertionError if the answers of a model differ from the expected ones."""
    import skrnn.runtime

    predictor = skrnn.runtime.load(model)
    expected = np.load(expectations, allow_pickle=False)
    if "horizon" in expected:
        compare(forecasts_of(predictor, expected), expected, rtol)
        return
    X, block = input_of(expected)
    beside, predicted = context_of(expected), {}
    for name in ("predict", "predict_proba", "predict_log_proba", "score_samples"):
        if name in expected:
            predicted[name] = getattr(predictor, name)(X, **beside)
    if "std" in expected:
        predicted["std"] = predictor.predict(X, return_std=True)[1]
    if "n_best" in expected:
        predicted["n_best"] = best_scores(predictor, X)
    compare(predicted, expected, rtol)
    if "score_samples" in expected:
        stream_as_scores(predictor, block)
        return
    stream_as_predict(predictor, X, block, {name: vectors[:1] for name, vectors in beside.items()})


def forecasts_of(model: Any, expected: Any) -> dict[str, Any]:
    """The forecasts of a model of which there are expectations; not those in frames."""
    found, h = {}, int(expected["horizon"])
    if "predict" in expected:
        found["predict"] = np.array(model.predict(h))
        found["interval"] = np.array(model.predict_interval(h, coverage=0.8))
    if "at_end" in expected:
        stream = model.stream()
        found["at_end"] = stream.forecast()
        found["streamed"] = stream.step(np.arange(float(len(stream.state))))
    return found


def compare(predicted: dict[str, Any], expected: Any, rtol: float) -> None:
    """Raise AssertionError where answers differ from the expected ones."""
    for name, values in predicted.items():
        values = rows_of(values)
        assert values.shape == expected[name].shape, (name, values.shape)
        if rtol == 0.0 or values.dtype.kind != "f":
            assert values.tolist() == expected[name].tolist(), name
        else:
            np.testing.assert_allclose(values, expected[name], rtol, atol=rtol, err_msg=name)


def stream_as_scores(predictor: Any, block: Any) -> None:
    """Compare a stream of a detector with its scores, bit for bit."""
    stream = predictor.stream()
    scores = stream.process(block)[stream.delay :].tolist() + stream.pending().tolist()
    assert scores == predictor.score_samples(block).tolist()


def stream_as_predict(predictor: Any, X: Any, block: Any, beside: dict[str, Any]) -> None:
    """Compare a stream with predict, bit for bit; `beside` is the context of the first sequence."""
    try:
        stream = predictor.stream()
    except ValueError as error:
        if "bidirectional" in str(error) or "attention" in str(error):
            return
        raise
    if block is None:  # texts, of words without spaces
        block = X[0].lower().split()
        if not reads_strings(stream):
            block = [predictor.vocabulary_.get(word, 0) for word in block]
    at_end = rows_of(predictor.predict(X[:1], **beside))[-1:].tolist()
    assert stream.process(block, **beside)[-1].tolist() == at_end
    stream.reset()
    for x_t in block:
        last = stream.step(x_t, **beside)
    assert last.tolist() == at_end


def reads_strings(stream: Any) -> bool:
    """Whether the stream is of an estimator fitted on strings."""
    try:
        stream.step("")
    except TypeError:
        return False
    stream.reset()
    return True


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="MODEL EXPECTED")
    parser.add_argument("--rtol", type=float, default=0.0)
    options = parser.parse_args(arguments)
    sys.meta_path.insert(0, Hidden())
    pairs = zip(options.files[::2], options.files[1::2], strict=True)
    for model, expectations in pairs:
        check(model, expectations, options.rtol)
        print(f"{model.name}: as expected")
    imported = sorted({name.partition(".")[0] for name in sys.modules} & set(FORBIDDEN))
    assert not imported, imported


if __name__ == "__main__":
    main(sys.argv[1:])

"""Input of a stream: accepted, or refused with the state unchanged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.numpy_versions import HAS_STRING_DTYPE
from helpers.support import says
from skrnn import RNNClassifier
from streams import (
    LABELS,
    as_if_ended,
    assert_same,
    classifier,
    regressor,
    same_state,
    steps,
)

MODEL = classifier()
UNIVARIATE = regressor(channels=1)
OF_TOKENS = classifier(embedding_size=4)


# ---- Forms of numbers ----

# Each has values that float32 rounds, or that a wrong conversion would change.
DTYPES = ["f4", "f8", "f2", "g", "?", "i1", "u1", "i2", "i4", "i8", "u8", ">f4", ">f8", ">i8"]

LAYOUTS: dict[str, Callable[[np.ndarray], Any]] = {
    "C": lambda x: x,
    "Fortran": np.asfortranarray,
    "every other": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "backwards": lambda x: np.ascontiguousarray(x[..., ::-1])[..., ::-1],
    "read-only": lambda x: np.frombuffer(x.tobytes(), x.dtype).reshape(x.shape),
    "unaligned": lambda x: np.frombuffer(b"." + x.tobytes(), x.dtype, offset=1).reshape(x.shape),
    "subclass": lambda x: x.view(type("Mine", (np.ndarray,), {})),
    "no mask": np.ma.array,
    "lists": lambda x: x.tolist(),
    "tuple of arrays": tuple,
}


def numbers(dtype: str, batch: int, model: Any = MODEL) -> np.ndarray:
    X = steps(5, batch, 1 if model is UNIVARIATE else 3)
    kind = np.dtype(dtype).kind
    if kind == "b":
        return X > 0
    scale = {"f": 1.0, "i": 40.0, "u": 40.0}[kind] * (2.0**24 if dtype.endswith("8") else 1)
    X = np.abs(X) if kind == "u" else X
    return (X * (scale if kind in "iu" else 1)).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", [1, 3])
def test_dtypes(dtype: str, batch: int) -> None:
    X = numbers(dtype, batch)
    expected = as_if_ended(MODEL, X, "predict_proba")
    stream = MODEL.stream(batch, method="predict_proba")
    assert_same(np.array([stream.step(x_t) for x_t in X]), expected)
    stream.reset()
    assert_same(stream.process(X), expected)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["f4", "f8", "i2"])
@pytest.mark.parametrize("batch", [1, 3])
def test_layouts(layout: str, dtype: str, batch: int) -> None:
    X = numbers(dtype, batch)
    expected = as_if_ended(MODEL, X)
    stream = MODEL.stream(batch)
    assert_same(np.array([stream.step(LAYOUTS[layout](x_t)) for x_t in X]), expected)
    stream.reset()
    assert_same(stream.process(LAYOUTS[layout](X)), expected)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", "?"])
def test_axes_of_one_may_be_left_out(dtype: str) -> None:
    X = numbers(dtype, 1)
    for x_t in (X[0], X[0, 0], X[0, 0].tolist()):
        assert_same(MODEL.stream().step(x_t), MODEL.stream().step(X[0]))
    assert_same(MODEL.stream().process(X[:, 0]), MODEL.stream().process(X))

    X = numbers(dtype, 1, UNIVARIATE)
    expected = as_if_ended(UNIVARIATE, X)
    for x_t in (X[0], X[0, 0], X[0, 0, 0], X[0, 0, 0].item(), np.array(X[0, 0, 0])):
        assert_same(UNIVARIATE.stream().step(x_t), expected[0])
    for block in (X, X[:, 0], X[:, 0, 0], X[:, 0, 0].tolist()):
        assert_same(UNIVARIATE.stream().process(block), expected)

    X = numbers(dtype, 3, UNIVARIATE)
    expected = as_if_ended(UNIVARIATE, X)
    assert_same(UNIVARIATE.stream(3).step(X[0, :, 0]), expected[0])
    assert_same(UNIVARIATE.stream(3).process(X[:, :, 0]), expected)


def test_data_frames() -> None:
    X = steps(5, 1)[:, 0]
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    expected = MODEL.stream().process(X)
    stream = MODEL.stream()
    assert_same(np.array([stream.step(row) for _, row in frame.iterrows()]), expected)
    assert_same(MODEL.stream().process(frame), expected)


@pytest.mark.parametrize("dtype", ["i1", "u2", "i4", "i8", "u8", ">i4"])
def test_tokens(dtype: str) -> None:
    for batch in (1, 3):
        X = steps(5, batch, tokens=True)
        expected = as_if_ended(OF_TOKENS, X)
        given = X.astype(dtype)
        stream = OF_TOKENS.stream(batch)
        assert_same(np.array([stream.step(x_t) for x_t in given]), expected)
        assert_same(OF_TOKENS.stream(batch).process(given[:, ::-1][:, ::-1]), expected)
        assert_same(OF_TOKENS.stream(batch).process(given.tolist()), expected)
    stream, token = OF_TOKENS.stream(), given[0, 0]
    for x_t in (token, int(token), [int(token)], np.array(token), given[0, :1]):
        stream.reset()
        assert_same(stream.step(x_t), expected[0, :1])


def test_arguments_are_named_as_documented() -> None:
    x = steps(1, 1)
    assert_same(MODEL.stream().step(x_t=x[0]), MODEL.stream().process(block=x)[0])
    MODEL.stream().reset(sequence=0)
    for wrong in ({}, {"x": x}, {"x_t": x[0], "y": 1}):
        with pytest.raises(TypeError, match=r"step\(\)"):
            MODEL.stream().step(**wrong)
    with pytest.raises(TypeError, match=r"step\(\) takes one argument, x_t, but 2"):
        MODEL.stream().step(x, x)


# ---- Refusals ----

GOOD = np.array([0.5, -1.0, 2.0])


def with_value(value: float) -> np.ndarray:
    return np.array([0.5, value, 2.0])


WRONG_STEPS: dict[str, tuple[Any, type[Exception], tuple[str, ...]]] = {
    "None": (None, TypeError, ("expected numbers", "object")),
    "text": ("0.5", TypeError, ("expected numbers", "<U3")),
    "dict": ({"a": 1}, TypeError, ("expected numbers",)),
    "complex": (GOOD + 1j, TypeError, ("expected numbers", "complex128")),
    "dates": (np.array(["2020"] * 3, "M8[D]"), TypeError, ("expected numbers", "datetime64")),
    "objects": (GOOD.astype(object), TypeError, ("got object", ".astype(float)")),
    "masked": (np.ma.array(GOOD, mask=[0, 1, 0]), ValueError, ("masked", ".filled(")),
    "ragged": ([[1, 2], [3]], TypeError, ("cannot be read",)),
    "one number": (0.5, ValueError, ("(B, C) = (1, 3), or (C,)", "shape ()")),
    "too few": (GOOD[:2], ValueError, ("(B, C) = (1, 3), or (C,)", "shape (2,)")),
    "two rows": (np.stack([GOOD, GOOD]), ValueError, ("(B, C) = (1, 3)", "(2, 3)")),
    "a column": (GOOD[:, None], ValueError, ("(B, C) = (1, 3)", "(3, 1)")),
    "a block": (GOOD[None, None], ValueError, ("(B, C) = (1, 3)", "(1, 1, 3)")),
    "empty": ([], ValueError, ("(B, C) = (1, 3)", "(0,)")),
    "NaN": (with_value(np.nan), ValueError, ("channel 1 of sequence 0 is NaN",)),
    "NaN of float32": (with_value(np.nan).astype("f4"), ValueError, ("channel 1", "is NaN")),
    "infinity": (with_value(-np.inf), ValueError, ("channel 1 of sequence 0 is infinite",)),
    "infinity of float32": (with_value(np.inf).astype("f4"), ValueError, ("is infinite",)),
    "too large": (with_value(1e39), ValueError, ("channel 1", "1e+39", "too large for float32")),
}

TOO_LARGE = 2**63
WRONG_TOKENS: dict[str, tuple[Any, type[Exception], tuple[str, ...]]] = {
    "float": (3.0, TypeError, ("expected integer tokens", "float64")),
    "bool": (True, TypeError, ("expected integer tokens", "bool")),
    "text": ("a", TypeError, ("expected integer tokens", "<U1")),
    "None": (None, TypeError, ("expected integer tokens", "object")),
    "masked": (np.ma.array([1], mask=[1]), ValueError, ("masked",)),
    "two": ([1, 2], ValueError, ("(B,) = (1,), or an int", "shape (2,)")),
    "negative": (-1, ValueError, ("sequence 0 is the token -1; expected 0..6",)),
    "unknown": (7, ValueError, ("sequence 0 is the token 7; expected 0..6",)),
    "unknown in an array": (np.array([7]), ValueError, ("the token 7; expected 0..6",)),
    "unsigned": (np.uint64(TOO_LARGE), ValueError, (f"{TOO_LARGE} is too large for a token",)),
    "large": (TOO_LARGE, ValueError, (f"{TOO_LARGE} is too large for a token",)),
    "huge": (2**70, ValueError, (f"{2**70} is too large for a token",)),
}


def refuses(
    stream: Any, name: str, call: Callable[[Any], Any], value: Any, error: Any, words: Any
) -> None:
    before = stream.state
    with pytest.raises(error, match=says(f"{name}: ", *words)):
        call(value)
    assert same_state(stream.state, before)


@pytest.mark.parametrize("wrong", WRONG_STEPS)
@pytest.mark.parametrize("labels", ["object", "int"])
def test_wrong_steps(wrong: str, labels: str) -> None:
    stream = classifier(LABELS[labels], pooling="mean").stream()
    stream.process(steps(3, 1))
    refuses(stream, "x_t", stream.step, *WRONG_STEPS[wrong])


@pytest.mark.parametrize("wrong", WRONG_TOKENS)
def test_wrong_tokens(wrong: str) -> None:
    stream = OF_TOKENS.stream()
    stream.process([1, 2, 3])
    refuses(stream, "x_t", stream.step, *WRONG_TOKENS[wrong])


def test_wrong_blocks() -> None:
    """An error in the last step is detected before the first is read."""
    X = steps(4, 2)
    for value, words in [(np.nan, "is NaN"), (np.inf, "is infinite"), (1e39, "too large")]:
        stream = MODEL.stream(2)
        stream.process(X)
        wrong = X.copy()
        wrong[3, 1, 2] = value
        where = "channel 2 of sequence 1 at step 3"
        refuses(stream, "block", stream.process, wrong, ValueError, [where, words])
    shapes = [(3,), (2, 3), (4, 3), (4, 3, 2), (4, 2, 4), (4, 2), (1, 4, 2, 3)]
    for shape in shapes:
        words = ["(T, B, C) = (T, 2, 3)", str(shape)]
        refuses(stream, "block", stream.process, np.zeros(shape), ValueError, words)
    tokens = OF_TOKENS.stream(2)
    for block, error, words in [
        ([[1, 2], [3, 7]], ValueError, ["sequence 1 at step 1 is the token 7"]),
        ([[TOO_LARGE, TOO_LARGE]], ValueError, [f"{TOO_LARGE} is too large for a token"]),
        ([1, 2], ValueError, ["(T, B) = (T, 2)", "(2,)"]),
        ([[1.0, 2.0]], TypeError, ["expected integer tokens"]),
    ]:
        refuses(tokens, "block", tokens.process, block, error, words)


def test_wrong_resets() -> None:
    stream = MODEL.stream(3)
    stream.process(steps(3, 3))
    before = stream.state
    for wrong in (3, -1, 10**30):
        with pytest.raises(ValueError, match=says("sequence: ", "0..2 or None", str(wrong))):
            stream.reset(wrong)
    for wrong in (1.0, "1", [1]):
        with pytest.raises(TypeError, match=says("sequence: expected an int or None")):
            stream.reset(wrong)
    assert same_state(stream.state, before)
    stream.reset(np.int8(1))
    assert stream.state["steps"].tolist() == [3, 0, 3]

    class Interrupted:
        def __index__(self) -> int:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stream.reset(Interrupted())
    assert stream.state["steps"].tolist() == [3, 0, 3]


def test_labels_that_cannot_be_copied() -> None:
    """Arrays of their dtype hold pointers; a copy of those would free memory in use."""
    network, Stream = MODEL._served(), type(MODEL.stream())
    labels = [np.zeros(3, [("name", object), ("number", int)])]
    if HAS_STRING_DTYPE:
        labels.append(np.array(["a" * 99] * 3, np.dtypes.StringDType()))
    for wrong in labels:
        with pytest.raises(TypeError, match=says("labels: expected plain values or objects")):
            Stream(network, labels=wrong)


def test_a_call_from_inside_a_call() -> None:
    """An argument's `__array__` can run any code, also on the stream."""
    stream = MODEL.stream()
    stream.step(GOOD)
    before = stream.state

    class CallsBack:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            stream.step(GOOD)

    with pytest.raises(TypeError, match=r"x_t: .*in use"):
        stream.step(CallsBack())
    assert same_state(stream.state, before)
    stream.step(GOOD)


# ---- Models without streams ----


def test_models_that_need_the_end() -> None:
    with pytest.raises(ValueError, match=says("bidirectional=False", "predict whole sequences")):
        classifier(bidirectional=True).stream()
    with pytest.raises(
        ValueError, match=says("pooling='attention'", "'last', 'mean', 'max' or 'last_mean_max'")
    ):
        classifier(pooling="attention").stream()
    with pytest.raises(ValueError, match="not fitted"):
        RNNClassifier().stream()


@pytest.mark.parametrize("model", [MODEL, UNIVARIATE])
def test_wrong_arguments(model: Any) -> None:
    for wrong in (0, -1, 2**31, 10**30):
        with pytest.raises(ValueError, match=says("batch_size", str(wrong))):
            model.stream(wrong)
    for wrong in (1.0, "1", None, True):
        with pytest.raises(TypeError, match=says("batch_size", "expected an int")):
            model.stream(wrong)
    methods = ["predict", "predict_proba"] if model is MODEL else ["predict"]
    for wrong in ({"predict_log_proba", None, "fit", "predict_proba"}) - {*methods}:
        with pytest.raises(ValueError, match=says(f"method={wrong!r}", str(methods))):
            model.stream(method=wrong)
    with pytest.raises(ValueError, match=says("method=['predict']", str(methods))):
        model.stream(method=["predict"])

"""Refusals of X by estimators: the message names the sequence, the value and the remedy."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from helpers.support import says
from odd_forms import objects
from skrnn import Sequences
from skrnn._sequences.checks import as_sequences, check_n_channels, locate

ONE = np.ones((2, 3))
NAN, INF, HUGE = ONE.copy(), ONE.copy(), ONE.copy()
NAN[1, 2], INF[1, 2], HUGE[1, 2] = np.nan, -np.inf, 1e39

WRONG_VALUES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "no sequence": ([], ("0 sample(s) (shape=(0,)) while a minimum of 1 is required.",)),
    "no sequence, tuple": ((), ("0 sample(s)",)),
    "no sequence, objects": (np.empty(0, object), ("0 sample(s) (shape=(0,))",)),
    "no sequence, floats": (np.empty(0), ("0 sample(s) (shape=(0,))",)),
    "no row": (np.empty((0, 3)), ("0 sample(s) (shape=(0, 3)) while a minimum of 1 is required.",)),
    "no block": (np.empty((0, 3, 2)), ("0 sample(s) (shape=(0, 3, 2))",)),
    "none left": (Sequences([ONE])[:0], ("0 sample(s)",)),
    "no column": (np.empty((12, 0)), ("0 feature(s) (shape=(12, 0)) while a minimum of 1",)),
    "no channel in a block": (np.empty((2, 3, 0)), ("0 feature(s) (shape=(2, 3, 0))",)),
    "no channel": ([np.empty((3, 0))], ("0 feature(s) (shape=(3, 0))", "sequence 0")),
    "no step in a block": (np.empty((2, 0, 3)), ("Sequence 0", "empty")),
    "empty": ([ONE, np.empty((0, 3)), ONE], ("Sequence 1", "empty", "X.lengths > 0")),
    "empty, univariate": ([[1.0], []], ("Sequence 1", "empty")),
    "empty list among 2-D": ([ONE, []], ("Sequence 1", "empty")),
    "empty in a container": (Sequences([ONE, ONE[:0]]), ("Sequence 1", "empty")),
    "all empty": ([[], []], ("Sequence 0", "empty")),
    "one-dimensional": (np.ones(20), ("Reshape your data", "(20,)")),
    "one-dimensional, integers": (np.arange(3), ("Reshape your data",)),
    "one-dimensional, objects": (np.array([1.0, 2.0], object), ("Reshape your data",)),
    "a list of numbers": ([1.0, 2, np.float32(3)], ("Reshape your data", "3 numbers")),
    "a list of 0-d arrays": ([np.array(1.0), np.array(2.0)], ("Reshape your data",)),
    "four dimensions": (np.ones((2, 3, 4, 5)), ("4 dimensions", "(2, 3, 4, 5)", "Reshape")),
    "three dimensions in a list": ([ONE, np.ones((2, 3, 4))], ("Sequence 1", "(2, 3, 4)")),
    "all three dimensions": ([np.ones((2, 3, 4))], ("Sequence 0", "(2, 3, 4)")),
    "channels": ([ONE, ONE, np.ones((5, 2))], ("Sequence 2", "2 channels", "sequence 0", "3")),
    "channels first": ([np.ones((3, 7)), np.ones((3, 9))], ("9 channels", "transpose", "aeon")),
    "ranks": ([ONE, np.ones(4)], ("Sequence 1", "(4,)", "sequence 0", "(2, 3)", "x[:, None]")),
    "ranks, other way": ([np.ones(4), ONE], ("Sequence 1", "(2, 3)", "sequence 0", "(4,)")),
    "a number among arrays": ([ONE, 3.0], ("Sequence 1", "single number", "3.0")),
    "a number first": ([3.0, ONE], ("Sequence 0", "single number", "3.0")),
    "ragged inside": ([ONE.tolist(), [[1.0, 2.0], [3.0]]], ("Sequence 1", "ragged")),
    "ragged objects": ([objects([[1.0], [2.0, 3.0]])], ("Sequence 0", "ragged")),
    "NaN": ([ONE, NAN], ("Input X", "NaN", "sequence 1, step 1, channel 2", "SimpleImputer")),
    "NaN in a block": (np.stack([ONE, NAN]), ("NaN", "sequence 1, step 1, channel 2")),
    "NaN in a row": (NAN, ("NaN", "sequence 1, step 2, channel 0")),
    "NaN in a container": (Sequences([ONE, NAN]), ("NaN", "sequence 1, step 1, channel 2")),
    "NaN in univariate": ([[1.0, np.nan]], ("NaN", "sequence 0, step 1, channel 0")),
    "infinity": ([ONE, INF], ("infinity", "sequence 1, step 1, channel 2", "-inf", "Clip")),
    "infinity in a block": (np.stack([ONE, INF]), ("infinity", "sequence 1, step 1, channel 2")),
    "infinity in a row": (INF, ("infinity", "sequence 1, step 2, channel 0", "-inf")),
    "infinity in float32": ([INF.astype(np.float32)], ("infinity", "-inf")),
    "overflow": ([ONE, HUGE], ("too large for float32", "step 1", "1e+39", "StandardScaler")),
    "overflow in a block": (np.stack([ONE, HUGE]), ("too large for float32", "1e+39")),
    "overflow in a row": (HUGE, ("too large for float32", "sequence 1, step 2", "1e+39")),
    "overflow in a container": (Sequences([HUGE]), ("too large for float32", "1e+39")),
    "overflow of an integer": ([[2.0, 10**39]], ("too large for float32", "1e+39")),
    "beyond float64": ([[1.0], [2.0, 10**400]], ("float64", "sequence 1, step 1", "1e400")),
    "beyond float64, below zero": ([[-(10**400), 0.5], [1.0]], ("float64", "step 0", "-1e400")),
    "beyond float64, too long to print": ([[10**5000], [1.0, 2.0]], ("sequence 0", "1e5000")),
    "beyond float64, a fraction": ([[[Fraction(10**400, 3)]], [[1.0]]], ("sequence 0", "1e400")),
    "beyond float64 in a table": ([[1.0, 2.0], [10**400, 3.0]], ("sequence 1, step 0", "1e400")),
    "beyond float64 in an array": (
        np.array([[1.0, 2.0], [10**400, 3.0]], object),
        ("sequence 1, step 0", "1e400"),
    ),
    "complex": ([ONE, ONE + 1j], ("Complex data not supported", "sequence 1", "channels")),
    "complex block": (ONE + 1j, ("Complex data not supported",)),
    "complex objects": ([(ONE + 1j).astype(object)], ("Complex data not supported",)),
    "strings": ([["a", "b"], ["c"]], ("Sequence 0", "strings", "TokenEncoder")),
    "strings that look like numbers": ([["1", "2"]], ("Sequence 0", "strings")),
    "a block of strings": (np.array([["a", "b"]]), ("strings",)),
    "bytes": ([np.array([b"a"])], ("Sequence 0", "bytes")),
    "strings in objects": (
        [ONE, np.array([[1.0, 2.0, "2.5"]], object)],
        ("Sequence 1", "strings", "astype(np.float32)"),
    ),
    "a string in a block of objects": (
        np.array([[1.0, 2.0], [1.0, "2.5"]], object),
        ("Sequence 1", "'2.5'", "step 1"),
    ),
    "decimals and strings": ([[[Decimal(1)], ["2.5"]]], ("Sequence 0", "'2.5'", "step 1")),
    "None, which is NaN": ([[1.0, None]], ("NaN", "sequence 0, step 1, channel 0")),
    "any object": ([[1.0, SimpleNamespace()]], ("Sequence 0", "namespace()", "step 1", "np.nan")),
    "days": ([[date(2020, 1, 1)]], ("Sequence 0", "2020", "step 0")),
    "dates": ([np.array(["2020-01-01"], "M8[D]")], ("Sequence 0", "dates")),
    "a block of dates": (np.array([["2020-01-01"]], "M8[D]"), ("dates",)),
    "time spans": ([np.array([3], "m8[s]")], ("Sequence 0", "time spans")),
    "records": ([np.zeros(3, [("a", "f4")])], ("Sequence 0", "records")),
    "masked": ([ONE, np.ma.masked_greater(ONE, 0)], ("Sequence 1", "masked", "filled")),
    "a masked block": (np.ma.masked_invalid(NAN), ("Sequence 1", "masked")),
}


@pytest.mark.parametrize("case", WRONG_VALUES)
def test_wrong_values(case: str) -> None:
    X, parts = WRONG_VALUES[case]
    with pytest.raises(ValueError, match="(?i)" + says(*parts)):
        as_sequences(X)


WRONG_TYPES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "None": (None, ("NoneType",)),
    "a number": (3.0, ("float",)),
    "a number of NumPy": (np.float32(3), ("float32",)),
    "a string": ("abc", ("str",)),
    "bytes": (b"abc", ("bytes",)),
    "a dict": ({"a": ONE}, ("dict",)),
    "a set": ({1.0, 2.0}, ("set",)),
    "an iterator": (iter([ONE]), ("list_iterator",)),
    "any object": (SimpleNamespace(), ("SimpleNamespace",)),
    "a function": (len, ("builtin",)),
    "a sparse matrix": (sparse.csr_matrix(ONE), ("sparse", "csr_matrix", "toarray()")),
    "a sparse array": (sparse.coo_array(ONE), ("sparse", "coo_array")),
    "a sparse sequence": ([ONE, sparse.csr_array(ONE)], ("sparse", "sequence 1")),
    "texts": (["abc", "de"], ("Sequence 0", "'abc'", "TokenEncoder")),
    "text among arrays": ([ONE, "de"], ("Sequence 1", "'de'")),
    "None among arrays": ([ONE, None], ("Sequence 1", "NoneType")),
    "a dict among arrays": ([ONE, {"a": 1}], ("Sequence 1", "dict")),
    "a dict in a block": (np.array([[{"a": 1}, 2.0]], object), ("argument must be", "number")),
}


@pytest.mark.parametrize("case", WRONG_TYPES)
def test_wrong_types(case: str) -> None:
    X, parts = WRONG_TYPES[case]
    with pytest.raises(TypeError, match="(?i)" + says(*parts)):
        as_sequences(X)


WRONG_TOKENS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "negative": ([[0, 1], [2, -3]], ("Sequence 1", "-3", "step 1", "TokenEncoder")),
    "negative in a block": (np.array([[0, 1], [-3, 2]]), ("Sequence 1", "-3", "step 0")),
    "negative in a container": (Sequences([[1], [-1]]), ("Sequence 1", "-1")),
    "too large": ([[0, 2**31]], ("Sequence 0", str(2**31), "step 1", str(2**31 - 1))),
    "far too large": (
        [np.array([2**63], np.uint64), np.array([1])],
        ("Sequence 0", str(2**63 - 1)),
    ),
    "floats": ([[1, 2], [3.0]], ("Sequence 1", "float64", "astype(np.int32)")),
    "floats in a block": (np.ones((2, 3)), ("float64", "(2, 3)", "astype(np.int32)")),
    "floats in a container": (Sequences([[1.0]]), ("float64", "integer")),
    "NaN": ([[1, 2], [3, np.nan]], ("Sequence 1", "NaN at step 1", "leave it out")),
    "NaN in a container": (Sequences([[1.0, np.nan]]), ("float64", "integer")),
    "NaN in a block": (np.array([[1.0, 2.0], [np.nan, 3.0]]), ("Sequence 1", "NaN at step 0")),
    "None": ([[1, None]], ("Sequence 0", "NaN at step 1")),
    "booleans": ([[True, False]], ("Sequence 0", "bool")),
    "channels": ([np.ones((2, 1), int)], ("Sequence 0", "(2, 1)", "1-D")),
    "a block with channels": (np.ones((2, 3, 4), int), ("(2, 3, 4)", "(n, T)")),
    "empty": ([[1], []], ("Sequence 1", "empty")),
    "all empty": ([[], []], ("Sequence 0", "empty")),
    "all empty in a container": (Sequences([[], []]), ("Sequence 0", "empty")),
    "strings": ([["a", "b"]], ("Sequence 0", "strings", "TokenEncoder")),
    "one dimension": (np.arange(3), ("Reshape your data",)),
    "nothing": ([], ("0 sample(s)",)),
}


@pytest.mark.parametrize("case", WRONG_TOKENS)
def test_wrong_tokens(case: str) -> None:
    X, parts = WRONG_TOKENS[case]
    with pytest.raises(ValueError, match=says(*parts)):
        as_sequences(X, tokens=True)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_strings_in_a_frame_are_named(library: str) -> None:
    df = pytest.importorskip(library).DataFrame({"a": [1.0, 2.0], "b": ["5", "x"]})
    with pytest.raises(ValueError, match=says("Sequence 0", "'5'", "step 1")):
        as_sequences(df)
    with pytest.raises(ValueError, match=says("Sequence 1", "strings")):
        as_sequences([ONE[:, :2], df])


def test_messages_name_the_argument() -> None:
    for X in ([], [ONE, ONE[:0]], [NAN], [ONE, np.ones(3)], ONE[0], np.ones((1, 2, 3, 4))):
        with pytest.raises(ValueError, match="X_val"):
            as_sequences(X, name="X_val")


def test_overflow_that_is_refused_does_not_warn() -> None:
    """A warning of NumPy before the refusal would be an error here, by filterwarnings."""
    with pytest.raises(ValueError, match="too large"):
        as_sequences([HUGE])
    assert as_sequences([np.array([[1e-300]])])[0][0, 0] == 0


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.data())
def test_the_place_of_a_bad_value_is_named(lengths: list[int], data: st.DataObject) -> None:
    items = [np.zeros((length, 2)) for length in lengths]
    sequence = data.draw(st.integers(0, len(items) - 1))
    step = data.draw(st.integers(0, lengths[sequence] - 1))
    items[sequence][step, 1] = np.nan
    with pytest.raises(ValueError, match=f"sequence {sequence}, step {step}, channel 1"):
        as_sequences(items)
    offsets = np.array([0, *np.cumsum(lengths)])
    assert locate(int(offsets[sequence]) + step, offsets) == (sequence, step)


def test_an_empty_sequence_is_skipped_when_counting_steps() -> None:
    assert locate(2, np.array([0, 2, 2, 2, 3])) == (3, 0)


def test_another_number_of_channels_than_in_fit() -> None:
    model = SimpleNamespace()
    check_n_channels(model, as_sequences([ONE]), reset=True)
    assert model.n_features_in_ == 3
    check_n_channels(model, as_sequences([ONE[:1]]), reset=False)
    with pytest.raises(
        ValueError, match="X has 1 features, but SimpleNamespace is expecting 3 feat"
    ):
        check_n_channels(model, as_sequences([[1.0]]), reset=False)


def test_many_short_sequences_take_little_time() -> None:
    """Well under a second for 100 000. The best of three, as other processes may be running."""
    lengths = np.random.default_rng(0).integers(1, 20, 100_000)
    items = [np.ones((length, 3)) for length in lengths]

    def seconds() -> float:
        start = time.perf_counter()
        as_sequences(items)
        return time.perf_counter() - start

    assert min(seconds() for _ in range(3)) < 1

"""Coercion of X: the forms that estimators accept, and the resulting Sequences."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from helpers.support import says
from odd_forms import OnlyArray, objects
from skrnn import Sequences
from skrnn._sequences.checks import as_sequences

RAGGED = [np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0]])]
EQUAL = np.arange(12.0).reshape(3, 2, 2)


def lists(X: Sequences) -> list[Any]:
    return [x.tolist() for x in X]


@pytest.mark.parametrize(
    "X",
    [
        RAGGED,
        tuple(RAGGED),
        deque(RAGGED),
        objects(RAGGED),
        Sequences(RAGGED),
        [x.tolist() for x in RAGGED],
        tuple(tuple(map(tuple, x)) for x in RAGGED),
        [x.astype(np.float32) for x in RAGGED],
        [x.astype(int) for x in RAGGED],
        [x.astype(object) for x in RAGGED],
        [x.astype(">f4") for x in RAGGED],
        [np.asfortranarray(x) for x in RAGGED],
        [np.repeat(x, 2, axis=1)[:, ::2] for x in RAGGED],
        [OnlyArray(x) for x in RAGGED],
        [RAGGED[0], RAGGED[1].tolist()],
        [objects([np.array([1.0, 2.0]), np.array([3.0, 4.0])]), RAGGED[1]],
        [[[Decimal(1), Fraction(2)], [3, 4]], RAGGED[1]],
        [np.ma.masked_array(x, mask=False) for x in RAGGED],
        [np.matrix(x) for x in RAGGED],
        (x for x in [RAGGED]).__next__(),
    ],
    ids=lambda X: type(X).__name__,
)
def test_the_same_sequences_in_many_forms(X: Any) -> None:
    made = as_sequences(X)
    assert lists(made) == [x.tolist() for x in RAGGED]
    assert made.values.dtype == np.float32
    assert made.values.flags.c_contiguous


def test_sequences_of_frames_and_tensors() -> None:
    forms: list[Any] = []
    for library in ("pandas", "polars"):
        frames = pytest.importorskip(library)
        columns = [{"a": x[:, 0], "b": x[:, 1]} for x in RAGGED]
        forms.append([frames.DataFrame(c) for c in columns])
    torch = pytest.importorskip("torch")
    forms.append([torch.from_numpy(x) for x in RAGGED])
    for X in forms:
        assert lists(as_sequences(X)) == [x.tolist() for x in RAGGED]


def test_columns_of_sequences() -> None:
    pd = pytest.importorskip("pandas")
    assert lists(as_sequences(pd.Series(RAGGED))) == [x.tolist() for x in RAGGED]
    univariate = [pd.Series([1.5, 2.5]), pd.Series([3.5])]
    assert lists(as_sequences(univariate)) == [[[1.5], [2.5]], [[3.5]]]


def test_columns_with_pandas_own_missing_value() -> None:
    pd = pytest.importorskip("pandas")
    df = pd.DataFrame({"a": pd.array([1, None], "Int64"), "b": pd.array([1.5, 2.5], "Float64")})
    X = as_sequences([df], allow_nan=True)
    np.testing.assert_array_equal(X[0], [[1, 1.5], [np.nan, 2.5]])
    with pytest.raises(ValueError, match=says("NaN", "sequence 0, step 1, channel 0")):
        as_sequences([df])
    assert lists(as_sequences([pd.Series([1, 2], dtype="Int64")], tokens=True)) == [[1, 2]]


@pytest.mark.parametrize(
    "X",
    [EQUAL, EQUAL.astype(np.float32), EQUAL.astype(int), EQUAL.astype(object), OnlyArray(EQUAL)],
)
def test_three_dimensions_are_equal_lengths(X: Any) -> None:
    assert lists(as_sequences(X)) == EQUAL.tolist()


def test_two_dimensions_are_univariate_series() -> None:
    block = np.arange(6.0).reshape(3, 2)
    expected = block[:, :, None].tolist()
    forms = [block, block.tolist(), block.astype(int), block.astype(object), OnlyArray(block)]
    forms += [list(block), np.asfortranarray(block), block.astype(bool).astype(float) * 0 + block]
    for X in forms:
        assert lists(as_sequences(X)) == expected
    pd = pytest.importorskip("pandas")
    assert lists(as_sequences(pd.DataFrame(block))) == expected
    assert lists(as_sequences(pd.DataFrame(block).astype("Float64"))) == expected


@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.int16, np.uint8, np.bool_]),
        hnp.array_shapes(min_dims=2, max_dims=3),
        elements=st.integers(0, 1),
    )
)
def test_an_array_is_the_list_of_its_parts(X: np.ndarray) -> None:
    assert lists(as_sequences(X)) == lists(as_sequences(list(X)))
    assert lists(as_sequences(X)) == lists(as_sequences(X.tolist()))


def test_memory_is_shared_if_possible() -> None:
    X = EQUAL.astype(np.float32)
    assert np.shares_memory(as_sequences(X).values, X)
    sequences = as_sequences(X)
    assert as_sequences(sequences) is sequences
    exact = Sequences(EQUAL)
    assert as_sequences(exact, dtype=None) is exact
    assert as_sequences(exact).values.dtype == np.float32


def test_float64_can_be_kept() -> None:
    big = [np.array([[16_777_217.0]])]  # 2**24 + 1, the first integer that float32 cannot represent
    assert as_sequences(big, dtype=None)[0][0, 0] == 16_777_217
    assert as_sequences(big)[0][0, 0] == 16_777_216


@pytest.mark.parametrize(
    "X",
    [
        [[3, 0, 2], [1]],
        [np.array([3, 0, 2], np.uint8), np.array([1], np.int64)],
        [np.array([3, 0, 2], np.uint64), np.array([1], np.int64)],
        objects([[3, 0, 2], [1]]),
        Sequences([[3, 0, 2], [1]]),
        [np.array([3, 0, 2], object), [1]],
    ],
    ids=lambda X: type(X).__name__,
)
def test_tokens(X: Any) -> None:
    made = as_sequences(X, tokens=True)
    assert lists(made) == [[3, 0, 2], [1]]
    assert made.values.dtype == np.int32


def test_a_block_of_tokens() -> None:
    assert lists(as_sequences(np.array([[3, 0], [1, 2]]), tokens=True)) == [[3, 0], [1, 2]]


def test_integers_are_numbers_unless_tokens_are_expected() -> None:
    expected = [[[3.0], [0.0]], [[1.0]]]
    assert lists(as_sequences([[3, 0], [1]])) == expected
    assert lists(as_sequences(Sequences([[3, 0], [1]]))) == expected


def test_nan_can_be_allowed_but_not_infinity() -> None:
    X = [np.array([[1.0], [np.nan]])]
    assert np.isnan(as_sequences(X, allow_nan=True)[0][1, 0])
    with pytest.raises(ValueError, match="infinity"):
        as_sequences([np.array([[np.nan], [-np.inf]])], allow_nan=True)

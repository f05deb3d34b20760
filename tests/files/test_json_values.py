"""Parameters and labels are unchanged by JSON."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from skrnn._files.values import DTYPES, decode, decode_array, encode, encode_array

TEXT = st.text(st.characters(exclude_categories=["Cs"]))  # all but halves of surrogate pairs
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(TEXT | st.integers(-(2**63), 2**64 - 1), inner)
    ),
    max_leaves=10,
)


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value, allow_nan=False))


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, also in type and in the sign of zero."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        one, other = list(one.items()), list(other.items())
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return bool(one == other)


@given(VALUES)
def test_values_are_unchanged(value: Any) -> None:
    assert same(decode(through_json(encode(value, "value"))), value)


@given(
    st.sampled_from([*DTYPES, "U7"]).flatmap(
        lambda dtype: arrays.arrays(
            dtype,
            st.integers(0, 5),
            elements=TEXT.filter(lambda text: len(text) < 8)
            if dtype == "U7"
            else arrays.from_dtype(np.dtype(dtype), allow_nan=False, allow_infinity=False),
        )
    )
)
def test_arrays_are_unchanged(array: Any) -> None:
    again = decode_array(through_json(encode_array(array, "array")), "array")
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(again, array)


@given(st.lists(TEXT))
def test_arrays_of_text_are_unchanged(texts: list[str]) -> None:
    array = np.array([*texts, None], dtype=object)[:-1]
    again = decode_array(through_json(encode_array(array, "array")), "array")
    assert again.dtype == object
    assert again.tolist() == texts


@pytest.mark.parametrize(
    "value",
    [
        *(math.nan, math.inf, 1j, b"a", {1, 2}, object(), 2**64, "\ud800"),
        *(np.array([[1]]), np.array([1j]), np.array([np.nan])),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_that_json_cannot_represent(value: Any) -> None:
    with pytest.raises(ValueError, match="here "):
        encode(value, "here")


JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["tuple", "keys", "values", "dtype", "array"]), inner)
    ),
    max_leaves=10,
)


@given(JSON)
def test_other_json_is_refused_with_a_value_error(value: Any) -> None:
    """Other JSON is read unchanged, or refused."""
    for read in (decode, lambda value: decode_array(value, "array")):
        with contextlib.suppress(ValueError):
            read(value)

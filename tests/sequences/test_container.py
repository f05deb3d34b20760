"""Sequences: a list of arrays, stored in one array."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distinct import arrays, assert_same
from helpers.processes import run_python
from helpers.support import says
from skrnn import Sequences
from skrnn._sequences.checks import as_sequences


@st.composite
def lists_of_arrays(draw: st.DrawFn) -> list[np.ndarray]:
    lengths = draw(st.lists(st.integers(0, 5), min_size=1, max_size=8))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return arrays(*lengths, channels=draw(st.integers(1, 3)), dtype=dtype)


# ---- A list of arrays ----


@given(lists_of_arrays())
def test_it_holds_the_given_arrays(items: list[np.ndarray]) -> None:
    X = Sequences(items)
    assert_same(list(X), items)
    assert_same(X.to_list(), items)
    assert_same([X[i] for i in range(len(X))], items)
    assert X.lengths.tolist() == [len(x) for x in items]
    assert X.n_channels == items[0].shape[1]
    assert X.dtype == X.values.dtype == items[0].dtype
    assert X.values.flags.c_contiguous
    assert X.values.shape == (sum(map(len, items)), items[0].shape[1])
    assert X.offsets.dtype == np.int64
    assert X.offsets.tolist() == [0, *np.cumsum([len(x) for x in items])]


@given(lists_of_arrays(), st.data())
def test_slices_are_those_of_a_list(items: list[np.ndarray], data: st.DataObject) -> None:
    key = data.draw(st.slices(len(items)))
    assert_same(Sequences(items)[key], items[key])


@given(lists_of_arrays(), st.data())
def test_index_arrays_and_masks_are_those_of_numpy(
    items: list[np.ndarray], data: st.DataObject
) -> None:
    X, n = Sequences(items), len(items)
    index = data.draw(st.lists(st.integers(-n, n - 1), max_size=10))
    assert_same(X[index], [items[i] for i in index])
    assert_same(X[np.array(index, np.int32)], [items[i] for i in index])
    mask = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    kept = [x for x, keep in zip(items, mask, strict=True) if keep]
    assert_same(X[mask], kept)
    assert_same(X[np.array(mask)], kept)


def test_indices_count_from_both_ends() -> None:
    items = arrays(3, 1, 4)
    X = Sequences(items)
    for index in (-3, -1, 0, 2, np.int8(1), np.uint64(2)):
        np.testing.assert_array_equal(X[index], items[int(index)])


@pytest.mark.parametrize("index", [3, -4, 10**30, np.int64(3), [0, 3], [-4], np.array([7])])
def test_an_index_out_of_range(index: Any) -> None:
    with pytest.raises(IndexError, match=says("3")):
        Sequences(arrays(3, 1, 4))[index]


@pytest.mark.parametrize("mask", [[True], [True] * 4, np.zeros(2, bool)], ids=len)
def test_a_mask_of_another_length(mask: Any) -> None:
    with pytest.raises(IndexError, match=says("mask", str(len(mask)), "3")):
        Sequences(arrays(3, 1, 4))[mask]


@pytest.mark.parametrize("key", [None, 1.0, "1", (0, 1), ..., True, np.bool_(True), 1j, {}, [0.5]])
def test_invalid_indices(key: Any) -> None:
    with pytest.raises((TypeError, IndexError), match=says("integer")):
        Sequences(arrays(3, 1, 4))[key]
    with pytest.raises(IndexError):
        Sequences(arrays(3, 1, 4))[np.zeros((1, 1), int)]


def test_one_sequence_and_a_slice_are_views() -> None:
    X = Sequences(arrays(3, 1, 4, 2))
    for part in (X[1], X[1:3].values, X[[1, 2]].values, X[np.array([0, 1, 1, 0]) == 1].values):
        assert np.shares_memory(part, X.values)
        assert part.base is not None


def test_a_selection_may_be_empty() -> None:
    X = Sequences(arrays(3, 1, channels=5))
    for none in (X[[]], X[5:], X[2:1], X[1:0], X[X.lengths > 9], X[np.zeros(0, np.int64)]):
        assert len(none) == 0
        assert list(none) == []
        assert none.n_channels == 5
        assert none.values.shape == (0, 5)
        assert "n=0" in repr(none)


def test_it_is_immutable() -> None:
    own = np.zeros((4, 2), np.float32)
    X = Sequences.from_flat(own, [0, 1, 4])
    for array in (X.values, X.offsets, X[0], X[:1].values, X[[1, 0]].values):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1
    with pytest.raises(AttributeError):
        X.values = own  # type: ignore[misc]
    with pytest.raises(TypeError):
        X[0] = own  # type: ignore[index]
    own[:] = 1  # the user's array stays writeable


def test_repr() -> None:
    X = Sequences(arrays(7, 29, 8, channels=12))
    assert repr(X) == "Sequences(n=3, lengths=7..29, n_channels=12, dtype=float32)"
    tokens = Sequences([np.array([1, 2], np.int32), np.array([3], np.int32)])
    assert repr(tokens) == "Sequences(n=2, lengths=1..2, tokens, dtype=int32)"


@pytest.mark.parametrize("items", [arrays(3, 1, 4), [np.array([3, 1]), np.array([2])]], ids=len)
def test_copies_and_pickles(items: list[np.ndarray]) -> None:
    X = Sequences(items)
    copies = [copy.copy(X), copy.deepcopy(X)]
    copies += [pickle.loads(pickle.dumps(X, p)) for p in range(2, pickle.HIGHEST_PROTOCOL + 1)]
    for made in copies:
        assert type(made) is Sequences
        assert_same(made, items)
        assert not made.values.flags.writeable
    assert np.shares_memory(copies[0].values, X.values)
    assert not np.shares_memory(copies[1].values, X.values)


def test_joblib_maps_it_from_a_file(tmp_path: Any) -> None:
    items = arrays(3, 1, 4)
    joblib.dump(Sequences(items), tmp_path / "X.joblib")
    assert_same(joblib.load(tmp_path / "X.joblib", mmap_mode="r"), items)


def test_it_needs_numpy_only() -> None:
    """Because skrnn.runtime accepts it on an edge device."""
    run_python(
        "-c",
        "import sys\n"
        "sys.modules.update(dict.fromkeys(['sklearn', 'scipy', 'pandas', 'polars']))\n"
        "import numpy as np\n"
        "from skrnn import Sequences\n"
        "from skrnn._sequences.checks import as_sequences\n"
        "X = as_sequences([np.zeros((2, 3)), np.zeros((4, 3))])\n"
        "assert len(as_sequences(np.zeros((4, 3)))) == 4\n"
        "assert len(as_sequences(np.zeros((4, 3, 2)))) == 4\n"
        "assert X.lengths.tolist() == [2, 4]\n",
    )


# ---- Conversions ----


@given(lists_of_arrays())
def test_padded_and_back(items: list[np.ndarray]) -> None:
    X, lengths = Sequences(items).to_padded(fill_value=np.nan)
    assert X.shape == (len(items), max(map(len, items)), items[0].shape[1])
    assert lengths.tolist() == [len(x) for x in items]
    assert X.dtype == items[0].dtype
    for padded, x in zip(X, items, strict=True):
        assert np.isnan(padded[len(x) :]).all()
    assert_same(Sequences.from_padded(X, lengths), items)


def test_padded_tokens_and_back() -> None:
    X, lengths = Sequences([[3, 1, 2], [5], []]).to_padded(fill_value=-1)
    assert X.tolist() == [[3, 1, 2], [5, -1, -1], [-1, -1, -1]]
    assert lengths.tolist() == [3, 1, 0]
    assert [x.tolist() for x in Sequences.from_padded(X, lengths)] == [[3, 1, 2], [5], []]
    assert Sequences.from_padded(X, lengths).values.dtype == X.dtype
    for wrong in (0.5, np.nan, np.inf):
        with pytest.raises(ValueError, match="fill_value"):
            Sequences([[3, 1], [5]]).to_padded(fill_value=wrong)
    with pytest.raises(ValueError, match=says("fill_value", "uint8")):
        Sequences(np.array([[3, 1]], np.uint8)).to_padded(fill_value=-1)


def test_padded_univariate_floats_get_a_channel() -> None:
    X = Sequences.from_padded(np.array([[1.5, 2.5], [3.5, 0.0]]), [2, 1])
    assert [x.tolist() for x in X] == [[[1.5], [2.5]], [[3.5]]]


@pytest.mark.parametrize(
    ("shape", "lengths", "parts"),
    [
        ((2, 3, 1), [1, 4], ("4", "index 1", "0..3")),
        ((2, 3, 1), [-1, 3], ("-1", "index 0")),
        ((2, 3, 1), [3], ("(1,)", "2")),
        ((2, 3), [1.0, 2.0], ("float64", "integers")),
        ((2, 3), None, ("object", "integers")),
        ((6,), [1] * 6, ("(6,)", "(n, T, C)")),
        ((2, 3, 1, 1), [1, 1], ("(2, 3, 1, 1)",)),
    ],
    ids=str,
)
def test_wrong_padding(shape: Any, lengths: Any, parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=says(*parts)):
        Sequences.from_padded(np.zeros(shape), lengths)


def test_flat_and_back() -> None:
    items = arrays(3, 0, 4)
    X = Sequences(items)
    again = Sequences.from_flat(X.values, X.offsets)
    assert_same(again, items)
    assert np.shares_memory(again.values, X.values)
    assert Sequences.from_flat(np.arange(3.0), [0, 3]).values.shape == (3, 1)
    assert Sequences.from_flat(np.arange(3), [0, 3]).values.shape == (3,)
    assert Sequences.from_flat(np.arange(6).reshape(3, 2), [0, 3]).values.dtype == np.float64
    assert Sequences.from_flat(
        np.zeros((4, 6), np.float32)[:, ::2], [0, 4]
    ).values.flags.c_contiguous


@pytest.mark.parametrize(
    ("values", "offsets", "parts"),
    [
        (np.zeros((3, 1)), [0, 2], ("2", "3 steps")),
        (np.zeros((3, 1)), [0, 4], ("4", "3 steps")),
        (np.zeros((3, 1)), [1, 3], ("from 1",)),
        (np.zeros((3, 1)), [0, 2, 1, 3], ("falling",)),
        (np.zeros((3, 1)), [], ("offsets",)),
        (np.zeros((3, 1)), [[0, 3]], ("offsets", "(1, 2)")),
        (np.zeros((3, 1)), [0.0, 3.0], ("offsets", "float64")),
        (np.zeros((3, 1, 1)), [0, 3], ("values", "(3, 1, 1)")),
        (np.zeros((3, 0)), [0, 3], ("0 channels",)),
        (np.array(["a", "b"]), [0, 2], ("values", "<U1")),
        (np.zeros((3, 1), complex), [0, 3], ("complex128",)),
        (np.zeros((3, 1), object), [0, 3], ("object",)),
    ],
    ids=str,
)
def test_wrong_flat(values: Any, offsets: Any, parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=says(*parts)):
        Sequences.from_flat(values, offsets)


def test_aeon_has_channels_first() -> None:
    items = arrays(4, 4, 4)
    expected = [x.astype(np.float32) for x in items]
    block = np.stack([x.T for x in items])
    assert block.shape == (3, 2, 4)
    assert_same(Sequences.from_aeon(block), expected)
    ragged = arrays(4, 2, 7)
    assert_same(Sequences.from_aeon([x.T for x in ragged]), ragged)
    assert_same(Sequences.from_aeon(block[:, 0]), [x[:, :1] for x in expected])
    with pytest.raises(ValueError, match=says("Sequence 1", "(4,)", "(C, T_i)")):
        Sequences.from_aeon([np.zeros((2, 3)), np.zeros(4)])
    with pytest.raises(ValueError, match=says("(3,)", "(n, C, T)")):
        Sequences.from_aeon(np.zeros(3))


def test_dtypes_are_kept_or_lose_nothing() -> None:
    x = np.array([[1], [2]])
    for dtype, expected in {
        "float32": "float32",
        "float64": "float64",
        "float16": "float32",
        "int8": "float32",
        "uint16": "float32",
        "bool": "float32",
        "int32": "float64",
        "int64": "float64",
        "longdouble": "float64",
        ">f4": "float32",
        ">f8": "float64",
    }.items():
        assert Sequences([x.astype(dtype)]).dtype == expected, dtype
        assert Sequences([x.astype(dtype)]).dtype.isnative
        assert Sequences(x.astype(dtype)[None]).dtype == expected, dtype
    assert Sequences([x.astype(np.float32), x.astype(np.float64)]).dtype == np.float64


def test_values_have_the_layout_of_the_kernels() -> None:
    """For any byte order, strides and address of the given arrays."""
    for dtype in ("<f4", ">f4", ">f8", "<i4", ">i4"):
        whole = np.arange(12).reshape(6, 2).astype(dtype)
        raw = np.zeros(whole.nbytes + 1, np.uint8)
        shifted = raw[1:].view(dtype).reshape(whole.shape)
        shifted[...] = whole
        for X in (whole, whole[::2], whole.T, shifted):
            for made in (
                Sequences(X),
                Sequences(list(X)),
                Sequences.from_flat(X[:, 0], [0, len(X)]),
                Sequences.from_flat(X, [0, len(X)]),
            ):
                np.testing.assert_array_equal(made.values.ravel()[0], X.ravel()[0])
                assert made.dtype.isnative
                assert made.values.flags.c_contiguous
                assert made.values.flags.aligned


def test_integers_of_one_dimension_stay_integers() -> None:
    for X in (Sequences([[3, 1], [2]]), Sequences(np.array([[3, 1], [2, 0]], np.uint8))):
        assert X.values.ndim == 1
        assert X.dtype.kind in "iu"
        assert X.n_channels == 1
        assert X[0].tolist() == [3, 1]
    for X in (Sequences([[3, 1], [2.5]]), Sequences([[True], [False]])):
        assert X.values.ndim == 2
        assert X.dtype.kind == "f"


def test_sequences_of_sequences_are_the_same() -> None:
    X = Sequences(arrays(3, 1))
    assert np.shares_memory(Sequences(X).values, X.values)
    assert_same(Sequences(X), list(X))


def test_it_stores_data_that_estimators_refuse() -> None:
    """Missing values and empty sequences, so that they can be filled and left out."""
    X = Sequences([np.array([[np.nan], [np.inf]]), np.zeros((0, 1)), np.ones((1, 1))])
    assert X.lengths.tolist() == [2, 0, 1]
    assert np.isnan(X[0][0, 0])
    assert as_sequences(X[X.lengths > 0][1:]).lengths.tolist() == [1]
    with pytest.raises(ValueError, match="0 sample"):
        Sequences([])

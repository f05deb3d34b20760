"""Flattening of all forms of X: to one array of steps, and the offsets of its sequences.

This checks structure: ranks, channels and dtypes. `skrnn._sequences.checks` checks the values. Both
need NumPy only, because `skrnn.runtime` uses them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence, Set
from numbers import Number
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences import refuse
from skrnn._sequences.ragged import offsets_of

Values: TypeAlias = NDArray[Any]
Offsets: TypeAlias = NDArray[np.int64]

_INTEGERS = frozenset("bhilqBHILQ")
_NUMBERS = _INTEGERS | frozenset("?efdg")


def flatten(
    X: Any, name: str, *, tokens: bool | None = None, dtype: Any = None
) -> tuple[Values, Offsets]:
    """Stack the steps of all sequences.

    Parameters
    ----------
    X : list, tuple, array or data frame
        As `skrnn.Sequences` takes it.
    name : str
        The name of X in messages.
    tokens : bool, optional
        True demands 1-D integer sequences, False makes float channels of everything. None makes
        tokens of 1-D integer sequences and channels of the rest.
    dtype : dtype, optional
        Of channels. None keeps float64, and takes float32 where that holds every value exactly.

    Returns
    -------
    values : array of shape (S, C), float32 or float64, or of shape (S,), integer
        C-contiguous. May share memory with X. Values that `dtype` cannot hold are infinite.
    offsets : array of shape (n + 1,), int64
        Sequence i is ``values[offsets[i]:offsets[i + 1]]``; it may be empty.
    """
    if isinstance(X, (list, tuple)):
        return _flatten_items(X, name, tokens, dtype)
    if is_sparse(X):
        refuse.sparse(X, name)
    if is_array(X):
        items = _items_of(X)
        if items is None:
            return _flatten_array(X, name, tokens, dtype)
        return _flatten_items(items, name, tokens, dtype)
    if isinstance(X, (str, bytes, Mapping, Set)) or not isinstance(X, Sequence):
        refuse.no_sequences(X, name)
    return _flatten_items(list(X), name, tokens, dtype)


def has_levels(df: Any) -> bool:
    """Whether the index of a frame has several levels, such as sequence and time."""
    return int(getattr(getattr(df, "index", None), "nlevels", 1)) > 1


def nested_columns(df: Any) -> list[Any]:
    """Return the columns of a frame whose cells are arrays, lists or series themselves."""
    dtypes = zip(df.columns, getattr(df, "dtypes", ()), strict=False)
    # Only columns of objects, and polars' columns of lists and arrays, hold several values in a
    # cell.
    candidates = [name for name, dtype in dtypes if str(dtype).startswith(("obj", "List", "Array"))]
    return [
        name
        for name in candidates
        if any(hasattr(cell, "__len__") and not isinstance(cell, (str, bytes)) for cell in df[name])
    ]


def refuse_panels(X: Any, name: str) -> None:
    """Raise ValueError for data frames that are sequences in the form of another library.

    Read as a table, each row would be one series, which is not their meaning.
    """
    if not hasattr(X, "columns"):
        return
    if has_levels(X):
        refuse.levels(list(X.index.names), name)
    if nested := nested_columns(X):
        refuse.nested(nested[0], name)


def is_array(X: Any) -> bool:
    """Whether NumPy can read X as a whole."""
    return hasattr(X, "__array__") or hasattr(X, "__array_interface__")


def float_dtype(*dtypes: Any) -> np.dtype[Any]:
    """Return float32 if it holds every value of these dtypes exactly, or float64."""
    found = np.result_type(np.float32, *dtypes)
    return found if found == np.float32 else np.dtype(np.float64)


def as_floats(values: Values, dtype: Any = None) -> Values:
    """Convert numbers. Those that are too large become infinite, silently."""
    with np.errstate(over="ignore"):
        return values.astype(float_dtype(values.dtype) if dtype is None else dtype, copy=False)


def as_block(values: Values) -> Values:
    """Return values in the form for the kernels: C-contiguous, aligned, native byte order."""
    native = values.astype(values.dtype.newbyteorder("="), copy=False)
    return np.require(native, requirements=["C", "A"])


def is_sparse(X: Any) -> bool:
    """Return whether this is a sparse matrix or array of SciPy."""
    # No object is sparse if the module has not been loaded.
    module: Any = sys.modules.get("scipy.sparse")
    return module is not None and bool(module.issparse(X))


def _shape(X: Any) -> tuple[int, ...]:
    shape = getattr(X, "shape", None)
    return tuple(np.asarray(X).shape if shape is None else shape)


# ---- One array ----


def _items_of(X: Any) -> list[Any] | None:
    """Return the sequences of a one-dimensional array or column of objects."""
    if len(_shape(X)) != 1:
        return None
    array = np.asarray(X)
    return list(array) if array.dtype == object and not all(map(_is_number, array)) else None


def _flatten_array(X: Any, name: str, tokens: bool | None, dtype: Any) -> tuple[Values, Offsets]:
    shape = _shape(X)
    if len(shape) == 0:
        refuse.no_sequences(X, name)
    refuse_panels(X, name)
    if shape[0] == 0:
        refuse.zero_samples(name, shape)
    if len(shape) == 1:
        if np.asarray(X).dtype.kind in "UST":
            refuse.text(str(np.asarray(X)[0]), name, 0)
        refuse.one_dimension(name, f"shape {shape}")
    if len(shape) > 3:
        refuse.rank(name, shape)
    if np.ma.is_masked(X):
        refuse.mask(name, int(np.argwhere(np.ma.getmaskarray(X))[0, 0]))
    if shape[-1] == 0:
        refuse.zero_channels(name, shape)

    array = _numeric_array(X, name, tokens)
    integer = array.dtype.char in _INTEGERS
    if tokens and not (array.ndim == 2 and integer):
        refuse.missing_tokens(array, name)
        refuse.no_tokens(array, name)
    offsets = np.arange(shape[0] + 1, dtype=np.int64) * shape[1]
    if tokens or (tokens is None and array.ndim == 2 and integer):
        return as_block(array).reshape(-1), offsets
    channels = 1 if array.ndim == 2 else shape[2]
    return as_block(as_floats(array, dtype)).reshape(-1, channels), offsets


def _numeric_array(X: Any, name: str, tokens: bool | None) -> Values:
    """Return an array of numbers, of the shape of X."""
    plain = type(X) is np.ndarray and X.dtype != object
    array: Values = X if plain else _read(X, name, tokens)
    if array.dtype.char not in _NUMBERS:
        refuse.dtype(array.dtype, name)
    return array


def _read(X: Any, name: str, tokens: bool | None) -> Values:
    """Return any other array-like as a plain array.

    scikit-learn reads or refuses data frames with nullable columns, arrays of objects, and other
    array-likes. NaN and infinity are checked later, with messages that name the sequence.
    """
    if isinstance(X, np.ndarray) and X.dtype == object:
        refuse.strings(X, name)
    array: Values
    # Loaded by the estimators. skrnn.runtime works without it.
    check_array = getattr(sys.modules.get("sklearn.utils.validation"), "check_array", None)
    if check_array is None:
        array = np.asarray(X)
    else:
        try:
            array = check_array(
                X,
                dtype=None if tokens else "numeric",
                allow_nd=True,
                ensure_all_finite=False,
                input_name=name,
            )
        except ValueError:
            refuse.strings(np.asarray(X, dtype=object), name)
            raise
        except OverflowError:  # for an integer beyond float64, which is named below
            array = np.asarray(X, dtype=object)
    if array.dtype == object:  # such as that of a frame with columns of several dtypes
        refuse.strings(array, name)
        if not tokens:
            array = _numbers_of_all(array, name)
    return array


def _numbers_of_all(array: Values, name: str) -> Values:
    """Convert an object array of sequences to float64, as scikit-learn does."""
    sequences = [_numbers(x, i, name) for i, x in enumerate(array)]
    for i, numbers in enumerate(sequences):
        if numbers.shape != array.shape[1:]:  # arrays in the array
            refuse.no_number(array[i, 0], name, i, 0)
        if numbers.dtype.char not in _NUMBERS:
            refuse.dtype(numbers.dtype, name, i)
    return np.stack(sequences, dtype=np.float64, casting="unsafe")


# ---- A list of arrays ----


def _flatten_items(
    items: Sequence[Any], name: str, tokens: bool | None, dtype: Any
) -> tuple[Values, Offsets]:
    if len(items) == 0:
        refuse.zero_samples(name, (0,))
    if _is_number(items[0]) and all(map(_is_number, items)):
        refuse.one_dimension(name, f"a {type(items).__name__} of {len(items)} numbers")

    arrays = [x if type(x) is np.ndarray else _item(x, i, name) for i, x in enumerate(items)]
    if any(a.dtype.char == "O" for a in arrays):
        arrays = [_numbers(a, i, name) if a.dtype == object else a for i, a in enumerate(arrays)]

    # Each check is one pass over all sequences; only a failed check searches for the culprit.
    shapes = {a.shape[1:] if a.ndim else None for a in arrays}
    if len(shapes) > 1 or None in shapes or len(rest := next(iter(shapes)) or ()) > 1:
        refuse.layouts(arrays, name)
    if rest == (0,):
        refuse.zero_channels(name, arrays[0].shape, 0)
    # An empty list has no dtype of its own: NumPy makes it float64.
    chars = {a.dtype.char for a in arrays if len(a)} or {a.dtype.char for a in arrays}
    if not chars <= _NUMBERS:
        i = next(i for i, a in enumerate(arrays) if a.dtype.char not in _NUMBERS)
        refuse.dtype(arrays[i].dtype, name, i)
    univariate, integer = rest == (), chars <= _INTEGERS
    if tokens and univariate and not any(map(len, arrays)):
        refuse.empty(name, 0)
    if tokens and not (univariate and integer):
        i = next(
            i
            for i, a in enumerate(arrays)
            if not univariate or (len(a) and a.dtype.char not in _INTEGERS)
        )
        refuse.missing_tokens(arrays[i], name, i)
        refuse.no_tokens(arrays[i], name, i)

    if tokens or (tokens is None and univariate and integer):
        target = np.result_type(*chars)
        if target.kind == "f":  # NumPy's result type of int64 and uint64
            # Clipped, so that it is refused as too large; a cast would make it negative.
            target = np.dtype(np.int64)
            arrays = [np.minimum(a, np.iinfo(target).max) for a in arrays]
        univariate = False  # tokens have no axis of channels
    else:
        target = float_dtype(*chars) if dtype is None else np.dtype(dtype)
    with np.errstate(over="ignore"):
        values = np.concatenate(arrays, dtype=target, casting="unsafe")
    offsets = offsets_of(np.fromiter(map(len, arrays), np.int64, len(arrays)))
    # Arrays in Fortran order are concatenated in that order.
    return as_block(values.reshape(-1, 1) if univariate else values), offsets


def _is_number(x: Any) -> bool:
    return isinstance(x, Number) or (isinstance(x, (np.ndarray, np.generic)) and x.ndim == 0)


def _item(x: Any, index: int, name: str) -> Values:
    """Read one sequence that is not a NumPy array yet."""
    if isinstance(x, (str, bytes)):
        refuse.text(x, name, index)
    if is_sparse(x):
        refuse.sparse(x, f"sequence {index} of {name}")
    if np.ma.is_masked(x):
        refuse.mask(name, index)
    try:
        array: Values = np.asarray(x)
    except ValueError as error:  # NumPy calls it an inhomogeneous shape
        refuse.ragged(name, index, error)
    if array.ndim == 0 and array.dtype == object:
        refuse.no_sequences(x, f"Sequence {index} of {name}")
    return array


def _numbers(array: Values, index: int, name: str) -> Values:
    """Convert an object array that holds numbers, or rows of equal length, to numbers."""
    try:
        rows: Values = np.asarray(array.tolist())
    except ValueError as error:
        refuse.ragged(name, index, error)
    if rows.dtype != object:
        return rows
    refuse.strings(rows, name, index)
    numbers = np.empty(rows.shape, np.float64)
    for position, value in np.ndenumerate(rows):
        # pandas' NA is the only missing value that is not a float.
        if type(value).__name__ == "NAType":
            numbers[position] = np.nan
            continue
        try:
            numbers[position] = value
        except OverflowError:
            refuse.huge(value, name, index, position[0])
        except (TypeError, ValueError):
            refuse.no_number(value, name, index, position[0])
    return numbers

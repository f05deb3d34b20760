"""Parameters and labels as JSON, without loss; NumPy only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The dtypes of labels and statistics that JSON holds without loss, in addition to strings.
DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64"),
)

# All items of an array of strings have the width of the longest, so a few could take much memory.
_SPARE_BYTES = 2**24


def encode(value: Any, what: str) -> Any:
    """Return a value as JSON.

    Parameters
    ----------
    value : None, bool, number, str, tuple, list, mapping or 1-D array
        Scalars of NumPy become equal scalars of Python.
    what : str
        Its name in messages.

    Raises
    ------
    ValueError
        For any other type, for numbers that are not finite, and text that UTF-8 cannot encode.

    Examples
    --------
    >>> encode((0.1, np.float64(0.5)), "quantiles")
    {'tuple': [0.1, 0.5]}
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        return encode_array(value, what)
    if isinstance(value, tuple):
        return {"tuple": [encode(item, what) for item in value]}
    if isinstance(value, Mapping):
        # Keys of JSON objects are strings, and labels may be numbers.
        keys = [encode(key, what) for key in value]
        if not all(isinstance(key, (str, int, float)) for key in keys):
            raise ValueError(f"{what} has keys that are neither text nor numbers")
        return {
            "keys": keys,
            "values": [encode(item, what) for item in value.values()],
        }
    if isinstance(value, list):
        return [encode(item, what) for item in value]
    if isinstance(value, str):
        return _text(str(value), what)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**64:
            raise ValueError(f"{what} holds {value}, which has more than 64 bits")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{what} holds {value}, which JSON has no word for")
        return float(value)
    raise ValueError(f"{what} holds {value!r}, a {type(value).__name__}, which is no JSON")


def decode(value: Any) -> Any:
    """Return what was encoded.

    Raises
    ------
    ValueError
        For objects that `encode` does not write.

    Examples
    --------
    >>> decode({"tuple": [0.1, 0.5]})
    (0.1, 0.5)
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    names = set(value)
    if names == {"dtype", "array"}:
        return decode_array(value, "an array")
    if names == {"tuple"} and isinstance(value["tuple"], list):
        return tuple(decode(value["tuple"]))
    if names == {"keys", "values"}:
        keys, values = decode(value["keys"]), decode(value["values"])
        are_lists = isinstance(keys, list) and isinstance(values, list)
        if are_lists and all(isinstance(key, (str, int, float)) for key in keys):
            return dict(zip(keys, values, strict=True))
    raise ValueError(f"{shorten(value)} is no value that scikit-rnn writes")


def encode_array(array: NDArray[Any], what: str) -> dict[str, Any]:
    """Return a 1-D array of numbers, truth values or strings as JSON.

    Raises
    ------
    ValueError
        For another rank or dtype, and for what `encode` refuses.

    Examples
    --------
    >>> encode_array(np.array(["b", "a"]), "labels")
    {'dtype': 'U1', 'array': ['b', 'a']}
    """
    dtype = f"U{array.dtype.itemsize // 4}" if array.dtype.kind == "U" else array.dtype.name
    values = array.tolist()
    known = array.dtype.kind == "U" or dtype in DTYPES
    known |= dtype == "object" and all(isinstance(value, str) for value in values)
    if array.ndim != 1 or not known:
        raise ValueError(
            f"{what} is an array of dtype {array.dtype} and shape {array.shape}, which a file "
            f"cannot hold; expected one axis of strings, {', '.join(DTYPES)}"
        )
    if array.dtype.kind == "U":
        _check_width(array.dtype.itemsize, values, what)
    return {"dtype": dtype, "array": [encode(value, what) for value in values]}


def decode_array(value: Any, what: str) -> NDArray[Any]:
    """Return the array that was encoded.

    Raises
    ------
    ValueError
        For anything that `encode_array` does not write.

    Examples
    --------
    >>> decode_array({"dtype": "U1", "array": ["b", "a"]}, "labels")
    array(['b', 'a'], dtype='<U1')
    """
    if not isinstance(value, dict) or set(value) != {"dtype", "array"}:
        raise ValueError(f"{what} is no array: {shorten(value)}")
    name, values = value["dtype"], value["array"]
    if not isinstance(name, str) or not isinstance(values, list):
        raise ValueError(f"{what} is no array: {shorten(value)}")
    kinds: tuple[type, ...]
    if name == "object":
        dtype, kinds = np.dtype(object), (str,)
    elif name in DTYPES:
        dtype = np.dtype(name)
        kinds = {"b": (bool,), "f": (float, int)}.get(dtype.kind, (int,))
    elif name[:1] == "U" and name.isascii() and name[1:].isdigit() and len(name) <= 9:
        kinds = (str,)
        _check_width(4 * int(name[1:]), values, what)
        dtype = np.dtype(name)
    else:
        raise ValueError(f"{what} has the unknown dtype {shorten(name)}")
    if not all(type(item) in kinds for item in values):
        raise ValueError(f"{what} holds something else than {name}: {shorten(values)}")
    try:
        if dtype.kind in "iu":  # NumPy before 2 would wrap them around and warn
            limits = np.iinfo(name)
            if not all(limits.min <= item <= limits.max for item in values):
                raise OverflowError
        with np.errstate(over="ignore"):
            array = np.array(values, dtype)
    except OverflowError:
        array = np.array([])
    # Strings that would be cut, numbers that would be rounded
    if array.tolist() != values:
        raise ValueError(f"{what} holds values that {name} cannot: {shorten(values)}")
    return array


def complete_params(params: dict[str, Any], kind: Any, path: str) -> None:
    """Raise ValueError for unknown parameters; add defaults of parameters of later versions."""
    defaults = kind().get_params()
    unknown = [name for name in params if name not in defaults]
    if unknown:
        raise ValueError(
            f"{path}.params has {shorten(unknown[0])}, which {kind.__name__} of this version of "
            "scikit-learn or scikit-rnn does not know; update them"
        )
    for name, value in defaults.items():
        params.setdefault(name, value)


def shorten(value: Any) -> str:
    """Return a short text of a value of any size, for messages."""
    if isinstance(value, (list, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _text(value: str, what: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{what} holds {value!r}, which is no text in UTF-8: {error}") from error
    return value


def _check_width(itemsize: int, values: list[Any], what: str) -> None:
    """Raise ValueError for arrays of strings that are almost all padding."""
    characters = sum(len(value) for value in values if isinstance(value, str))
    if itemsize * len(values) > _SPARE_BYTES + 64 * characters:
        raise ValueError(
            f"{what} has strings of {itemsize // 4} characters for {characters} in "
            f"{len(values)} of them; shorten the dtype, or use dtype=object"
        )

"""Error messages for input that a network cannot read.

Every message names the sequence by its index, the value, and the fix. Some have wording that
scikit-learn's estimator checks require.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Rational
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

_HOLDINGS = {"U": "strings", "S": "bytes", "M": "dates", "m": "time spans", "V": "records"}
# The fix for words, for estimators and for other consumers of numbers.
_WORDS = "give the estimator an embedding_size, or encode them with preprocessing.TokenEncoder"
_SHOWN = 5  # names in a list, of which there may be hundreds
_LONGEST_SHOWN = 40  # characters of a value, which may have millions


def shown(value: Any) -> str:
    """Return a value as messages show it, however long it is."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."


def zero_samples(name: str, shape: Iterable[int]) -> NoReturn:
    """Refuse input without sequences."""
    raise ValueError(
        f"Found {name} with 0 sample(s) (shape={tuple(shape)}) while a minimum of 1 is required."
    )


def zero_channels(name: str, shape: tuple[int, ...], index: int | None = None) -> NoReturn:
    """Refuse steps without channels."""
    what = name if index is None else f"sequence {index} of {name}"
    raise ValueError(
        f"Found {what} with 0 feature(s) (shape={shape}) while a minimum of 1 is required."
    )


def no_sequences(X: Any, name: str) -> NoReturn:
    """Refuse an object that is not an ordered collection."""
    raise TypeError(
        f"{name} is a {type(X).__name__}, which holds no sequences in an order; pass a list of "
        "arrays of shape (T_i, C)"
    )


def sparse(X: Any, what: str) -> NoReturn:
    """Refuse sparse matrices and arrays."""
    raise TypeError(
        f"Sparse data was passed, but dense data is required: {what} is a {type(X).__name__}. "
        "Pass it as .toarray()"
    )


def one_dimension(name: str, came: str) -> NoReturn:
    """Refuse a 1-D array, which may be one sequence or many."""
    raise ValueError(
        f"{name} is one-dimensional, {came}; expected several sequences. Reshape your data: "
        f"[{name}] or {name}.reshape(1, -1) is one univariate sequence, {name}.reshape(-1, 1, 1) "
        "are sequences of one step each."
    )


def one_sequence(name: str, shape: tuple[int, ...], owner: str) -> NoReturn:
    """Refuse the steps of one sequence where several sequences are expected."""
    rows, columns = shape
    steps = "one step" if columns == 1 else f"{columns} steps"
    raise ValueError(
        f"{name} has shape {shape}, which would be {rows} univariate sequences of {steps}, and "
        f"{owner} was fitted on sequences of {columns} channel{'s' * (columns > 1)}. Pass one "
        f"sequence as [{name}], and sequences of one step as an array of shape {(rows, 1, columns)}"
    )


def levels(names: list[Any], name: str) -> NoReturn:
    """Refuse a frame whose index tells sequences and steps apart."""
    raise ValueError(
        f"{name} is a data frame whose index has the levels {names}. If these are sequences and "
        f"steps, convert it with Sequences.from_aeon({name}); if every row is a univariate series "
        f"of its own, drop them with {name}.reset_index(drop=True)"
    )


def nested(column: Any, name: str) -> NoReturn:
    """Refuse a frame whose cells are series."""
    raise ValueError(
        f"{name} is a data frame whose column {column!r} holds arrays, lists or series. If a row "
        "is a sequence and a column a channel, convert it with "
        f"Sequences.from_aeon({name}); if each cell is a whole sequence, pass the column, "
        f"{name}[{column!r}]"
    )


def rank(name: str, shape: tuple[int, ...]) -> NoReturn:
    """Refuse an array of too many dimensions."""
    raise ValueError(
        f"{name} has {len(shape)} dimensions, shape {shape}; expected (n, T, C), or (n, T) for "
        "univariate series. Reshape the axes after T to one of channels"
    )


def empty(name: str, index: int) -> NoReturn:
    """Refuse a sequence of no steps."""
    raise ValueError(
        f"Sequence {index} of {name} is empty, and a network cannot read it. Leave such sequences "
        f"out, with {name}[{name}.lengths > 0] where {name} is a skrnn.Sequences, and their targets"
    )


def layouts(arrays: list[NDArray[Any]], name: str) -> NoReturn:
    """Refuse ranks or channels that are wrong or differ, by the first that does."""
    reference, first = next(((i, a) for i, a in enumerate(arrays) if a.size), (0, arrays[0]))
    for index, array in enumerate(arrays):
        if array.ndim == 0:
            break
        if len(array) == 0:
            empty(name, index)
        if array.ndim > 2 or array.shape[1:] != first.shape[1:]:
            break
    what = f"Sequence {index} of {name}"
    if array.ndim == 0:
        raise ValueError(
            f"{what} is a single number, {array[()]!s}; expected an array of shape (T_i, C), such "
            "as [[x]] for one step of one channel"
        )
    if array.ndim > 2:
        raise ValueError(
            f"{what} has shape {array.shape}; expected (T_i, C). Reshape the axes after the first "
            "to one of channels"
        )
    if array.ndim != first.ndim:
        raise ValueError(
            f"{what} has shape {array.shape} and sequence {reference} has shape {first.shape}; "
            "expected either all (T_i, C) or all univariate, (T_i,). x[:, None] makes (T_i, 1) of "
            "a univariate one"
        )
    raise ValueError(
        f"{what} has {array.shape[1]} channels, shape {array.shape}, and sequence {reference} has "
        f"{first.shape[1]}, shape {first.shape}; expected the same channels in all. Steps come "
        "first, so transpose (C, T_i) arrays, or use Sequences.from_aeon"
    )


def dtype(found: np.dtype[Any], name: str, index: int | None = None) -> NoReturn:
    """Refuse a dtype other than real numbers."""
    what = name if index is None else f"Sequence {index} of {name}"
    if found.kind == "c":
        raise ValueError(
            f"Complex data not supported: {what} has dtype {found}. Make two channels of it, the "
            "real and the imaginary part"
        )
    fix = (
        f"convert numbers with .astype(np.float32). For words {_WORDS}"
        if found.kind in "US"
        else "convert it to float32"
    )
    raise ValueError(f"{what} holds {_HOLDINGS.get(found.kind, 'objects')}, dtype {found}; {fix}")


def no_tokens(array: NDArray[Any], name: str, index: int | None = None) -> NoReturn:
    """Refuse channels where tokens are expected."""
    what = name if index is None else f"Sequence {index} of {name}"
    raise ValueError(
        f"{what} has shape {array.shape} and dtype {array.dtype}; token sequences are 1-D integer "
        "arrays, in a list or as one (n, T) array. Convert whole numbers with .astype(np.int32)"
    )


def missing_tokens(array: NDArray[Any], name: str, index: int | None = None) -> None:
    """Refuse NaN in one sequence, (T,), or in several, (n, T), where tokens are expected."""
    if array.dtype.kind != "f" or array.ndim != (2 if index is None else 1):
        return
    for position in np.argwhere(np.isnan(array))[:1].tolist():
        sequence, step = position if index is None else (index, *position)
        raise ValueError(
            f"Sequence {sequence} of {name} holds NaN at step {step}, and a token cannot be "
            "missing; leave it out, or number what is missing as a token of its own"
        )


def strings(array: NDArray[Any], name: str, index: int | None = None) -> None:
    """Refuse strings in an object array; NumPy would silently convert "1.5" to a number."""
    for position, value in np.ndenumerate(array):
        if isinstance(value, (str, bytes)):
            # The first axis of X is the sequences, that of a sequence its steps.
            sequence, step = position[:2] if index is None else (index, position[0])
            raise ValueError(
                f"Sequence {sequence} of {name} holds the string {value!r} at step {step}; convert "
                f"numbers with .astype(np.float32). For words {_WORDS}"
            )


def text(value: str | bytes, name: str, index: int) -> NoReturn:
    """Refuse a string in place of a sequence."""
    raise TypeError(f"Sequence {index} of {name} is text, {value[:20]!r}. For words {_WORDS}")


def mask(name: str, index: int) -> NoReturn:
    """Refuse masked values; NumPy would silently unmask them."""
    raise ValueError(
        f"Sequence {index} of {name} has masked values. Fill them, with .filled(np.nan) for "
        "missing values, or cut the sequence where its steps end"
    )


def ragged(name: str, index: int, error: Exception) -> NoReturn:
    """Refuse steps that hold different numbers of values."""
    raise ValueError(
        f"Sequence {index} of {name} is ragged inside: its steps have different numbers of "
        "channels. Expected an array of shape (T_i, C)"
    ) from error


def no_number(value: Any, name: str, index: int, step: int) -> NoReturn:
    """Refuse an object that is not a number."""
    raise ValueError(
        f"Sequence {index} of {name} holds {value!r} at step {step}, which is no number. For a "
        "missing value write np.nan"
    )


def huge(value: Any, name: str, index: int, step: int) -> NoReturn:
    """Refuse a number that is too large for float64, and may have too many digits to print."""
    raise ValueError(
        f"Input {name} contains a value too large for float64: sequence {index}, step {step} holds "
        f"about {_rounded(value)}. Scale it, or write np.nan for a missing value"
    )


def huge_item(values: Any, name: str) -> None:
    """Refuse targets or weights too large for float64, naming the first."""
    for position, value in np.ndenumerate(np.asarray(values, dtype=object)):
        if isinstance(value, Rational) and _is_huge(value):
            raise ValueError(
                f"Input {name} contains a value too large for float64: about {_rounded(value)} at "
                f"index {position[0]}. Scale it, or leave the sequence out; write labels as strings"
            )


def _is_huge(value: Any) -> bool:
    try:
        float(value)
    except OverflowError:
        return True
    return False


def _rounded(value: Any) -> str:
    exponent = math.log10(abs(value.numerator)) - math.log10(value.denominator)
    return f"{'-' if value < 0 else ''}1e{exponent:.0f}"


def token(value: int, name: str, index: int, step: int, greatest: int) -> NoReturn:
    """Refuse a token that is out of range."""
    raise ValueError(
        f"Sequence {index} of {name} holds the token {value} at step {step}; tokens are 0 or more, "
        f"and at most {greatest}. Number them from 0 on, with skrnn.preprocessing.TokenEncoder for "
        "one"
    )


def nan(name: str, index: int, step: int, channel: int, says: str = "") -> str:
    """Return the message for NaN in X."""
    return (
        f"Input {name} contains NaN: sequence {index}, step {step}, channel {channel}. NaN means a "
        "missing value; fill it, with skrnn.preprocessing.PerStep(SimpleImputer()) for one, or "
        f"leave the sequence out{says}"
    )


def names(expected: list[str], found: list[str]) -> NoReturn:
    """Refuse other names of channels or columns than fit saw, or another order."""
    lines = ["The feature names should match those that were passed during fit."]
    new = [name for name in found if name not in expected]
    missing = [name for name in expected if name not in found]
    if new:
        lines.append(f"Feature names unseen at fit time: {_listed(new)}.")
    if missing:
        lines.append(f"Feature names seen at fit time, yet now missing: {_listed(missing)}.")
    if not new and not missing:
        lines.append(
            "Feature names must be in the same order as they were in fit: "
            f"{_listed(expected)}, and not {_listed(found)}."
        )
    raise ValueError("\n".join(lines))


def _listed(names: list[str]) -> str:
    more = "" if len(names) <= _SHOWN else f" and {len(names) - _SHOWN} more"
    return ", ".join(map(repr, names[:_SHOWN])) + more


def infinity(
    value: Any, found: np.dtype[Any], name: str, index: int, step: int, channel: int
) -> NoReturn:
    """Refuse a value that is infinite, or becomes so in the dtype of the network."""
    where = f"sequence {index}, step {step}, channel {channel} is {value!s}"
    if np.isfinite(value):
        raise ValueError(
            f"Input {name} contains a value too large for {found}: {where}, which becomes "
            "infinity. Scale it, with skrnn.preprocessing.PerStep(StandardScaler()) for one"
        )
    raise ValueError(
        f"Input {name} contains infinity: {where}. Clip it, or write NaN for a missing value and "
        "fill that"
    )

"""Checks of X and y, common to all estimators."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences import refuse
from skrnn._sequences.container import Sequences
from skrnn._sequences.flatten import as_block, as_floats, flatten, refuse_panels
from skrnn._sequences.names import names_of_sequences
from skrnn._warnings import warn

_MAX_TOKEN = np.iinfo(np.int32).max


def as_sequences(
    X: Any,
    *,
    tokens: bool = False,
    allow_nan: bool = False,
    dtype: Any = np.float32,
    name: str = "X",
) -> Sequences:
    """Convert the user's X to sequences that a network can read.

    Parameters
    ----------
    X : sequences
        A list, tuple, 1-D object array or `Sequences` of (T_i, C) arrays, or of (T_i,) arrays,
        which are univariate; an (n, T, C) array; an (n, T) array or data frame of univariate
        series. With `tokens`, (T_i,) integer arrays or an (n, T) integer array.
    tokens : bool, default=False
        Whether X holds tokens: integers from 0 on.
    allow_nan : bool, default=False
        Whether NaN may be in X.
    dtype : dtype, default=float32
        Of the values. None keeps float64, for operations before the network.
    name : str, default="X"
        The name of X in messages.

    Returns
    -------
    sequences : Sequences
        At least one sequence of at least one step. The values have shape (S, C) and `dtype`, or
        shape (S,) and int32 with `tokens`. They share memory with X if possible. Channels keep
        their names; channels of data frames get the names of the columns.

    Raises
    ------
    TypeError
        For an object that holds no sequences: a dict, text, a sparse matrix; for frames with some,
        but not all, columns named by text.
    ValueError
        For anything else that a network cannot read. The message names the sequence, the value
        and the fix.

    Examples
    --------
    >>> as_sequences([[1.0, 2.0, 3.0], [4.0]])
    Sequences(n=2, lengths=1..3, n_channels=1, dtype=float32)
    >>> as_sequences([[5, 2, 0], [1]], tokens=True)
    Sequences(n=2, lengths=1..3, tokens, dtype=int32)
    """
    if isinstance(X, Sequences):
        values, offsets = X.values, X.offsets
        if len(X) == 0:
            refuse.zero_samples(name, values.shape)
        names, keys = X.channel_names, X.keys
        if tokens and values.ndim == 2 and len(values):
            refuse.no_tokens(values, name)
        if not tokens:
            # Integers may be tokens or numbers; to a network without an embedding they are numbers.
            values = as_floats(values if values.ndim == 2 else values[:, None], dtype)
    else:
        values, offsets = flatten(X, name, tokens=tokens, dtype=None if tokens else dtype)
        names, keys = None if tokens else names_of_sequences(X, name), None
    if (offsets[1:] == offsets[:-1]).any():
        refuse.empty(name, int(np.argmin(offsets[1:] - offsets[:-1])))

    if tokens:
        if values.min() < 0 or values.max() > _MAX_TOKEN:
            _refuse_token(values, offsets, name)
        values = values.astype(np.int32, copy=False)
    elif not (~np.isinf(values) if allow_nan else np.isfinite(values)).all():
        _refuse_not_finite(X, values, offsets, allow_nan, name)
    if isinstance(X, Sequences) and values is X.values:
        return X
    return Sequences._of(as_block(values), offsets, names, keys)


def as_unscaled(X: Any, name: str = "X") -> Sequences:
    """Convert X to sequences of channels that are standardised before the network reads them.

    Parameters
    ----------
    X : sequences
        As `as_sequences` takes them, without tokens.
    name : str, default="X"
        The name of X in messages.

    Returns
    -------
    sequences : Sequences
        float64 is kept: large numbers are scaled before they are rounded to float32.

    Raises
    ------
    TypeError, ValueError
        As `as_sequences`, also for values too large for float32.

    Examples
    --------
    >>> as_unscaled([[1e9 + 1, 1e9 + 2]]).values.ravel() - 1e9
    array([1., 2.])
    """
    sequences = as_sequences(X, dtype=None, name=name)
    if np.abs(sequences.values).max() > np.finfo(np.float32).max:
        as_sequences(X, name=name)  # raises, naming the value
    return sequences


def check_n_channels(estimator: Any, X: Sequences, *, reset: bool) -> None:
    """Set `n_features_in_`, the channels of a step, or check X against it.

    Parameters
    ----------
    estimator : object
        The estimator that has or gets the attribute.
    X : Sequences
        From `as_sequences`.
    reset : bool
        True in fit, False afterwards.

    Raises
    ------
    ValueError
        For another number of channels than in fit, in scikit-learn's words.
    """
    if reset:
        estimator.n_features_in_ = X.n_channels
    elif X.n_channels != estimator.n_features_in_:
        raise ValueError(
            f"X has {X.n_channels} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input. The features are the channels of a "
            "step: pass sequences with those that fit saw"
        )


def is_table(X: Any, name: str = "X") -> bool:
    """Whether X is rows by columns to scikit-learn: a 2-D array, a data frame, or nested lists.

    Lists of arrays are sequences, and so are nested lists of different lengths.

    Raises
    ------
    ValueError
        For a data frame that holds sequences in the form of another library.
    """
    refuse_panels(X, name)
    if isinstance(X, Sequences):
        return False
    if isinstance(X, (list, tuple)):
        if not all(isinstance(row, (list, tuple)) for row in X):
            return False
        lengths = {len(row) for row in X}
        return len(lengths) == 1 and all(np.isscalar(value) for row in X for value in row)
    if isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype == object:
        return False
    shape = getattr(X, "shape", None)
    if shape is None and hasattr(X, "__array__"):
        shape = np.asarray(X).shape
    return shape is not None and len(shape) == 2


def refuse_one_sequence(X: Any, channels: int, owner: str, name: str = "X") -> None:
    """Raise ValueError for the steps of one sequence in place of several sequences.

    Parameters
    ----------
    X : array, data frame or nested lists
        A table.
    channels : int
        Channels of the sequences that fit saw. Not for estimators whose fit saw a table.
    owner : str
        The estimator.
    name : str, default="X"
        The name of X in messages.
    """
    shape = tuple(np.shape(X))
    if shape[1] == channels and shape != (1, 1):  # a single number is the same either way
        refuse.one_sequence(name, shape, owner)


def warn_of_tokens(X: Any, owner: str, name: str = "X") -> None:
    """Warn of tokens that a network without an embedding would read as quantities.

    Lists of integers may be counts, so there is no warning for them. `Sequences` of integers
    without channels come from `TokenEncoder`.
    """
    if isinstance(X, Sequences) and X.values.ndim == 1:
        warn(
            f"{name} holds tokens, 1-D integers, and {owner} without embedding_size reads them as "
            "quantities, of which the 7th is more than the 3rd. For words, events and other tokens "
            f"set embedding_size=16, say; for quantities pass [x.astype(float) for x in {name}]",
            UserWarning,
        )


def check_input_size(size: int, expected: int, tokens: bool, owner: str, name: str = "X") -> None:
    """Raise ValueError for tokens, or another number of channels, that fit has not seen.

    Parameters
    ----------
    size : int
        Channels, or the largest token plus one.
    expected : int
        The size seen in fit.
    tokens : bool
    owner : str
        The estimator.
    name : str, default="X"
        The name of X in messages.
    """
    if tokens and size > expected:
        raise ValueError(
            f"{name} holds token {size - 1}, but the tokens seen in fit were 0..{expected - 1}. "
            "skrnn.preprocessing.TokenEncoder turns what is unknown into token 0"
        )
    if not tokens and size != expected:
        raise ValueError(
            f"{name} has {size} features, but {owner} is expecting {expected} features as input: "
            "the channels of a step"
        )


def as_targets(
    y: Any,
    name: str = "y",
    *,
    allow_nan: bool = False,
    fix: str = "leave sequences without a target out",
) -> NDArray[Any]:
    """Convert y to an array of targets.

    Parameters
    ----------
    y : array-like
    name : str, default="y"
        The name of y in messages.
    allow_nan : bool, default=False
        Whether numbers may be NaN, which means missing.
    fix : str, optional
        What messages say to do about missing targets.

    Returns
    -------
    targets : array
        Of the shape and dtype that y has, but in native byte order: scikit-learn 1.6 cannot compare
        labels in another one.

    Raises
    ------
    ValueError
        For lists of different lengths, NaN, None, masked values and infinity.

    Examples
    --------
    >>> as_targets(["a", "b"])
    array(['a', 'b'], dtype='<U1')
    """
    if np.ma.is_masked(y):
        raise ValueError(f"{name} has masked values, which are missing; {fix}")
    try:
        array = np.asarray(y)
    except ValueError as error:  # NumPy calls it an inhomogeneous shape
        raise ValueError(
            f"{name} is ragged: its items have different numbers of values; expected shape (n,), "
            "or (n, K)"
        ) from error
    if array.dtype.kind == "T":
        raise ValueError(
            f"{name} has NumPy's StringDType, which scikit-learn does not know; convert it with "
            ".astype(str)"
        )
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind == "U" and isinstance(y, (list, tuple)) and array.ndim == 1:
        # NumPy would make the label "nan" of NaN, and "1" of 1.
        for index, value in enumerate(y):
            if not isinstance(value, str):
                raise ValueError(
                    f"{name} mixes strings with {value!r} at index {index}; make all labels "
                    "strings, and leave sequences without one out"
                )
    if array.dtype == object:
        refuse.huge_item(array, name)
        missing = [is_missing(value) for value in array.flat]
    elif array.dtype.kind == "f":
        missing = np.isnan(array).ravel() & (not allow_nan)
        if np.isinf(array).any():
            raise ValueError(f"Input {name} contains infinity; leave such sequences out")
    else:
        return array
    if np.any(missing):
        value = array.flat[int(np.argmax(missing))]
        what = "NaN" if value is not None else "None"
        raise ValueError(f"Input {name} contains {what} at index {int(np.argmax(missing))}; {fix}")
    return array


def is_missing(value: Any) -> bool:
    """Whether a value is None or NaN, or pandas' NA."""
    if value is None or type(value).__name__ == "NAType":
        return True
    return bool(np.isscalar(value) and value != value)


def locate(row: int, offsets: NDArray[np.int64]) -> tuple[int, int]:
    """Return the sequence and the step of a row of the values."""
    sequence = int(np.searchsorted(offsets, row, side="right")) - 1
    return sequence, row - int(offsets[sequence])


def _refuse_token(values: NDArray[Any], offsets: NDArray[np.int64], name: str) -> NoReturn:
    row = int(np.argmax((values < 0) | (values > _MAX_TOKEN)))
    refuse.token(int(values[row]), name, *locate(row, offsets), _MAX_TOKEN)


def _refuse_not_finite(
    X: Any, values: NDArray[Any], offsets: NDArray[np.int64], allow_nan: bool, name: str
) -> NoReturn:
    wrong = np.isinf(values) if allow_nan else ~np.isfinite(values)
    row, channel = (int(i) for i in np.argwhere(wrong)[0])
    where = *locate(row, offsets), channel
    if np.isnan(values[row, channel]):
        raise ValueError(refuse.nan(name, *where))
    # The value before the conversion to float32, which may have made it infinite.
    original = X.values if isinstance(X, Sequences) else flatten(X, name, tokens=False)[0]
    refuse.infinity(original[row, channel], values.dtype, name, *where)

"""The container for sequences of different lengths."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from types import EllipsisType
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skrnn._sequences.constructors import Constructors
from skrnn._sequences.flatten import flatten
from skrnn._sequences.frames import frame_of
from skrnn._sequences.names import Names, named_steps, names_of_sequences
from skrnn._sequences.ragged import offsets_of, steps_of


class Sequences(Constructors):
    """Sequences of different lengths, end to end in one array.

    scikit-learn treats it as a list: `train_test_split`, `cross_val_score` and `GridSearchCV` split
    it by sequences. It is immutable, and the arrays that it returns are read-only.

    Parameters
    ----------
    X : list, tuple, array or data frame
        A list, tuple or 1-D object array of (T_i, C) arrays, or of univariate (T_i,) ones; an
        (n, T, C) array; an (n, T) array or data frame of univariate series. Sequences of (T_i,)
        integers, and an (n, T) array of integers, stay as they are and may serve as tokens. A list
        of data frames gives its channels the names of their columns.

    Attributes
    ----------
    values : array of shape (S, C), float32 or float64, or of shape (S,), integer
        All steps, read-only and C-contiguous. S is the sum of the lengths.
    offsets : array of shape (n + 1,), int64
        Sequence i is ``values[offsets[i]:offsets[i + 1]]``. Read-only.
    channel_names : tuple of C str, or None
        Set if the channels came in data frames whose columns have names. Estimators refuse names
        other than those that fit saw.
    keys : array of shape (n,), or None
        The keys of the sequences in the frame that `from_frame` gathered them from. Read-only.

    Raises
    ------
    TypeError
        For an object that holds no sequences: a dict, text, a sparse matrix; for frames with some,
        but not all, columns named by text.
    ValueError
        For no sequences, sequences of different channels, and values that are not numbers; for
        frames that hold sequences in another form, which `from_aeon` reads. NaN, infinity and empty
        sequences may be stored; estimators refuse them.

    Notes
    -----
    float64 is kept; other dtypes become float32 if that loses nothing, else float64. There is no
    `shape`, because scikit-learn would then index it as an array.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import Sequences
    >>> X = Sequences([np.zeros((5, 2)), np.ones((3, 2)), np.ones((4, 2))])
    >>> X
    Sequences(n=3, lengths=3..5, n_channels=2, dtype=float64)
    >>> X[1].shape
    (3, 2)
    >>> X[X.lengths > 3]
    Sequences(n=2, lengths=4..5, n_channels=2, dtype=float64)
    """

    __slots__ = ("_channel_names", "_keys", "_offsets", "_values")

    _values: NDArray[Any]
    _offsets: NDArray[np.int64]
    _channel_names: Names
    _keys: NDArray[Any] | None

    def __init__(self, X: Any) -> None:
        if isinstance(X, Sequences):
            self._set(X.values, X.offsets, X.channel_names, X.keys)
        else:
            self._set(*flatten(X, "X"), names_of_sequences(X))

    def _set(
        self,
        values: NDArray[Any],
        offsets: NDArray[np.int64],
        channel_names: Names = None,
        keys: NDArray[Any] | None = None,
    ) -> None:
        # Views, so that the user's own arrays stay writeable.
        self._values, self._offsets = values.view(), offsets.view()
        self._values.flags.writeable = False
        self._offsets.flags.writeable = False
        self._channel_names = channel_names
        self._keys = None if keys is None else keys.view()
        if self._keys is not None:
            self._keys.flags.writeable = False

    @classmethod
    def _of(
        cls,
        values: NDArray[Any],
        offsets: NDArray[np.int64],
        channel_names: Names = None,
        keys: NDArray[Any] | None = None,
    ) -> Sequences:
        made = cls.__new__(cls)
        made._set(values, offsets, channel_names, keys)
        return made

    # ---- Conversion ----

    def to_padded(self, fill_value: float = 0.0) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return the sequences as one array, padded at their ends.

        Parameters
        ----------
        fill_value : float, default=0.0
            The value past the end of a sequence. `lengths`, not this value, marks the end.

        Returns
        -------
        X : array of shape (n, max T_i, C), or (n, max T_i) for tokens
        lengths : array of shape (n,), int64

        Raises
        ------
        ValueError
            For a `fill_value` that the dtype cannot hold.

        Examples
        --------
        >>> X, lengths = Sequences([[7, 8, 9], [5]]).to_padded()
        >>> X
        array([[7, 8, 9],
               [5, 0, 0]])
        >>> lengths
        array([3, 1])
        """
        values, lengths = self._values, self.lengths
        if values.dtype.kind in "iu":
            limits = np.iinfo(values.dtype)
            if not (float(fill_value).is_integer() and limits.min <= fill_value <= limits.max):
                raise ValueError(
                    f"fill_value is {fill_value}; expected an integer that {values.dtype} tokens "
                    "can hold"
                )
        steps = int(lengths.max(initial=0))
        padded = np.full((len(self), steps, *values.shape[1:]), fill_value, values.dtype)
        padded[np.arange(steps) < lengths[:, None]] = values
        return padded, lengths

    def to_frame(self, columns: list[str] | None = None) -> Any:
        """Return all steps as one long pandas frame.

        Parameters
        ----------
        columns : list of str, optional
            Names of the channels. None stands for `channel_names`, or, if there are none, for x0,
            x1, …, and for "token" for tokens.

        Returns
        -------
        df : pandas.DataFrame
            Columns "sequence" and "step", both counted from 0, and the channels. Empty sequences
            leave no row.

        Raises
        ------
        ImportError
            If pandas is not installed.
        ValueError
            For another number of names than channels.

        Examples
        --------
        >>> Sequences([[[0.5, 1.0], [2.5, 3.0]]]).to_frame(["speed", "angle"])
           sequence  step  speed  angle
        0         0     0    0.5    1.0
        1         0     1    2.5    3.0
        """
        return frame_of(self._values, self._offsets, columns, self._channel_names)

    def to_list(self) -> list[NDArray[Any]]:
        """Return the sequences as a list of read-only views of shape (T_i, C)."""
        return list(self)

    # ---- The methods of a list ----

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __iter__(self) -> Iterator[NDArray[Any]]:
        offsets = self._offsets.tolist()
        for start, stop in pairwise(offsets):
            yield named_steps(self._values[start:stop], self._channel_names)

    @overload
    def __getitem__(self, key: int | np.integer[Any]) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, key: slice | ArrayLike) -> Sequences: ...
    def __getitem__(self, key: Any) -> NDArray[Any] | Sequences:
        n = len(self)
        if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
            if not -n <= key < n:
                raise IndexError(f"sequence {key} is out of range: there are {n}")
            at = int(key) % n
            steps = self._values[self._offsets[at] : self._offsets[at + 1]]
            return named_steps(steps, self._channel_names)
        if isinstance(key, slice):
            start, stop, step = key.indices(n)
            if step == 1:
                return self._block(start, max(start, stop))
            return self._take(np.arange(start, stop, step))
        return self._take(_positions(key, n))

    def _block(self, start: int, stop: int) -> Sequences:
        offsets = self._offsets[start : stop + 1]
        keys = None if self._keys is None else self._keys[start:stop]
        values = self._values[offsets[0] : offsets[-1]]
        return self._of(values, offsets - offsets[0], self._channel_names, keys)

    def _take(self, at: NDArray[np.int64]) -> Sequences:
        if len(at) == 0:
            return self._block(0, 0)
        if at[-1] - at[0] == len(at) - 1 and (np.diff(at) == 1).all():
            return self._block(int(at[0]), int(at[-1]) + 1)
        rows = self._values.take(steps_of(self._offsets, at), axis=0)
        keys = None if self._keys is None else self._keys[at]
        return self._of(rows, offsets_of(self.lengths[at]), self._channel_names, keys)

    def __repr__(self) -> str:
        lengths = self.lengths
        shown = f"{lengths.min()}..{lengths.max()}" if len(lengths) else "none"
        kind = "tokens" if self._values.ndim == 1 else f"n_channels={self.n_channels}"
        return f"Sequences(n={len(self)}, lengths={shown}, {kind}, dtype={self.dtype})"

    def __reduce__(self) -> tuple[Any, ...]:
        # A pickled NumPy array loses its read-only flag; joblib may map the arrays from a file.
        return type(self)._of, (self._values, self._offsets, self._channel_names, self._keys)

    # ---- Attributes ----

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """The arrays that the sequences consist of."""
        return self._values, self._offsets

    @property
    def values(self) -> NDArray[Any]:
        """All steps, shape (S, C), or (S,) for tokens. Read-only."""
        return self._values

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Where each sequence begins in `values`, and the last one ends; shape (n + 1,)."""
        return self._offsets

    @property
    def channel_names(self) -> tuple[str, ...] | None:
        """Names of the C channels, or None."""
        return self._channel_names

    @property
    def keys(self) -> NDArray[Any] | None:
        """Keys of the sequences in the frame they came from, shape (n,), or None. Read-only."""
        return self._keys

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Steps of each sequence, shape (n,)."""
        return np.diff(self._offsets)

    @property
    def n_channels(self) -> int:
        """C; 1 for tokens."""
        return 1 if self._values.ndim == 1 else int(self._values.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the values."""
        return self._values.dtype


def _positions(key: Any, n: int) -> NDArray[np.int64]:
    """Return the indices that a list, array or series of integers or booleans stands for."""
    if key is None or isinstance(key, (bool, float, str, tuple, EllipsisType)):
        raise TypeError(
            f"Sequences are indexed by an integer, a slice, a mask or a list of integers, not by "
            f"{key!r}. A step is X[i][t]"
        )
    array = np.asarray(key)
    if array.ndim != 1 or (array.dtype.kind not in "iub" and len(array)):
        raise IndexError(
            f"an index of shape {array.shape} and dtype {array.dtype}; expected integers or "
            "booleans in one dimension"
        )
    if array.dtype.kind == "b":
        if len(array) != n:
            raise IndexError(f"a mask of {len(array)} entries for {n} sequences")
        return np.flatnonzero(array)
    at = array.astype(np.int64)
    if len(at) and not (at.min() >= -n and at.max() < n):
        raise IndexError(f"sequence {at[(at < -n) | (at >= n)][0]} is out of range: there are {n}")
    return np.where(at < 0, at + n, at)

"""Constructors of `Sequences` from other representations of sequences; NumPy only."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skrnn._sequences.flatten import as_block, as_floats
from skrnn._sequences.frames import flatten_frame
from skrnn._sequences.names import Names
from skrnn._sequences.panels import flatten_panel
from skrnn._sequences.ragged import offsets_of

Self = TypeVar("Self", bound="Constructors")


class Constructors:
    """The class methods of `Sequences` that construct one."""

    __slots__ = ()

    @classmethod
    @abstractmethod
    def _of(
        cls: type[Self],
        values: NDArray[Any],
        offsets: NDArray[np.int64],
        channel_names: Names = None,
        keys: NDArray[Any] | None = None,
    ) -> Self:
        """Return sequences that lie end to end, which have been checked."""

    @classmethod
    def from_flat(cls: type[Self], values: ArrayLike, offsets: ArrayLike) -> Self:
        """Take sequences that already lie end to end, without a copy if possible.

        Parameters
        ----------
        values : array of shape (S, C), or (S,) for univariate sequences and tokens
            All steps. Kept as they are if they are float32, float64 or 1-D integers.
        offsets : array of shape (n + 1,), integer
            Sequence i is ``values[offsets[i]:offsets[i + 1]]``. From 0 to S, never decreasing.

        Returns
        -------
        sequences : Sequences

        Raises
        ------
        ValueError
            For another rank or dtype, and for offsets that do not cut up the values.

        Examples
        --------
        >>> from skrnn import Sequences
        >>> Sequences.from_flat([[1.0], [2.0], [3.0]], [0, 1, 3])
        Sequences(n=2, lengths=1..2, n_channels=1, dtype=float64)
        """
        values, offsets = np.asarray(values), np.asarray(offsets)
        if values.ndim not in (1, 2) or values.dtype.kind not in "biuf":
            raise ValueError(
                f"values has shape {values.shape} and dtype {values.dtype}; expected numbers of "
                "shape (S, C), or (S,) for univariate sequences and tokens"
            )
        if values.ndim == 2 and values.shape[1] == 0:
            raise ValueError(f"values has 0 channels, shape {values.shape}; expected 1 or more")
        if offsets.ndim != 1 or offsets.dtype.kind not in "iu" or len(offsets) == 0:
            raise ValueError(
                f"offsets has shape {offsets.shape} and dtype {offsets.dtype}; expected n + 1 "
                "integers in one dimension"
            )
        offsets = offsets.astype(np.int64, copy=False)
        if offsets[0] != 0 or offsets[-1] != len(values) or (offsets[1:] < offsets[:-1]).any():
            raise ValueError(
                f"offsets runs from {offsets[0]} to {offsets[-1]}; expected it to rise from 0 to "
                f"the {len(values)} steps of values without ever falling"
            )
        if values.ndim == 2 or values.dtype.kind not in "iu":
            values = as_floats(values if values.ndim == 2 else values[:, None])
        return cls._of(as_block(values), as_block(offsets))

    @classmethod
    def from_padded(cls: type[Self], X: ArrayLike, lengths: ArrayLike) -> Self:
        """Drop the padding of an array.

        Parameters
        ----------
        X : array of shape (n, T, C), or (n, T)
            Values past the end of a sequence are not read. Integers of shape (n, T) are tokens.
        lengths : array of shape (n,), integer
            Steps of each sequence, in 0..T.

        Returns
        -------
        sequences : Sequences

        Raises
        ------
        ValueError
            For another rank, and lengths that are not n integers in 0..T.

        Examples
        --------
        >>> from skrnn import Sequences
        >>> Sequences.from_padded([[1.5, 2.5, 0.0], [3.5, 0.0, 0.0]], lengths=[2, 1]).to_list()
        [array([[1.5],
               [2.5]]), array([[3.5]])]
        """
        X, lengths = np.asarray(X), np.asarray(lengths)
        if X.ndim not in (2, 3):
            raise ValueError(f"X has shape {X.shape}; expected (n, T, C) or (n, T)")
        n, steps = X.shape[:2]
        if lengths.shape != (n,) or lengths.dtype.kind not in "iu":
            raise ValueError(
                f"lengths has shape {lengths.shape} and dtype {lengths.dtype}; expected {n} "
                "integers, one for each sequence of X"
            )
        if n and not (lengths.min() >= 0 and lengths.max() <= steps):
            index = int(np.argmax((lengths < 0) | (lengths > steps)))
            raise ValueError(
                f"lengths has {lengths[index]} at index {index}; expected 0..{steps}, as X has "
                f"{steps} steps"
            )
        return cls.from_flat(X[np.arange(steps) < lengths[:, None]], offsets_of(lengths))

    @classmethod
    def from_aeon(cls: type[Self], X: Any) -> Self:
        """Read the formats of aeon and sktime: channels-first arrays, or data frames.

        Parameters
        ----------
        X : array, list or pandas.DataFrame
            An array of shape (n, C, T) or (n, T); a list of (C, T_i) arrays; a list of data frames,
            whose steps are in rows; a frame whose index has the levels of sequences and of steps
            ("pd-multiindex"); a frame with a row for each sequence and a column for each channel,
            whose cells are series ("nested_univ").

        Returns
        -------
        sequences : Sequences
            Those of an index with levels are in the order in which they first appear, their steps
            sorted, and its first level becomes their `keys`.

        Raises
        ------
        TypeError
            For an object that holds no ordered series.
        ValueError
            For another rank, sequences of different channels, and what `from_frame` refuses.

        Examples
        --------
        >>> import numpy as np
        >>> from skrnn import Sequences
        >>> Sequences.from_aeon([np.zeros((2, 5)), np.zeros((2, 9))])
        Sequences(n=2, lengths=5..9, n_channels=2, dtype=float64)
        """
        if isinstance(X, cls):
            return X  # whose channels come last already
        return cls._of(*flatten_panel(X))

    @classmethod
    def from_frame(
        cls: type[Self],
        df: Any,
        *,
        by: str | list[str],
        columns: str | list[str] | None = None,
        sort_by: str | list[str] | None = None,
    ) -> Self:
        """Gather the rows of a long data frame to sequences.

        Parameters
        ----------
        df : pandas.DataFrame or polars.DataFrame
            One row a step.
        by : str or list of str
            Rows that agree in these columns are one sequence.
        columns : str or list of str, optional
            The channels, in this order. None takes all columns but those of `by` and `sort_by`. A
            column of categories becomes an indicator channel of each, called "column_category", in
            their order. A column of integers or of categories that is named alone, not in a list,
            becomes tokens; those of categories count them from 0.
        sort_by : str or list of str, optional
            Sorts the steps of each sequence, ascending. None keeps the order of the rows.

        Returns
        -------
        sequences : Sequences
            In the order in which they first appear in `df`, whatever `sort_by` says; `keys`
            identifies them, by tuples if `by` is several columns. Missing values are NaN.

        Raises
        ------
        TypeError
            For an object that is not a data frame.
        ValueError
            For unknown columns, columns that hold neither numbers nor categories, no rows, and
            missing values in `by`, in `sort_by` or among tokens.

        Warns
        -----
        UserWarning
            If `columns` is None and a column never changes within a sequence, as a target does.

        Notes
        -----
        ``groupby(by)`` of pandas sorts, and so targets out of it are in another order: take
        ``df.groupby(by)[target].first().loc[X.keys]``. A table with one target for each key is put
        in order by ``table.set_index(by).loc[X.keys, target]``; in polars, where `by` is one
        column, by ``[y[key] for key in X.keys.tolist()]`` with ``y = dict(zip(table[by],
        table[target]))``.

        polars' Categorical does not list its categories, so the categories that occur are used, in
        alphabetical order. Give training and test data the same categories with an Enum.

        Examples
        --------
        >>> import pandas as pd
        >>> from skrnn import Sequences
        >>> df = pd.DataFrame({"id": ["b", "b", "a"], "day": [2, 1, 1], "x": [0.2, 0.1, 0.5]})
        >>> df["late"] = ["no", "yes", "yes"]
        >>> X = Sequences.from_frame(df, by="id", columns="x", sort_by="day")
        >>> X.to_list()
        [array([[0.1],
               [0.2]]), array([[0.5]])]
        >>> X.keys.tolist()
        ['b', 'a']
        >>> df["late"] = df["late"].astype("category")
        >>> X = Sequences.from_frame(df, by="id", columns=["x", "late"], sort_by="day")
        >>> X.channel_names
        ('x', 'late_no', 'late_yes')
        """
        return cls._of(*flatten_frame(df, by, columns, sort_by))

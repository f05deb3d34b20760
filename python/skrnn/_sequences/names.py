"""Names of channels, from data frames, and their agreement with those of fit; NumPy only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences import refuse
from skrnn._warnings import warn

# The names of channels, or None.
Names = tuple[str, ...] | None


class NamedSteps(np.ndarray):
    """Steps of one sequence that know the names of their channels, of shape (T_i, C).

    scikit-learn splits `Sequences` into lists of these. Results of NumPy, such as some of the
    columns or their sum, have no names.
    """

    channel_names: Names = None

    def __repr__(self) -> str:
        return repr(np.asarray(self))

    def __reduce__(self) -> tuple[Any, ...]:
        # A pickled NumPy array loses attributes of a subclass.
        return named_steps, (np.asarray(self), self.channel_names)


def named_steps(values: NDArray[Any], names: Names) -> NDArray[Any]:
    """Return the steps of one sequence, with their names if there are any."""
    if names is None:
        return values
    steps = values.view(NamedSteps)
    steps.channel_names = names
    return steps


def names_of(columns: Iterable[Any]) -> Names:
    """Return the names of columns, or None if they are only numbered.

    Raises
    ------
    TypeError
        If some are text and others are not, as in scikit-learn.

    Examples
    --------
    >>> names_of(["speed", "angle"])
    ('speed', 'angle')
    >>> names_of([0, 1]) is None
    True
    """
    names = list(columns)
    texts = [name for name in names if isinstance(name, str)]
    if not texts:
        return None
    if len(texts) < len(names):
        raise TypeError(
            "Feature names are only supported if all input features have string names, but the "
            f"columns are {names}. Make text of all, in pandas with "
            "df.columns = df.columns.astype(str)"
        )
    return tuple(map(str, texts))


def names_of_sequences(X: Any, name: str = "X") -> Names:
    """Return the names of channels, if all sequences are data frames, or parts of `Sequences`.

    Parameters
    ----------
    X : sequences
    name : str, default="X"
        The name of X in messages.

    Returns
    -------
    names : tuple of str, or None

    Raises
    ------
    TypeError
        As `names_of`.
    ValueError
        For frames whose columns differ, come in another order, or share a name.

    Examples
    --------
    >>> import pandas as pd
    >>> names_of_sequences([pd.DataFrame({"x": [1.0], "y": [2.0]})])
    ('x', 'y')
    """
    objects = getattr(X, "dtype", None) == np.dtype(object) and np.ndim(X) == 1
    if not objects and not isinstance(X, (list, tuple)):
        return None
    expected: list[Any] | None = None
    for index, x in enumerate(X):
        columns = getattr(x, "columns", getattr(x, "channel_names", None))
        if columns is None:
            return None
        if expected is None:
            expected = list(columns)
        elif list(columns) != expected:
            raise ValueError(
                f"Sequence {index} of {name} has the columns {list(columns)}, and sequence 0 has "
                f"{expected}; expected the same in the same order"
            )
    names = names_of(expected or ())
    shared = next((one for one in names or () if (names or ()).count(one) > 1), None)
    if shared is not None:
        raise ValueError(f"{name} has several columns {shared!r}; give each a name of its own")
    return names


def names_of_table(X: Any) -> Names:
    """Return the names of the columns of a table, if it is a data frame and has any."""
    return names_of(getattr(X, "columns", ()))


def check_names(estimator: Any, names: Names, *, reset: bool, name: str = "X") -> None:
    """Set `feature_names_in_`, or check the names of channels against it, as scikit-learn does.

    Parameters
    ----------
    estimator : object
        The estimator that has or gets the attribute; it is deleted if there are no names.
    names : tuple of str, or None
    reset : bool
        True in fit, False afterwards.
    name : str, default="X"
        The name of X in messages.

    Raises
    ------
    ValueError
        For other names than in fit, or another order.

    Warns
    -----
    UserWarning
        If only one of the two has names.
    """
    if reset:
        vars(estimator).pop("feature_names_in_", None)
        if names is not None:
            estimator.feature_names_in_ = np.array(names, dtype=object)
        return
    fitted = getattr(estimator, "feature_names_in_", None)
    hold_to_names(None if fitted is None else tuple(fitted), names, type(estimator).__name__, name)


def hold_to_names(fitted: Names, names: Names, owner: str, name: str = "X") -> None:
    """Raise ValueError for other names than fit saw; warn where only one of the two has names."""
    if fitted is not None and names is not None:
        compare_names(list(fitted), names)
    elif fitted is not None or names is not None:
        has, was = ("does not have valid", "with") if names is None else ("has", "without")
        warn(
            f"{name} {has} feature names, but {owner} was fitted {was} feature names",
            UserWarning,
        )


def compare_names(expected: list[str], names: Iterable[str]) -> None:
    """Raise ValueError for other names than fit saw, or another order."""
    found = list(names)
    if found != expected:
        refuse.names(expected, found)

"""A mark for transformed sequences, by which raw validation data are told from them."""

from __future__ import annotations

from typing import Any

from skrnn._sequences.container import Sequences


class Transformed(Sequences):
    """`Sequences` that `PerStep` or `TokenEncoder` returned, and selections of them."""

    __slots__ = ()


def transformed(X: Sequences) -> Sequences:
    """Return the same sequences, marked as transformed.

    Parameters
    ----------
    X : Sequences

    Returns
    -------
    Xt : Transformed
        With the arrays of X.

    Examples
    --------
    >>> transformed(Sequences([[1.0], [2.0, 3.0]]))
    Sequences(n=2, lengths=1..2, n_channels=1, dtype=float64)
    """
    return Transformed._of(X.values, X.offsets, X.channel_names, X.keys)


def check_transformed_alike(X: Any, X_val: Any) -> None:
    """Raise ValueError if X is transformed and X_val is not.

    Parameters
    ----------
    X, X_val : sequences
        The arguments of fit.

    Raises
    ------
    ValueError
        The message says how a pipeline transforms both.
    """
    if isinstance(X, Transformed) and not isinstance(X_val, Transformed):
        raise ValueError(
            "X comes from a transformer, PerStep or TokenEncoder, and X_val does not, so scores "
            "would be those of other data than the network learns from. A Pipeline transforms "
            "X_val as well with Pipeline(steps, transform_input=['X_val']), "
            "sklearn.set_config(enable_metadata_routing=True) and, of the estimator, "
            "set_fit_request(X_val=True, y_val=True); without one, pass what transform returns "
            "for X_val"
        )

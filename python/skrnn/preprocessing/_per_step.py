"""Any transformer of scikit-learn, applied to the steps of sequences."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    _check_feature_names_in,
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
    has_fit_parameter,
)

from skrnn._sequences import refuse
from skrnn._sequences.checks import (
    as_sequences,
    check_n_channels,
    is_table,
    locate,
    refuse_one_sequence,
)
from skrnn._sequences.container import Sequences
from skrnn._sequences.frames import as_frame
from skrnn._sequences.names import Names, check_names, hold_to_names, names_of, names_of_table
from skrnn._sequences.transformed import transformed


def _inner_has(method: str) -> Any:
    """Make a method available if the transformer, once fitted the fitted one, has it."""

    def check(self: PerStep) -> bool:
        return hasattr(getattr(self, "transformer_", self.transformer), method)

    return available_if(check)


# auto_wrap_output_keys=None: a data frame, which set_output and transform_output could request,
# cannot hold sequences.
class PerStep(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Apply a transformer to every step of every sequence.

    The steps of all sequences, one below the other, are the samples of the transformer, and the
    channels are its features. So ``PerStep(StandardScaler())`` learns one mean and one deviation
    per channel, over all steps of all sequences. Each step is transformed independently of its
    neighbours.

    Parameters
    ----------
    transformer : transformer
        Any of scikit-learn's, or a pipeline of them, that keeps the number of its samples. It is
        cloned, and its parameters are reached as ``transformer__with_mean``.

    Attributes
    ----------
    transformer_ : transformer
        The fitted clone.
    n_features_in_ : int
        Channels of a step.
    feature_names_in_ : array of str, shape (n_features_in_,)
        Their names, if fit saw data frames, or `Sequences` with `channel_names`.

    Notes
    -----
    If fit saw names, the transformer gets a data frame with those names, so that a
    `ColumnTransformer` finds its columns by them; the result has the names that the transformer
    gives; and other names than in fit, or another order, are refused.

    The result is always `Sequences`, for any input and any setting of `set_output`: a data frame
    cannot hold sequences. Sparse results are made dense.

    NaN is passed on, and the transformer decides whether to accept it: ``PerStep(SimpleImputer())``
    fills it. float64 stays float64, so that large numbers are scaled before they are rounded to the
    float32 of the networks.

    An (n, T) array holds n univariate series, here as everywhere: its T columns share one mean.
    Where it is a data frame, its columns have to be those of `fit` in `transform`, too.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skrnn.preprocessing import PerStep
    >>> X = [[[1.0, 100.0], [2.0, 200.0], [3.0, 300.0]], [[4.0, 400.0]]]
    >>> Xt = PerStep(StandardScaler()).fit_transform(X)
    >>> Xt
    Sequences(n=2, lengths=1..3, n_channels=2, dtype=float64)
    >>> Xt[1].round(3)
    array([[1.342, 1.342]])

    Scale one channel and leave the other, by their names:

    >>> import pandas as pd
    >>> from sklearn.compose import make_column_transformer
    >>> X = [pd.DataFrame(x, columns=["up", "load"]) for x in X]
    >>> columns = make_column_transformer((StandardScaler(), ["load"]), remainder="passthrough")
    >>> PerStep(columns).fit_transform(X).channel_names
    ('standardscaler__load', 'remainder__up')
    """

    _saw_table: bool | None = None  # whether fit saw an array of two dimensions, if that is known
    _table_names: Names = None  # of its columns, which are steps, not channels

    def __init__(self, transformer: Any) -> None:
        self.transformer = transformer

    def fit(self, X: Any, y: Any = None, *, sample_weight: Any = None) -> PerStep:
        """Fit the transformer on all steps.

        Parameters
        ----------
        X : sequences of (T_i, C) arrays, or array of shape (n, T, C) or (n, T)
        y : array of shape (n,) or (n, K), or list of (T_i,) or (T_i, K) arrays, optional
            Targets for transformers that use them. A target per sequence is repeated for all of its
            steps. In any other form y is left out, if the transformer does not need it.
        sample_weight : array of shape (n,), optional
            Weights of the sequences, each handed to all steps of its sequence.

        Returns
        -------
        self : PerStep

        Raises
        ------
        TypeError
            For a `transformer` that is not one, weights for a transformer that takes none, and
            frames with some, but not all, columns named by text.
        ValueError
            For input that is not sequences, targets or weights of another number, and for NaN if
            the transformer does not accept it.
        """
        inner, X = self._begin(X)
        self._learn(inner.fit, X, y, _weights(X, sample_weight, inner))
        self.transformer_ = inner
        return self

    def fit_transform(self, X: Any, y: Any = None, *, sample_weight: Any = None) -> Sequences:
        """Fit the transformer on all steps, and transform them.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.

        Returns
        -------
        Xt : Sequences of (T_i, C') arrays
            From the transformer's own `fit_transform`, if it has one.

        Raises
        ------
        TypeError, ValueError
            As `fit` and `transform`.
        """
        inner, X = self._begin(X)
        weights = _weights(X, sample_weight, inner)
        if hasattr(inner, "fit_transform"):
            Xt = self._learn(inner.fit_transform, X, y, weights)
        else:
            Xt = self._run(self._learn(inner.fit, X, y, weights).transform, X)
        self.transformer_ = inner
        return transformed(self._sequences(Xt, X, self._names_out()))

    def transform(self, X: Any) -> Sequences:
        """Transform every step.

        Parameters
        ----------
        X : sequences of (T_i, C) arrays, or array of shape (n, T, C) or (n, T)

        Returns
        -------
        Xt : Sequences of (T_i, C') arrays
            C' is the number of channels that the transformer returns for C.

        Raises
        ------
        ValueError
            For input that is not sequences, one sequence in place of several, other channels than
            in `fit`, NaN if the transformer does not accept it, and for a transformer that drops or
            adds steps.

        Warns
        -----
        UserWarning
            If channels have names here and had none in `fit`, or the other way around.
        """
        inner = self._fitted()
        if self._saw_table is not None and is_table(X):
            if self._saw_table:
                hold_to_names(self._table_names, names_of_table(X), type(self).__name__)
            else:
                refuse_one_sequence(X, self.n_features_in_, type(self).__name__)
        X = as_sequences(X, allow_nan=True, dtype=None)
        if hasattr(self, "n_features_in_"):
            if not self._saw_table:
                check_names(self, X.channel_names, reset=False)
            check_n_channels(self, X, reset=False)
        return transformed(self._sequences(self._run(inner.transform, X), X, self._names_out()))

    @_inner_has("inverse_transform")  # type: ignore[untyped-decorator]
    def inverse_transform(self, X: Any) -> Sequences:
        """Undo `transform`, if the transformer can.

        Parameters
        ----------
        X : sequences of (T_i, C') arrays, or array of shape (n, T, C') or (n, T)

        Returns
        -------
        X_original : Sequences of (T_i, C) arrays

        Raises
        ------
        ValueError
            As `transform`.
        """
        inner = self._fitted()
        if self._saw_table is False and is_table(X):
            refuse_one_sequence(X, self.n_features_in_, type(self).__name__)
        X = as_sequences(X, allow_nan=True, dtype=None)
        X_original = self._run(inner.inverse_transform, X, named=False)
        return self._sequences(X_original, X, self._names_in())

    @_inner_has("get_feature_names_out")  # type: ignore[untyped-decorator]
    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Return the names of the output channels.

        Parameters
        ----------
        input_features : array of shape (C,) of str, optional
            Names of the input channels. None stands for those that fit saw, or x0, x1, …

        Returns
        -------
        names : array of shape (C',), object
        """
        check_is_fitted(self)
        given = _check_feature_names_in(self, input_features)
        names: NDArray[Any] = self.transformer_.get_feature_names_out(given)
        return names

    def set_output(self, *, transform: str | None = None) -> PerStep:  # noqa: ARG002
        """Accept the request of a pipeline, without effect: the result is always `Sequences`.

        Parameters
        ----------
        transform : str, optional
            Has no effect.

        Returns
        -------
        self : PerStep
        """
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "transformer_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        try:
            inner = get_tags(self.transformer)
        except (AttributeError, TypeError, ValueError):
            return tags  # not a transformer, which fit refuses
        tags.input_tags.allow_nan = inner.input_tags.allow_nan
        tags.input_tags.positive_only = inner.input_tags.positive_only
        tags.target_tags.required = inner.target_tags.required
        tags.non_deterministic = inner.non_deterministic
        tags.requires_fit = inner.requires_fit
        if inner.transformer_tags is not None:
            tags.transformer_tags = inner.transformer_tags
        return tags

    def _begin(self, X: Any) -> tuple[Any, Sequences]:
        if isinstance(self.transformer, type) or not (
            hasattr(self.transformer, "fit") and hasattr(self.transformer, "transform")
        ):
            raise TypeError(
                f"transformer is {self.transformer!r}, which has no fit and transform; pass an "
                "instance of a transformer, such as StandardScaler()"
            )
        self._saw_table = is_table(X)
        self._table_names = names_of_table(X) if self._saw_table else None
        # Infinity is refused; the transformer decides about NaN.
        X = as_sequences(X, allow_nan=True, dtype=None)
        check_names(self, X.channel_names, reset=True)
        check_n_channels(self, X, reset=True)
        return clone(self.transformer), X

    def _fitted(self) -> Any:
        """Return the fitted transformer, or an unfitted one that requires no fit."""
        if get_tags(self).requires_fit:
            check_is_fitted(self)
        return getattr(self, "transformer_", self.transformer)

    def _names_in(self) -> Names:
        return tuple(self.feature_names_in_) if hasattr(self, "feature_names_in_") else None

    def _names_out(self) -> Names:
        """Return the names of the output channels if the input had names, else None."""
        if not hasattr(self, "feature_names_in_"):
            return None
        try:
            return names_of(self.get_feature_names_out())
        except (AttributeError, ValueError):  # a step or column of the transformer has no names
            return None

    def _learn(self, method: Any, X: Sequences, y: Any, weights: dict[str, Any]) -> Any:
        per_step = None
        if y is not None:
            check_consistent_length(X, y)
            per_step = _steps_of(y, X.lengths)
        try:
            return self._run(method, X, per_step, **weights)
        except (TypeError, ValueError) as error:
            # The transformer's message about a y that it was not given would mislead.
            if y is None or per_step is not None or not re.search(r"\by\b", str(error)):
                raise
            raise ValueError(
                f"{type(self.transformer).__name__} needs one target a sequence, or one a step: y "
                "is neither an array of shape (n,) or (n, K) nor a list of arrays of the lengths "
                "of X"
            ) from error

    def _run(self, method: Any, X: Sequences, *args: Any, named: bool = True, **kwargs: Any) -> Any:
        """Call the transformer; name the sequence in the error if it refuses NaN."""
        names = self._names_in() if named else None
        steps = X.values if names is None else as_frame(X.values, names)
        try:
            return method(steps, *args, **kwargs)
        except ValueError as error:
            if "NaN" not in str(error) or not np.isnan(X.values).any():
                raise
            row, channel = (int(i) for i in np.argwhere(np.isnan(X.values))[0])
            says = f". {type(self.transformer).__name__} says: {error}"
            where = *locate(row, X.offsets), channel
            raise ValueError(refuse.nan("X", *where, says)) from error

    def _sequences(self, Xt: Any, X: Sequences, names: Names) -> Sequences:
        if sparse.issparse(Xt):
            Xt = Xt.toarray()
        Xt = np.asarray(Xt)
        if Xt.ndim != 2 or len(Xt) != len(X.values):
            raise ValueError(
                f"{type(self.transformer).__name__} made shape {Xt.shape} of {len(X.values)} "
                "steps; expected one row a step. PerStep takes transformers that keep every sample"
            )
        if Xt.dtype == object:
            # From a column of objects, or columns of several dtypes; the values have a common
            # dtype.
            Xt = np.asarray(Xt.tolist())
        if Xt.dtype.kind not in "biuf":
            raise ValueError(
                f"{type(self.transformer).__name__} made values of dtype {Xt.dtype}, which are not "
                "real numbers; add a step that encodes them"
            )
        made = Sequences.from_flat(Xt, X.offsets)
        named = names is not None and len(names) == made.n_channels
        return Sequences._of(made.values, made.offsets, names if named else None, X.keys)


def _steps_of(y: Any, lengths: NDArray[np.int64]) -> NDArray[Any] | None:
    """Targets of the steps, or None where y does not say what they are."""
    if isinstance(y, Sequences):
        return y.values if np.array_equal(y.lengths, lengths) else None
    if isinstance(y, (list, tuple)) or (isinstance(y, np.ndarray) and y.dtype == object):
        counts = [len(x) if hasattr(x, "__len__") and not isinstance(x, str) else 0 for x in y]
        if np.array_equal(counts, lengths):
            return np.concatenate([np.asarray(x) for x in y])
    try:
        array = np.asarray(y)
    except ValueError:  # ragged in another way than X
        return None
    return np.repeat(array, lengths, axis=0) if array.ndim in (1, 2) else None


def _weights(X: Sequences, sample_weight: Any, inner: Any) -> dict[str, NDArray[Any]]:
    if sample_weight is None:
        return {}
    if not has_fit_parameter(inner, "sample_weight"):
        raise TypeError(
            f"sample_weight was given, but {type(inner).__name__}.fit takes none; leave it out"
        )
    weights = _check_sample_weight(sample_weight, X.lengths)
    return {"sample_weight": np.repeat(weights, X.lengths)}

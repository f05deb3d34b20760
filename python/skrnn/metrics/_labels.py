"""Scores of the labels themselves: of all steps of all sequences, end to end."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from skrnn._sequences.refuse import shown
from skrnn.metrics._symbols import codes, is_no_symbol, items, labels_of_steps
from skrnn.metrics._weights import weights_of_steps


def token_accuracy(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    """Share of steps whose label is predicted.

    Parameters
    ----------
    y_true, y_pred : list, tuple, 1-D object array or Sequences
        n sequences of T_i labels, in lists, tuples or 1-D arrays; all labels are strings, or all
        are whole numbers. Sequence i has the same T_i labels in both. An (n, T) array holds n
        sequences of T labels.
    sample_weight : array-like of shape (n,), or n sequences of T_i weights, optional
        Of all steps of a sequence, or of each step.

    Returns
    -------
    accuracy : float
        From 0 to 1.

    Raises
    ------
    TypeError
        For an object that holds no sequences, and for text in place of a sequence of labels.
    ValueError
        For other numbers of sequences or steps in `y_true` than in `y_pred`, for no steps at all,
        for labels that are missing, neither strings nor whole numbers, or some of each, and for
        weights that do not fit, are negative or not finite.

    Examples
    --------
    >>> from skrnn.metrics import token_accuracy
    >>> y_true = [["DET", "NOUN", "VERB"], ["VERB"]]
    >>> y_pred = [["DET", "VERB", "VERB"], ["VERB"]]
    >>> token_accuracy(y_true, y_pred)
    0.75
    >>> token_accuracy(y_true, y_pred, sample_weight=[[1, 0, 1], [1]])
    1.0
    """
    _, true, predicted, weights = _end_to_end(y_true, y_pred, sample_weight)
    return float(np.average(true == predicted, weights=weights))


def f1_macro(y_true: Any, y_pred: Any, *, labels: Any = None, sample_weight: Any = None) -> float:
    """Mean of the F1 scores of the labels, each a class of its own, over all steps.

    Parameters
    ----------
    y_true, y_pred : list, tuple, 1-D object array or Sequences
        As in `token_accuracy`.
    labels : list, optional
        The labels to count. None counts all that `y_true` or `y_pred` has.
    sample_weight : array-like of shape (n,), or n sequences of T_i weights, optional
        Of all steps of a sequence, or of each step.

    Returns
    -------
    score : float
        From 0 to 1.

    Raises
    ------
    TypeError, ValueError
        As `token_accuracy`, and for `labels` that are not a list of labels.

    Warns
    -----
    UndefinedMetricWarning
        For one of `labels` that neither `y_true` nor `y_pred` has; it counts as 0.

    See Also
    --------
    sklearn.metrics.f1_score : The score, with ``average="macro"``.

    Examples
    --------
    >>> from skrnn.metrics import f1_macro
    >>> round(f1_macro([["A", "A", "B"], ["B"]], [["A", "B", "B"], ["B"]]), 3)
    0.733
    """
    return _f1(y_true, y_pred, labels, sample_weight, "macro")


def f1_micro(y_true: Any, y_pred: Any, *, labels: Any = None, sample_weight: Any = None) -> float:
    """F1 score of the labels counted together, over all steps.

    Parameters
    ----------
    y_true, y_pred : list, tuple, 1-D object array or Sequences
        As in `token_accuracy`.
    labels : list, optional
        The labels to count. None counts all, and the score is then the accuracy.
    sample_weight : array-like of shape (n,), or n sequences of T_i weights, optional
        Of all steps of a sequence, or of each step.

    Returns
    -------
    score : float
        From 0 to 1.

    Raises
    ------
    TypeError, ValueError
        As `token_accuracy`, and for `labels` that are not a list of labels.

    Warns
    -----
    UndefinedMetricWarning
        If neither `y_true` nor `y_pred` has any of `labels`; the score is then 0.

    See Also
    --------
    sklearn.metrics.f1_score : The score, with ``average="micro"``.

    Examples
    --------
    >>> from skrnn.metrics import f1_micro
    >>> y_true, y_pred = [["O", "O", "A"], ["B"]], [["O", "O", "A"], ["O"]]
    >>> f1_micro(y_true, y_pred)
    0.75
    >>> round(f1_micro(y_true, y_pred, labels=["A", "B"]), 3)
    0.667
    """
    return _f1(y_true, y_pred, labels, sample_weight, "micro")


def _f1(y_true: Any, y_pred: Any, labels: Any, sample_weight: Any, average: str) -> float:
    known, true, predicted, weights = _end_to_end(y_true, y_pred, sample_weight)
    counted = list(known) if labels is None else items(labels)
    if not counted or any(map(is_no_symbol, counted)):
        raise ValueError(
            f"labels={shown(labels)}; expected a list of the labels to count, or None for all"
        )
    # A label that occurs nowhere gets a code that occurs nowhere.
    counted = [known.setdefault(label, len(known)) for label in counted]
    return float(f1_score(true, predicted, labels=counted, average=average, sample_weight=weights))


def _end_to_end(
    y_true: Any, y_pred: Any, sample_weight: Any
) -> tuple[dict[Any, int], NDArray[np.int32], NDArray[np.int32], NDArray[np.float64] | None]:
    """Return the codes of labels, true and predicted codes of shape (S,), and their weights."""
    true, predicted = labels_of_steps(y_true, y_pred)
    weights = weights_of_steps(sample_weight, [len(labels) for labels in true])
    known, encoded = codes(true, predicted)
    true_codes, predicted_codes = map(np.concatenate, encoded)
    return known, true_codes, predicted_codes, weights

"""Labels of entities that keep to a scheme, BIO or BIOES: which of them may follow which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.checks import locate
from skrnn._sequences.refuse import shown
from skrnn._targets.chunks import SCHEMES, may_follow, split

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Transitions:
    """What a scheme allows of K labels."""

    between: Flags  # (K, K), whether the row may be followed by the column
    start: Flags  # (K,), whether a label may be the first
    end: Flags  # (K,), whether it may be the last


def transitions_of(classes: NDArray[Any], scheme: str) -> Transitions:
    """Return what a scheme allows.

    Parameters
    ----------
    classes : array of shape (K,)
        Labels, such as "O" and "B-PER".
    scheme : str
        "bio" or "bioes".

    Raises
    ------
    ValueError
        For a label that the scheme does not have.

    Examples
    --------
    >>> allowed = transitions_of(np.array(["B-PER", "I-PER", "O"]), "bio")
    >>> allowed.between.astype(int)
    array([[1, 1, 1],
           [1, 1, 1],
           [1, 0, 1]])
    >>> allowed.start.astype(int), allowed.end.astype(int)
    (array([1, 0, 1]), array([1, 1, 1]))
    """
    rules = SCHEMES[scheme]
    labels = [split(label, rules) for label in classes.tolist()]
    if None in labels:
        examples = ", ".join(f"'{prefix}-PER'" for prefix in rules.prefixes)
        raise ValueError(
            f"y has the label {shown(classes.tolist()[labels.index(None)])}, which scheme="
            f"{scheme!r} does not have; expected 'O', {examples}, and so on, or use scheme=None"
        )
    between = [[may_follow(label, other, rules) for other in labels] for label in labels]
    return Transitions(
        np.array(between),
        np.array([may_follow(None, label, rules) for label in labels]),
        np.array([may_follow(label, None, rules) for label in labels]),
    )


def check_scheme(
    y: NDArray[Any], offsets: NDArray[np.int64], classes: NDArray[Any], scheme: str
) -> None:
    """Raise ValueError for the first label in y, (S,), that the scheme does not allow there."""
    allowed = transitions_of(classes, scheme)
    codes = np.searchsorted(classes, y)
    firsts, lasts = offsets[:-1], offsets[1:] - 1
    follows = allowed.between[codes[:-1], codes[1:]]
    follows[firsts[1:] - 1] = True  # another sequence begins there
    for rows, place in (
        (firsts[~allowed.start[codes[firsts]]], "as its first label"),
        (np.flatnonzero(~follows) + 1, "after {}"),
        (lasts[~allowed.end[codes[lasts]]], "as its last label"),
    ):
        if len(rows):
            row, labels = int(rows[0]), y.tolist()
            sequence, step = locate(row, offsets)
            where = place.format(shown(labels[row - 1]))
            raise ValueError(
                f"y of sequence {sequence} has {shown(labels[row])} at step {step}, {where}, which "
                f"scheme={scheme!r} does not allow; correct the label, or use scheme=None"
            )


def check_weights_of_sequences(
    weights: NDArray[np.float64] | None, offsets: NDArray[np.int64]
) -> None:
    """Raise ValueError for weights of steps, (S,), that differ within a sequence."""
    if weights is None:
        return
    differs = weights != np.repeat(weights[offsets[:-1]], np.diff(offsets))
    if differs.any():
        sequence, step = locate(int(np.argmax(differs)), offsets)
        raise ValueError(
            f"sample_weight of sequence {sequence} is {weights[offsets[sequence]]:g} at step 0 and "
            f"{weights[offsets[sequence] + step]:g} at step {step}; with crf=True the labels of a "
            "sequence are learned as a whole: pass one weight for each sequence, or use crf=False"
        )

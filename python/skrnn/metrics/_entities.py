"""Scores of entities, which count where their steps and their type are predicted."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sklearn.exceptions import UndefinedMetricWarning

from skrnn._sequences.refuse import shown
from skrnn._targets.chunks import SCHEMES, Label, entities, split
from skrnn._warnings import warn
from skrnn.metrics._symbols import Symbols, labels_of_steps, where


def entity_f1(y_true: Any, y_pred: Any, *, scheme: str = "conll") -> float:
    """F1 score of entities of all types, counted together, from labels such as "B-PER".

    A predicted entity is correct if `y_true` has one of the same type and the same steps.

    Parameters
    ----------
    y_true, y_pred : list, tuple or 1-D object array
        n sequences of T_i labels, in lists, tuples or 1-D arrays of strings. Sequence i has the
        same T_i labels in both. A label is "O", outside of entities, or has a prefix and a type,
        with a hyphen between: "B-PER" begins an entity, "I-PER" is inside, "E-PER" ends one and
        "S-PER" is a whole one. A prefix alone is of the type "_".
    scheme : {"conll", "bio", "bioes"}, default="conll"
        "conll" counts as the script conlleval and the default mode of seqeval: entities are read
        from labels of IOB1, BIO (IOB2) and BIOES, also where they keep to no scheme; "I-PER" after
        "O" or another type begins an entity. "bio" and "bioes" count as the strict mode of seqeval:
        an entity of BIO begins with "B-", one of BIOES is "S-" or reaches from "B-" to "E-", all of
        one type; what is neither is no entity.

    Returns
    -------
    score : float
        From 0 to 1: twice the correct entities, divided by those in `y_true` and in `y_pred`.

    Raises
    ------
    TypeError
        For an object that holds no sequences, and for text in place of a sequence of labels.
    ValueError
        For other numbers of sequences or steps in `y_true` than in `y_pred`, for no steps at all,
        for labels that the scheme does not have, and for an unknown `scheme`.

    Warns
    -----
    UndefinedMetricWarning
        If there are no entities in `y_true` and `y_pred`; the score is then 0.

    References
    ----------
    Tjong Kim Sang and De Meulder, "Introduction to the CoNLL-2003 Shared Task", 2003, for
    conlleval; Ramshaw and Marcus, "Text Chunking using Transformation-Based Learning", 1995, for
    the labels.

    Examples
    --------
    >>> from skrnn.metrics import entity_f1
    >>> y_true = [["B-PER", "I-PER", "O", "B-LOC"], ["B-ORG", "O"]]
    >>> y_pred = [["B-PER", "I-PER", "O", "B-LOC"], ["I-ORG", "O"]]
    >>> entity_f1(y_true, y_pred)
    1.0
    >>> entity_f1(y_true, y_pred, scheme="bio")
    0.8
    """
    score: float = entity_scores(y_true, y_pred, scheme=scheme)["f1"]
    return score


def entity_scores(y_true: Any, y_pred: Any, *, scheme: str = "conll") -> dict[str, Any]:
    """Precision, recall, F1 score and number of entities: of all, and of each type.

    Parameters
    ----------
    y_true, y_pred : list, tuple or 1-D object array
        As in `entity_f1`.
    scheme : {"conll", "bio", "bioes"}, default="conll"
        How entities are read from labels; see `entity_f1`.

    Returns
    -------
    scores : dict
        Of all entities together: "precision", the share of predicted entities that are correct;
        "recall", the share of true ones that are predicted; "f1", the harmonic mean of the two; and
        "support", the number of true ones. A share of none is 0. Under "types" there is such a dict
        for each type in `y_true` or `y_pred`, in alphabetical order.

    Raises
    ------
    TypeError, ValueError
        As `entity_f1`.

    Warns
    -----
    UndefinedMetricWarning
        If there are no entities in `y_true` and `y_pred`; the scores are then 0.

    References
    ----------
    As in `entity_f1`.

    Examples
    --------
    >>> from skrnn.metrics import entity_scores
    >>> y_true = [["B-PER", "I-PER", "B-LOC"], ["B-LOC", "O"]]
    >>> y_pred = [["B-PER", "I-PER", "B-LOC"], ["O", "B-LOC"]]
    >>> scores = entity_scores(y_true, y_pred)
    >>> round(scores["f1"], 3), scores["support"]
    (0.667, 3)
    >>> scores["types"]["LOC"]
    {'precision': 0.5, 'recall': 0.5, 'f1': 0.5, 'support': 2}
    """
    if scheme not in list(SCHEMES):
        raise ValueError(f"scheme={shown(scheme)}; expected one of {', '.join(map(repr, SCHEMES))}")
    true_labels, predicted_labels = labels_of_steps(y_true, y_pred)
    parts = _parts_of(true_labels, predicted_labels, scheme)
    true, predicted, correct = Counter[str](), Counter[str](), Counter[str]()
    for labels, answers in zip(true_labels, predicted_labels, strict=True):
        there = set(entities([parts[label] for label in labels], SCHEMES[scheme]))
        found = set(entities([parts[label] for label in answers], SCHEMES[scheme]))
        true.update(kind for kind, *_ in there)
        predicted.update(kind for kind, *_ in found)
        correct.update(kind for kind, *_ in there & found)
    if not true and not predicted:
        warn(
            "y_true and y_pred have no entities, so that their scores are undefined and set to 0",
            UndefinedMetricWarning,
        )
    of_types = {
        kind: _scores(correct[kind], predicted[kind], true[kind])
        for kind in sorted(true | predicted)
    }
    of_all = _scores(correct.total(), predicted.total(), true.total())
    return {**of_all, "types": of_types}


def _parts_of(y_true: Symbols, y_pred: Symbols, scheme: str) -> dict[Any, Label]:
    """Return prefix and type of each label, and refuse those that the scheme does not have."""
    rules = SCHEMES[scheme]
    parts = {label: split(label, rules) for label in set().union(*y_true, *y_pred)}
    for name, sequences in (("y_true", y_true), ("y_pred", y_pred)):
        for index, step, label in where(sequences, lambda one: parts[one] is None):
            examples = ", ".join(f"'{prefix}-PER'" for prefix in rules.prefixes)
            raise ValueError(
                f"Sequence {index} of {name} holds {shown(label)} at step {step}, which is no "
                f"label of entities with scheme={scheme!r}; expected 'O', or a prefix with a type: "
                f"{examples}"
            )
    return {label: part for label, part in parts.items() if part is not None}


def _scores(correct: int, predicted: int, true: int) -> dict[str, float]:
    return {
        "precision": correct / predicted if predicted else 0.0,
        "recall": correct / true if true else 0.0,
        "f1": 2 * correct / (true + predicted) if true + predicted else 0.0,
        "support": true,
    }

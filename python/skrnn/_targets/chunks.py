"""Entities in the labels of a sequence.

A label is "O", outside of all entities, or has a prefix and a type: "B-PER" begins an entity of the
type PER, "I-PER" is inside of one, "E-PER" ends one, and "S-PER" is one of a single step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Label = tuple[str, str]  # prefix and type
Entity = tuple[str, int, int]  # type, first step, and the step after the last

_OUTSIDE: Label = ("O", "")


@dataclass(frozen=True)
class Scheme:
    """What a run of labels that belong together has to be, to be an entity."""

    prefixes: str  # which there are, besides O
    first: str  # which the first label may have
    last: str  # which the last label may have; the first is the last where there is one


# Lenient, as conlleval, or what the scheme's labels say where they keep to it.
SCHEMES = {
    "conll": Scheme(prefixes="BIES", first="BIES", last="BIES"),
    "bio": Scheme(prefixes="BI", first="B", last="BI"),
    "bioes": Scheme(prefixes="BIES", first="BS", last="ES"),
}


def split(label: Any, scheme: Scheme) -> Label | None:
    """Return prefix and type of a label, or None for one that the scheme does not have.

    A label of a prefix alone has the type "_".

    Examples
    --------
    >>> split("I-ORG", SCHEMES["bio"]), split("O", SCHEMES["bio"]), split("E-ORG", SCHEMES["bio"])
    (('I', 'ORG'), ('O', ''), None)
    """
    if not isinstance(label, str):
        return None
    if label == "O":
        return _OUTSIDE
    prefix, _, kind = label.partition("-")
    if len(prefix) == 1 and prefix in scheme.prefixes:
        return prefix, kind or "_"
    return None


def may_follow(before: Label | None, after: Label | None, scheme: Scheme) -> bool:
    """Whether one label may follow another; None is the start, or the end, of a sequence.

    Examples
    --------
    >>> may_follow(("B", "PER"), ("I", "PER"), SCHEMES["bio"])
    True
    >>> may_follow(("B", "PER"), ("I", "LOC"), SCHEMES["bio"])
    False
    >>> may_follow(None, ("I", "PER"), SCHEMES["bio"])
    False
    """
    before, after = before or _OUTSIDE, after or _OUTSIDE
    if not _parts(before, after):
        return True
    ends = before == _OUTSIDE or before[0] in scheme.last
    return ends and (after == _OUTSIDE or after[0] in scheme.first)


def _parts(before: Label, after: Label) -> bool:
    """Whether two neighbours belong to different entities, or to none."""
    return before[0] in "OES" or after[0] in "OBS" or after[1] != before[1]


def entities(labels: list[Label], scheme: Scheme) -> Iterator[Entity]:
    """Yield the entities of a sequence.

    Two neighbours belong together unless the first is an end, the second a beginning, or their
    types differ. These are the rules of conlleval for the start and the end of a chunk.

    Examples
    --------
    >>> labels = [("I", "LOC"), ("B", "LOC"), ("I", "LOC"), ("O", ""), ("B", "PER")]
    >>> list(entities(labels, SCHEMES["conll"]))
    [('LOC', 0, 1), ('LOC', 1, 3), ('PER', 4, 5)]
    >>> list(entities(labels, SCHEMES["bio"]))
    [('LOC', 1, 3), ('PER', 4, 5)]
    """
    start, before = 0, _OUTSIDE
    for step, label in enumerate([*labels, _OUTSIDE]):
        if _parts(before, label):
            if before != _OUTSIDE and labels[start][0] in scheme.first and before[0] in scheme.last:
                yield before[1], start, step
            start = step
        before = label
